/**
 * Older history out of log files, for a learner: what a cursor gives, where it stops, and what
 * happens to the files meanwhile.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid } from '@zabra/protocol';
import {
  appendMany,
  entryOf,
  type Host,
  type HostOptions,
  restarted,
  started,
} from './ledger.test-kit.ts';
import type { LogCursor } from './log-cursor.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';

const z = makeZxid;
/** Two entries are in the first file, and each one that follows has a file of its own. */
const ROLLING: HostOptions = { txnLogSizeLimitBytes: 1, preAllocBytes: 0 };

/** So many entries, one after another. */
function write(host: Host, count: number): void {
  for (let index = 0; index < count; index++) {
    appendMany(host, 1);
    host.settle();
  }
}

/** What the cursor gives up to and with `until`; waits for the disk whenever it has to. */
function drain(host: Host, cursor: LogCursor, until: number): string[] {
  const found: string[] = [];
  for (let turns = 0; turns < 10_000; turns++) {
    while (cursor.next()) {
      found.push(entryOf(cursor.buffer, cursor.start, cursor.end));
      if (cursor.zxid === until) return found;
    }
    if (cursor.state !== 'found' && cursor.state !== 'searching') return found;
    host.completeOne();
  }
  assert.fail(`neither an end nor a failure: ${cursor.state}`);
}

function open(host: Host, after: number, until = host.storage.syncedZxid): LogCursor {
  const cursor = host.storage.openHistory(after, until);
  assert.ok(cursor !== null, `no cursor behind ${after}`);
  return cursor;
}

/** Opens, and waits until it is known whether the zxid is there. */
function search(host: Host, after: number, until = host.storage.syncedZxid): LogCursor {
  const cursor = open(host, after, until);
  while (cursor.state === 'searching') assert.ok(host.completeOne(), 'it waits for nothing');
  return cursor;
}

test('LogCursor gives what is behind each zxid, whole, in order, across files', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 10);
  const last = host.storage.syncedZxid;
  for (let after = z(1, 0); after < last; after++) {
    const cursor = search(host, after);
    assert.equal(cursor.state, 'found');
    assert.ok(cursor.reach(last));
    assert.deepEqual(drain(host, cursor, last), host.appended.slice(after - z(1, 0)));
    cursor.close();
  }
});

test('LogCursor takes an epoch mark for all before it, and no zxid that is not there', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 4);
  host.append(9, z(3, 1));
  host.append(9, z(3, 2));
  host.settle();
  const last = z(3, 2);
  const rows: [number, string, number][] = [
    [z(1, 0), 'found', 6],
    [z(1, 4), 'found', 2],
    [z(2, 0), 'found', 2],
    [z(3, 0), 'found', 2],
    [z(3, 1), 'found', 1],
    // Tails that another leader never committed, and a history of another ensemble.
    [z(1, 5), 'absent', 0],
    [z(2, 3), 'absent', 0],
  ];
  for (const [after, state, count] of rows) {
    const cursor = search(host, after);
    assert.equal(cursor.state, state, `behind ${after}`);
    assert.equal(drain(host, cursor, last).length, count);
    cursor.close();
  }
  // Older than all files, by more than one.
  assert.equal(host.storage.openHistory(z(0, 7), last), null);
});

test('LogCursor reads entries that are longer than a window, and than a read', () => {
  const host = started(new MemoryDisk());
  for (const bytes of [10, 300_000, 5, 1_500_000, 262_144 - 50, 7]) {
    host.append(bytes, host.storage.lastLoggedZxid === 0 ? z(1, 1) : undefined);
    host.settle();
  }
  const cursor = search(host, z(1, 1));
  assert.deepEqual(drain(host, cursor, z(1, 6)), host.appended.slice(1));
});

test('LogCursor asks for no more than is wanted', () => {
  const host = started(new MemoryDisk());
  for (let count = 0; count < 12; count++) {
    host.append(100_000, count === 0 ? z(1, 1) : undefined);
  }
  host.settle();
  const cursor = search(host, z(1, 1));
  const before = host.disk.submittedCount;
  host.settle();
  assert.equal(host.disk.submittedCount, before);
  assert.ok(cursor.next());
  assert.ok(host.disk.submittedCount <= before + 1);
  drain(host, cursor, z(1, 12));
  assert.ok(host.disk.submittedCount - before < 12);
});

test('LogCursor goes on in files that come while it reads', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 4);
  const cursor = search(host, z(1, 1));
  write(host, 4);
  assert.ok(cursor.reach(z(1, 8)));
  assert.deepEqual(drain(host, cursor, z(1, 8)), host.appended.slice(1));
});

test('LogCursor believes no end that it read before the log went on', () => {
  for (const preAllocBytes of [0, 8192]) {
    const host = started(new MemoryDisk(), { preAllocBytes });
    write(host, 3);
    const cursor = search(host, z(1, 1));
    // The window has all that there was, and the file goes on.
    write(host, 5);
    assert.ok(cursor.reach(z(1, 8)));
    assert.deepEqual(drain(host, cursor, z(1, 8)), host.appended.slice(1));
  }
});

test('LogCursor takes the end of a file from behind what was written last into it', () => {
  // The next file begins an epoch: a missing end would look like a whole history.
  for (const preAllocBytes of [0, 8192]) {
    const host = started(new MemoryDisk(), { preAllocBytes, txnLogSizeLimitBytes: 20_000 });
    write(host, 3);
    const cursor = search(host, z(1, 1));
    while (host.disk.sizeBytes('log', 'log.100000001') <= 20_000) {
      host.append(3000);
      host.settle();
    }
    write(host, 1);
    host.append(20, z(2, 1));
    host.settle();
    assert.ok(host.disk.list('log').includes('log.200000001'));
    assert.ok(cursor.reach(z(2, 1)));
    assert.deepEqual(drain(host, cursor, z(2, 1)), host.appended.slice(1));
  }
});

