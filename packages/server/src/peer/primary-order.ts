/**
 * PrimaryOrder: the order of writes where it is made: on a leader, or on a server that stands
 * alone. Each request is judged against the state that all earlier ones leave behind, gets the next
 * zxid, goes into the log and to whoever agrees on it; when it is committed it is applied and the
 * connection that waits gets its reply. One turn covers position, log and queues (B1 of
 * quorum-protocol.md 9), so none of this can interleave. Sessions live and expire here.
 *
 * Invariant: `#origins` has one place per proposal of this reign that is not committed, in order.
 */

import {
  assert,
  ErrorCode,
  type Id,
  int64Hex,
  JuteReader,
  JuteWriter,
  OpCode,
  RingQueue,
} from '@zabra/protocol';
import type { OpRequest } from '../ops/request.ts';
import type { Proposal } from '../zab/zab-host.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientSession } from './client-session.ts';
import { ClosedSessions } from './closed-sessions.ts';
import { ExpiryPause } from './expiry-pause.ts';
import type { PeerCore } from './peer-core.ts';
import { NodeReaper } from './node-reaper.ts';
import { CurrentRequest, type PendingRequest } from './pending-request.ts';
import type { OrderClient, RequestOrder } from './request-order.ts';
import { type SessionOwner, SessionTracker } from './session-tracker.ts';

/** Whoever makes a proposal final: a leader with its quorum, or the disk alone. */
export interface Proposer {
  nextZxid(): number;
  propose(proposal: Proposal): void;
  /** Calls back once everything proposed so far is committed. */
  sync(answer: () => void): void;
  /** Another server has a session now that was `owner`'s, a learner's. */
  onSessionMoved(owner: SessionOwner, hi: number, lo: number): void;
}

/** Where proposals are written. */
export interface ProposalLog {
  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal;
}

const NO_BODY = new Uint8Array(0);
const NO_IDENTITIES: readonly Id[] = [];

export class PrimaryOrder implements RequestOrder {
  /** What is ordered here is proposed at once. */
  readonly keepsBodies: boolean;
  readonly isReadOnly = false;
  readonly #core: PeerCore;
  readonly #log: ProposalLog;
  readonly #client: OrderClient;
  readonly #proposer: Proposer;
  readonly #tracker: SessionTracker;
  readonly #reaper: NodeReaper;
  readonly #origins: RingQueue<PendingRequest | null>;
  readonly #entry: JuteWriter;
  readonly #reader: JuteReader;
  readonly #own: CurrentRequest;
  /** After a stall of ours: learners still hold what they have heard of their sessions. */
  readonly #pause: ExpiryPause;
  /** Null where there are no local sessions. */
  readonly #closed: ClosedSessions | null;
  #isOver: boolean;
  #isPaused: boolean;

  constructor(core: PeerCore, log: ProposalLog, client: OrderClient, proposer: Proposer) {
    this.keepsBodies = false;
    this.#core = core;
    this.#log = log;
    this.#client = client;
    this.#proposer = proposer;
    this.#tracker = new SessionTracker(core.config.tickTimeMs, core.nowMs());
    this.#reaper = new NodeReaper(core, (request) => this.#order(request, null, this));
    this.#origins = new RingQueue();
    this.#entry = new JuteWriter(4096);
    this.#reader = new JuteReader();
    this.#own = new CurrentRequest();
    this.#pause = new ExpiryPause(core.config.tickTimeMs, core.nowMs());
    const { localSessionsEnabled, ensemble } = core.config;
    this.#closed = localSessionsEnabled && ensemble !== null ? new ClosedSessions() : null;
    this.#isOver = false;
    this.#isPaused = false;
    // A new reign gives every session its whole time again.
    core.state.core.sessions.forEach((hi, lo, timeoutMs) => {
      this.#tracker.track(hi, lo, timeoutMs, core.nowMs());
    });
  }

  get sessionTracker(): SessionTracker {
    return this.#tracker;
  }

  get sessionCount(): number {
    return this.#tracker.count;
  }

  /** The reign has ended, perhaps in the middle of a call of ours: nothing is ordered any more. */
  end(): void {
    this.#isOver = true;
  }

  submit(pending: PendingRequest, request: OpRequest): void {
    this.#order(request, pending, this);
  }

  upgrade(request: OpRequest): void {
    this.#order(request, null, this);
  }

  /** A request that a learner forwarded; it comes back to it as a transaction. */
  onForwarded(owner: SessionOwner, request: OpRequest): void {
    this.#order(request, null, owner);
  }

  sync(pending: PendingRequest, _request: OpRequest): void {
    this.#proposer.sync(() => this.#client.onSynced(pending));
  }

