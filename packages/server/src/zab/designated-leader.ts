/**
 * Who leads from a reconfiguration on (quorum-protocol.md 15.5): the leader itself while it is a
 * voter at the same quorum addresses, else the voter of the new configuration that is furthest, so
 * that as little as possible of what was proposed behind the reconfiguration is lost. Everybody is
 * told, and no election takes place unless that voter fails. A pure rule over what was
 * acknowledged.
 */

import { type EnsembleConfig, memberOf } from './ensemble-config.ts';
import { makeVerifier } from './quorum-verifier.ts';

export interface Acknowledgements {
  /** Highest zxid that the voter has acknowledged in this reign; -1 for none. */
  ackedBy(sid: number): number;
  /** True while it follows, so that it will hear of its appointment. */
  follows(sid: number): boolean;
}

/** `zxid` is that of the reconfiguration; whoever has not acknowledged it does not know of it. */
export function designateLeader(
  sid: number,
  from: EnsembleConfig,
  to: EnsembleConfig,
  zxid: number,
  acks: Acknowledgements,
): number {
  const verifier = makeVerifier(to);
  if (verifier.isVoter(sid) && hasSameQuorumAddresses(sid, from, to)) return sid;
  let best = -1;
  for (const voter of verifier.voters) {
    if (voter === sid || verifier.weightOf(voter) === 0 || acks.ackedBy(voter) < zxid) continue;
    if (best < 0 || isBetter(voter, best, acks)) best = voter;
  }
  // Without another that could, it goes on itself, at its new address.
  return best < 0 ? sid : best;
}

export function hasSameQuorumAddresses(
  sid: number,
  from: EnsembleConfig,
  to: EnsembleConfig,
): boolean {
  return quorumAddresses(from, sid) === quorumAddresses(to, sid);
}

function quorumAddresses(config: EnsembleConfig, sid: number): string {
  const addresses = memberOf(config, sid)?.addresses ?? [];
  return addresses
    .map(({ host, quorumPort }) => `${host} ${quorumPort}`)
    .sort()
    .join();
}

/** One that is connected comes before all others; then the furthest; then the larger sid. */
function isBetter(a: number, b: number, acks: Acknowledgements): boolean {
  if (acks.follows(a) !== acks.follows(b)) return acks.follows(a);
  if (acks.ackedBy(a) !== acks.ackedBy(b)) return acks.ackedBy(a) > acks.ackedBy(b);
  return a > b;
}
