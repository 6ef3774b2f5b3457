/**
 * SessionTracker: which sessions live, who owns them, and when they expire. The leader (or a
 * standalone server) has one for the sessions of all; it is made with the role and dropped with it.
 * Local sessions have one on each server. Deadlines are kept in
 * buckets of one tick, so that a touch is one assignment: a session whose bucket comes up but whose
 * deadline has moved goes to its later bucket then (quorum-protocol.md 11.1, client-protocol.md 12,
 * ZooKeeper's `SessionTrackerImpl` and `ExpiryQueue`).
 *
 * Invariant: a session dies between `timeout` and `timeout + tick` after its last touch.
 */

import { ErrorCode } from '@zabra/protocol';

/** Whoever delivers requests of a session: a learner's connection, or this server; by identity. */
export type SessionOwner = object;

class TrackedSession {
  readonly hi: number;
  readonly lo: number;
  readonly timeoutMs: number;
  deadlineMs: number;
  /** The bucket it lies in, a multiple of the tick. */
  bucketMs: number;
  /** Null until somebody claims it. */
  owner: SessionOwner | null;
  /** A closeSession was prepared: the session takes no more requests. */
  closing: boolean;

  constructor(hi: number, lo: number, timeoutMs: number) {
    this.hi = hi;
    this.lo = lo;
    this.timeoutMs = timeoutMs;
    this.deadlineMs = 0;
    this.bucketMs = 0;
    this.owner = null;
    this.closing = false;
  }
}

export class SessionTracker {
  readonly #tickMs: number;
  readonly #byHi: Map<number, Map<number, TrackedSession>>;
  readonly #buckets: Map<number, Set<TrackedSession>>;
  #nextBucketMs: number;
  #count: number;

  constructor(tickMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#byHi = new Map();
    this.#buckets = new Map();
    this.#nextBucketMs = this.#roundUp(nowMs);
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Starts the clock of a session, new or taken over from another leader. */
  track(hi: number, lo: number, timeoutMs: number, nowMs: number): void {
    if (this.#find(hi, lo) !== undefined) return;
    let row = this.#byHi.get(hi);
    if (row === undefined) {
      row = new Map();
      this.#byHi.set(hi, row);
    }
    const session = new TrackedSession(hi, lo, timeoutMs);
    row.set(lo, session);
    this.#count++;
    session.deadlineMs = nowMs + timeoutMs;
    this.#enterBucket(session);
  }

  /** False for a session that is unknown or closing. */
  touch(hi: number, lo: number, timeoutMs: number, nowMs: number): boolean {
    const session = this.#find(hi, lo);
    if (session === undefined || session.closing) return false;
    const deadlineMs = nowMs + timeoutMs;
    // Never earlier: a late touch of an old connection must not shorten what a new one was given.
    if (deadlineMs > session.deadlineMs) session.deadlineMs = deadlineMs;
    return true;
  }

  isAlive(hi: number, lo: number): boolean {
    const session = this.#find(hi, lo);
    return session !== undefined && !session.closing;
  }

  /** Null for one that nobody has claimed in this reign. */
  ownerOf(hi: number, lo: number): SessionOwner | null {
    return this.#find(hi, lo)?.owner ?? null;
  }

  /** As it began with; -1 for a session that is unknown. */
  timeoutMs(hi: number, lo: number): number {
    return this.#find(hi, lo)?.timeoutMs ?? -1;
  }

  setOwner(hi: number, lo: number, owner: SessionOwner): void {
    const session = this.#find(hi, lo);
    if (session !== undefined) session.owner = owner;
  }

  /** OK, SESSIONEXPIRED, or SESSIONMOVED when another server has the session now. */
  check(hi: number, lo: number, owner: SessionOwner): number {
    const session = this.#find(hi, lo);
    if (session === undefined || session.closing) return ErrorCode.SESSIONEXPIRED;
    if (session.owner === null) session.owner = owner;
    return session.owner === owner ? ErrorCode.OK : ErrorCode.SESSIONMOVED;
  }

  /** A closeSession is on its way. */
  close(hi: number, lo: number): void {
    const session = this.#find(hi, lo);
    if (session !== undefined) session.closing = true;
  }

  remove(hi: number, lo: number): void {
    const row = this.#byHi.get(hi);
    const session = row?.get(lo);
    if (row === undefined || session === undefined) return;
    row.delete(lo);
    if (row.size === 0) this.#byHi.delete(hi);
    this.#leaveBucket(session);
    this.#count--;
  }

  /** Names the sessions whose time is over, each once; they are closing from then on. */
  expire(nowMs: number, visit: (hi: number, lo: number, timeoutMs: number) => void): void {
    while (this.#nextBucketMs <= nowMs) {
      const bucket = this.#buckets.get(this.#nextBucketMs);
      this.#buckets.delete(this.#nextBucketMs);
      this.#nextBucketMs += this.#tickMs;
      if (bucket === undefined) continue;
      for (const session of bucket) {
        if (session.deadlineMs >= this.#nextBucketMs - this.#tickMs) {
          this.#enterBucket(session);
        } else if (!session.closing) {
          session.closing = true;
          visit(session.hi, session.lo, session.timeoutMs);
        }
      }
    }
  }

  /**
   * When each session that lives will be looked at, ms, a multiple of the tick. Goes on while
   * sessions come and go.
   */
  *expiries(): Generator<readonly [hi: number, lo: number, atMs: number]> {
    for (const row of this.#byHi.values()) {
      for (const { hi, lo, deadlineMs } of row.values()) yield [hi, lo, this.#roundUp(deadlineMs)];
    }
  }

  #find(hi: number, lo: number): TrackedSession | undefined {
    return this.#byHi.get(hi)?.get(lo);
  }

  #enterBucket(session: TrackedSession): void {
    session.bucketMs = this.#roundUp(session.deadlineMs);
    let bucket = this.#buckets.get(session.bucketMs);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(session.bucketMs, bucket);
    }
    bucket.add(session);
  }

  #leaveBucket(session: TrackedSession): void {
    this.#buckets.get(session.bucketMs)?.delete(session);
  }

  /** The next multiple of the tick after `ms`. */
  #roundUp(ms: number): number {
    return (Math.floor(ms / this.#tickMs) + 1) * this.#tickMs;
  }
}
