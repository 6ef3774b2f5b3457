/**
 * Which log files may serve learners: ours, without a hole, and not longer than a part of a
 * snapshot.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, ZXID_MAX } from '@zabra/protocol';
import {
  appendMany,
  type Host,
  type HostOptions,
  Ledger,
  restarted,
  started,
} from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { writeRecord } from './side-record.ts';
import { readWatermark } from './watermark.ts';

const z = makeZxid;
/** Two entries are in the first file, and each one that follows has a file of its own. */
const ROLLING: HostOptions = { txnLogSizeLimitBytes: 1, preAllocBytes: 0 };

function write(host: Host, count: number): void {
  for (let index = 0; index < count; index++) {
    appendMany(host, 1);
    host.settle();
  }
}

/** The oldest zxid of epoch 1 behind which the log serves, up to what is synced; null: none. */
function oldestServed(host: Host): number | null {
  const until = host.storage.syncedZxid;
  for (let after = z(1, 0); after < until; after++) {
    if (serves(host, after, until)) return after - z(1, 0);
  }
  return null;
}

function serves(host: Host, after: number, until: number): boolean {
  const cursor = host.storage.openHistory(after, until);
  cursor?.close();
  host.settle();
  return cursor !== null;
}

function sizeOf(host: Host, name: string): number {
  return host.disk.sizeBytes(name.startsWith('log') ? 'log' : 'snap', name);
}

test('LogHistory counts the files behind the first against a part of the newest snapshot', () => {
  const disk = new MemoryDisk();
  const first = started(disk, ROLLING);
  write(first, 6);
  assert.ok(first.snapshot());
  first.settle();
  const snapshotBytes = sizeOf(first, 'snapshot.100000006');
  const fileBytes = sizeOf(first, 'log.100000004');
  const rows: [number, number | null][] = [
    [-1, null],
    [-0.01, null],
    [0, 0],
    // Smaller than the smallest part that makes a byte: no limit, as in Apache.
    [0.5 / snapshotBytes, 0],
    [(fileBytes - 1) / snapshotBytes, 5],
    [(fileBytes + 0.5) / snapshotBytes, 4],
    [(3 * fileBytes + 0.5) / snapshotBytes, 2],
    [(4 * fileBytes + 0.5) / snapshotBytes, 0],
  ];
  for (const [snapshotSizeFactor, wanted] of rows) {
    const host = restarted(disk, { ...ROLLING, snapshotSizeFactor });
    // A file is open, and full behind its first entry in this process.
    assert.equal(oldestServed(host), wanted, `${snapshotSizeFactor}`);
  }
});

test('LogHistory counts the padding of files', () => {
  const disk = new MemoryDisk();
  const first = started(disk, { txnLogSizeLimitBytes: 1, preAllocBytes: 65_536 });
  write(first, 6);
  const host = restarted(disk, { snapshotSizeFactor: 1 });
  // The snapshot is one of nothing.
  assert.equal(oldestServed(host), 5);
});

test('LogHistory uses no file that Apache wrote', () => {
  const disk = new MemoryDisk();
  const apache = started(disk, ROLLING);
  write(apache, 4);
  assert.equal(oldestServed(apache), 0);
  // Without our side files, a directory is one of Apache's.
  disk.delete('log', 'zabra.watermark');
  const host = restarted(disk, ROLLING);
  assert.equal(oldestServed(host), null);
  write(host, 3);
  // Our own begin with the next transaction; whoever has all before it needs nothing else.
  assert.equal(oldestServed(host), 4);
});

test('LogHistory begins anew after Apache has gone on with our log', () => {
  const disk = new MemoryDisk();
  const host = started(disk, ROLLING);
  write(host, 4);
  const watermark = disk.bytes('log', 'zabra.watermark');
  write(host, 2);
  disk.put('log', 'zabra.watermark', watermark);
  const next = restarted(disk, ROLLING);
  assert.ok(next.messages.some((message) => message.includes('another log')));
  write(next, 2);
  assert.equal(oldestServed(next), 6);
});

/**
 * The log ends with the fourth transaction, and a snapshot holds nine: as if a server that leaves
 * its old log in place had received the state of another.
 */
