/**
 * The last committed transactions in memory: what a DIFF is served from (quorum-protocol.md 7). A
 * contiguous suffix of what was delivered, also while the log is replayed at start; a gap clears
 * it, so that it can never serve a history with a hole (scenario S14). Bounded by count and bytes.
 */

import { assert, counterOf, epochOf } from '@zabra/protocol';
import type { Proposal } from './zab-host.ts';

/** Default bound of the bytes held: large transactions are kept in smaller number. */
const BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

export class CommittedLog {
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** Invariant: slots before `#head` are emptied, so that nothing dropped is kept alive. */
  #slots: (Proposal | null)[];
  #head: number;
  #bytes: number;

  constructor(countMax: number, bytesMax = BYTES_MAX_DEFAULT) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
    this.#slots = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  get length(): number {
    return this.#slots.length - this.#head;
  }

  /** Of the oldest transaction held; -1 when there is none. */
  get minZxid(): number {
    return this.length === 0 ? -1 : this.at(0).zxid;
  }

  /** Of the newest transaction held; -1 when there is none. */
  get maxZxid(): number {
    return this.length === 0 ? -1 : this.at(this.length - 1).zxid;
  }

  /** Oldest first. */
  at(index: number): Proposal {
    const proposal = this.#slots[this.#head + index];
    const isHeld = proposal !== null && proposal !== undefined;
    assert(isHeld, 'Cannot read beyond the end of the committed log');
    return proposal;
  }

  /** Index of the first transaction >= zxid; `length` when there is none. */
  indexFrom(zxid: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).zxid >= zxid) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Bytes of the transactions from `index` on. */
  bytesFrom(index: number): number {
    let bytes = 0;
    for (let at = index; at < this.length; at++) bytes += sizeOf(this.at(at));
    return bytes;
  }

  add(proposal: Proposal): void {
    if (this.length > 0 && !follows(this.maxZxid, proposal.zxid)) this.clear();
    this.#slots.push(proposal);
    this.#bytes += sizeOf(proposal);
    while (this.length > this.#countMax || (this.#bytes > this.#bytesMax && this.length > 0)) {
      this.#dropOldest();
    }
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #dropOldest(): void {
    this.#bytes -= sizeOf(this.at(0));
    this.#slots[this.#head] = null;
    this.#head += 1;
    if (this.#head <= this.#countMax) return;
    this.#slots = this.#slots.slice(this.#head);
    this.#head = 0;
  }
}

function sizeOf(proposal: Proposal): number {
  return proposal.end - proposal.start;
}

/** True when `next` may directly follow `last` in one history: I4 of quorum-protocol.md 21. */
export function follows(last: number, next: number): boolean {
  if (epochOf(next) === epochOf(last)) return next === last + 1;
  return epochOf(next) > epochOf(last) && counterOf(next) === 1;
}
