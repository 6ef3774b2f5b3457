/**
 * A whole ensemble in one thread: servers that are the real `Peer`, on a simulated network and
 * simulated disks, with every checker around them. The checkers learn what they know from outside:
 * bytes on the wires, bytes on the disks, what clients see, and each server's own `status()`.
 */

import type { Prng } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import { Peer } from '../peer/peer.ts';
import type { PeerStatus } from '../peer/peer-status.ts';
import type { Exit, LogEvent } from '../peer/ready.ts';
import { Checkers } from './checkers/checkers.ts';
import { Violation } from './checkers/violation.ts';
import { ensembleOf, hostOf, peerConfig, sidOf } from './member-config.ts';
import type { Plan } from './plan.ts';
import type { SimClock } from './sim-clock.ts';
import { type Endpoint, SimNet } from './sim-net.ts';
import { type ServerObserver, SimServer } from './sim-server.ts';
import { simHashes } from './sim-hashes.ts';
import type { Trace } from './trace.ts';

/** Told of what the run may want to react to. */
export interface EnsembleListener {
  onSubmitted(server: SimServer<Peer>, request: DiskRequest): void;
  onEnded(server: SimServer<Peer>, exit: Exit | null): void;
}

export class SimEnsemble {
  readonly clock: SimClock;
  readonly net: SimNet;
  readonly servers: readonly SimServer<Peer>[];
  readonly checkers: Checkers;
  listener: EnsembleListener | null;
  readonly #trace: Trace;

  constructor(clock: SimClock, plan: Plan, prng: Prng, trace: Trace) {
    this.clock = clock;
    this.net = new SimNet(this.clock, prng.fork(), plan.net);
    this.listener = null;
    this.#trace = trace;
    const config = ensembleOf(plan);
    this.checkers = new Checkers();
    const sids = Array.from(
      { length: plan.voterCount + plan.observerCount },
      (_, index) => index + 1,
    );
    this.servers = sids.map((sid) => {
      const options = {
        host: hostOf(sid),
        disk: plan.disk,
        pace: plan.pace,
        driftPpm: prng.below(2 * plan.driftPpmMax + 1) - plan.driftPpmMax,
        wallOffsetMs: prng.below(2000),
      };
      const world = { clock: this.clock, net: this.net, prng: prng.fork() };
      const member = peerConfig(sid, config, plan);
      return new SimServer(
        sid,
        world,
        options,
        (disk, seed, nowMs, wallMs) =>
          new Peer({ config: member, disk, hashes: simHashes, seed }, nowMs, wallMs),
        this.#observer(),
      );
    });
    for (const { sid, disk } of this.servers) {
      this.checkers.durability.addServer(sid, sid <= plan.voterCount, disk);
    }
    this.net.onSent = (from, bytes) => this.#onSent(from, bytes);
  }

  /** Status of those that run, in the order of their sids. */
  statuses(): PeerStatus[] {
    return this.servers.flatMap(({ machine }) => (machine === null ? [] : [machine.status()]));
  }

  #onSent(from: Endpoint, bytes: Uint8Array): void {
    const { connection } = from;
    this.#trace.bytes(`connection ${connection.id}`, from.host, bytes, 0, bytes.length);
    this.checkers.onSent(from, sidOf, bytes);
  }

  #observer(): ServerObserver<Peer> {
    const { checkers } = this;
    return {
      onStarted: (server) => {
        this.#note(server, 'starts');
        checkers.onStarted(server.sid, server.lifeCount);
      },
      onTurnEnd: ({ sid, machine }) => {
        if (machine !== null) checkers.onStatus(sid, machine.status());
      },
      onSubmitted: (server, request) => this.listener?.onSubmitted(server, request),
      onStored: (server, request, error) => {
        this.#note(server, `disk ${request.kind}`, request.token);
        if (error === null) checkers.onStored(server.sid, request);
      },
      onEvent: (server, event) => this.#onEvent(server, event),
      onEnded: (server, exit) => this.#onEnded(server, exit),
      onThrown: (server, error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        throw new Violation('No server throws', `server ${server.sid}: ${text}`);
      },
    };
  }

  #onEnded(server: SimServer<Peer>, exit: Exit | null): void {
    const how = exit === null ? 'is gone' : `ends with ${exit.code}: ${exit.reason}`;
    this.#trace.line(`server ${server.sid}`, how);
    this.checkers.onCrashed(server.sid);
    const isExpected = exit === null || exit.code === 0 || server.disk.counts.failedSyncCount > 0;
    if (!isExpected) throw new Violation('No server gives up by itself', `${server.sid} ${how}`);
    this.listener?.onEnded(server, exit);
  }

  #onEvent({ sid }: SimServer<Peer>, { level, source, message }: LogEvent): void {
    this.#trace.line(`server ${sid}`, `${level} ${source}: ${message}`);
  }

  #note({ sid }: SimServer<Peer>, what: string, value = 0): void {
    this.#trace.note(`server ${sid}`, what, value);
  }
}
