/**
 * ClientSession: a session as this server sees it, whichever role it plays. It outlives roles and
 * connections, so it holds nothing that belongs to a reign; what the leader's session tracker knows
 * of it stays in the tracker. `BoundSessions` are those with a connection here.
 */

import { int64Hex } from '@zabra/protocol';
import type { ClientConnection } from './client-connection.ts';

export class ClientSession {
  readonly hi: number;
  readonly lo: number;
  /** As negotiated on the present connection, milliseconds. */
  timeoutMs: number;
  /** Null while no connection of this server is bound to the session. */
  connection: ClientConnection | null;
  /** Already in the touch table of this learner since the last PING. */
  touched: boolean;
  /** Another server has it now, although it has a connection here: the leader said so. */
  hasMoved: boolean;

  constructor(hi: number, lo: number, timeoutMs: number) {
    this.hi = hi;
    this.lo = lo;
    this.timeoutMs = timeoutMs;
    this.connection = null;
    this.touched = false;
    this.hasMoved = false;
  }

  /** `0x` and hex, as logs show it. */
  get name(): string {
    return `0x${int64Hex(this.hi, this.lo)}`;
  }
}

export class BoundSessions {
  readonly #byHi: Map<number, Map<number, ClientSession>>;

  constructor() {
    this.#byHi = new Map();
  }

  find(hi: number, lo: number): ClientSession | undefined {
    return this.#byHi.get(hi)?.get(lo);
  }

  /** Binds the session to the connection, as if nothing had been heard of it yet. */
  bind(hi: number, lo: number, timeoutMs: number, connection: ClientConnection): ClientSession {
    let row = this.#byHi.get(hi);
    if (row === undefined) {
      row = new Map();
      this.#byHi.set(hi, row);
    }
    let session = row.get(lo);
    if (session === undefined) {
      session = new ClientSession(hi, lo, timeoutMs);
      row.set(lo, session);
    }
    session.timeoutMs = timeoutMs;
    session.connection = connection;
    session.touched = false;
    session.hasMoved = false;
    return session;
  }

  /** Forgets the session if it is still bound to that connection. */
  release(session: ClientSession, connection: ClientConnection): void {
    if (session.connection !== connection) return;
    session.connection = null;
    const row = this.#byHi.get(session.hi);
    if (row === undefined) return;
    row.delete(session.lo);
    if (row.size === 0) this.#byHi.delete(session.hi);
  }
}
