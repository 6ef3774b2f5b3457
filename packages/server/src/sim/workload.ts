/**
 * The clients of a run: a number of them at all times, each asking for operations at its own pace
 * with several under way, ending its session now and then by closing it or by a crash, and coming
 * back as a new process with a new session when the old one is over. Tells the checkers all that
 * the clients see.
 */

import { isConnected, isOver, type Request } from '@zabra/client/session';
import { ErrorCode, type Prng } from '@zabra/protocol';
import type { Changes } from './changes.ts';
import type { Sessions } from './checkers/sessions.ts';
import { sessionKey } from './checkers/txn.ts';
import { Operations } from './operations.ts';
import type { WorkloadOptions } from './plan.ts';
import { type ClientObserver, SimClient } from './sim-client.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimNet } from './sim-net.ts';
import type { Trace } from './trace.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface WorkloadCounts {
  askedCount: number;
  lostCount: number;
  eventCount: number;
  sessionCount: number;
  expiredCount: number;
  crashedClientCount: number;
}

interface Seat {
  readonly host: string;
  client: SimClient | null;
  operations: Operations;
  underWayCount: number;
  /** Wants its session closed and asks for nothing more. */
  isLeaving: boolean;
}

const REQUEST_BYTES_MAX = 1_048_575;
/** How long a client process takes to come back. */
const RESTART_US_MAX = 400_000;
/** Requests that may wait for a session: more would only fail together. */
const QUEUED_MAX = 2;

export class Workload {
  readonly counts: WorkloadCounts;
  /** Changes of the ensemble that clients ask for among the rest; null for none. */
  changes: Changes | null;
  readonly #world: { readonly clock: SimClock; readonly net: SimNet; readonly prng: Prng };
  readonly #options: WorkloadOptions;
  readonly #servers: readonly ServerAddress[];
  readonly #sessions: Sessions;
  readonly #trace: Trace;
  readonly #seats: Seat[];
  #isAsking: boolean;
  #operationsPerSecond: number;

