/**
 * Loop: where machine and world meet. The first input of a turn of Node's event loop reads the
 * clocks and books the end of the turn; further inputs of that turn follow; then, when the sockets
 * and completions of the turn have been heard, the machine ends its turn and the loop drains what
 * it wants done: one write per connection, whatever number of requests came. The pattern is that
 * of Redis' `beforesleep` (`ae.c`). A timer makes a turn when nothing else does.
 *
 * Nothing is decided here and nothing is known of the bytes.
 */

import type { Id } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import {
  type Exit,
  isLinkKind,
  type ListenKind,
  type LogEvent,
  type LogLevel,
  type Output,
  type StoreConfig,
} from '../peer/ready.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Machine } from './machine.ts';
import { Network, type NetworkEvents, type NetworkOptions } from './net.ts';

/** Longest time between two turns. */
const TURN_INTERVAL_MS = 20;
/** How long the end of the process waits for written output to leave. */
const EXIT_FLUSH_MS = 1000;
const EXIT_POLL_MS = 5;

export interface LoopParts {
  readonly machine: Machine;
  readonly disk: { submit(request: DiskRequest): void };
  /** Null for a machine whose configuration does not change. */
  readonly configs: { submit(request: StoreConfig): void } | null;
  readonly clock: Clock;
  readonly network: NetworkOptions;
  /** All events of one turn, in order. */
  readonly onEvents: (events: readonly LogEvent[]) => void;
  /** The machine has ended and its output has left; called once, the last call of all. */
  readonly onExit: (exit: Exit) => void;
}

export class Loop implements NetworkEvents {
  readonly #parts: LoopParts;
  readonly #machine: Machine;
  readonly #network: Network;
  /** Peers that will send no more, heard in this turn. */
  readonly #ended: Connection[] = [];
  #isTurnOpen = false;
  #isExiting = false;
  #nowMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#machine = parts.machine;
    this.#network = new Network(parts.network, this);
  }

  start(): void {
    this.#timer = setInterval(() => this.#onTimer(), TURN_INTERVAL_MS);
    this.#openTurn();
    this.#machine.start();
  }

  /** Begins a graceful end; `onExit` follows. */
  stop(): void {
    if (this.#isExiting) return;
    this.#openTurn();
    this.#machine.stop();
  }

  /** The disk's completions come in here. */
  onDisk(token: number, error: string | null): void {
    if (this.#isExiting) return;
    this.#openTurn();
    this.#machine.onDisk(token, error);
    this.#feedDisk();
  }

  /** So do those of configurations. */
  onConfigStored(token: number, error: string | null): void {
    if (this.#isExiting) return;
    this.#openTurn();
    this.#machine.onConfigStored(token, error);
  }

  onAccepted(
    kind: ListenKind,
    remoteHost: string,
    remotePort: number,
    proven: readonly Id[] | null,
  ): Output {
    this.#openTurn();
    if (isLinkKind(kind)) return this.#machine.onLinkOpen(kind, remoteHost, remotePort);
    return this.#machine.onClientOpen(remoteHost, remotePort, proven);
  }

  onDialed(connection: Connection): void {
    this.#openTurn();
    this.#machine.onDialed(connection.output.id);
    // What was written while the dial was under way leaves with this turn.
    this.#machine.ready.touch(connection.output);
  }

  onBytes(connection: Connection, buffer: Uint8Array, start: number, end: number): void {
    if (this.#isExiting) return;
    this.#openTurn();
    const { id, lane } = connection.output;
    if (lane === 'client') this.#machine.onClientBytes(id, buffer, start, end);
    else this.#machine.onLinkBytes(id, buffer, start, end);
  }

  onDrained(): void {
    this.#openTurn();
  }

  /** The machine hears of it after this turn, so that an answer to the last bytes still leaves. */
  onEnded(connection: Connection): void {
    this.#ended.push(connection);
    this.#openTurn();
  }

  onClosed(connection: Connection, reason: string): void {
    this.#network.forget(connection);
    if (this.#isExiting) return;
    this.#openTurn();
    const { id, lane } = connection.output;
    if (lane === 'client') this.#machine.onClientClosed(id, reason);
    else this.#machine.onLinkClosed(id, reason);
  }

  onListening(kind: ListenKind, host: string, port: number): void {
    this.#openTurn();
    this.#machine.onListening(kind, host, port);
  }

  onListenFailed(kind: ListenKind, host: string, port: number, reason: string): void {
    this.#openTurn();
    this.#machine.onListenFailed(kind, host, port, reason);
  }

  log(level: LogLevel, source: string, message: string): void {
    this.#parts.onEvents([{ level, thread: 'main', source, message }]);
  }

  #onTimer(): void {
    this.#openTurn();
    this.#network.checkLingering(this.#nowMs);
  }

  #openTurn(): void {
    if (this.#isTurnOpen || this.#isExiting) return;
    this.#isTurnOpen = true;
    this.#nowMs = this.#parts.clock.nowMs();
    this.#machine.onClock(this.#nowMs, this.#parts.clock.wallMs());
    setImmediate(this.#closeTurn);
  }

  readonly #closeTurn = (): void => {
    this.#feedDisk();
    this.#machine.endTurn();
    this.#isTurnOpen = false;
    this.#drain();
    for (const connection of this.#ended.splice(0)) {
      if (!connection.isClosing) connection.cut('closed by the peer');
    }
  };

  /** The disk never waits for the end of a turn. */
  #feedDisk(): void {
    this.#machine.flushLog();
    this.#submit();
  }

  #submit(): void {
    const { disk } = this.#machine.ready;
    for (const request of disk) this.#parts.disk.submit(request);
    disk.length = 0;
  }

  #drain(): void {
    const { ready } = this.#machine;
    const { wantsTurn, exit } = ready;
    this.#submit();
    for (const request of ready.configs) this.#parts.configs?.submit(request);
    for (const dial of ready.dials) this.#network.dial(dial);
    for (const listen of ready.listens) this.#network.listen(listen);
    for (const output of ready.outputs) this.#network.flush(output, this.#nowMs);
    if (ready.events.length > 0) this.#parts.onEvents(ready.events);
    ready.clear();
    if (exit !== null) this.#exit(exit);
    else if (wantsTurn) this.#openTurn();
  }

  #exit(exit: Exit): void {
    if (this.#isExiting) return;
    this.#isExiting = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#network.closeListeners();
    const deadlineMs = this.#parts.clock.nowMs() + EXIT_FLUSH_MS;
    const poll = (): void => {
      if (this.#network.hasUnsent && this.#parts.clock.nowMs() < deadlineMs) {
        setTimeout(poll, EXIT_POLL_MS);
        return;
      }
      this.#network.cutAll('the server ends');
      this.#parts.onExit(exit);
    };
    poll();
  }
}
