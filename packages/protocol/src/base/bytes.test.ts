/**
 * Byte ranges: what is copied is exactly the range, and a copy shares no memory with its source.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesEqual, bytesFromHex, bytesToHex, copyBytes, copyInto } from './bytes.ts';

/** Bytes with a range that lies within them. */
const ranged = fc
  .tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.nat())
  .map(([bytes, first, second]): readonly [Uint8Array, number, number] => {
    const start = first % (bytes.length + 1);
    return [bytes, start, start + (second % (bytes.length - start + 1))];
  });

test('copyBytes gives the range as a plain Uint8Array with memory of its own', () => {
  fc.assert(
    fc.property(ranged, ([bytes, start, end]) => {
      const copy = copyBytes(Buffer.from(bytes), start, end);
      assert.deepEqual(copy, bytes.slice(start, end));
      assert.equal(Object.getPrototypeOf(copy), Uint8Array.prototype);
      if (copy.length > 0) assert.notEqual(copy.buffer, bytes.buffer);
    }),
  );
});

test('copyInto writes the range and nothing beside it', () => {
  fc.assert(
    fc.property(ranged, fc.nat(5), ([bytes, start, end], position) => {
      const target = new Uint8Array(position + end - start + 5).fill(7);
      copyInto(target, position, bytes, start, end);
      const expected = [...target].fill(7);
      for (let index = start; index < end; index++) {
        expected[position + index - start] = bytes[index] as number;
      }
      assert.deepEqual([...target], expected);
    }),
  );
});

test('bytesEqual compares content and length of two ranges', () => {
  const a = Uint8Array.of(1, 2, 3, 4);
  const b = Uint8Array.of(9, 2, 3, 5);
  assert.equal(bytesEqual(a, 1, 3, b, 1, 3), true);
  assert.equal(bytesEqual(a, 1, 4, b, 1, 4), false);
  assert.equal(bytesEqual(a, 1, 3, b, 1, 4), false);
  assert.equal(bytesEqual(a, 2, 2, b, 0, 0), true);
});

test('bytesFromHex reads what bytesToHex writes', () => {
  fc.assert(
    fc.property(ranged, ([bytes, start, end]) => {
      assert.deepEqual(bytesFromHex(bytesToHex(bytes, start, end)), bytes.slice(start, end));
    }),
  );
});

for (const text of ['0', 'abc', 'zz', '0x', ' 00 ']) {
  test(`bytesFromHex refuses "${text}"`, () => {
    assert.equal(bytesFromHex(text), null);
  });
}
