/**
 * The cursors: primitives in both directions, the limits of the reader, the growth of the writer.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesFromHex, bytesToHex } from '../base/bytes.ts';
import { JUTE_BYTES_MAX_DEFAULT } from '../base/limits.ts';
import { ZXID_MAX, ZXID_MIN, ZXID_NONE } from '../base/zxid.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';

const hex = (text: string): Uint8Array =>
  bytesFromHex(text.replaceAll(' ', '')) ?? assert.fail(`"${text}" is not hex`);

const reading = (text: string, bytesMax = JUTE_BYTES_MAX_DEFAULT): JuteReader => {
  const bytes = hex(text);
  return new JuteReader(bytesMax).reset(bytes, 0, bytes.length);
};

/** Name, bytes, how they are written, how they are read, and the value. */
const PRIMITIVES: readonly (readonly [
  string,
  string,
  (w: JuteWriter) => void,
  (r: JuteReader) => unknown,
  unknown,
])[] = [
  ['an int', '00000102', (w) => w.int(258), (r) => r.int(), 258],
  ['a negative int', 'fffffffe', (w) => w.int(-2), (r) => r.int(), -2],
  ['true', '01', (w) => w.bool(true), (r) => r.bool(), true],
  ['false', '00', (w) => w.bool(false), (r) => r.bool(), false],
  ['a zxid', '0000000100000002', (w) => w.zxid(0x100000002), (r) => r.zxid(), 0x100000002],
  ['no zxid', 'ffffffffffffffff', (w) => w.zxid(ZXID_NONE), (r) => r.zxid(), ZXID_NONE],
  ['the least zxid', '8000000000000000', (w) => w.zxid(ZXID_MIN), (r) => r.zxid(), ZXID_MIN],
  ['the largest zxid', '001fffffffffffff', (w) => w.zxid(ZXID_MAX), (r) => r.zxid(), ZXID_MAX],
  ['a time', '000001a209e4ed35', (w) => w.number(1795462327605), (r) => r.number(), 1795462327605],
  ['a negative long', 'ffffffffffffff85', (w) => w.number(-123), (r) => r.number(), -123],
  ['a string', '00000002 2f61', (w) => w.string('/a'), (r) => r.string(), '/a'],
  ['an accent', '00000002 c3a9', (w) => w.string('\u00e9'), (r) => r.string(), '\u00e9'],
  ['the empty string', '00000000', (w) => w.string(''), (r) => r.string(), ''],
  ['a null string', 'ffffffff', (w) => w.string(null), (r) => r.string(), null],
  ['a null buffer', 'ffffffff', (w) => w.bytes(null), (r) => r.bytes(), null],
  ['an empty buffer', '00000000', (w) => w.bytes(hex('')), (r) => r.bytes(), hex('')],
  ['a buffer', '00000003 010203', (w) => w.bytes(hex('010203')), (r) => r.bytes(), hex('010203')],
];

for (const [name, bytes, write, read, value] of PRIMITIVES) {
  test(`jute writes and reads ${name}`, () => {
    const w = new JuteWriter(1);
    write(w);
    assert.equal(bytesToHex(w.toBytes()), bytes.replaceAll(' ', ''));
    const r = reading(bytes);
    assert.deepEqual(read(r), value);
    assert.equal(r.failed, false);
    assert.equal(r.remaining(), 0);
  });
}

test('any byte but zero reads as true', () => {
  for (let byte = 0; byte < 256; byte++) {
    const r = new JuteReader().reset(Uint8Array.of(byte), 0, 1);
    assert.equal(r.bool(), byte !== 0);
  }
});

/** Bytes, limit, and whether the string or buffer is acceptable. */
const LENGTHS: readonly (readonly [string, string, number, boolean])[] = [
  ['at the limit', '00000004 61616161', 4, true],
  ['above the limit', '00000005 6161616161', 4, false],
  ['above the bytes that came', '00000005 61616161', 100, false],
  ['below -1', 'fffffffe', 100, false],
  ['the least', '80000000 61', 100, false],
  ['the largest', '7fffffff 61', 0x7fffffff, false],
];

for (const [name, bytes, bytesMax, accepted] of LENGTHS) {
  test(`a length ${name} is ${accepted ? 'accepted' : 'refused'}`, () => {
    for (const read of ['string', 'bytes', 'range'] as const) {
      const r = reading(bytes, bytesMax);
      r[read]();
      assert.equal(r.failed, !accepted, read);
      assert.equal(r.position, r.end);
    }
  });
}

test('after a failure everything reads as nothing, until the reader is reset', () => {
  const r = reading('000000');
  assert.equal(r.int(), 0);
  assert.equal(r.failed, true);
  r.long();
  assert.deepEqual([r.hi, r.lo], [0, 0]);
  assert.deepEqual([r.zxid(), r.number(), r.byte(), r.bool(), r.count(1)], [0, 0, 0, false, 0]);
  assert.deepEqual([r.string(), r.bytes(), r.range()], [null, null, 0]);
  assert.equal(r.rangeStart, r.rangeEnd);
  r.skip(1);
  assert.equal(r.failed, true);
  r.reset(r.buffer, 1, 3);
  assert.equal(r.failed, false);
  assert.equal(r.byte(), 0);
});

test('count refuses what cannot be there and reads -1 as null, other negatives as empty', () => {
  assert.equal(reading('00000002 0000').count(1), 2);
  const tooMany = reading('00000003 0000');
  assert.equal(tooMany.count(1), 0);
  assert.equal(tooMany.failed, true);
  assert.equal(reading('ffffffff').count(4), -1);
  assert.equal(reading('fffffffe').count(4), 0);
});

test('skip moves over what is there and fails beyond', () => {
  const r = reading('00112233');
  r.skip(4);
  assert.equal(r.failed, false);
  r.skip(1);
  assert.equal(r.failed, true);
});

test('a reader goes back and forth between buffers, views of larger memory among them', () => {
  const r = new JuteReader();
  const whole = hex('00000001 00000002 00000003');
  const view = whole.subarray(4);
  for (let round = 0; round < 3; round++) {
    assert.equal(r.reset(whole, 0, 12).int(), 1);
    assert.equal(r.reset(view, 0, 8).int(), 2);
    assert.equal(r.reset(hex('00000009'), 0, 4).int(), 9);
  }
});

test('a copy made by bytes shares no memory with the buffer', () => {
  const r = reading('00000002 0102');
  const copy = r.bytes() ?? assert.fail('no bytes');
  r.buffer.fill(0xff);
  assert.deepEqual([...copy], [1, 2]);
});

test('a writer that grows keeps what was written, and patches land in their place', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.nat(64), (chunks, initialBytes) => {
      const w = new JuteWriter(initialBytes);
      const offset = w.reserve(4);
      for (const chunk of chunks) w.raw(chunk, 0, chunk.length);
      w.patchInt(offset, w.position - 4);
      const expected = Buffer.concat([Buffer.alloc(4), ...chunks]);
      expected.writeInt32BE(expected.length - 4);
      assert.equal(bytesToHex(w.toBytes()), bytesToHex(expected));
    }),
  );
});

test('range writes the length of the range and exactly its bytes', () => {
  const w = new JuteWriter();
  w.range(hex('00112233'), 1, 3);
  assert.equal(bytesToHex(w.toBytes()), '000000021122');
  w.reset(4);
  w.raw(hex('00112233'), 3, 4);
  assert.equal(bytesToHex(w.toBytes()), '0000000233');
});
