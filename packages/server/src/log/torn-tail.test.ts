/**
 * What becomes of a log whose end is not whole (ADR 8 and the damage table of
 * storage-and-config.md 8.4): every way to damage it, with a watermark below, with one above, and
 * without any.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, Prng } from '@zabra/protocol';
import { Host, Ledger, makeTxn } from './ledger.test-kit.ts';
import { writeLogHeader } from './log-format.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { SlabWriter } from './slab.ts';
import { isTornWrite, TailScan } from './tail-scan.ts';
import { DiskPort } from './disk-port.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { Watermark } from './watermark.ts';

const NAME = 'log.1';

/** Where the watermark stands against the last entry, the one that is damaged. */
type Mark = 'none' | 'below' | 'above';
const MARKS: readonly Mark[] = ['none', 'below', 'above'];

interface LogFile {
  readonly bytes: Uint8Array;
  /** Where each entry starts, and where the last one ends. */
  readonly starts: readonly number[];
}

/** A file with entries 1 to `count`, padded to a multiple of 512 bytes and 512 more. */
function logFile(count: number, extraBytes = 60, firstZxid = 1): LogFile {
  const slabs = new SlabWriter(1 << 16);
  for (let index = 0; index < count; index++) {
    const txn = makeTxn(firstZxid + index, extraBytes);
    slabs.append(txn, 0, txn.length);
  }
  const entryBytes = slabs.position / count;
  const starts = Array.from({ length: count + 1 }, (_, index) => 16 + index * entryBytes);
  const end = starts.at(-1) as number;
  const bytes = new Uint8Array(Math.ceil(end / 512) * 512 + 512);
  writeLogHeader(bytes);
  bytes.set(slabs.buffer.subarray(0, slabs.position), 16);
  return { bytes, starts };
}

/** A disk with snapshot.0, the log, and a watermark that fits it. */
function diskWith(files: Record<string, Uint8Array>, syncedZxid: number | null): MemoryDisk {
  const disk = new MemoryDisk();
  const port = new DiskPort(disk, (request) => disk.submit(request));
  const complete = () => {
    while (disk.pendingCount > 0) port.onDisk(disk.completeOne(new Prng(1)), null);
  };
  const stream = new Ledger().stream();
  const digest = { hi: 0, lo: 1 };
  const parts = { stream, zxid: 0, digest, withZxid: true, name: 'snapshot.0' };
  const writer = new SnapshotWriter(port, parts);
  while (writer.step(1000) !== 'written') complete();
  for (const [name, bytes] of Object.entries(files)) disk.put('log', name, bytes);
  if (syncedZxid === null) return disk;
  const names = Object.keys(files);
  const zxids = names.map((name) => Number.parseInt(name.slice(4), 16));
  const newest = files[names.at(-1) as string] as Uint8Array;
  const checksum = newest.length < 24 ? 0 : new DataView(newest.buffer).getInt32(20);
  const watermark = new Watermark(port, true);
  watermark.adopt(null, 0);
  const previous = zxids.length > 1 ? (zxids.at(-2) as number) : -1;
  watermark.beforeSegment(zxids[0] as number, checksum, -1, -1);
  if (zxids.length > 1) watermark.beforeSegment(zxids.at(-1) as number, checksum, previous, -1);
  watermark.rewrite({ syncedZxid }, () => undefined);
  complete();
  return disk;
}

interface Outcome {
  /** Entries that came back, or null: refused. */
  readonly count: number | null;
  readonly message: string;
  readonly disk: MemoryDisk;
}

function outcomeOf(files: Record<string, Uint8Array>, syncedZxid: number | null): Outcome {
  const disk = diskWith(files, syncedZxid);
  const host = new Host(disk, { isEnsemble: false });
  const message = host.recover(5000);
  const count = message === null ? host.ledger.entries.length : null;
  if (count !== null) {
    // What was cut is gone for good: the successor sees the same, and the log goes on.
    const before = host.ledger.entries;
    host.append(5, host.storage.lastLoggedZxid + 1);
    host.settle();
    const second = new Host(disk, { isEnsemble: false });
    assert.equal(second.recover(), null, second.messages.join('\n'));
    assert.deepEqual(second.ledger.entries, host.appended);
    assert.deepEqual(second.ledger.entries.slice(0, -1), before);
  }
  return { count, message: message ?? '', disk };
}

