/**
 * Who leaves an ensemble when its StatefulSet becomes smaller, in which order, and whether one of
 * them may go now: judged by who serves, before anything is changed. Values in, sentences out.
 */

import { zxidFromHex, zxidToHex } from '@zabra/protocol';
import type { EnsembleConfig, Member } from '../../zab/ensemble-config.ts';
import { makeVerifier } from '../../zab/quorum-verifier.ts';

/** What a member says of itself; `mode` is null while it does not serve or does not answer. */
export interface MemberState {
  readonly mode: string | null;
  readonly zxid: number;
  /** Why there is no mode. */
  readonly reason: string;
}

export type MemberStates = ReadonlyMap<number, MemberState>;

/** Ids of a set: one hundred from its first one, so that observers of another set are no part. */
export const IDS_PER_SET = 100;

/** Members of the set whose ordinals have no pod among so many, the highest first. */
export function leavingMembers(
  { members }: EnsembleConfig,
  firstId: number,
  replicas: number,
): readonly Member[] {
  const leaves = ({ sid }: Member): boolean =>
    sid >= firstId + replicas && sid < firstId + IDS_PER_SET;
  return members.filter(leaves).toReversed();
}

/** The same without one of them. */
export function without(config: EnsembleConfig, sid: number): EnsembleConfig {
  return { ...config, members: config.members.filter((member) => member.sid !== sid) };
}

export interface Verdict {
  /** Null: it may go. */
  readonly refusal: string | null;
  /** Voters that would be left and serve. */
  readonly serving: readonly number[];
  readonly voters: readonly number[];
}

/** Whether those that would be left make a quorum by themselves. */
export function judgeLeaving(config: EnsembleConfig, sid: number, states: MemberStates): Verdict {
  const next = without(config, sid);
  const { voters, isQuorum } = bound(makeVerifier(next));
  const serving = voters.filter((voter) => isServing(states.get(voter)));
  const verdict = { serving, voters };
  if (voters.length === 0) {
    return { ...verdict, refusal: `Cannot remove server ${sid}: nobody would be left to vote` };
  }
  if (isQuorum((voter) => serving.includes(voter))) return { ...verdict, refusal: null };
  const missing = voters.filter((voter) => !serving.includes(voter));
  const reasons = missing.map((voter) => `server ${voter}: ${states.get(voter)?.reason ?? '?'}`);
  const refusal =
    `Cannot remove server ${sid}: of the ${voters.length} voters that would be left ` +
    `${serving.length} serve, which is no quorum. ${reasons.join('. ')}. Bring them back first`;
  return { ...verdict, refusal };
}

/** Voters that would be left and have all up to that zxid make a quorum. */
export function haveCaughtUp(
  config: EnsembleConfig,
  sid: number,
  states: MemberStates,
  zxid: number,
): boolean {
  const { isQuorum } = bound(makeVerifier(without(config, sid)));
  return isQuorum((voter) => {
    const state = states.get(voter);
    return state !== undefined && isServing(state) && state.zxid >= zxid;
  });
}

/** The highest zxid that a member has applied. */
export function highestZxid(states: MemberStates): number {
  return Math.max(0, ...[...states.values()].map(({ zxid }) => zxid));
}

/** One line for each member: who it is, where, what it does. */
export function describeMembers(config: EnsembleConfig, states: MemberStates): string {
  const lines = config.members.map((member) => {
    const state = states.get(member.sid);
    const does = state?.mode ?? `does not serve: ${state?.reason ?? '?'}`;
    const zxid = state !== undefined && isServing(state) ? `, at 0x${zxidToHex(state.zxid)}` : '';
    return `  server ${member.sid} at ${hostOf(member)}, ${member.role}: ${does}${zxid}\n`;
  });
  return lines.join('');
}

function isServing(state: MemberState | undefined): boolean {
  return state !== undefined && state.mode !== null;
}

export function hostOf({ addresses }: Member): string {
  return addresses[0]?.host ?? '?';
}

/** `0x…` as `srvr` prints it. */
export function parseZxid(text: string): number {
  return zxidFromHex(text.replace(/^0x/, ''));
}

function bound(verifier: ReturnType<typeof makeVerifier>): {
  readonly voters: readonly number[];
  readonly isQuorum: (has: (sid: number) => boolean) => boolean;
} {
  return { voters: verifier.voters, isQuorum: (has) => verifier.isQuorum(has) };
}