function withSnapshotBeyond(disk: MemoryDisk): void {
  write(started(disk, ROLLING), 4);
  const other = started(new MemoryDisk(), ROLLING);
  write(other, 9);
  assert.ok(other.snapshot());
  other.settle();
  disk.put('snap', 'snapshot.100000009', other.disk.bytes('snap', 'snapshot.100000009'));
}

test('LogHistory uses no file before a hole that zxids do not show, now and ever after', () => {
  const disk = new MemoryDisk();
  withSnapshotBeyond(disk);
  const host = restarted(disk, ROLLING);
  assert.equal(host.storage.lastLoggedZxid, z(1, 9));
  assert.equal(oldestServed(host), null);
  host.await(host.storage.storeAcceptedEpoch(2));
  host.append(20, z(2, 1));
  host.append(20, z(2, 2));
  host.settle();
  assert.equal(serves(host, z(1, 3), z(2, 2)), false);
  assert.equal(serves(host, z(2, 0), z(2, 2)), true);
  assert.equal(readWatermark(disk)?.wholeSinceZxid, z(2, 1));
  assert.ok(host.snapshot());
  host.settle();
  const later = restarted(disk, ROLLING);
  assert.equal(serves(later, z(1, 3), z(2, 2)), false);
  assert.equal(serves(later, z(2, 0), z(2, 2)), true);
});

test('LogHistory uses its files from the first on, over restarts and snapshots', () => {
  const disk = new MemoryDisk();
  const first = started(disk, ROLLING);
  write(first, 5);
  const second = restarted(disk, ROLLING);
  assert.equal(oldestServed(second), 0);
  write(second, 3);
  assert.ok(second.snapshot());
  second.settle();
  write(second, 2);
  const third = restarted(disk, ROLLING);
  assert.equal(oldestServed(third), 0);
  write(third, 1);
  assert.equal(oldestServed(third), 0);
});

test('LogHistory forgets the files that a received snapshot replaces', () => {
  const disk = new MemoryDisk();
  const host = started(disk, ROLLING);
  write(host, 4);
  const { storage } = host;
  host.await(storage.installSnapshot(new Ledger().stream(), z(1, 9), { hi: 0, lo: 1 }));
  host.settle();
  assert.equal(readWatermark(disk)?.wholeSinceZxid, ZXID_MAX);
  host.append(20, z(1, 10));
  host.append(20, z(1, 11));
  host.settle();
  assert.equal(serves(host, z(1, 3), z(1, 11)), false);
  assert.equal(serves(host, z(1, 9), z(1, 11)), true);
});

test('LogHistory uses nothing that was written without syncs before the last start', () => {
  const disk = new MemoryDisk();
  const options = { ...ROLLING, forceSync: false };
  const first = started(disk, options);
  write(first, 4);
  assert.equal(oldestServed(first), 0);
  const second = restarted(disk, options);
  assert.equal(oldestServed(second), null);
  write(second, 3);
  assert.equal(oldestServed(second), 4);
});

test('LogHistory believes no watermark of the first version, which knew of no holes', () => {
  const disk = new MemoryDisk();
  write(started(disk, ROLLING), 4);
  const slot = readWatermark(disk);
  assert.ok(slot !== null);
  const record = writeRecord({ magic: 0x5a424d4b, version: 1, oldestReader: 1 }, (w) => {
    w.number(slot.sequence);
    w.zxid(slot.syncedZxid);
    w.zxid(slot.segmentZxid);
    w.int(slot.segmentChecksum);
    w.zxid(slot.previousSegmentZxid);
    w.zxid(slot.ownSinceZxid);
    w.number(slot.acceptedEpochMax);
  });
  const bytes = new Uint8Array(8192);
  bytes.set(record);
  disk.put('log', 'zabra.watermark', bytes);
  assert.deepEqual(readWatermark(disk), { ...slot, slotIndex: 0, wholeSinceZxid: ZXID_MAX });
  const host = restarted(disk, ROLLING);
  assert.equal(host.storage.ownSinceZxid, z(1, 1));
  assert.equal(oldestServed(host), null);
  write(host, 3);
  assert.equal(oldestServed(host), 4);
});
