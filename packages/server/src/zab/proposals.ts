/**
 * Proposals that wait for their quorum, and the commit rule alone (quorum-protocol.md 9: B1 to B4,
 * B9). Commits happen in zxid order; after each the next is tested again, whatever order the
 * acknowledgements came in. Syncs wait here behind the last proposal that was outstanding.
 */

import { assert, RingQueue } from '@zabra/protocol';
import { hasQuorumOfAll, type QuorumVerifier } from './quorum-verifier.ts';
import type { Proposal } from './zab-host.ts';

interface PendingSync {
  readonly afterZxid: number;
  readonly answer: () => void;
}

export class Proposals {
  readonly #outstanding: RingQueue<Proposal>;
  readonly #syncs: RingQueue<PendingSync>;
  /** Highest acknowledged zxid by sid; each voter acknowledges in zxid order. */
  readonly #acked: Map<number, number>;
  readonly #isAcked: (sid: number) => boolean;
  #testing: number;
  #lastProposed: number;
  #lastCommitted: number;

  constructor(epochStart: number) {
    this.#outstanding = new RingQueue();
    this.#syncs = new RingQueue();
    this.#acked = new Map();
    this.#testing = 0;
    this.#isAcked = (sid) => (this.#acked.get(sid) ?? -1) >= this.#testing;
    this.#lastProposed = epochStart;
    this.#lastCommitted = epochStart;
  }

  get lastProposed(): number {
    return this.#lastProposed;
  }

  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** Proposals that are not committed. */
  get count(): number {
    return this.#outstanding.length;
  }

  get syncCount(): number {
    return this.#syncs.length;
  }

  add(proposal: Proposal): void {
    assert(proposal.zxid === this.#lastProposed + 1, 'Proposals are handed out without a gap');
    this.#lastProposed = proposal.zxid;
    this.#outstanding.push(proposal);
  }

  /** Outstanding proposals, ascending. */
  outstanding(): Iterable<Proposal> {
    return this.#outstanding;
  }

  /** What a learner acknowledged keeps counting when its connection ends: it is on its disk. */
  onAck(sid: number, zxid: number): void {
    if ((this.#acked.get(sid) ?? -1) < zxid) this.#acked.set(sid, zxid);
  }

  /** -1 for a voter that has acknowledged nothing. */
  ackedBy(sid: number): number {
    return this.#acked.get(sid) ?? -1;
  }

  /** The learner loses what is not committed, and will be sent it again: its word is void. */
  forgetAcks(sid: number): void {
    this.#acked.delete(sid);
  }

  /** The next proposal that has its quorum, in order; null when there is none. */
  takeCommitted(verifiers: readonly QuorumVerifier[]): Proposal | null {
    const head = this.#outstanding.peek();
    if (head === undefined) return null;
    this.#testing = head.zxid;
    if (!hasQuorumOfAll(verifiers, this.#isAcked)) return null;
    this.#outstanding.shift();
    this.#lastCommitted = head.zxid;
    return head;
  }

  /** Calls `answer` once everything proposed so far is committed; now when nothing waits. */
  sync(answer: () => void): void {
    if (this.count === 0 && this.#syncs.length === 0) answer();
    else this.#syncs.push({ afterZxid: this.#lastProposed, answer });
  }

  /** Answers the syncs that waited for a commit up to `lastCommitted`, in order. */
  answerSyncs(): void {
    for (;;) {
      const next = this.#syncs.peek();
      if (next === undefined || next.afterZxid > this.#lastCommitted) return;
      this.#syncs.shift();
      next.answer();
    }
  }
}
