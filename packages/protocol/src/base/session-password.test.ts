/**
 * Session passwords against values that a Java server computed, and against the generator's
 * definition with BigInt.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from './bytes.ts';
import { int64FromHex, int64ToBigInt } from './int64.ts';
import { sessionPassword } from './session-password.ts';

const VECTORS: readonly (readonly [string, string])[] = [
  ['1', '054cc74a37327db215e702e20c73f005'],
  ['100000000000000', 'f22acd4a97e69d6d20a49bb638eadb38'],
  ['1000000abcdef00', '404ab448e7612fa914272c5699b98be7'],
  ['100001cbcdf0000', 'd3a3ba746484c02f69021bb84da51884'],
  ['2012f4a5c6d0003', 'f697e8eec2c4c8529a8e3824a873b477'],
  ['ffffffffffffffff', '20f62cb5648dc2d771471c8a2486a9ee'],
];

for (const [id, expected] of VECTORS) {
  test(`trap 10: sessionPassword of 0x${id} is the one that Java computes`, () => {
    const { hi, lo } = int64FromHex(id) ?? assert.fail('The id is not hex');
    assert.equal(bytesToHex(sessionPassword(hi, lo)), expected);
  });
}

test('trap 10: sessionPassword equals the generator in exact arithmetic for every id', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(int32, int32, (hi, lo) => {
      const mask = (1n << 48n) - 1n;
      let state = (int64ToBigInt(hi, lo) ^ 0xb3415c00n ^ 0x5deece66dn) & mask;
      const expected = new DataView(new ArrayBuffer(16));
      for (let offset = 0; offset < 16; offset += 4) {
        state = (state * 0x5deece66dn + 0xbn) & mask;
        expected.setUint32(offset, Number(state >> 16n), true);
      }
      const password = sessionPassword(hi, lo);
      assert.equal(bytesToHex(password), bytesToHex(new Uint8Array(expected.buffer)));
    }),
  );
});
