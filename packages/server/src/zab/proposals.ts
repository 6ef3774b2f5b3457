// Proposals that wait for their quorum, and the commit rule alone (quorum spec 9: B1 to B4, B9).
// Commits happen in zxid order; after each the next is tested again, whatever order the
// acknowledgements came in. Syncs wait here behind the last proposal that was outstanding.

import { assert, RingQueue } from '@zabra/protocol';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { hasQuorumOfAll } from './quorum-verifier.ts';
import type { Proposal } from './zab-host.ts';

export interface PendingSync {
  readonly afterZxid: number;
  readonly answer: () => void;
}

export class Proposals {
  readonly #outstanding = new RingQueue<Proposal>();
  readonly #syncs = new RingQueue<PendingSync>();
  /** Highest acknowledged zxid by sid; each voter acknowledges in zxid order. */
  readonly #acked = new Map<number, number>();
  readonly #isAcked: (sid: number) => boolean;
  #testing = 0;
  lastProposed: number;
  lastCommitted: number;

  constructor(epochStart: number) {
    this.lastProposed = epochStart;
    this.lastCommitted = epochStart;
    this.#isAcked = (sid) => (this.#acked.get(sid) ?? -1) >= this.#testing;
  }

  get count(): number {
    return this.#outstanding.length;
  }

  add(proposal: Proposal): void {
    assert(proposal.zxid === this.lastProposed + 1, 'Proposals are handed out without a gap');
    this.lastProposed = proposal.zxid;
    this.#outstanding.push(proposal);
  }

  /** Outstanding proposals, ascending. */
  forEach(visit: (proposal: Proposal) => void): void {
    for (const proposal of this.#outstanding) visit(proposal);
  }

  onAck(sid: number, zxid: number): void {
    if ((this.#acked.get(sid) ?? -1) < zxid) this.#acked.set(sid, zxid);
  }

  /** A learner that left no longer stands for what it has not acknowledged; what it has, counts. */
  takeCommitted(verifiers: readonly QuorumVerifier[]): Proposal | null {
    const head = this.#outstanding.peek();
    if (head === undefined) return null;
    this.#testing = head.zxid;
    if (!hasQuorumOfAll(verifiers, this.#isAcked)) return null;
    this.#outstanding.shift();
    this.lastCommitted = head.zxid;
    return head;
  }

  /** Calls `answer` once everything proposed so far is committed. */
  sync(answer: () => void): void {
    if (this.count === 0) answer();
    else this.#syncs.push({ afterZxid: this.lastProposed, answer });
  }

  /** Answers the syncs that waited for a commit up to `lastCommitted`. */
  answerSyncs(): void {
    for (;;) {
      const next = this.#syncs.peek();
      if (next === undefined || next.afterZxid > this.lastCommitted) return;
      this.#syncs.shift();
      next.answer();
    }
  }
}
