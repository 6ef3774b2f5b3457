/**
 * Seeded pseudo-random numbers in int32 arithmetic, so that a seed gives the same sequence on
 * every machine and every engine. The generator is sfc32 (Doty-Humphrey's small fast counting
 * generator, 128 bits of state); a splitmix step spreads the seed. Chances are ratios of integers,
 * never floats. Not for secrets.
 */

import { assert } from './assert.ts';

const UINT32_SPAN = 0x100000000;

/** Rounds after seeding, so that close seeds give unrelated sequences. */
const WARM_UP_ROUNDS = 12;

export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** Any safe integer; both halves of it count. */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), `Cannot seed a Prng with ${seed}, wanted a safe integer`);
    this.#a = spread(seed | 0);
    this.#b = spread(Math.floor(seed / UINT32_SPAN) | 0);
    this.#c = spread(this.#a ^ this.#b);
    this.#counter = 1;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to n - 1, each equally likely; n from 1 to 2^32. */
  below(n: number): number {
    assert(Number.isInteger(n) && n >= 1 && n <= UINT32_SPAN, `Cannot draw below ${n}`);
    // The last incomplete span of n would favour small results: draw again instead.
    const fairEnd = UINT32_SPAN - (UINT32_SPAN % n);
    let drawn = this.uint32();
    while (drawn >= fairEnd) drawn = this.uint32();
    return drawn % n;
  }

  /** True in `numerator` of `denominator` draws. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'Cannot pick from an empty list');
    return items[this.below(items.length)] as T;
  }

  /** In place; every order equally likely. */
  shuffle<T>(items: T[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const chosen = this.below(last + 1);
      const moved = items[last] as T;
      items[last] = items[chosen] as T;
      items[chosen] = moved;
    }
  }

  /** An independent generator, so that one consumer's draws do not shift another's. */
  fork(): Prng {
    return new Prng(this.uint32() * 0x200000 + (this.uint32() >>> 11));
  }
}

function spread(word: number): number {
  let mixed = (word + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
