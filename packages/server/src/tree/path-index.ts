/**
 * PathIndex: from the bytes of a path to the ref of the record that has it. Open addressing with
 * linear probing, in 1024 segments by the highest bits of the hash, each of which grows alone: no
 * insertion ever moves more than a thousandth of the entries. A slot is a pair of words, hash and
 * ref; ref 0 is empty. A deletion shifts the entries behind it back, so there are no tombstones. It
 * knows records only through `PathHolder`, and takes hashes as they are given.
 *
 * A segment's capacity need not be a power of two: an entry's home is its hash scaled to the
 * capacity, so growth by a quarter keeps the load between three fifths and three quarters.
 *
 * Invariant: between an entry's home and its slot no slot is empty.
 */

export interface PathHolder {
  /** True when the record's path is buffer[start, end). */
  pathEquals(ref: number, buffer: Uint8Array, start: number, end: number): boolean;
}

const SEGMENT_BITS = 10;
const SEGMENT_COUNT = 1 << SEGMENT_BITS;
/** What `forEachIn` counts; an entry stays in its part. */
export const PATH_INDEX_PARTS = SEGMENT_COUNT;
const SEGMENT_SHIFT = 32 - SEGMENT_BITS;
/** The bits of the hash that choose the home within a segment, and how many values they have. */
const HOME_MASK = (1 << SEGMENT_SHIFT) - 1;
const HOME_SPAN = 1 << SEGMENT_SHIFT;

/** Slots of a segment with its first entry. */
const SLOTS_MIN = 4;
/** A segment grows beyond three quarters. */
const LOAD_NUMERATOR = 3;
const LOAD_DENOMINATOR = 4;

/** Stands for every segment without entries: one empty slot. */
const EMPTY_SEGMENT = new Int32Array(2);

/** Offset of the slot where an entry of `hash` belongs, in words. */
function homeOf(hash: number, words: number): number {
  return ((((hash & HOME_MASK) * (words >>> 1)) / HOME_SPAN) | 0) << 1;
}

export class PathIndex {
  readonly #holder: PathHolder;
  readonly #segments: Int32Array[];
  readonly #counts: Int32Array;
  #bytes: number;

  constructor(holder: PathHolder) {
    this.#holder = holder;
    this.#segments = Array.from({ length: SEGMENT_COUNT }, () => EMPTY_SEGMENT);
    this.#counts = new Int32Array(SEGMENT_COUNT);
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The ref under the path buffer[start, end), whose hash is `hash`; 0 when there is none. */
  find(hash: number, buffer: Uint8Array, start: number, end: number): number {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT] as Int32Array;
    const words = segment.length;
    let at = homeOf(hash, words);
    for (;;) {
      const ref = (segment[at + 1] as number) >>> 0;
      if (ref === 0) return 0;
      if (segment[at] === hash && this.#holder.pathEquals(ref, buffer, start, end)) return ref;
      at += 2;
      if (at === words) at = 0;
    }
  }

  /** The entries of one of the `PATH_INDEX_PARTS`; the index must not change meanwhile. */
  forEachIn(part: number, visit: (ref: number) => void): void {
    const segment = this.#segments[part] as Int32Array;
    for (let at = 1; at < segment.length; at += 2) {
      const ref = (segment[at] as number) >>> 0;
      if (ref !== 0) visit(ref);
    }
  }

  /** The path must not be in the index. */
  insert(hash: number, ref: number): void {
    const number = hash >>> SEGMENT_SHIFT;
    let segment = this.#segments[number] as Int32Array;
    const count = (this.#counts[number] as number) + 1;
    if (count * LOAD_DENOMINATOR > (segment.length >>> 1) * LOAD_NUMERATOR) {
      segment = this.#grow(number, segment);
    }
    this.#counts[number] = count;
    place(segment, hash, ref);
  }

  /** The entry must be in the index. */
  remove(hash: number, ref: number): void {
    const number = hash >>> SEGMENT_SHIFT;
    const segment = this.#segments[number] as Int32Array;
    const words = segment.length;
    let hole = homeOf(hash, words);
    while ((segment[hole + 1] as number) >>> 0 !== ref) {
      hole += 2;
      if (hole === words) hole = 0;
    }
    this.#counts[number] = (this.#counts[number] as number) - 1;
    closeHole(segment, hole);
  }

  #grow(number: number, segment: Int32Array): Int32Array {
    const slots = segment.length >>> 1;
    const grownSlots = slots < SLOTS_MIN ? SLOTS_MIN : slots + Math.max(slots >>> 2, SLOTS_MIN);
    const grown = new Int32Array(grownSlots * 2);
    for (let at = 0; at < segment.length; at += 2) {
      const ref = segment[at + 1] as number;
      if (ref !== 0) place(grown, segment[at] as number, ref);
    }
    this.#segments[number] = grown;
    this.#bytes += grown.byteLength - (segment === EMPTY_SEGMENT ? 0 : segment.byteLength);
    return grown;
  }
}

/** Into the first empty slot from the home on. */
function place(segment: Int32Array, hash: number, ref: number): void {
  const words = segment.length;
  let at = homeOf(hash, words);
  while (segment[at + 1] !== 0) {
    at += 2;
    if (at === words) at = 0;
  }
  segment[at] = hash;
  segment[at + 1] = ref;
}

/** Moves back every entry behind the hole that may stand in it, until a slot is empty anyway. */
function closeHole(segment: Int32Array, from: number): void {
  const words = segment.length;
  let hole = from;
  let at = from;
  for (;;) {
    at += 2;
    if (at === words) at = 0;
    const ref = segment[at + 1] as number;
    if (ref === 0) break;
    const home = homeOf(segment[at] as number, words);
    // The entry may move if its home is not behind the hole, seen along the ring up to `at`.
    const distance = at >= home ? at - home : at - home + words;
    const gap = at >= hole ? at - hole : at - hole + words;
    if (distance < gap) continue;
    segment[hole] = segment[at] as number;
    segment[hole + 1] = ref;
    hole = at;
  }
  segment[hole + 1] = 0;
}
