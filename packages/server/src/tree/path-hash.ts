/**
 * PathHash: the hash under which paths are indexed. With a seed that no client knows, none can
 * choose paths that fall together and so make every look-up among them a walk.
 *
 * Each step takes two bytes and not four: the flip of the highest of 32 bits would survive any
 * multiplication, whatever the seed, and the next step could take it back. This costs 5 ns for a
 * path of 30 bytes, of the 250 and more that a look-up takes in a tree of a million znodes.
 */

import type { Prng } from '@zabra/protocol';

const MIX_A = 0x85ebca6b | 0;
const MIX_B = 0xc2b2ae35 | 0;
const MULTIPLIER = 0x9e3779b1 | 0;

/** A multiplier has about half of its bits set. */
const HALF_WORD_BITS = 16;
const BITS_OFF_MAX = 4;

export class PathHash {
  readonly #seed: number;
  /** Odd, so that no step loses anything. */
  readonly #multiplier: number;

  /** Any two numbers of 32 bits. */
  constructor(seed: number, multiplier: number) {
    this.#seed = seed | 0;
    this.#multiplier = multiplier | 1;
  }

  /** Of buffer[start, end), as an int32. */
  of(buffer: Uint8Array, start: number, end: number): number {
    const multiplier = this.#multiplier;
    let hash = this.#seed ^ (end - start);
    let index = start | 0;
    for (const pairsEnd = (end - 1) | 0; index < pairsEnd; index = (index + 2) | 0) {
      const pair = (buffer[index] as number) | ((buffer[index + 1] as number) << 8);
      hash = Math.imul(hash ^ pair, multiplier);
      hash ^= hash >>> 15;
    }
    if (index < end) {
      hash = Math.imul(hash ^ (buffer[index] as number), multiplier);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), MIX_A);
    hash = Math.imul(hash ^ (hash >>> 13), MIX_B);
    return hash ^ (hash >>> 16);
  }
}

/** Where nobody means harm. */
export const PLAIN_PATH_HASH = new PathHash(0, MULTIPLIER);

/** One that nobody can foresee who does not know the seed of `prng`. */
export function drawPathHash(prng: Prng): PathHash {
  const seed = prng.uint32();
  let multiplier = prng.uint32();
  // With few bits, or few zeros, it would mix badly.
  while (Math.abs(bitCount(multiplier) - HALF_WORD_BITS) > BITS_OFF_MAX) {
    multiplier = prng.uint32();
  }
  return new PathHash(seed, multiplier);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