  revalidate(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void {
    const valid = this.claim(this, hi, lo, timeoutMs);
    this.#client.onRevalidated(connection, hi, lo, timeoutMs, valid);
  }

  /** The session lives and belongs to `owner` from now on, if it lives. */
  claim(owner: SessionOwner, hi: number, lo: number, timeoutMs: number): boolean {
    if (!this.#tracker.touch(hi, lo, timeoutMs, this.#core.nowMs())) return false;
    const before = this.#tracker.ownerOf(hi, lo);
    this.#tracker.setOwner(hi, lo, owner);
    if (before === null || before === owner) return true;
    if (before === this) this.#client.onSessionMoved(hi, lo);
    else this.#proposer.onSessionMoved(before, hi, lo);
    return true;
  }

  touch(session: ClientSession): boolean {
    return this.#tracker.touch(session.hi, session.lo, session.timeoutMs, this.#core.nowMs());
  }

  onTouched(hi: number, lo: number, timeoutMs: number): void {
    this.#tracker.touch(hi, lo, timeoutMs, this.#core.nowMs());
  }

  /** A hand-over is on its way: nothing may be ordered, until it is over or comes to nothing. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  /** Once a turn. */
  tick(): void {
    if (this.#isPaused) return;
    this.#reaper.tick();
    this.#expireSessions();
  }

  /**
   * Sessions whose time is over are closed by transactions of our own. What learners have heard of
   * their sessions comes with their answers to the next PING.
   */
  #expireSessions(): void {
    const { stats } = this.#core;
    const now = this.#core.nowMs();
    if (!this.#pause.isOver(now)) return;
    this.#tracker.expire(now, (hi, lo, timeoutMs) => {
      stats.staleSessionsExpired++;
      const name = `0x${int64Hex(hi, lo)}`;
      this.#core.log(
        'info',
        'ZooKeeperServer',
        `Expiring session ${name}, timeout of ${timeoutMs}ms exceeded`,
      );
      this.#closeSession(hi, lo);
    });
  }

  #closeSession(hi: number, lo: number): void {
    const request = this.#own;
    request.set(hi, lo, 0, OpCode.closeSession, NO_BODY, 0, 0, NO_IDENTITIES);
    this.#order(request, null, this);
  }

  /** Ephemerals whose session nobody knows go as if it had expired: by transactions. */
  closeDeadOwners(): void {
    const owners: [hi: number, lo: number][] = [];
    this.#core.state.forEachDeadOwner((hi, lo) => owners.push([hi, lo]));
    for (const [hi, lo] of owners) this.#closeSession(hi, lo);
  }

  /** The next proposal of this reign is committed. */
  onCommitted(proposal: Proposal): void {
    const { state, stats } = this.#core;
    const client = this.#client;
    const result = state.apply(proposal.buffer, proposal.start, proposal.end);
    assert(!result.isMalformed, 'Cannot apply a committed transaction: it is malformed');
    stats.commitCount++;
    const pending = this.#origins.shift() ?? null;
    if (pending !== null) client.onApplied(pending, result);
    if (result.type === OpCode.closeSession) {
      this.#tracker.remove(result.sessionHi, result.sessionLo);
      this.#closed?.add(result.sessionHi, result.sessionLo);
      client.onSessionClosed(result.sessionHi, result.sessionLo);
    }
  }

  #order(request: OpRequest, pending: PendingRequest | null, owner: SessionOwner): void {
    if (this.#isOver) return;
    assert(!this.#isPaused, 'Cannot order a request during a hand-over');
    const { state, stats } = this.#core;
    const code = this.#checkSession(request, owner);
    const isLocal =
      code === ErrorCode.SESSIONEXPIRED && this.#isOfLocalSession(request, pending, owner);
    const zxid = this.#proposer.nextZxid();
    const entry = this.#entry;
    entry.reset();
    const sessionError = isLocal ? ErrorCode.OK : code;
    const ephemeralError = isLocal && owner === this ? ErrorCode.EPHEMERALONLOCALSESSION : code;
    state.prepare(request, sessionError, zxid, this.#core.wallMs(), entry, ephemeralError);
    stats.onProposed(entry.position);
    const proposal = this.#log.append(zxid, entry.buffer, 0, entry.position);
    this.#origins.push(pending);
    this.#proposer.propose(proposal);
  }

  /**
   * A session that no transaction has made may live on the server that forwards its request, which
   * alone can know. One with our own id in it is known to us, or over.
   */
  #isOfLocalSession(
    { sessionHi, sessionLo }: OpRequest,
    pending: PendingRequest | null,
    owner: SessionOwner,
  ): boolean {
    if (this.#closed === null || this.#closed.has(sessionHi, sessionLo)) return false;
    if (this.#tracker.timeoutMs(sessionHi, sessionLo) >= 0) return false;
    if (owner !== this) return sessionHi >>> 24 !== (this.#core.config.sid & 0xff);
    return pending?.isOfLocalSession ?? false;
  }

  #checkSession(request: OpRequest, owner: SessionOwner): number {
    const { sessionHi, sessionLo, opcode } = request;
    if (opcode === OpCode.createSession) {
      const r = this.#reader.reset(request.buffer, request.start, request.end);
      this.#tracker.track(sessionHi, sessionLo, r.int(), this.#core.nowMs());
      this.#tracker.setOwner(sessionHi, sessionLo, owner);
      return ErrorCode.OK;
    }
    if (opcode === OpCode.closeSession) {
      this.#tracker.close(sessionHi, sessionLo);
      return ErrorCode.OK;
    }
    // Session 0 is the server itself.
    if (sessionHi === 0 && sessionLo === 0) return ErrorCode.OK;
    return this.#tracker.check(sessionHi, sessionLo, owner);
  }
}
