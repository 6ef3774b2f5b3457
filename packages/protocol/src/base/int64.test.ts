/**
 * Pairs of int32 against BigInt, which is slow and certainly right.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  int64Decimal,
  int64Equal,
  int64FromBigInt,
  int64FromHex,
  int64Hex,
  int64ToBigInt,
  int64ToNumber,
  numberHi,
  numberLo,
} from './int64.ts';

const longs = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const safeIntegers = fc.maxSafeInteger();

test('int64FromBigInt and int64ToBigInt are inverse for every signed long', () => {
  fc.assert(
    fc.property(longs, (long) => {
      const { hi, lo } = int64FromBigInt(long);
      assert.equal(hi, hi | 0);
      assert.equal(lo, lo | 0);
      assert.equal(int64ToBigInt(hi, lo), long);
      assert.equal(int64Decimal(hi, lo), long.toString());
    }),
  );
});

test('int64Hex prints the unsigned value, and int64FromHex reads it with and without 0x', () => {
  fc.assert(
    fc.property(longs, (long) => {
      const { hi, lo } = int64FromBigInt(long);
      const text = int64Hex(hi, lo);
      assert.equal(text, BigInt.asUintN(64, long).toString(16));
      assert.deepEqual(int64FromHex(text), { hi, lo });
      assert.deepEqual(int64FromHex(`0x${text.toUpperCase()}`), { hi, lo });
    }),
  );
});

test('int64ToNumber gives back every safe integer of either sign', () => {
  fc.assert(
    fc.property(safeIntegers, (value) => {
      assert.equal(int64ToNumber(numberHi(value), numberLo(value)), value);
      assert.equal(int64ToBigInt(numberHi(value), numberLo(value)), BigInt(value));
    }),
  );
});

test('int64ToNumber saturates beyond the safe integers', () => {
  assert.equal(int64ToNumber(0x7fffffff, -1), Number.MAX_SAFE_INTEGER);
  assert.equal(int64ToNumber(0x200000, 0), Number.MAX_SAFE_INTEGER);
  assert.equal(int64ToNumber(-0x80000000, 0), -Number.MAX_SAFE_INTEGER);
});

test('int64Equal needs both halves to be equal', () => {
  assert.equal(int64Equal(1, 2, 1, 2), true);
  assert.equal(int64Equal(1, 2, 1, 3), false);
  assert.equal(int64Equal(1, 2, 0, 2), false);
});

for (const text of ['', '0x', 'xyz', '12345678901234567', '-1']) {
  test(`int64FromHex refuses "${text}"`, () => {
    assert.equal(int64FromHex(text), null);
  });
}
