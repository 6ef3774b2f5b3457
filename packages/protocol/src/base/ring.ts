/**
 * RingQueue: first in, first out, over a circular array that doubles up to a bound. Used where an
 * array's `shift` would move every element. Invariant: the items are the `length` slots from
 * `#head` on, modulo the size of `#slots`, which is a power of two; every other slot is empty, so
 * that nothing shifted out is kept alive.
 */

import { assert } from './assert.ts';

const SLOTS_MIN = 16;

/** A queue that is emptied while larger than this gives its storage back. */
const SLOTS_KEPT_MAX = 1024;

export class RingQueue<T> {
  /** Most items the queue will hold; Infinity when it grows without bound. */
  readonly capacity: number;
  #slots: (T | undefined)[];
  #head: number;
  #length: number;

  constructor(capacity = Number.POSITIVE_INFINITY) {
    assert(capacity >= 1, `Cannot make a queue of capacity ${capacity}, wanted at least 1`);
    this.capacity = capacity;
    this.#slots = emptySlots(SLOTS_MIN);
    this.#head = 0;
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** False, and nothing changes, when the queue is full. */
  push(item: T): boolean {
    if (this.#length >= this.capacity) return false;
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
    return true;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return item;
  }

  /** The item that `shift` would return after `index` earlier shifts. */
  peek(index = 0): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  clear(): void {
    if (this.#slots.length > SLOTS_KEPT_MAX) this.#slots = emptySlots(SLOTS_MIN);
    else this.#slots.fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  /** From oldest to newest; the queue must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = 0; index < this.#length; index++) yield this.peek(index) as T;
  }

  #grow(): void {
    const grown = emptySlots<T>(this.#slots.length * 2);
    for (let index = 0; index < this.#length; index++) grown[index] = this.peek(index);
    this.#slots = grown;
    this.#head = 0;
  }
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
