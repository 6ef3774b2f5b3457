/**
 * CRC-32 against the check value of the catalogues and against the runtime's own implementation.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32, crc32Portable } from './crc32.ts';
import { utf8Encode } from './text.ts';

const VECTORS: readonly (readonly [string, string, number])[] = [
  ['the empty input', '', 0],
  ['the digits 1 to 9', '123456789', 0xcbf43926],
  ['a sentence', 'The quick brown fox jumps over the lazy dog', 0x414fa339],
];

for (const [name, text, expected] of VECTORS) {
  test(`crc32 of ${name} is the published one`, () => {
    const bytes = utf8Encode(text);
    assert.equal(crc32(bytes, 0, bytes.length), expected);
  });
}

test('crc32 of a range equals that of zlib, in one part and in two', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (bytes, first, second) => {
      const start = first % (bytes.length + 1);
      const middle = start + (second % (bytes.length - start + 1));
      const expected = zlibCrc32(bytes.subarray(start));
      assert.equal(crc32(bytes, start, bytes.length), expected);
      assert.equal(crc32Portable(bytes, start, bytes.length), expected);
      const head = crc32(bytes, start, middle);
      assert.equal(crc32(bytes, middle, bytes.length, head), expected);
    }),
  );
});

test('crc32 reads memory that threads share', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1024));
  for (let index = 0; index < shared.length; index++) shared[index] = index * 7;
  assert.equal(crc32(shared, 3, 1000), crc32Portable(shared, 3, 1000));
});
