/**
 * The servers of a simulated ensemble: the real `Peer`, configured as a member, on a host of its
 * own with a disk and clocks that a plan has drawn. Where the ensemble changes there are spare
 * servers, and whoever finds itself outside of the configuration at a start is given one in which
 * it may join, as an operator would.
 */

import type { Prng } from '@zabra/protocol';
import { Peer } from '../peer/peer.ts';
import type { PeerConfig } from '../peer/peer-config.ts';
import { type EnsembleConfig, memberOf } from '../zab/ensemble-config.ts';
import { ensembleOf, hostOf, joinerConfig, peerConfig } from './member-config.ts';
import type { Plan } from './plan.ts';
import type { SimConfigStore } from './sim-config-store.ts';
import { simHashes } from './sim-hashes.ts';
import type { SimNet } from './sim-net.ts';
import { type ServerObserver, SimServer } from './sim-server.ts';

const WALL_OFFSET_MS_MAX = 2000;

/**
 * Voters first, then observers, then spares; the first has sid 1. None runs yet. `present` is what
 * an operator knows to be committed.
 */
export function makeMembers(
  net: SimNet,
  plan: Plan,
  prng: Prng,
  observer: ServerObserver<Peer>,
  present: () => EnsembleConfig,
): SimServer<Peer>[] {
  const first = ensembleOf(plan);
  const count = first.members.length + plan.changes.spareCount;
  return Array.from({ length: count }, (_, index) => {
    const sid = index + 1;
    const options = {
      host: hostOf(sid),
      disk: plan.disk,
      pace: plan.pace,
      driftPpm: prng.below(2 * plan.driftPpmMax + 1) - plan.driftPpmMax,
      wallOffsetMs: prng.below(WALL_OFFSET_MS_MAX),
    };
    const world = { clock: net.clock, net, prng: prng.fork() };
    const server: SimServer<Peer> = new SimServer(
      sid,
      world,
      options,
      (disk, seed, nowMs, wallMs) => {
        const config = configOf(sid, server.configs, first, present, plan);
        return new Peer({ config, disk, hashes: simHashes(seed), seed }, nowMs, wallMs);
      },
      observer,
    );
    return server;
  });
}

function configOf(
  sid: number,
  store: SimConfigStore,
  first: EnsembleConfig,
  present: () => EnsembleConfig,
  plan: Plan,
): PeerConfig {
  const known = store.committed ?? first;
  const { proposed } = store;
  const isListed = memberOf(known, sid) !== null;
  if (isListed || (proposed !== null && memberOf(proposed, sid) !== null)) {
    return peerConfig(sid, known, proposed, plan);
  }
  store.committed = joinerConfig(sid, present());
  store.proposed = null;
  return peerConfig(sid, store.committed, null, plan);
}
