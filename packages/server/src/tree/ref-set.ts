/**
 * RefSet: a set of positive uint32 in one typed array: open addressing, linear probing, deletion by
 * shifting back. Sets of znodes by owner are many and some are big, and the collector looks at none
 * of this. The order of a walk is that of the slots; the same calls give the same order.
 *
 * Invariant: at least a quarter of the slots is empty (0), and between a member's home and its slot
 * none is.
 */

const SLOTS_MIN = 4;
const LOAD_NUMERATOR = 3;
const LOAD_DENOMINATOR = 4;
/** A set gives storage back when it fills less than one slot in so many. */
const SHRINK_DIVISOR = 8;

const MULTIPLIER = 0x9e3779b1 | 0;

/** A set to look at. */
export interface RefsView {
  readonly size: number;
  has(ref: number): boolean;
  /** The set must not change meanwhile. */
  forEach(visit: (ref: number) => void): void;
  /** The members as they are now, with zeros among them: for walks that go on while it changes. */
  copySlots(): Uint32Array;
}

export class RefSet implements RefsView {
  /** A power of two of slots. */
  #slots: Uint32Array;
  #size: number;

  constructor() {
    this.#slots = new Uint32Array(SLOTS_MIN);
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  has(ref: number): boolean {
    return this.#slots[this.#slotOf(ref)] === ref;
  }

  /** False when it was a member already. */
  add(ref: number): boolean {
    const slot = this.#slotOf(ref);
    if (this.#slots[slot] === ref) return false;
    this.#slots[slot] = ref;
    this.#size++;
    if (this.#size * LOAD_DENOMINATOR > this.#slots.length * LOAD_NUMERATOR) {
      this.#resize(this.#slots.length * 2);
    }
    return true;
  }

  /** False when it was no member. */
  remove(ref: number): boolean {
    const slot = this.#slotOf(ref);
    if (this.#slots[slot] !== ref) return false;
    this.#closeHole(slot);
    this.#size--;
    if (this.#slots.length > SLOTS_MIN && this.#size * SHRINK_DIVISOR < this.#slots.length) {
      this.#resize(this.#slots.length >>> 1);
    }
    return true;
  }

  /** The set must not change meanwhile. */
  forEach(visit: (ref: number) => void): void {
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const ref = this.#slots[slot] as number;
      if (ref !== 0) visit(ref);
    }
  }

  copySlots(): Uint32Array {
    return this.#slots.slice();
  }

  clear(): void {
    this.#slots = new Uint32Array(SLOTS_MIN);
    this.#size = 0;
  }

  /** The slot of the member, or the empty one where it would go. */
  #slotOf(ref: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = homeOf(ref) & mask;
    while (slots[slot] !== 0 && slots[slot] !== ref) slot = (slot + 1) & mask;
    return slot;
  }

  #closeHole(from: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = from;
    let slot = from;
    for (;;) {
      slot = (slot + 1) & mask;
      const ref = slots[slot] as number;
      if (ref === 0) break;
      const distance = (slot - homeOf(ref)) & mask;
      if (distance < ((slot - hole) & mask)) continue;
      slots[hole] = ref;
      hole = slot;
    }
    slots[hole] = 0;
  }

  #resize(slotCount: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(slotCount);
    for (let slot = 0; slot < old.length; slot++) {
      const ref = old[slot] as number;
      if (ref !== 0) this.#slots[this.#slotOf(ref)] = ref;
    }
  }
}

function homeOf(ref: number): number {
  const mixed = Math.imul(ref, MULTIPLIER);
  return mixed ^ (mixed >>> 15);
}