  constructor(
    world: { readonly clock: SimClock; readonly net: SimNet; readonly prng: Prng },
    options: WorkloadOptions,
    servers: readonly ServerAddress[],
    sessions: Sessions,
    trace: Trace,
  ) {
    this.counts = {
      askedCount: 0,
      lostCount: 0,
      eventCount: 0,
      sessionCount: 0,
      expiredCount: 0,
      crashedClientCount: 0,
    };
    this.changes = null;
    this.#world = world;
    this.#options = options;
    this.#servers = servers;
    this.#sessions = sessions;
    this.#trace = trace;
    this.#isAsking = true;
    this.#operationsPerSecond = options.operationsPerSecond;
    this.#seats = Array.from({ length: options.clientCount }, (_, index) => ({
      host: `10.0.1.${index + 1}`,
      client: null,
      operations: new Operations(world.prng.fork(), options),
      underWayCount: 0,
      isLeaving: false,
    }));
  }

  /** Clients that have a process, with or without a session. */
  get clients(): SimClient[] {
    return this.#seats.flatMap(({ client }) => (client === null ? [] : [client]));
  }

  /** Sessions that clients hold, as the checkers name them. */
  sessionKeys(): string[] {
    return this.clients.map(({ machine }) => sessionKey(machine.session.hi, machine.session.lo));
  }

  /** Nothing is under way, and every client has a session and a connection. */
  get isAnswered(): boolean {
    const { clients } = this;
    const isComplete = clients.length === this.#seats.length;
    return (
      isComplete &&
      this.underWayCount === 0 &&
      clients.every(({ machine }) => machine.isEstablished)
    );
  }

  /** Requests that were made and not answered or given up. */
  get underWayCount(): number {
    return this.#seats.reduce((sum, seat) => sum + seat.underWayCount, 0);
  }

  start(): void {
    for (const seat of this.#seats) {
      this.#enterLater(seat);
      this.#askLater(seat);
    }
  }

  /** From now on nothing new is asked for and no client leaves. */
  stopAsking(): void {
    this.#isAsking = false;
  }

  #enterLater(seat: Seat): void {
    this.#world.clock.after(this.#world.prng.below(RESTART_US_MAX), () => this.#enter(seat));
  }

  #enter(seat: Seat): void {
    const id = ++this.counts.sessionCount;
    const { readOnlyOneIn } = this.#options;
    const options = {
      servers: this.#servers,
      chroot: '',
      sessionTimeoutMs: this.#options.sessionTimeoutMs,
      readOnly: readOnlyOneIn > 0 && this.#world.prng.chance(1, readOnlyOneIn),
      credentials: null,
      sasl: null,
      requestBytesMax: REQUEST_BYTES_MAX,
      replyBytesMax: REQUEST_BYTES_MAX,
    };
    const client = new SimClient(id, seat.host, this.#world, options, this.#observer(seat));
    seat.client = client;
    seat.isLeaving = false;
    seat.underWayCount = 0;
    this.#sessions.add(client);
    client.start();
  }

  /** At most so many operations in a second from here on. */
  slowTo(operationsPerSecond: number): void {
    this.#operationsPerSecond = Math.min(this.#operationsPerSecond, operationsPerSecond);
  }

  #askLater(seat: Seat): void {
    const { clientCount } = this.#options;
    const meanUs = Math.floor((1_000_000 * clientCount) / this.#operationsPerSecond);
    const gapUs = this.#world.prng.below(2 * meanUs) + 1;
    this.#world.clock.after(gapUs, () => {
      if (!this.#isAsking) return;
      this.#ask(seat);
      this.#askLater(seat);
    });
  }

  #ask(seat: Seat): void {
    const { client } = seat;
    if (client === null || seat.isLeaving) return;
    const { outstandingMax, sessionEndOneIn } = this.#options;
    const most = client.machine.isEstablished ? outstandingMax : QUEUED_MAX;
    if (seat.underWayCount >= most) return;
    if (sessionEndOneIn > 0 && this.#world.prng.chance(1, sessionEndOneIn)) {
      this.#leave(seat, client);
      return;
    }
    seat.underWayCount++;
    this.counts.askedCount++;
    const change = this.changes?.takeDue(this.#world.clock.nowUs) ?? null;
    client.submit(change ?? seat.operations.next());
  }

  #leave(seat: Seat, client: SimClient): void {
    if (this.#world.prng.chance(1, 2)) {
      seat.isLeaving = true;
      client.close();
      return;
    }
    this.counts.crashedClientCount++;
    this.#trace.note(`client ${client.id}`, 'crash');
    client.crash(this.#world.prng.chance(1, 2));
    this.#sessions.onOver(client);
    seat.client = null;
    this.#enterLater(seat);
  }

  #observer(seat: Seat): ClientObserver {
    const sessions = this.#sessions;
    return {
      onSubmitted: (client, request) => sessions.onSubmitted(client, request),
      onReply: (client, request) => {
        seat.underWayCount--;
        if (request.code === ErrorCode.CONNECTIONLOSS) this.counts.lostCount++;
        this.#noteReply(client, request);
        sessions.onReply(client, request);
        seat.operations.onReply(request);
      },
      onEvent: (client, event, watchers) => {
        this.counts.eventCount++;
        this.#trace.note(`client ${client.id}`, 'event', event.type, event.zxid);
        sessions.onEvent(client, event, watchers);
      },
      onState: (client, state, reason) => {
        this.#trace.line(`client ${client.id}`, `${state} ${reason}`);
        if (isConnected(state)) sessions.onConnected(client, state === 'CONNECTEDREADONLY');
        else sessions.onDisconnected(client, reason);
        if (!isOver(state)) return;
        if (state === 'EXPIRED') this.counts.expiredCount++;
        sessions.onOver(client);
        seat.client = null;
        this.#enterLater(seat);
      },
    };
  }

  #noteReply(client: SimClient, request: Request): void {
    this.#trace.note(`client ${client.id}`, 'reply', request.xid, request.code, request.zxid);
  }
}
