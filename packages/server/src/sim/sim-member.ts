/**
 * The servers of a simulated ensemble: the real `Peer`, configured as a member, on a host of its
 * own with a disk and clocks that a plan has drawn.
 */

import type { Prng } from '@zabra/protocol';
import { Peer } from '../peer/peer.ts';
import { ensembleOf, hostOf, peerConfig } from './member-config.ts';
import type { Plan } from './plan.ts';
import { simHashes } from './sim-hashes.ts';
import type { SimNet } from './sim-net.ts';
import { type ServerObserver, SimServer } from './sim-server.ts';

const WALL_OFFSET_MS_MAX = 2000;

/** Voters first, then observers; the first has sid 1. None runs yet. */
export function makeMembers(
  net: SimNet,
  plan: Plan,
  prng: Prng,
  observer: ServerObserver<Peer>,
): SimServer<Peer>[] {
  const ensemble = ensembleOf(plan);
  return ensemble.members.map(({ sid }) => {
    const config = peerConfig(sid, ensemble, plan);
    const options = {
      host: hostOf(sid),
      disk: plan.disk,
      pace: plan.pace,
      driftPpm: prng.below(2 * plan.driftPpmMax + 1) - plan.driftPpmMax,
      wallOffsetMs: prng.below(WALL_OFFSET_MS_MAX),
    };
    const world = { clock: net.clock, net, prng: prng.fork() };
    return new SimServer(
      sid,
      world,
      options,
      (disk, seed, nowMs, wallMs) =>
        new Peer({ config, disk, hashes: simHashes(seed), seed }, nowMs, wallMs),
      observer,
    );
  });
}
