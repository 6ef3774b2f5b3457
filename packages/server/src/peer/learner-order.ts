/**
 * LearnerOrder: the order of writes on a follower or observer: they are forwarded and come back as
 * transactions. The leader answers the requests of one learner in the order in which they left
 * (C6 of quorum-protocol.md 10), so one queue finds the request of a transaction again;
 * syncs have a queue of their own, for the same reason (T20); revalidations are found by session.
 */

import { assert, JuteWriter, OpCode, RingQueue } from '@zabra/protocol';
import type { ApplyResult } from '../ops/apply-result.ts';
import type { OpRequest } from '../ops/request.ts';
import type { Learner } from '../zab/learner.ts';
import type { Proposal } from '../zab/zab-host.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientSession } from './client-session.ts';
import type { ObserverSessions } from './observer-sessions.ts';
import type { PeerCore } from './peer-core.ts';
import type { PendingRequest } from './pending-request.ts';
import type {
  OrderClient,
  RequestOrder,
  Revalidation,
  SessionId,
  Unanswered,
  Upgrade,
} from './request-order.ts';

/** A session that moves to one of our observers. */
interface ObserverRevalidation extends SessionId {
  readonly answer: (valid: boolean) => void;
}

export class LearnerOrder implements RequestOrder {
  readonly keepsBodies: boolean;
  readonly isReadOnly = false;
  readonly sessionTracker = null;
  /** Sessions of our observers' clients; null where none are served. */
  observers: ObserverSessions | null;
  readonly #core: PeerCore;
  readonly #client: OrderClient;
  readonly #learner: Learner;
  readonly #forwarded: RingQueue<PendingRequest>;
  /** Of our clients, and of our observers'. */
  readonly #syncs: RingQueue<PendingRequest | (() => void)>;
  readonly #revalidations: (Revalidation | ObserverRevalidation)[];
  /** Sessions that were local, and are not known to be global yet. */
  readonly #upgrades: Upgrade[];
  /** Sessions heard of since the last PING: id and timeout each, as the reply carries them. */
  readonly #touches: JuteWriter;
  #touched: ClientSession[];

  /** `mayEndByHandOver`: the leader is of our own kind. */
  constructor(core: PeerCore, client: OrderClient, learner: Learner, mayEndByHandOver: boolean) {
    this.keepsBodies = mayEndByHandOver;
    this.observers = null;
    this.#core = core;
    this.#client = client;
    this.#learner = learner;
    this.#forwarded = new RingQueue();
    this.#syncs = new RingQueue();
    this.#revalidations = [];
    this.#upgrades = [];
    this.#touches = new JuteWriter(256);
    this.#touched = [];
  }

  submit(pending: PendingRequest, request: OpRequest): void {
    // Queued before the packet leaves: a quick answer must find its request.
    this.#forwarded.push(pending);
    this.#forward(request);
  }

  /** Goes ahead of the request that wants it, on the same connection. */
  upgrade(request: OpRequest, timeoutMs: number): void {
    const { sessionHi: hi, sessionLo: lo } = request;
    if (this.keepsBodies) this.#upgrades.push({ hi, lo, timeoutMs });
    this.#forward(request);
  }

  sync(pending: PendingRequest, request: OpRequest): void {
    this.#syncs.push(pending);
    this.#forward(request);
  }

