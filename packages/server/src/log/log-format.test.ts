/**
 * The example of storage-and-config.md 3.3, byte for byte: what we write is what is printed there,
 * and what is printed there is read.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesFromHex,
  bytesToHex,
  JuteWriter,
  OpCode,
  writeSetDataTxn,
  writeTxnDigest,
  writeTxnHeader,
} from '@zabra/protocol';
import { OPTIONS } from './ledger.test-kit.ts';
import { LOG_HEADER_BYTES, writeLogHeader, zxidFollows } from './log-format.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { SegmentReader } from './segment-reader.ts';
import { SlabWriter } from './slab.ts';

function hex(text: string): Uint8Array {
  return bytesFromHex(text.replace(/\s+/g, '')) as Uint8Array;
}

const LOG_EXAMPLE = hex(`
  5A4B4C47 00000002 0000000000000000
  00000000 8B64069D 0000003C
  0102030405060708 00000007 0000000100000002 0000018BCFE56800 00000005
  00000002 2F6B 00000002 6869 00000003
  00000002 0000000051C6D660
  42`);

test('SlabWriter and the log header give the example of 3.3', () => {
  const w = new JuteWriter();
  const clientHi = 0x01020304;
  const header = { clientHi, clientLo: 0x05060708, cxid: 7, timeMs: 1700000000000 };
  writeTxnHeader(w, { ...header, zxid: 0x100000002, type: OpCode.setData });
  writeSetDataTxn(w, { path: '/k', data: Uint8Array.of(0x68, 0x69), version: 3 });
  writeTxnDigest(w, { version: 2, digestHi: 0, digestLo: 0x51c6d660 });
  const file = new Uint8Array(LOG_EXAMPLE.length);
  writeLogHeader(file);
  const slabs = new SlabWriter();
  const start = slabs.append(w.buffer, 0, w.position);
  file.set(slabs.buffer.subarray(start, slabs.position), LOG_HEADER_BYTES);
  assert.equal(bytesToHex(file), bytesToHex(LOG_EXAMPLE));
});

test('SegmentReader reads the example of 3.3, padded or not', () => {
  for (const padding of [0, 1, 11, 12, 500]) {
    const disk = new MemoryDisk();
    const bytes = new Uint8Array(LOG_EXAMPLE.length + padding);
    bytes.set(LOG_EXAMPLE);
    disk.put('log', 'log.100000002', bytes);
    const segment = new SegmentReader(disk, OPTIONS.recordBytesMax);
    segment.open('log.100000002');
    assert.equal(segment.next(), 'entry');
    assert.equal(segment.zxid, 0x100000002);
    assert.equal(segment.end - segment.start, 60);
    assert.notEqual(segment.next(), 'entry');
    assert.equal(segment.position, LOG_EXAMPLE.length);
  }
});

test('SlabWriter opens a new slab when an entry does not fit, and the old one stays', () => {
  const slabs = new SlabWriter(100);
  const payload = new Uint8Array(40).fill(7);
  const first = slabs.append(payload, 0, 40);
  const slab = slabs.buffer;
  const before = bytesToHex(slab);
  assert.equal(first, 0);
  assert.equal(slabs.append(payload, 0, 40), 0);
  assert.notEqual(slabs.buffer, slab);
  assert.equal(bytesToHex(slab), before);
  assert.equal(slabs.append(new Uint8Array(500), 0, 500), 0);
  assert.equal(slabs.position, 513);
});

test('zxidFollows lets a history go on by one or into a later epoch at 1', () => {
  const rows: [number, number, boolean][] = [
    [0, 1, true],
    [0, 2, false],
    [0x100000005, 0x100000006, true],
    [0x100000005, 0x100000005, false],
    [0x100000005, 0x200000001, true],
    [0x100000005, 0x200000002, false],
    [0x200000000, 0x200000001, true],
    [0x300000000, 0x200000001, false],
    [-1, 0x100000001, true],
  ];
  for (const [last, next, wanted] of rows) assert.equal(zxidFollows(last, next), wanted);
});
