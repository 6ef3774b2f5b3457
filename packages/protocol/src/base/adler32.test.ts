/**
 * Adler-32 against known values, against its definition in RFC 1950, and cut into parts. The long
 * run of 0xff is the input for which the sums come closest to their limit. Each of it for both ways
 * to compute it; and the module that is embedded is the one that the text beside it describes.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import wabt from 'wabt';
import { adler32, adler32Portable } from './adler32.ts';
import { findSimdAdler32, simdModuleBytes } from './adler32-simd.ts';
import { utf8Encode } from './text.ts';

const VECTORS: readonly (readonly [string, string, number])[] = [
  ['the empty input', '', 1],
  ['one letter', 'a', 0x00620062],
  ['three letters', 'abc', 0x024d0127],
  ['a word', 'Wikipedia', 0x11e60398],
  ['a sentence of 43 bytes', 'The quick brown fox jumps over the lazy dog', 0x5bdc0fda],
];

/** The definition, one byte and two divisions at a time. */
function adler32Defined(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let a = seed & 0xffff;
  let b = seed >>> 16;
  for (const byte of bytes.subarray(start, end)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

test('adler32 has vectors on this runtime', () => {
  assert.notEqual(findSimdAdler32(), null);
});

test('the embedded module is what adler32.wat compiles to', async () => {
  const text = fs.readFileSync(new URL('../../src/base/adler32.wat', import.meta.url), 'utf8');
  const { parseWat } = await wabt();
  const module = parseWat('adler32.wat', text, { simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  const wanted = Buffer.from(buffer).toString('base64');
  assert.equal(Buffer.from(simdModuleBytes(atob)).toString('base64'), wanted);
});

for (const [way, sumOf] of [
  ['adler32', adler32],
  ['adler32Portable', adler32Portable],
] as const) {
  for (const [name, text, expected] of VECTORS) {
    test(`${way} of ${name} is the published one`, () => {
      const bytes = utf8Encode(text);
      assert.equal(sumOf(bytes, 0, bytes.length), expected);
    });
  }

  test(`${way} does not overflow on any length of the largest byte and the largest seed`, () => {
    const bytes = new Uint8Array(20_000).fill(0xff);
    const seed = 65520 * 65536 + 65520;
    for (let length = 0; length <= bytes.length; length += 97) {
      assert.equal(sumOf(bytes, 0, length, seed), adler32Defined(bytes, 0, length, seed));
    }
  });

  test(`${way} of a range equals its definition, however the range is cut into parts`, () => {
    const cuts = fc.array(fc.nat(9000), { maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), cuts, (bytes, drawn) => {
        const ends = [...drawn.filter((cut) => cut < bytes.length), bytes.length];
        ends.sort((a, b) => a - b);
        let sum = 1;
        let start = 0;
        for (const end of ends) {
          sum = sumOf(bytes, start, end, sum);
          start = end;
        }
        assert.equal(sum, adler32Defined(bytes, 0, bytes.length, 1));
      }),
    );
  });
}

test('adler32 of what exceeds the memory of the module equals its definition', () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31) & 0xff);
  assert.equal(adler32(bytes, 3, 199_990), adler32Defined(bytes, 3, 199_990, 1));
});