  revalidate(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void {
    this.observers?.take(hi, lo);
    this.#revalidations.push({ connection, hi, lo, timeoutMs });
    this.#learner.revalidate(hi, lo, timeoutMs);
  }

  /** A session that moves to one of our observers; `answer` is called with whether it lives. */
  revalidateFor(hi: number, lo: number, timeoutMs: number, answer: (valid: boolean) => void): void {
    this.#revalidations.push({ hi, lo, answer });
    this.#learner.revalidate(hi, lo, timeoutMs);
  }

  /** A sync of an observer's client is about to be forwarded; `answer` is called in its turn. */
  awaitSync(answer: () => void): void {
    this.#syncs.push(answer);
  }

  /** An observer has heard of a session. */
  touchFor(hi: number, lo: number, timeoutMs: number): void {
    this.#addTouch(hi, lo, timeoutMs);
  }

  /**
   * The leader has handed over behind its last commit: what has not come back by now was never
   * ordered.
   */
  takeUnanswered(): Unanswered {
    return {
      writes: [...this.#forwarded],
      syncs: [...this.#syncs].filter((asked) => typeof asked !== 'function'),
      revalidations: this.#revalidations.filter(
        (asked): asked is Revalidation => !('answer' in asked),
      ),
      upgrades: [...this.#upgrades],
    };
  }

  /** Whether the session is about to be closed is what the leader knows. */
  touch(session: ClientSession): boolean {
    if (session.touched) return true;
    session.touched = true;
    this.#touched.push(session);
    this.#addTouch(session.hi, session.lo, session.timeoutMs);
    return true;
  }

  /** The table since the last PING; the next begins empty (T21). */
  takeTouches(): Uint8Array {
    for (const session of this.#touched) session.touched = false;
    this.#touched = [];
    const bytes = this.#touches.toBytes();
    this.#touches.reset();
    return bytes;
  }

  onSyncAnswer(): void {
    const asked = this.#syncs.shift();
    if (typeof asked === 'function') asked();
    else if (asked !== undefined) this.#client.onSynced(asked);
  }

  onRevalidated(hi: number, lo: number, valid: boolean): void {
    // By id, for one answer that never came must not stand before all that come after it.
    const at = this.#revalidations.findIndex((asked) => asked.hi === hi && asked.lo === lo);
    if (at < 0) return;
    const [asked] = this.#revalidations.splice(at, 1);
    if (asked === undefined) return;
    if ('answer' in asked) asked.answer(valid);
    else this.#client.onRevalidated(asked.connection, hi, lo, asked.timeoutMs, valid);
  }

  /** A transaction is committed: applied, and answered when one of our clients asked for it. */
  onCommitted(proposal: Proposal): void {
    const { state, stats } = this.#core;
    const client = this.#client;
    const result = state.apply(proposal.buffer, proposal.start, proposal.end);
    assert(!result.isMalformed, 'Cannot apply a committed transaction: it is malformed');
    stats.commitCount++;
    // Every learner reports a new session once, so that the leader's clock of it starts (T22).
    if (result.type === OpCode.createSession) {
      this.#addTouch(result.sessionHi, result.sessionLo, result.timeoutMs);
      this.#onCreated(result.sessionHi, result.sessionLo);
    }
    const head = this.#forwarded.peek();
    if (head !== undefined && isAnswer(head, result)) {
      this.#forwarded.shift();
      client.onApplied(head, result);
    }
    if (result.type === OpCode.closeSession) {
      this.observers?.remove(result.sessionHi, result.sessionLo);
      client.onSessionClosed(result.sessionHi, result.sessionLo);
    }
  }

  #onCreated(hi: number, lo: number): void {
    const at = this.#upgrades.findIndex((session) => session.hi === hi && session.lo === lo);
    if (at >= 0) this.#upgrades.splice(at, 1);
  }

  #forward(request: OpRequest): void {
    const { sessionHi, sessionLo, cxid, opcode, buffer, start, end, identities } = request;
    this.#learner.forward(
      sessionHi,
      sessionLo,
      cxid,
      opcode,
      buffer,
      start,
      end,
      isOfSession(opcode) ? null : identities,
    );
  }

  #addTouch(hi: number, lo: number, timeoutMs: number): void {
    this.#touches.long(hi, lo);
    this.#touches.int(timeoutMs);
  }
}

/**
 * The leader closes sessions on its own, and a session that was local is made without a request
 * that waits for it; both with cxid 0: that answers no other request.
 */
function isAnswer(request: PendingRequest, result: ApplyResult): boolean {
  if (request.sessionLo !== result.sessionLo || request.sessionHi !== result.sessionHi)
    return false;
  if (request.cxid !== result.cxid) return false;
  const { type } = result;
  if (type === OpCode.error) return true;
  return isOfSession(type) || isOfSession(request.opcode) ? request.opcode === type : true;
}

function isOfSession(opcode: number): boolean {
  return opcode === OpCode.createSession || opcode === OpCode.closeSession;
}