/** The watermark in zxids, when `last` is the entry that is damaged. */
function syncedOf(mark: Mark, last: number): number | null {
  if (mark === 'none') return null;
  return mark === 'below' ? last - 1 : last;
}

test('a file cut at any byte of its last entry loses it, unless it was acknowledged', () => {
  const { bytes, starts } = logFile(4);
  const [from, to] = [starts[3] as number, starts[4] as number];
  for (let cut = from + 1; cut < to; cut++) {
    for (const mark of MARKS) {
      const { count, message } = outcomeOf({ [NAME]: bytes.slice(0, cut) }, syncedOf(mark, 4));
      assert.equal(count, mark === 'above' ? null : 3, `cut at ${cut}, ${mark}`);
      if (mark !== 'above') continue;
      // The first four bytes of an entry are zeros, as padding is.
      if (cut > from + 4) assert.match(message, /ends inside an entry, and 0x4 was ack/);
      else assert.match(message, /ends at zxid 0x3, but 0x4 was acknowledged/);
    }
  }
});

test('an end that is zeros from any byte of the last entry on loses it, or is refused', () => {
  const { bytes, starts } = logFile(4);
  const [from, to] = [starts[3] as number, starts[4] as number];
  for (let cut = from + 4; cut < to; cut++) {
    const torn = bytes.slice();
    torn.fill(0, cut);
    for (const mark of MARKS) {
      const { count } = outcomeOf({ [NAME]: torn }, syncedOf(mark, 4));
      assert.equal(count, mark === 'above' ? null : 3, `zeros from ${cut}, ${mark}`);
    }
  }
});

test('one wrong byte in the last entry is refused without a watermark and above it is cut', () => {
  const { bytes, starts } = logFile(4);
  const [from, to] = [starts[3] as number, starts[4] as number];
  for (let position = from; position < to; position++) {
    const damaged = bytes.slice();
    damaged[position] = (damaged[position] as number) ^ 0x15;
    const isMarker = position === to - 1;
    // A length that leads beyond the file, or to a byte that is no marker, ends it for Apache.
    const isLength = position >= from + 8 && position < from + 12;
    for (const mark of MARKS) {
      const { count } = outcomeOf({ [NAME]: damaged }, syncedOf(mark, 4));
      const isCut = mark === 'below' || (mark === 'none' && (isMarker || isLength));
      if (mark === 'none' && isLength) continue;
      assert.equal(count, isCut ? 3 : null, `byte ${position}, ${mark}`);
    }
  }
});

test('a wrong byte before whole entries is refused, whatever the watermark says', () => {
  const { bytes, starts } = logFile(4);
  for (let position = (starts[1] as number) + 4; position < (starts[2] as number); position++) {
    const damaged = bytes.slice();
    damaged[position] = (damaged[position] as number) ^ 0x15;
    for (const syncedZxid of [null, 1, 3, 4]) {
      const { count, message } = outcomeOf({ [NAME]: damaged }, syncedZxid);
      assert.equal(count, null, `byte ${position}, synced ${syncedZxid}`);
      assert.ok(message.startsWith('Cannot use "log.1"'), message);
    }
  }
});

test('sectors lost out of the last write are cut together with what follows them', () => {
  const { bytes, starts } = logFile(12, 300);
  for (let sector = 1; sector * 512 < bytes.length - 1024; sector++) {
    const damaged = bytes.slice();
    damaged.fill(0, sector * 512, (sector + 1) * 512);
    const whole = starts.filter((start) => start <= sector * 512).length - 1;
    const { count } = outcomeOf({ [NAME]: damaged }, whole);
    assert.equal(count, whole, `sector ${sector}`);
    // The same with an acknowledged entry in it, or in a directory of Apache's, is refused.
    assert.equal(outcomeOf({ [NAME]: damaged }, whole + 1).count, null);
    const asApache = outcomeOf({ [NAME]: damaged }, null).count;
    const follows = starts.slice(0, -1).some((start) => start >= (sector + 1) * 512);
    assert.ok(asApache === null || (asApache === whole && !follows), `sector ${sector}`);
  }
});

