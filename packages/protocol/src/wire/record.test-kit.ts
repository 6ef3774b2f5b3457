/**
 * The checks that every record of the protocol passes, and the values they are drawn from: what is
 * written is read back equal, whatever stands around it in the buffer; a record cut short never
 * throws and never reads as whole; and no bytes at all make a reader throw or leave its range. For
 * tests only. Knows nothing of any single record.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZXID_MAX, ZXID_MIN, ZXID_NONE } from '../base/zxid.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';

/** A record as the readers make it: an ordinary object. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

export const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const zxid = fc.oneof(fc.maxSafeNat(), fc.constantFrom(ZXID_NONE, ZXID_MIN, ZXID_MAX));
/** Longs that are times, ttls or counts. */
export const long = fc.maxSafeInteger();
export const bool = fc.boolean();
export const data = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });
/** Well-formed text: a lone surrogate would be read back as a replacement. */
export const text = fc.string({ unit: 'grapheme', maxLength: 30 });
export const textOrNull = fc.option(text, { nil: null });
export const texts = fc.array(text, { maxLength: 4 });

export const id = record({ scheme: text, id: text });
export const acl = record({ perms: int32, scheme: text, id: textOrNull });
export const acls = fc.array(acl, { maxLength: 3 });
export const aclsOrNull = fc.option(acls, { nil: null });

/** The fields of a StatPersisted. */
export const persisted = {
  czxid: zxid,
  mzxid: zxid,
  ctimeMs: long,
  mtimeMs: long,
  version: int32,
  cversion: int32,
  aversion: int32,
  ephemeralOwnerHi: int32,
  ephemeralOwnerLo: int32,
  pzxid: zxid,
};
export const stat = record({ ...persisted, dataLength: int32, numChildren: int32 });

/**
 * Checks one record type. `mayEndAt` tells the lengths at which a record of `bytes` bytes may
 * lawfully end early.
 */
export function checkRecord<T>(
  name: string,
  values: fc.Arbitrary<T>,
  write: (w: JuteWriter, value: T) => void,
  read: (r: JuteReader) => T | null,
  mayEndAt: ((end: number, bytes: number) => boolean) | 'anywhere' = () => false,
): void {
  test(`${name} is read back as it was written, amid other bytes`, () => {
    fc.assert(
      fc.property(values, fc.nat(9), fc.nat(9), (value, before, after) => {
        const w = new JuteWriter(1);
        for (let index = 0; index < before; index++) w.byte(0xa5);
        write(w, value);
        const end = w.position;
        for (let index = 0; index < after; index++) w.byte(0x5a);
        const r = new JuteReader().reset(w.toBytes(), before, end);
        assert.deepEqual(read(r), value);
        assert.equal(r.failed, false);
        assert.equal(r.position, end);
      }),
    );
  });

  if (mayEndAt !== 'anywhere') checkCuts(name, values, write, read, mayEndAt);

  test(`${name} reads any bytes without throwing or leaving its range`, () => {
    const start = 3;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: start, maxLength: 60 }), (bytes) => {
        const r = new JuteReader().reset(bytes, start, bytes.length);
        read(r);
        assert.ok(r.position >= start && r.position <= bytes.length);
      }),
    );
  });
}

function checkCuts<T>(
  name: string,
  values: fc.Arbitrary<T>,
  write: (w: JuteWriter, value: T) => void,
  read: (r: JuteReader) => T | null,
  mayEndAt: (end: number, bytes: number) => boolean,
): void {
  test(`${name} cut short does not read as whole`, () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const w = new JuteWriter(1);
        write(w, value);
        const end = cut % w.position;
        if (mayEndAt(end, w.position)) return;
        const r = new JuteReader().reset(w.toBytes(), 0, end);
        const found = read(r);
        assert.ok(r.failed || found === null, 'The record read as whole');
        assert.ok(r.position <= end);
      }),
    );
  });
}
