/**
 * zxids: order and arithmetic of the double equal those of the signed long it stands for, and the
 * values without a number of their own become the named ones.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { int64ToBigInt } from './int64.ts';
import {
  COUNTER_MAX,
  counterOf,
  EPOCH_MAX,
  epochOf,
  makeZxid,
  ZXID_MAX,
  ZXID_MIN,
  ZXID_NONE,
  zxidFrom,
  zxidFromHex,
  zxidHi,
  zxidLo,
  zxidToHex,
} from './zxid.ts';

const epochs = fc.integer({ min: 0, max: EPOCH_MAX });
const counters = fc.integer({ min: 0, max: COUNTER_MAX });
const zxids = fc.oneof(
  fc.constantFrom(ZXID_NONE, ZXID_MIN, 0, ZXID_MAX),
  fc.tuple(epochs, counters).map(([epoch, counter]) => makeZxid(epoch, counter)),
);

test('makeZxid keeps epoch and counter apart', () => {
  fc.assert(
    fc.property(epochs, counters, (epoch, counter) => {
      const zxid = makeZxid(epoch, counter);
      assert.equal(epochOf(zxid), epoch);
      assert.equal(counterOf(zxid), counter);
      assert.ok(Number.isSafeInteger(zxid));
    }),
  );
});

test('trap 9: zxidFrom gives back what the two halves came from, and hex does too', () => {
  fc.assert(
    fc.property(zxids, (zxid) => {
      assert.equal(zxidFrom(zxidHi(zxid), zxidLo(zxid)), zxid);
      assert.equal(zxidFromHex(zxidToHex(zxid)), zxid);
    }),
  );
});

test('zxids compare as the signed longs of the wire do', () => {
  fc.assert(
    fc.property(zxids, zxids, (a, b) => {
      const aLong = int64ToBigInt(zxidHi(a), zxidLo(a));
      const bLong = int64ToBigInt(zxidHi(b), zxidLo(b));
      assert.equal(a < b, aLong < bLong);
      assert.equal(a === b, aLong === bLong);
    }),
  );
});

const HALVES: readonly (readonly [string, number, number, number])[] = [
  ['all ones', -1, -1, ZXID_NONE],
  ['the smallest long', -0x80000000, 0, ZXID_MIN],
  ['minus two', -1, -2, ZXID_MIN],
  ['a negative long', -5, 17, ZXID_MIN],
  ['epoch 1, counter 2^31', 1, -0x80000000, 0x180000000],
  ['the largest exact zxid', 0x1fffff, -1, ZXID_MAX],
  ['the smallest zxid beyond', 0x200000, 0, ZXID_MAX],
  ['the largest long', 0x7fffffff, -1, ZXID_MAX],
];

for (const [name, hi, lo, expected] of HALVES) {
  test(`zxidFrom of ${name} is ${expected}`, () => {
    assert.equal(zxidFrom(hi, lo), expected);
  });
}

test('epochOf and counterOf see the named values as Java does', () => {
  assert.equal(epochOf(ZXID_NONE), -1);
  assert.equal(counterOf(ZXID_NONE), 0xffffffff);
  assert.equal(epochOf(ZXID_MIN), -0x80000000);
  assert.equal(counterOf(ZXID_MIN), 0);
});

for (const text of ['', 'g', '0x1', '-1', '12345678901234567', ' 1']) {
  test(`zxidFromHex refuses "${text}"`, () => {
    assert.equal(zxidFromHex(text), Number.NaN);
  });
}

test('zxidFromHex reads either case and leading zeros', () => {
  assert.equal(zxidFromHex('0000000100000aBc'), makeZxid(1, 0xabc));
  assert.equal(zxidToHex(makeZxid(1, 0xabc)), '100000abc');
});