test('the damage table: files that are no log, newest or not, of Apache or ours', () => {
  const { bytes } = logFile(3);
  const next = logFile(2, 60, 4).bytes;
  const notLog = next.slice();
  notLog[0] = 0x41;
  const unknownType = unknownTypeFile();
  // Columns: of Apache as the newest; ours, unacknowledged, as the newest; before `log.6`.
  const rows: [string, Uint8Array, number | null, number | null, number | null][] = [
    ['empty', next.slice(0, 0), 3, 3, null],
    ['one byte', next.slice(0, 1), null, 3, null],
    ['15 bytes', next.slice(0, 15), null, 3, null],
    ['header only', next.slice(0, 16), 3, 3, null],
    ['header and zeros', Uint8Array.from(next, (byte, at) => (at < 16 ? byte : 0)), 3, 3, null],
    ['zeros only', new Uint8Array(600), null, 3, null],
    ['wrong magic', notLog, null, null, null],
    ['unknown type', unknownType, null, null, null],
    ['whole', next, 5, 5, 6],
  ];
  const last = logFile(1, 60, 6).bytes;
  for (const [name, file, asApache, asOurs, beforeAnother] of rows) {
    const two = { 'log.1': bytes, 'log.4': file };
    assert.equal(outcomeOf(two, null).count, asApache, `${name}, of Apache`);
    assert.equal(outcomeOf(two, 3).count, asOurs, `${name}, ours`);
    const three = { 'log.1': bytes, 'log.4': file, 'log.6': last };
    assert.equal(outcomeOf(three, null).count, beforeAnother, `${name}, not the newest`);
  }
});

function unknownTypeFile(): Uint8Array {
  const txn = makeTxn(4, 10);
  new DataView(txn.buffer, txn.byteOffset).setInt32(28, 99);
  const slabs = new SlabWriter(1000);
  slabs.append(txn, 0, txn.length);
  const bytes = new Uint8Array(16 + slabs.position);
  writeLogHeader(bytes);
  bytes.set(slabs.buffer.subarray(0, slabs.position), 16);
  return bytes;
}

test('a newest file without an entry is removed, so that its name can be given again', () => {
  const { bytes } = logFile(3);
  for (const file of [new Uint8Array(0), logFile(1, 60, 4).bytes.slice(0, 16)]) {
    const disk = diskWith({ 'log.1': bytes, 'log.4': file }, null);
    const host = new Host(disk, { isEnsemble: false });
    assert.equal(host.recover(), null);
    assert.deepEqual(disk.list('log'), ['log.1']);
  }
});

test('a history that ends before a snapshot which was worth loading is refused', () => {
  const { bytes } = logFile(3);
  const disk = diskWith({ 'log.1': bytes }, null);
  const damaged = disk.bytes('snap', 'snapshot.0');
  damaged[30] = 0xff;
  disk.put('snap', 'snapshot.3', damaged);
  const host = new Host(disk, { isEnsemble: false });
  assert.equal(host.recover(), null);
  disk.put('snap', 'snapshot.4', damaged);
  const next = new Host(disk, { isEnsemble: false });
  assert.match(next.recover() ?? '', /ends at zxid 0x3, but there is a snapshot of 0x4/);
});

test('TailScan finds a whole entry wherever it lies, across the borders of its reads too', () => {
  const txn = makeTxn(9, 200);
  const slabs = new SlabWriter(1000);
  slabs.append(txn, 0, txn.length);
  const entry = slabs.buffer.slice(0, slabs.position);
  for (const at of [1, 500, 1 << 20, (1 << 20) - 1, (1 << 20) - 20, (1 << 20) - 43, 1_048_000]) {
    const bytes = new Uint8Array((2 << 20) + 777);
    bytes.fill(5, at - 1, at);
    bytes.set(entry, at);
    const disk = new MemoryDisk();
    disk.put('log', 'log.1', bytes);
    for (const [lastZxid, wanted] of [
      [8, 9],
      [9, -1],
    ] as const) {
      const scan = new TailScan(disk, 'log.1', 0, 1 << 20, lastZxid);
      while (!scan.isDone) scan.step();
      assert.equal(scan.followingZxid, wanted, `at ${at}`);
      assert.equal(scan.isClean, false);
      if (wanted === 9) assert.equal(scan.followingPosition, at);
    }
    const behind = new TailScan(disk, 'log.1', at + entry.length, 1 << 20, 0);
    while (!behind.isDone) behind.step();
    assert.equal(behind.isClean, true);
  }
});

