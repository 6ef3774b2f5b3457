/**
 * A whole ensemble in one thread: servers that are the real `Peer`, on a simulated network and
 * simulated disks, with every checker around them. The checkers learn what they know from outside:
 * bytes on the wires, bytes on the disks, what clients see, and each server's own `status()`.
 */

import { assert, type Prng } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerStatus } from '../peer/peer-status.ts';
import type { Exit, LogEvent } from '../peer/ready.ts';
import { type EnsembleConfig, memberOf } from '../zab/ensemble-config.ts';
import { formatEnsembleText, parseEnsembleText } from '../zab/ensemble-text.ts';
import { Checkers } from './checkers/checkers.ts';
import { ensembleOf, joinerConfig, sidOf } from './member-config.ts';
import type { Plan } from './plan.ts';
import { makeMembers } from './sim-member.ts';
import type { Endpoint, SimNet } from './sim-net.ts';
import type { ServerObserver, SimServer } from './sim-server.ts';
import type { Trace } from './trace.ts';

/** Told of what the run may want to react to. */
export interface EnsembleListener {
  onSubmitted(server: SimServer<Peer>, request: DiskRequest): void;
  onEnded(server: SimServer<Peer>): void;
}

export class SimEnsemble {
  readonly net: SimNet;
  readonly servers: readonly SimServer<Peer>[];
  readonly checkers: Checkers;
  listener: EnsembleListener | null;
  /** Reigns that were handed over. */
  handOverCount: number;
  /** Learners that were brought in step out of log files. */
  logDiffCount: number;
  readonly #trace: Trace;

  constructor(net: SimNet, plan: Plan, prng: Prng, trace: Trace) {
    this.net = net;
    this.checkers = new Checkers(formatEnsembleText(ensembleOf(plan)), plan.localSessions);
    this.listener = null;
    this.handOverCount = 0;
    this.logDiffCount = 0;
    this.#trace = trace;
    this.servers = makeMembers(net, plan, prng, this.#observer(), () => this.#present());
    for (const { sid, disk } of this.servers) {
      this.checkers.durability.addServer(sid, disk);
    }
    net.onSent = (from, bytes) => this.#onSent(from, bytes);
  }

  /** Status of those that run, in the order of their sids. */
  statuses(): PeerStatus[] {
    return this.servers.flatMap(({ machine }) => (machine === null ? [] : [machine.status()]));
  }

  /** An operator writes down for a server that is down whom the ensemble consists of now. */
  tell({ sid, configs }: SimServer<Peer>): void {
    const present = this.#present();
    configs.committed = memberOf(present, sid) === null ? joinerConfig(sid, present) : present;
  }

  /** What an operator finds in /zookeeper/config. */
  #present(): EnsembleConfig {
    const { config } = parseEnsembleText(this.checkers.configurations.latest.text);
    assert(config !== null, 'A committed configuration can be read');
    return config;
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
        this.#trace.note(nameOf(server), 'starts');
        checkers.onStarted(server.sid, server.lifeCount);
      },
      onTurnEnd: ({ sid, machine }) => {
        if (machine !== null) checkers.onStatus(sid, machine.status());
      },
      onSubmitted: (server, request) => this.listener?.onSubmitted(server, request),
      onStored: (server, request, error) => {
        this.#trace.note(nameOf(server), `disk ${request.kind}`, request.token);
        if (error === null) checkers.onStored(server.sid, request);
      },
      onEvent: (server, event) => this.#onEvent(server, event),
      onEnded: (server, exit) => this.#onEnded(server, exit),
      onThrown: ({ sid }, error) => checkers.onThrown(sid, error),
    };
  }

  #onEnded(server: SimServer<Peer>, exit: Exit | null): void {
    const how = exit === null ? 'is gone' : `ends with ${exit.code}: ${exit.reason}`;
    this.#trace.line(nameOf(server), how);
    const diskFailed = server.disk.counts.failedSyncCount > 0;
    this.checkers.onEnded(server.sid, exit, diskFailed);
    this.listener?.onEnded(server);
  }

  #onEvent(server: SimServer<Peer>, { level, source, message }: LogEvent): void {
    this.#trace.line(nameOf(server), `${level} ${source}: ${message}`);
    if (message.startsWith('Leaving LEADING: handed over')) this.handOverCount++;
    if (message.endsWith(': DIFF out of the log files')) this.logDiffCount++;
  }
}

function nameOf({ sid }: SimServer<Peer>): string {
  return `server ${sid}`;
}
