/**
 * LearnerHistory: what a learner holds of the leader's history and in which order it may go on: the
 * contiguity of proposals, the match of commits with the oldest uncommitted one, the order of its
 * ACKs (quorum-protocol.md 8.1 and 9, rules B5 to B7). It moves transactions between three places:
 * held (received during synchronisation), logged, committed; it sends nothing.
 *
 * Until NEWLEADER is acknowledged nothing but what the leader marked committed is logged; from then
 * on every proposal is logged as it comes, and must be acknowledged once it is on stable storage.
 * An observer logs what is committed, and nothing else, ever.
 *
 * Invariant: `lastLogged <= lastSeen`, neighbours satisfy `follows`; `#pending` holds what was seen
 * and not committed, ascending.
 */

import { copyBytes, epochOf, RingQueue } from '@zabra/protocol';
import { follows } from './committed-log.ts';
import type { LearnerHost, Proposal } from './zab-host.ts';

/** What became of a packet; a string says why the connection must be closed. */
export type Outcome = string | null;

export class LearnerHistory {
  readonly #host: LearnerHost;
  readonly #pending: RingQueue<Proposal>;
  /** Bytes of what is pending. */
  #pendingBytes: number;
  /** From ACK(e:0) on proposals of this epoch are logged as they come; -1 before. */
  #loggingEpoch: number;
  /** Last zxid received and accepted. */
  #lastSeen: number;
  #lastCommitted: number;
  /** Logged for the leader's count and not acknowledged yet: from here to `#ackTo`; -1 for none. */
  #ackFrom: number;
  #ackTo: number;

  /** The history begins with all that is on our disk. */
  constructor(host: LearnerHost) {
    this.#host = host;
    this.#pending = new RingQueue();
    this.#pendingBytes = 0;
    this.#loggingEpoch = -1;
    this.#lastSeen = host.storage.lastLoggedZxid;
    this.#lastCommitted = host.storage.lastLoggedZxid;
    this.#ackFrom = -1;
    this.#ackTo = -1;
  }

  get lastSeen(): number {
    return this.#lastSeen;
  }

  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** PROPOSAL. */
  propose(zxid: number, buffer: Uint8Array, start: number, end: number): Outcome {
    // After SNAP the leader may repeat what the snapshot holds already (T12).
    if (zxid <= this.#lastSeen) return null;
    if (!follows(this.#lastSeen, zxid)) return gap('PROPOSAL', this.#lastSeen, zxid);
    if (this.#loggingEpoch >= 0 && epochOf(zxid) !== this.#loggingEpoch) return foreign(zxid);
    this.#lastSeen = zxid;
    if (this.#loggingEpoch >= 0) this.#log(zxid, buffer, start, end);
    else this.#hold({ zxid, buffer: copyBytes(buffer, start, end), start: 0, end: end - start });
    if (this.#pendingBytes <= this.#host.limits.queueBytesMax) return null;
    return `${this.#pendingBytes} bytes of proposals wait for their COMMIT`;
  }

  /**
   * COMMIT. It must speak of the oldest proposal that waits, or of what is covered already.
   * `leaderSid` is who leads from a reconfiguration on, -1 for any other transaction.
   */
  commit(zxid: number, leaderSid = -1): Outcome {
    if (zxid <= this.#lastCommitted) return null;
    const head = this.#pending.peek();
    if (head === undefined) return gap('COMMIT without PROPOSAL', this.#lastSeen, zxid);
    if (head.zxid !== zxid) return gap('COMMIT', head.zxid, zxid);
    this.#pending.shift();
    this.#pendingBytes -= sizeOf(head);
    this.#apply(this.#loggingEpoch >= 0 ? head : this.#append(head), leaderSid);
    return null;
  }

  /** INFORM: a proposal that is committed. */
  inform(zxid: number, buffer: Uint8Array, start: number, end: number): Outcome {
    if (zxid <= this.#lastCommitted) return null;
    if (this.#pending.length > 0) return gap('INFORM', this.#lastCommitted, zxid);
    if (!follows(this.#lastSeen, zxid)) return gap('INFORM', this.#lastSeen, zxid);
    this.#lastSeen = zxid;
    this.#apply(this.#host.storage.append(zxid, buffer, start, end), -1);
    return null;
  }

  /** ACK(e:0) has left: what waits is logged now, and all that comes. */
  startLogging(epoch: number): Outcome {
    const head = this.#pending.peek();
    if (head !== undefined && epochOf(head.zxid) !== epoch) return foreign(head.zxid);
    this.#loggingEpoch = epoch;
    for (let count = this.#pending.length; count > 0; count--) {
      const { zxid, buffer, start, end } = this.#pending.shift() as Proposal;
      this.#pendingBytes -= end - start;
      this.#log(zxid, buffer, start, end);
    }
    return null;
  }

  /** The log is on stable storage up to `zxid`: calls `ack` for each proposal, in order (B6). */
  onSynced(zxid: number, ack: (zxid: number) => void): void {
    if (this.#ackFrom < 0) return;
    while (this.#ackFrom <= Math.min(zxid, this.#ackTo)) {
      ack(this.#ackFrom);
      this.#ackFrom += 1;
    }
  }

  #log(zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const logged = this.#host.storage.append(zxid, buffer, start, end);
    this.#hold(logged);
    // Within an epoch zxids have no gaps, so a range names them all.
    if (this.#ackFrom < 0) this.#ackFrom = zxid;
    this.#ackTo = zxid;
  }

  #hold(proposal: Proposal): void {
    this.#pending.push(proposal);
    this.#pendingBytes += sizeOf(proposal);
  }

  #append(held: Proposal): Proposal {
    return this.#host.storage.append(held.zxid, held.buffer, held.start, held.end);
  }

  #apply(proposal: Proposal, leaderSid: number): void {
    this.#lastCommitted = proposal.zxid;
    this.#host.committedLog.add(proposal);
    this.#host.commit(proposal);
    this.#host.inform(proposal, leaderSid);
  }
}

function sizeOf(proposal: Proposal): number {
  return proposal.end - proposal.start;
}

/** A leader leaves nothing of older epochs uncommitted, and proposes in no other than its own. */
function foreign(zxid: number): string {
  return `PROPOSAL of ${zxid.toString(16)}, which is not of the leader's epoch`;
}

function gap(what: string, last: number, found: number): string {
  return `${what} of ${found.toString(16)} where ${last.toString(16)} came last`;
}
