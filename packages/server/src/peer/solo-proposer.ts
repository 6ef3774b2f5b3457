/**
 * SoloProposer: agreement of a server that stands alone: what its own disk holds is committed. No
 * epochs: zxids go on from the last one in the log.
 */

import { assert, RingQueue } from '@zabra/protocol';
import type { Proposal } from '../zab/zab-host.ts';
import type { Proposer } from './primary-order.ts';

interface WaitingSync {
  readonly afterZxid: number;
  readonly answer: () => void;
}

export class SoloProposer implements Proposer {
  readonly #outstanding: RingQueue<Proposal>;
  readonly #syncs: RingQueue<WaitingSync>;
  readonly #commit: (proposal: Proposal) => void;
  #lastZxid: number;

  constructor(lastZxid: number, commit: (proposal: Proposal) => void) {
    this.#outstanding = new RingQueue();
    this.#syncs = new RingQueue();
    this.#commit = commit;
    this.#lastZxid = lastZxid;
  }

  nextZxid(): number {
    return this.#lastZxid + 1;
  }

  propose(proposal: Proposal): void {
    this.#lastZxid = proposal.zxid;
    this.#outstanding.push(proposal);
  }

  sync(answer: () => void): void {
    if (this.#outstanding.length === 0) answer();
    else this.#syncs.push({ afterZxid: this.#lastZxid, answer });
  }

  onSessionMoved(): void {
    assert(false, 'A server that stands alone has no learners');
  }

  /** The log is on stable storage up to `zxid`. A sync sees what came before it and no more. */
  onSynced(zxid: number): void {
    for (;;) {
      const head = this.#outstanding.peek();
      if (head === undefined || head.zxid > zxid) break;
      this.#outstanding.shift();
      this.#commit(head);
      this.#answerSyncs(head.zxid);
    }
  }

  #answerSyncs(committedZxid: number): void {
    for (;;) {
      const head = this.#syncs.peek();
      if (head === undefined || head.afterZxid > committedZxid) break;
      this.#syncs.shift();
      head.answer();
    }
  }
}
