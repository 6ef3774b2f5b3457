/**
 * Slabs: memory for many small records outside the JavaScript heap, so that the collector never
 * looks at a znode. Blocks are whole units of 16 bytes out of SharedArrayBuffers of up to 16 MiB,
 * which a worker could read too; a freed block goes on the free list of its size and is given out
 * again for that size only. A ref names a block: `slab * 2^20 + offset / 16`, 0 for none, so 32
 * bits reach 64 GiB. It knows nothing of what the blocks hold.
 *
 * The first slabs are small, since most trees are. Each slab has one view for its whole life:
 * resizable buffers and views by the record cost ten times as much.
 *
 * Invariant: a free block's first word is the ref of the next free block of its size, 0 at the end.
 */

import { assert } from '@zabra/protocol';

export const UNIT_BYTES = 16;

/** Largest block, units. */
export const BLOCK_UNITS_MAX = 512;

const SLAB_BYTES_MIN = 64 * 1024;
const SLAB_BYTES_MAX = 16 * 1024 * 1024;
/** Each of the first slabs is this many times the one before. */
const SLAB_GROWTH = 4;
const SLABS_MAX = 4096;
const SLAB_SHIFT = 20;
const UNIT_MASK = 0xfffff;
const UNIT_SHIFT = 4;

export function slabOf(ref: number): number {
  return ref >>> SLAB_SHIFT;
}

/** Offset of the block in its slab, bytes. */
export function offsetOf(ref: number): number {
  return (ref & UNIT_MASK) << UNIT_SHIFT;
}

export function unitsFor(bytes: number): number {
  return (bytes + UNIT_BYTES - 1) >>> UNIT_SHIFT;
}

/**
 * Full-size slabs that nobody uses, for the next that needs some. V8 does not count shared memory
 * when it decides to collect, so slabs that were merely dropped may stay for hours; a tree that
 * ends gives its slabs to the pool, from which the tree after it takes them.
 */
export class SlabPool {
  readonly #slabsMax: number;
  readonly #slabs: SharedArrayBuffer[];

  /** Keeps at most `slabsMax` slabs of 16 MiB. */
  constructor(slabsMax: number) {
    this.#slabsMax = slabsMax;
    this.#slabs = [];
  }

  get bytes(): number {
    return this.#slabs.length * SLAB_BYTES_MAX;
  }

  take(): SharedArrayBuffer {
    return this.#slabs.pop() ?? new SharedArrayBuffer(SLAB_BYTES_MAX);
  }

  give(slab: SharedArrayBuffer): void {
    if (this.#slabs.length < this.#slabsMax) this.#slabs.push(slab);
  }
}

export class Slabs {
  /** By number of the slab. */
  readonly views: DataView[];
  /** The same memory byte by byte. */
  readonly arrays: Uint8Array[];
  readonly #pool: SlabPool | null;
  /** Head of the free list, by units. */
  readonly #free: Uint32Array;
  #bytes: number;
  /** First offset of the last slab that was never given out, and its size, bytes. */
  #end: number;
  #size: number;

  constructor(pool: SlabPool | null) {
    this.views = [];
    this.arrays = [];
    this.#pool = pool;
    this.#free = new Uint32Array(BLOCK_UNITS_MAX + 1);
    this.#bytes = 0;
    this.#end = 0;
    this.#size = 0;
  }

  /** Of all slabs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A block of undefined content, `units` from 1 to BLOCK_UNITS_MAX. */
  alloc(units: number): number {
    const freed = this.#free[units] as number;
    if (freed !== 0) {
      this.#free[units] = (this.views[slabOf(freed)] as DataView).getUint32(offsetOf(freed), true);
      return freed;
    }
    const bytes = units << UNIT_SHIFT;
    if (this.#end + bytes > this.#size) this.#addSlab();
    const ref = this.#refAt(this.#end);
    this.#end += bytes;
    return ref;
  }

  free(ref: number, units: number): void {
    (this.views[slabOf(ref)] as DataView).setUint32(
      offsetOf(ref),
      this.#free[units] as number,
      true,
    );
    this.#free[units] = ref;
  }

  /** Nothing of this object may be used any more. */
  dispose(): void {
    for (const { buffer } of this.views) {
      if (this.#pool !== null && buffer.byteLength === SLAB_BYTES_MAX) {
        this.#pool.give(buffer as unknown as SharedArrayBuffer);
      }
    }
    this.views.length = 0;
    this.arrays.length = 0;
  }

  #addSlab(): void {
    const count = this.views.length;
    assert(count < SLABS_MAX, `Cannot add a slab: there are ${count}`);
    this.#keepRest();
    const bytes = Math.min(SLAB_BYTES_MIN * SLAB_GROWTH ** count, SLAB_BYTES_MAX);
    const full = bytes === SLAB_BYTES_MAX && this.#pool !== null;
    const slab = full ? (this.#pool as SlabPool).take() : new SharedArrayBuffer(bytes);
    this.views.push(new DataView(slab));
    this.arrays.push(new Uint8Array(slab));
    this.#bytes += bytes;
    this.#size = bytes;
    // Ref 0 means none, so the very first unit stays out of use.
    this.#end = count === 0 ? UNIT_BYTES : 0;
  }

  /** What is left of the last slab is a block of a smaller size. */
  #keepRest(): void {
    const units = (this.#size - this.#end) >>> UNIT_SHIFT;
    if (units > 0) this.free(this.#refAt(this.#end), units);
    this.#end = this.#size;
  }

  #refAt(offset: number): number {
    return ((this.views.length - 1) * (UNIT_MASK + 1) + (offset >>> UNIT_SHIFT)) >>> 0;
  }
}
