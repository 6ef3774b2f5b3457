/**
 * Storage as its user sees it: what comes back after a restart, what is promised when, and what
 * the files are called.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, ZXID_NONE } from '@zabra/protocol';
import {
  appendMany,
  Host,
  type HostOptions,
  Ledger,
  makeTxn,
  restarted,
  started,
} from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';

test('Storage brings back what was appended, in the next process', () => {
  const disk = new MemoryDisk();
  const first = started(disk);
  for (let round = 0; round < 20; round++) {
    appendMany(first, 1, round * 40);
    if (round % 3 === 0) first.turn();
    if (round % 5 === 0) first.completeOne();
  }
  first.settle();
  assert.equal(first.ackedCount, 20);
  const second = restarted(disk);
  assert.deepEqual(second.ledger.entries, first.appended);
  assert.equal(second.storage.lastLoggedZxid, makeZxid(1, 20));
  assert.equal(second.storage.syncedZxid, makeZxid(1, 20));
  assert.deepEqual(disk.list('log').sort(), ['log.100000001', 'zabra.watermark']);
  assert.deepEqual(disk.list('snap').sort(), ['acceptedEpoch', 'currentEpoch', 'snapshot.0']);
});

test('Storage promises nothing on an empty directory before the first snapshot is there', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk);
  assert.equal(host.recover(), null);
  assert.equal(host.storage.isEmpty, true);
  assert.equal(host.storage.snapshotZxid, ZXID_NONE);
  assert.equal(host.storage.wantsSnapshot(), true);
  host.storage.storeAcceptedEpoch(1);
  const current = host.storage.storeCurrentEpoch(1);
  const txn = makeTxn(makeZxid(1, 1), 0);
  host.storage.append(makeZxid(1, 1), txn, 0, txn.length);
  for (let turns = 0; turns < 10; turns++) {
    host.storage.flush();
    host.completeOne();
  }
  assert.equal(host.stored.has(current), false);
  assert.equal(host.storage.syncedZxid, 0);
  assert.deepEqual(disk.list('log'), []);
  assert.equal(host.storage.startSnapshot(new Ledger().stream(), 0, null), true);
  host.settle();
  assert.equal(host.stored.has(current), true);
  assert.equal(host.storage.syncedZxid, makeZxid(1, 1));
  assert.equal(host.storage.isEmpty, false);
});

test('Storage has one write in flight, and what comes meanwhile goes in the next', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 1);
  host.settle();
  const before = disk.done.length;
  appendMany(host, 1);
  host.storage.flush();
  for (let count = 0; count < 50; count++) {
    appendMany(host, 1, 1000);
    host.storage.flush();
  }
  host.settle();
  const writes = disk.done.slice(before).filter((done) => done === 'write log.100000001');
  assert.equal(writes.length, 2);
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage takes only the zxid that follows', () => {
  const host = started(new MemoryDisk());
  appendMany(host, 3);
  const rows: [number, boolean][] = [
    [makeZxid(1, 4), true],
    [makeZxid(1, 3), false],
    [makeZxid(1, 5), false],
    [makeZxid(2, 1), true],
    [makeZxid(7, 1), true],
    [makeZxid(2, 0), false],
    [makeZxid(2, 2), false],
    [makeZxid(0, 9), false],
  ];
  for (const [zxid, follows] of rows) {
    assert.equal(host.storage.follows(zxid), follows, String(zxid));
    const txn = makeTxn(zxid, 0);
    if (!follows)
      assert.throws(() => host.storage.append(zxid, txn, 0, txn.length), /leaves a gap/);
  }
});

test('Storage rolls the log and wants a snapshot between half and all of snapCount', () => {
  for (let seed = 0; seed < 10; seed++) {
    const disk = new MemoryDisk();
    const host = started(disk, { snapCount: 20, seed });
    let count = 0;
    while (!host.storage.wantsSnapshot()) {
      appendMany(host, 1);
      host.storage.flush();
      host.completeOne();
      count++;
      assert.ok(count <= 20, 'too late');
    }
    assert.ok(count > 10, 'too early');
    appendMany(host, 1);
    host.settle();
    const rolled = `log.${makeZxid(1, count + 1).toString(16)}`;
    assert.ok(disk.list('log').includes(rolled), disk.list('log').join(' '));
    assert.ok(host.storage.snapshotZxid > 0);
    assert.deepEqual(restarted(disk).ledger.entries, host.appended);
  }
});

test('Storage rolls by size, with a snapshot and without', () => {
  const rows: [HostOptions, boolean][] = [
    [{ snapSizeLimitBytes: 40_000 }, true],
    [{ txnLogSizeLimitBytes: 20_000 }, false],
  ];
  for (const [options, withSnapshot] of rows) {
    const disk = new MemoryDisk();
    const host = started(disk, options);
    let wanted = 0;
    for (let round = 0; round < 60; round++) {
      appendMany(host, 1, 1000);
      if (host.storage.wantsSnapshot()) wanted++;
      host.settle();
    }
    assert.ok(disk.list('log').length > 3, disk.list('log').join(' '));
    assert.equal(wanted > 0, withSnapshot);
    assert.deepEqual(restarted(disk).ledger.entries, host.appended);
  }
});

test('Storage preallocates log files and lets them grow before they are full', () => {
  const disk = new MemoryDisk();
  const host = started(disk, { preAllocBytes: 8192 });
  appendMany(host, 1);
  host.settle();
  assert.equal(disk.sizeBytes('log', 'log.100000001'), 16 + 8192);
  appendMany(host, 5, 1000);
  host.settle();
  assert.equal(disk.sizeBytes('log', 'log.100000001'), 16 + 2 * 8192);
  appendMany(host, 1, 30_000);
  host.settle();
  assert.equal(disk.sizeBytes('log', 'log.100000001') % 8192, 0);
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage without preallocation or sync writes what it would otherwise', () => {
  const disk = new MemoryDisk();
  const options = { preAllocBytes: 0, forceSync: false };
  const host = started(disk, options);
  appendMany(host, 30);
  host.settle();
  appendMany(host, 30, 5000);
  host.settle();
  const bytes = disk.bytes('log', 'log.100000001');
  assert.equal(bytes.at(-1), 0x42);
  assert.deepEqual(restarted(disk, options).ledger.entries, host.appended);
});

test('Storage takes entries that are larger than a slab', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 2, 1_500_000);
  appendMany(host, 3, 10);
  host.settle();
  appendMany(host, 1, 1_200_000);
  host.settle();
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage ends at the first failed request and speaks no more', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 1);
  const token = host.storage.syncBeforeLeading();
  host.storage.flush();
  const submitted = disk.submittedCount;
  assert.equal(host.storage.onDisk(1_000_000, 'EIO'), 'foreign');
  assert.equal(host.storage.failure, null);
  const inFlight = disk.completeOne(host.prng);
  assert.equal(host.storage.onDisk(inFlight, 'EIO: i/o error, fsync'), 'mine');
  assert.deepEqual(host.storage.failure, { code: 1, message: 'EIO: i/o error, fsync' });
  host.turn();
  assert.equal(host.stored.has(token), false);
  assert.equal(host.storage.syncedZxid, 0);
  assert.equal(disk.submittedCount, submitted);
});

test('Storage settles: all is synced, an unfinished snapshot given up, then it works again', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 10, 500);
  host.settle();
  assert.equal(host.snapshot(), true);
  host.storage.stepWork(100);
  appendMany(host, 5);
  const token = host.storage.settle();
  host.await(token);
  assert.equal(host.storage.syncedZxid, host.storage.lastLoggedZxid);
  assert.deepEqual(
    disk.list('snap').filter((name) => name.startsWith('zabra')),
    [],
  );
  assert.equal(host.storage.snapshotZxid, 0);
  const before = host.appended;
  assert.equal(host.recover(), null);
  assert.deepEqual(host.ledger.entries, before);
  appendMany(host, 2);
  host.settle();
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage keeps epochs, never lowers them, and repairs what a crash left between', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  host.await(host.storage.storeAcceptedEpoch(4));
  assert.throws(() => host.storage.storeAcceptedEpoch(3), /lower/);
  assert.throws(() => host.storage.storeCurrentEpoch(5), /above acceptedEpoch/);
  appendMany(host, 1);
  host.append(3, makeZxid(4, 1));
  host.settle();
  const second = restarted(disk);
  assert.equal(second.storage.acceptedEpoch, 4);
  assert.equal(second.storage.currentEpoch, 4);
  assert.equal(Buffer.from(disk.bytes('snap', 'currentEpoch')).toString(), '4');
});

test('Storage of a standalone server touches no epoch file', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { isEnsemble: false });
  assert.equal(host.recover(), null);
  appendMany(host, 0);
  host.append(10, 1);
  host.append(10);
  host.settle();
  assert.deepEqual(disk.list('snap'), ['snapshot.0']);
  assert.deepEqual(restarted(disk, { isEnsemble: false }).ledger.entries, host.appended);
});