test('LogCursor reaches what is synced, and nothing else', () => {
  const host = started(new MemoryDisk());
  write(host, 3);
  appendMany(host, 1);
  assert.equal(host.storage.openHistory(z(1, 1), z(1, 4)), null);
  const cursor = search(host, z(1, 1), z(1, 3));
  assert.equal(cursor.reach(z(1, 4)), false);
  host.settle();
  assert.ok(cursor.reach(z(1, 4)));
  assert.equal(drain(host, cursor, z(1, 4)).length, 3);
});

test('LogCursor ends at a gap, and none begins there any more', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 8);
  host.disk.delete('log', 'log.100000003');
  const cursor = search(host, z(1, 1));
  assert.deepEqual(drain(host, cursor, z(1, 8)), host.appended.slice(1, 2));
  assert.equal(cursor.state, 'failed');
  assert.match(cursor.failure, /in "log.100000004": zxid 0x100000004 comes after 0x100000002/);
  cursor.close();
  assert.equal(host.storage.openHistory(z(1, 1), z(1, 8)), null);
  assert.equal(host.storage.openHistory(z(1, 3), z(1, 8)), null);
  assert.equal(search(host, z(1, 4)).state, 'found');
  assert.equal(host.storage.failure, null);
});

test('LogCursor ends at rotten bytes, a lost end and a file that is no log', () => {
  const rows: [string, (bytes: Uint8Array) => Uint8Array, RegExp][] = [
    ['a flipped bit', flipped(-20), /checksum of an entry is wrong/],
    ['a wrong magic', flipped(0), /does not start as a transaction log/],
    ['a file of nothing', (bytes) => bytes.subarray(0, 3), /shorter than a header/],
    ['an entry cut off', (bytes) => bytes.subarray(0, bytes.length - 9), /inside an entry/],
    ['an end of zeros', (bytes) => bytes.fill(0, 16), /comes after/],
    ['an impossible length', lengthened, /length of/],
  ];
  for (const [name, change, wanted] of rows) {
    const host = started(new MemoryDisk(), ROLLING);
    write(host, 6);
    host.disk.put('log', 'log.100000004', change(host.disk.bytes('log', 'log.100000004')));
    const cursor = search(host, z(1, 1));
    assert.deepEqual(drain(host, cursor, z(1, 6)), host.appended.slice(1, 3), name);
    assert.match(cursor.failure, wanted, name);
    cursor.close();
    assert.equal(host.storage.openHistory(z(1, 2), z(1, 6)), null, name);
  }
});

function flipped(at: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] as number) ^ 0x10;
    return bytes;
  };
}

function lengthened(bytes: Uint8Array): Uint8Array {
  bytes[16 + 8] = 0x7f;
  return bytes;
}

test('LogCursor ends when the disk cannot be read, and the server goes on', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 4);
  const cursor = open(host, z(1, 1));
  const token = host.disk.completeOne(host.prng);
  assert.equal(host.storage.onDisk(token, 'EIO: i/o error, read'), 'mine');
  assert.equal(cursor.state, 'failed');
  assert.match(cursor.failure, /"log.100000001": EIO/);
  assert.equal(host.storage.failure, null);
  write(host, 1);
  assert.equal(host.ackedCount, 5);
});

/** A log of many files, and as many snapshots, so that purging has something to do. */
function purgeable(): Host {
  const host = started(new MemoryDisk(), ROLLING);
  for (let round = 0; round < 6; round++) {
    write(host, 2);
    assert.ok(host.snapshot());
    host.settle();
  }
  return host;
}

test('Storage purges no log file that is read or lies behind one', () => {
  const host = purgeable();
  const names = host.disk.list('log');
  const cursor = search(host, z(1, 1));
  host.storage.purge(3);
  host.settle();
  assert.deepEqual(host.disk.list('log'), names);
  assert.deepEqual(drain(host, cursor, z(1, 12)), host.appended.slice(1));
  // It has come to the last file: older ones may go.
  host.storage.purge(3);
  host.settle();
  assert.ok(!host.disk.list('log').includes('log.100000001'));
  cursor.close();
});

test('Storage begins no cursor while files are removed', () => {
  const host = purgeable();
  host.storage.purge(3);
  assert.equal(host.storage.openHistory(z(1, 10), z(1, 12)), null);
  host.settle();
  assert.equal(host.storage.openHistory(z(1, 1), z(1, 12)), null);
  assert.equal(search(host, z(1, 10)).state, 'found');
});

test('Storage closes cursors before it changes the history', () => {
  const disk = new MemoryDisk();
  const host = started(disk, ROLLING);
  write(host, 4);
  const cursor = search(host, z(1, 1));
  assert.equal(host.storage.truncate(z(1, 3)), 'started');
  assert.equal(cursor.state, 'closed');
  assert.equal(cursor.next(), false);
  assert.equal(host.storage.openHistory(z(1, 1), z(1, 3)), null);
  host.settle();
  const next = restarted(disk, ROLLING);
  assert.deepEqual(drain(next, search(next, z(1, 1)), z(1, 3)), host.appended.slice(1, 3));
});

test('Storage closes cursors when a role ends', () => {
  const host = started(new MemoryDisk(), ROLLING);
  write(host, 4);
  const cursor = open(host, z(1, 1));
  host.await(host.storage.settle());
  assert.equal(cursor.state, 'closed');
});
