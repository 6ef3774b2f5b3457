/**
 * Extents: byte strings that are too long for a block of a slab, each in a buffer of exactly its
 * size, under a number that fits in a record. A record and the copies of it that readers need may
 * share one, so they are counted. The buffers are not shared memory, because V8 counts only its own
 * when it decides to collect, and long strings come and go.
 *
 * Invariant: number 0 is never used; `#counts` is positive exactly for the numbers in use.
 */

import { copyInto, EMPTY_BYTES } from '@zabra/protocol';

/** What a buffer and its bookkeeping take beside its content, about, bytes. */
const OVERHEAD_BYTES = 200;

export class Extents {
  readonly #extents: Uint8Array[];
  readonly #counts: number[];
  readonly #free: number[];
  #bytes: number;

  constructor() {
    this.#extents = [EMPTY_BYTES];
    this.#counts = [0];
    this.#free = [];
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of a copy of buffer[start, end), counted once. */
  add(buffer: Uint8Array, start: number, end: number): number {
    const extent = new Uint8Array(end - start);
    copyInto(extent, 0, buffer, start, end);
    const id = this.#free.pop() ?? this.#extents.length;
    this.#extents[id] = extent;
    this.#counts[id] = 1;
    this.#bytes += extent.length + OVERHEAD_BYTES;
    return id;
  }

  get(id: number): Uint8Array {
    return this.#extents[id] as Uint8Array;
  }

  /** True when more than one record has it. */
  isShared(id: number): boolean {
    return (this.#counts[id] as number) > 1;
  }

  retain(id: number): void {
    this.#counts[id] = (this.#counts[id] as number) + 1;
  }

  release(id: number): void {
    const count = (this.#counts[id] as number) - 1;
    this.#counts[id] = count;
    if (count > 0) return;
    this.#bytes -= this.get(id).length + OVERHEAD_BYTES;
    this.#extents[id] = EMPTY_BYTES;
    this.#free.push(id);
  }
}
