/**
 * One simulated client process: the real session machine of `@zabra/client` on a simulated
 * connection. It drives the machine's turns and carries out its lanes; which operations it asks
 * for is the affair of the workload, and whether the answers are right that of the checkers.
 */

import {
  type Request,
  type SessionCredentials,
  SessionMachine,
  type SessionOptions,
  type SessionProbe,
  type SessionState,
  type WatchEvent,
  type Watcher,
} from '@zabra/client/session';
import { type Prng, utf8Encode } from '@zabra/protocol';
import type { Planned, SimClock } from './sim-clock.ts';
import type { Endpoint, EndpointOwner, SimNet } from './sim-net.ts';

export interface ClientWorld {
  readonly clock: SimClock;
  readonly net: SimNet;
  readonly prng: Prng;
}

/** What becomes of a client, told in the order in which it sees it. */
export interface ClientObserver {
  /** A request went out or waits for a session. */
  onSubmitted(client: SimClient, request: Request): void;
  onReply(client: SimClient, request: Request): void;
  onEvent(client: SimClient, event: WatchEvent, watchers: readonly Watcher[]): void;
  onState(client: SimClient, state: SessionState, reason: string): void;
}

/** How long a server may take to say whether it takes writes. */
const PROBE_US_MAX = 1_000_000;
/** A monotonic clock of a client starts somewhere. */
const MONOTONIC_START_MS = 5_000_000;

export class SimClient {
  /** Counts up through the whole simulation; a new one for each process. */
  readonly id: number;
  readonly host: string;
  readonly machine: SessionMachine;
  readonly #world: ClientWorld;
  readonly #observer: ClientObserver;
  #endpoint: Endpoint | null;
  #deadline: Planned | null;
  /** A turn is under way: what its observers submit joins it. */
  #isInTurn: boolean;
  #isOver: boolean;

  constructor(
    id: number,
    host: string,
    world: ClientWorld,
    options: SessionOptions,
    observer: ClientObserver,
  ) {
    this.id = id;
    this.host = host;
    this.#world = world;
    this.#observer = observer;
    this.machine = new SessionMachine(options, world.prng.fork(), this.#nowMs());
    this.#endpoint = null;
    this.#deadline = null;
    this.#isInTurn = false;
    this.#isOver = false;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get credentials(): SessionCredentials {
    return this.machine.session.credentials;
  }

  start(): void {
    this.#turn(() => undefined);
  }

  submit(request: Request): void {
    this.#turn(() => {
      this.#observer.onSubmitted(this, request);
      this.machine.submit(request);
    });
  }

  close(): void {
    this.#turn(() => this.machine.close());
  }

  /** The process is gone and leaves its session to time out; loudly, or without a word. */
  crash(isSilent: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#world.clock.cancel(this.#deadline);
    if (isSilent) this.#endpoint?.vanish();
    else this.#endpoint?.end();
    this.#endpoint = null;
  }

  #nowMs(): number {
    return MONOTONIC_START_MS + Math.floor(this.#world.clock.nowUs / 1000);
  }

  #turn(input: () => void): void {
    if (this.#isOver) return;
    if (this.#isInTurn) {
      input();
      return;
    }
    this.#isInTurn = true;
    this.machine.onClock(this.#nowMs());
    input();
    while (!this.machine.ready.isEmpty) this.#drain();
    this.#isInTurn = false;
    if (!this.#isOver) this.#planDeadline();
  }

  #drain(): void {
    const { ready } = this.machine;
    if (ready.probe !== null) {
      this.#ask(ready.probe);
      ready.probe = null;
    }
    if (ready.bytes.position > 0) {
      this.#endpoint?.send(ready.bytes.toBytes());
      ready.bytes.reset();
    }
    if (ready.hangUp > 0) {
      this.#endpoint?.end();
      this.#endpoint = null;
      ready.hangUp = 0;
    }
    if (ready.dial !== null) {
      const { connection, host, port } = ready.dial;
      ready.dial = null;
      this.#endpoint = this.#world.net.dial(this.host, host, port, this.#owner(connection));
    }
    const happenings = ready.happenings.splice(0);
    for (const happening of happenings) {
      if (this.#isOver) return;
      if (happening.kind === 'reply') this.#observer.onReply(this, happening.request);
      else if (happening.kind === 'event') {
        this.#observer.onEvent(this, happening.event, happening.watchers);
      } else if (happening.kind === 'state') {
        this.#observer.onState(this, happening.state, happening.reason);
      }
    }
  }

  /** A connection of its own, which says one word and hears one. */
  #ask({ probe, host, port }: SessionProbe): void {
    const { net, clock } = this.#world;
    let answer = '';
    const endpoint = net.dial(this.host, host, port, {
      onOpen: () => endpoint.send(utf8Encode('isro')),
      onBytes: (buffer, start, end) => {
        answer += String.fromCharCode(...buffer.subarray(start, end));
      },
      onClosed: () => {
        clock.cancel(late);
        this.#turn(() => this.machine.onProbe(probe, answer === 'rw'));
      },
      onDrained: () => undefined,
    });
    const late = clock.after(PROBE_US_MAX, () => {
      endpoint.end();
      this.#turn(() => this.machine.onProbe(probe, false));
    });
  }

  #owner(connection: number): EndpointOwner {
    return {
      onOpen: () => this.#turn(() => this.machine.onConnected(connection)),
      onBytes: (buffer, start, end) =>
        this.#turn(() => this.machine.onBytes(connection, buffer, start, end)),
      onClosed: (reason) => this.#turn(() => this.machine.onDisconnected(connection, reason)),
      onDrained: () => undefined,
    };
  }

  #planDeadline(): void {
    const { clock } = this.#world;
    clock.cancel(this.#deadline);
    this.#deadline = null;
    const { deadlineMs } = this.machine;
    if (!Number.isFinite(deadlineMs)) return;
    const inUs = Math.max(1, (deadlineMs - this.#nowMs()) * 1000);
    this.#deadline = clock.after(inUs, () => {
      this.#deadline = null;
      this.#turn(() => undefined);
    });
  }
}
