/** What HeldBytes holds, and how much room it takes for it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldBytes } from './held-bytes.ts';

const CHUNK = new Uint8Array(1000).fill(7);

/** A stream of `total` bytes in chunks; the largest buffer on the way. */
function fill(held: HeldBytes, total: number, bytesMax?: number): number {
  let largest = 0;
  while (held.length < total) {
    held.append(CHUNK, 0, Math.min(CHUNK.length, total - held.length), bytesMax);
    largest = Math.max(largest, held.buffer.length);
  }
  return largest;
}

test('HeldBytes doubles, so that a long stream is copied a few times only', () => {
  const largest = fill(new HeldBytes(), 100_000);
  assert.ok(largest >= 100_000 && largest < 200_000, `${largest} bytes of room`);
});

test('HeldBytes takes no more room than what it was told can come', () => {
  assert.equal(fill(new HeldBytes(), 100_001, 100_001), 100_001);
  assert.ok(fill(new HeldBytes(), 5000, 100_001) <= 8000, 'nor for what does not come');
});

test('HeldBytes holds what it must even beyond what it was told', () => {
  const held = new HeldBytes();
  fill(held, 3000, 10);
  assert.equal(held.length, 3000);
  held.consumeTo(held.start + 2500);
  assert.deepEqual([...held.buffer.subarray(held.start, held.end)], Array(500).fill(7));
});
