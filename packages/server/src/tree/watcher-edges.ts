/**
 * WatcherEdges: the edges of one watcher, found by path, in one typed array: open addressing with
 * linear probing, deletion by shifting back, growth by a quarter. With the path kept once
 * elsewhere, what a watch costs its watcher is one word and the room that hashing wants.
 *
 * Each table has an order of its own, by its salt: when a watcher goes, its paths are freed in the
 * order of its table and given out again in that order, and a table that is filled in its own order
 * is one long cluster until it has grown (quadratic, as Rust's hash maps once were).
 *
 * Invariant: no slot between an edge's home, which its path determines, and its slot is empty (0);
 * at least a quarter of the slots is.
 */

import type { WatchRecords } from './watch-records.ts';

const SLOTS_MIN = 4;
const LOAD_NUMERATOR = 3;
const LOAD_DENOMINATOR = 4;
/** Storage is given back when less than one slot in so many is in use. */
const SHRINK_DIVISOR = 4;

const MULTIPLIER = 0x9e3779b1 | 0;
const FINAL_MULTIPLIER = 0x85ebca6b | 0;
const UINT32_SPAN = 0x100000000;

export class WatcherEdges {
  readonly #records: WatchRecords;
  readonly #salt: number;
  #slots: Uint32Array;
  #size: number;

  /** `salt`: any number that the tables before it did not have. */
  constructor(records: WatchRecords, salt: number) {
    this.#records = records;
    this.#salt = Math.imul(salt, FINAL_MULTIPLIER);
    this.#slots = new Uint32Array(SLOTS_MIN);
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The edge to the path; 0 when there is none. */
  find(path: number): number {
    return this.#slots[this.#slotOf(path)] as number;
  }

  /** Also for an edge that has gone, whose record may be anything. */
  has(edge: number): boolean {
    return this.find(this.#records.pathOf(edge)) === edge;
  }

  /** The edges as they are now, with zeros among them: for walks that go on while they change. */
  copySlots(): Uint32Array {
    return this.#slots.slice();
  }

  /** The watcher must not have an edge to its path. */
  add(edge: number): void {
    if ((this.#size + 1) * LOAD_DENOMINATOR > this.#slots.length * LOAD_NUMERATOR) {
      this.#resize(this.#slots.length + Math.max(this.#slots.length >>> 2, SLOTS_MIN));
    }
    this.#slots[this.#slotOf(this.#records.pathOf(edge))] = edge;
    this.#size++;
  }

  /** The edge must be here, and its record still whole. */
  remove(edge: number): void {
    this.#closeHole(this.#slotOf(this.#records.pathOf(edge)));
    this.#size--;
    const length = this.#slots.length;
    if (length > SLOTS_MIN && this.#size * SHRINK_DIVISOR < length) {
      this.#resize(Math.max(length >>> 1, SLOTS_MIN));
    }
  }

  /** Whether any of the edges is so. */
  some(isSo: (edge: number) => boolean): boolean {
    return this.#slots.some((edge) => edge !== 0 && isSo(edge));
  }

  /** The watcher's edges must not change meanwhile, though their records may go. */
  forEach(visit: (edge: number) => void): void {
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const edge = this.#slots[slot] as number;
      if (edge !== 0) visit(edge);
    }
  }

  /** The slot of the edge to the path, or the empty one where it would go. */
  #slotOf(path: number): number {
    const slots = this.#slots;
    const records = this.#records;
    let slot = this.#homeOf(path, slots.length);
    for (;;) {
      const edge = slots[slot] as number;
      if (edge === 0 || records.pathOf(edge) === path) return slot;
      slot++;
      if (slot === slots.length) slot = 0;
    }
  }

  #closeHole(from: number): void {
    const slots = this.#slots;
    const count = slots.length;
    let hole = from;
    let slot = from;
    for (;;) {
      slot = slot + 1 === count ? 0 : slot + 1;
      const edge = slots[slot] as number;
      if (edge === 0) break;
      const home = this.#homeOf(this.#records.pathOf(edge), count);
      const distance = slot >= home ? slot - home : slot - home + count;
      const gap = slot >= hole ? slot - hole : slot - hole + count;
      if (distance < gap) continue;
      slots[hole] = edge;
      hole = slot;
    }
    slots[hole] = 0;
  }

  #resize(slotCount: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(slotCount);
    for (let slot = 0; slot < old.length; slot++) {
      const edge = old[slot] as number;
      if (edge !== 0) this.#slots[this.#slotOf(this.#records.pathOf(edge))] = edge;
    }
  }

  /**
   * Refs lie close together; the multiplications spread them, the scaling takes the high bits. One
   * multiplication alone keeps the order of another salt, but for where it begins.
   */
  #homeOf(path: number, slotCount: number): number {
    const spread = Math.imul(path ^ this.#salt, MULTIPLIER);
    const mixed = Math.imul(spread ^ (spread >>> 15), FINAL_MULTIPLIER);
    return (((mixed >>> 0) * slotCount) / UINT32_SPAN) | 0;
  }
}
