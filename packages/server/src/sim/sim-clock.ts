/**
 * Time in the simulation: a queue of things that will happen, ordered by microsecond and, within
 * one, by the order in which they were planned. Nothing happens between two of them, so that a
 * simulated hour costs only what happens in it. All times are integers; the same plans in the
 * same order give the same run on every machine.
 */

import { assert } from '@zabra/protocol';

/** Something planned. A cancelled one stays in the queue and does nothing. */
export interface Planned {
  readonly atUs: number;
  readonly order: number;
  action: (() => void) | null;
}

export class SimClock {
  /** Microseconds since the simulation began. */
  nowUs: number;
  /** How many planned things have happened. */
  stepCount: number;
  #order: number;
  /** Binary heap. Invariant: no item is before its parent, which stands at (index - 1) >> 1. */
  #heap: Planned[];

  constructor() {
    this.nowUs = 0;
    this.stepCount = 0;
    this.#order = 0;
    this.#heap = [];
  }

  after(delayUs: number, action: () => void): Planned {
    return this.at(this.nowUs + delayUs, action);
  }

  at(atUs: number, action: () => void): Planned {
    assert(Number.isSafeInteger(atUs) && atUs >= this.nowUs, `Cannot plan for ${atUs} us`);
    const planned: Planned = { atUs, order: this.#order++, action };
    this.#siftUp(planned);
    return planned;
  }

  cancel(planned: Planned | null): void {
    if (planned !== null) planned.action = null;
  }

  /** Lets the next thing happen unless it is later than `untilUs`; false when there was none. */
  step(untilUs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atUs > untilUs) return false;
      this.#removeFirst();
      const { action } = next;
      if (action === null) continue;
      this.nowUs = next.atUs;
      this.stepCount++;
      next.action = null;
      action();
      return true;
    }
  }

  /** Runs until the given time, which it then is. */
  runUntil(untilUs: number): void {
    while (this.step(untilUs));
    this.nowUs = untilUs;
  }

  #siftUp(planned: Planned): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(planned);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Planned;
      if (!isBefore(planned, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = planned;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      const right = childIndex + 1;
      if (right < heap.length && isBefore(heap[right] as Planned, heap[childIndex] as Planned)) {
        childIndex = right;
      }
      const child = heap[childIndex] as Planned;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
