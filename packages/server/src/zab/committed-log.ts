// The last committed transactions in memory: what a DIFF is served from (quorum spec 7). A
// contiguous suffix of what was delivered, also while the log is replayed at start; a gap clears
// it, so that it can never serve a history with a hole (scenario S14).

import { counterOf, epochOf } from '@zabra/protocol';
import type { CommittedHistory, Proposal } from './zab-host.ts';

export class CommittedLog implements CommittedHistory {
  readonly #capacity: number;
  #items: Proposal[] = [];
  #head = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get minZxid(): number {
    return this.length === 0 ? -1 : this.at(0).zxid;
  }

  get maxZxid(): number {
    return this.length === 0 ? -1 : this.at(this.length - 1).zxid;
  }

  at(index: number): Proposal {
    return this.#items[this.#head + index] as Proposal;
  }

  add(proposal: Proposal): void {
    if (this.length > 0 && !follows(this.maxZxid, proposal.zxid)) this.clear();
    this.#items.push(proposal);
    if (this.length > this.#capacity) {
      this.#items[this.#head] = undefined as unknown as Proposal;
      this.#head += 1;
    }
    if (this.#head > this.#capacity) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

/** True when `next` may directly follow `last` in one history: I4 of the quorum spec. */
export function follows(last: number, next: number): boolean {
  if (epochOf(next) === epochOf(last)) return next === last + 1;
  return epochOf(next) > epochOf(last) && counterOf(next) === 1;
}
