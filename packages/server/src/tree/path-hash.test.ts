/** The hash of paths: the same wherever they stand, spread well, and another with another seed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@zabra/protocol';
import fc from 'fast-check';
import { drawPathHash, PathHash, PLAIN_PATH_HASH } from './path-hash.ts';

const encoder = new TextEncoder();
const WORD = fc.integer({ min: -0x80000000, max: 0x7fffffff });

function hashOf(hash: PathHash, text: string): number {
  const bytes = encoder.encode(text);
  return hash.of(bytes, 0, bytes.length);
}

test('PathHash depends on the bytes alone, wherever they stand', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat({ max: 9 }),
      WORD,
      WORD,
      (bytes, shift, seed, multiplier) => {
        const hash = new PathHash(seed, multiplier);
        const moved = new Uint8Array(bytes.length + shift + 3).fill(0xee);
        moved.set(bytes, shift);
        const found = hash.of(moved, shift, shift + bytes.length);
        assert.equal(found, hash.of(bytes, 0, bytes.length));
      },
    ),
  );
});

test('PathHash spreads numbered names over both ends of the hash', () => {
  const drawn = Array.from({ length: 50 }, (_, seed) => drawPathHash(new Prng(seed)));
  for (const hash of [PLAIN_PATH_HASH, ...drawn]) {
    const high = new Set<number>();
    const low = new Set<number>();
    for (let number = 0; number < 4096; number++) {
      const found = hashOf(hash, `/queue/item-${String(number).padStart(10, '0')}`);
      high.add(found >>> 20);
      low.add(found & 0xfff);
    }
    // 4096 random draws out of 4096 leave about 2589 different ones.
    for (const seen of [high, low]) assert.ok(seen.size > 2300 && seen.size < 2900, `${seen.size}`);
  }
});

test('PathHash parts with another seed what fell together with one', () => {
  const byHash = new Map<number, string>();
  const pairs: [string, string][] = [];
  const prng = new Prng(1);
  for (let number = 0; number < 300_000; number++) {
    const path = `/${prng.uint32()}-${prng.uint32()}`;
    const hash = hashOf(PLAIN_PATH_HASH, path);
    const other = byHash.get(hash);
    if (other !== undefined) pairs.push([other, path]);
    byHash.set(hash, path);
  }
  assert.ok(pairs.length >= 5, `${pairs.length} pairs fall together`);
  const secret = drawPathHash(prng);
  for (const [a, b] of pairs) assert.notEqual(hashOf(secret, a), hashOf(secret, b), `${a} ${b}`);
});

test('PathHash parts what a flip of the highest bits made fall together', () => {
  // In a hash of four bytes a step these two are one, whatever the seed.
  const a = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const b = Uint8Array.of(1, 2, 3, 4 ^ 0x80, 5, 6, 7 ^ 0x01, 8 ^ 0x80);
  const prng = new Prng(1);
  for (let run = 0; run < 1000; run++) {
    const hash = drawPathHash(prng);
    assert.notEqual(hash.of(a, 0, 8), hash.of(b, 0, 8));
  }
});