test('a torn end of an older file is normal where Apache wrote it, corruption where we did', () => {
  const older = logFile(4).bytes;
  const { starts } = logFile(4);
  const torn = older.slice();
  torn.fill(0, (starts[3] as number) + 21);
  const next = logFile(2, 60, 4).bytes;
  const files = { 'log.1': torn, 'log.4': next };
  assert.equal(outcomeOf(files, null).count, 5);
  const { count, message } = outcomeOf(files, 3);
  assert.equal(count, null);
  assert.match(message, /Cannot use "log\.1"/);
});

test('a gap is refused: within a file, between files, behind the snapshot, before an epoch', () => {
  const first = logFile(3).bytes;
  const rows: [string, Record<string, Uint8Array>][] = [
    ['between files', { 'log.1': first, 'log.5': logFile(2, 60, 5).bytes }],
    ['behind the snapshot', { 'log.2': logFile(2, 60, 2).bytes }],
    ['before an epoch', { 'log.1': first, 'log.100000002': logFile(2, 60, makeZxid(1, 2)).bytes }],
    ['back to an older epoch', backwards()],
  ];
  for (const [name, files] of rows) {
    const { count, message } = outcomeOf(files, null);
    assert.equal(count, null, name);
    assert.match(message, /the log goes on with zxid/, name);
  }
  const whole = { 'log.1': first, 'log.100000001': logFile(2, 60, makeZxid(1, 1)).bytes };
  assert.equal(outcomeOf(whole, null).count, 5);
});

/** A file whose second entry has a lower zxid than its first. */
function backwards(): Record<string, Uint8Array> {
  const slabs = new SlabWriter(4096);
  for (const zxid of [1, 2, makeZxid(1, 1), 3]) {
    const txn = makeTxn(zxid, 0);
    slabs.append(txn, 0, txn.length);
  }
  const bytes = new Uint8Array(16 + slabs.position);
  writeLogHeader(bytes);
  bytes.set(slabs.buffer.subarray(0, slabs.position), 16);
  return { 'log.1': bytes };
}

test('an entry that repeats the zxid before it has no effect', () => {
  const slabs = new SlabWriter(4096);
  for (const zxid of [1, 2, 2, 3]) {
    const txn = makeTxn(zxid, 0, slabs.position);
    slabs.append(txn, 0, txn.length);
  }
  const bytes = new Uint8Array(16 + slabs.position);
  writeLogHeader(bytes);
  bytes.set(slabs.buffer.subarray(0, slabs.position), 16);
  assert.equal(outcomeOf({ 'log.1': bytes }, null).count, 3);
});

test('a log that ends below the watermark is refused even if nothing looks damaged', () => {
  const { bytes, starts } = logFile(4);
  const short = { 'log.1': bytes.slice(0, starts[3]) };
  assert.equal(outcomeOf(short, 3).count, 3);
  const { count, message } = outcomeOf(short, 4);
  assert.equal(count, null);
  assert.match(message, /ends at zxid 0x3, but 0x4 was acknowledged/);
});

test('isTornWrite tells missing sectors from rotten bytes', () => {
  const entry = new Uint8Array(1500).fill(9);
  entry.fill(0, 0, 4);
  const at = 700;
  assert.equal(isTornWrite(at, entry), false);
  const rows: [string, number, number, boolean][] = [
    ['the end of a sector', 1024 - 40, 1024, true],
    ['the start of a sector', 1024, 1030, true],
    ['a whole sector', 1024, 1536, true],
    ['from the start of the entry', at, at + 5, true],
    ['the end of the entry', at + 1499, at + 1500, true],
    ['bytes in the middle of a sector', 1030, 1500, false],
  ];
  for (const [name, from, to, isTorn] of rows) {
    const damaged = entry.slice();
    damaged.fill(0, from - at, to - at);
    assert.equal(isTornWrite(at, damaged), isTorn, name);
  }
});
