/**
 * Which servers cannot find the ensemble any more, whatever they do: no server that is reached at
 * an address they know has found it either. So it may be when members moved while a server was
 * down.
 */

import type { Peer } from '../peer/peer.ts';
import { type EnsembleConfig, memberOf } from '../zab/ensemble-config.ts';
import type { SimServer } from './sim-server.ts';

export function lostServers(servers: readonly SimServer<Peer>[]): SimServer<Peer>[] {
  const running = servers.filter(({ isRunning }) => isRunning);
  const found = new Set(running.filter((server) => isServing(server)));
  let grown = true;
  while (grown) {
    grown = false;
    for (const server of running) {
      if (found.has(server)) continue;
      const finds = [...found].some((other) => {
        // Who serves dials nobody.
        return knows(server, other) || (!isServing(other) && knows(other, server));
      });
      if (!finds) continue;
      found.add(server);
      grown = true;
    }
  }
  return running.filter((server) => !found.has(server));
}

function isServing({ machine }: SimServer<Peer>): boolean {
  return machine?.status().serving === true;
}

/** True when the one would dial the other where that one listens. */
function knows(server: SimServer<Peer>, other: SimServer<Peer>): boolean {
  const { committed, proposed } = server.configs;
  const port = electionPortOf(other.configs.committed, other.sid);
  // Where a server listens that is no member, nobody can know.
  if (port < 0) return false;
  return [committed, proposed].some((config) => electionPortOf(config, other.sid) === port);
}

function electionPortOf(config: EnsembleConfig | null, sid: number): number {
  return (config === null ? null : memberOf(config, sid))?.addresses[0]?.electionPort ?? -1;
}
