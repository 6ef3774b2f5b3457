/**
 * Storage taking over a leader's history: TRUNC, which cuts, and SNAP, which replaces everything.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, ZXID_NONE } from '@zabra/protocol';
import { appendMany, type Host, Ledger, makeTxn, restarted, started } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';

test('Storage cuts its history on TRUNC, snapshots included', () => {
  const disk = new MemoryDisk();
  const host = started(disk, { snapCount: 20 });
  for (let round = 0; round < 50; round++) {
    appendMany(host, 1);
    host.settle();
  }
  assert.ok(disk.list('snap').filter((name) => name.startsWith('snapshot.')).length > 2);
  const wanted = host.appended.slice(0, 17);
  host.await(host.storage.settle());
  assert.equal(host.storage.truncate(makeZxid(1, 17)), 'started');
  host.settle();
  assert.deepEqual(host.truncations, [true]);
  assert.equal(host.recover(), null);
  assert.deepEqual(host.ledger.entries, wanted);
  assert.equal(host.storage.lastLoggedZxid, makeZxid(1, 17));
  for (const name of disk.list('snap').filter((other) => other.startsWith('snapshot.'))) {
    assert.ok(Number.parseInt(name.slice(9), 16) <= makeZxid(1, 17), name);
  }
  appendMany(host, 4);
  host.settle();
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage does not guess what TRUNC could mean', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 5);
  host.await(host.storage.storeAcceptedEpoch(3));
  host.append(1, makeZxid(3, 1));
  host.settle();
  host.await(host.storage.settle());
  for (const zxid of [ZXID_NONE, makeZxid(3, 2), makeZxid(9, 0)]) {
    assert.equal(host.storage.truncate(zxid), 'impossible', String(zxid));
  }
  // Within the range, but no entry of this log.
  assert.equal(host.storage.truncate(makeZxid(2, 3)), 'started');
  host.settle();
  assert.deepEqual(host.truncations, [false]);
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
  // The mark of an epoch is no entry: all above it goes.
  assert.equal(host.storage.truncate(makeZxid(3, 0)), 'started');
  host.settle();
  assert.deepEqual(host.truncations, [false, true]);
  assert.deepEqual(restarted(disk).ledger.entries, host.appended.slice(0, 5));
});

/** A host with a purge and a log file that is being created under way. */
function busy(disk: MemoryDisk): Host {
  const host = started(disk, { snapCount: 8 });
  for (let round = 0; round < 60; round++) {
    appendMany(host, 1);
    host.settle();
  }
  host.await(host.storage.settle());
  assert.equal(host.recover(), null);
  appendMany(host, 3, 2000);
  host.storage.flush();
  host.storage.purge(3);
  return host;
}

test('Storage lets what runs come to its end before it recovers', () => {
  const disk = new MemoryDisk();
  const host = busy(disk);
  const whole = host.appended;
  host.snapshot();
  host.storage.stepWork(50);
  assert.equal(host.recover(), null);
  assert.deepEqual(host.ledger.entries, whole);
});

test('Storage lets what runs come to its end before it truncates', () => {
  const disk = new MemoryDisk();
  const host = busy(disk);
  const whole = host.appended;
  assert.equal(host.storage.truncate(makeZxid(1, 59)), 'started');
  const txn = makeTxn(makeZxid(1, 64), 0);
  assert.throws(() => host.storage.append(makeZxid(1, 64), txn, 0, txn.length), /is cut/);
  for (let turn = 0; turn < 5; turn++) host.storage.stepWork(1 << 20);
  host.settle();
  assert.deepEqual(host.truncations, [true]);
  assert.equal(host.recover(), null);
  assert.deepEqual(host.ledger.entries, whole.slice(0, 59));
});

test('Storage refuses TRUNC when the only base below it is damaged, and changes nothing', () => {
  const disk = new MemoryDisk();
  const host = started(disk, { snapCount: 10 });
  for (let round = 0; round < 12; round++) {
    appendMany(host, 1);
    host.settle();
  }
  assert.ok(host.storage.snapshotZxid > makeZxid(1, 2));
  host.await(host.storage.settle());
  const base = disk.bytes('snap', 'snapshot.0');
  base[20] = 0xff;
  disk.put('snap', 'snapshot.0', base);
  assert.equal(host.storage.truncate(makeZxid(1, 2)), 'started');
  host.settle();
  assert.deepEqual(host.truncations, [false]);
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});

test('Storage replaces everything by a received snapshot', () => {
  const disk = new MemoryDisk();
  const host = started(disk, { snapCount: 10 });
  for (let round = 0; round < 25; round++) {
    appendMany(host, 1);
    host.settle();
  }
  host.await(host.storage.settle());
  host.await(host.storage.storeAcceptedEpoch(3));
  const received = new Ledger();
  received.entries = ['1:1', '2:2', '3:3'];
  const zxid = makeZxid(2, 9);
  const token = host.storage.installSnapshot(received.stream(), zxid, { hi: 1, lo: 2 });
  assert.equal(host.storage.lastLoggedZxid, zxid);
  const next = makeTxn(makeZxid(3, 1), 5);
  host.storage.append(makeZxid(3, 1), next, 0, next.length);
  assert.equal(host.storage.syncedZxid, ZXID_NONE);
  host.await(token);
  host.settle();
  assert.equal(host.storage.syncedZxid, makeZxid(3, 1));
  assert.deepEqual(disk.list('log').sort(), ['log.300000001', 'zabra.watermark']);
  assert.deepEqual(disk.list('snap').sort(), [
    'acceptedEpoch',
    'currentEpoch',
    'snapshot.200000009',
  ]);
  const second = restarted(disk);
  assert.deepEqual(second.ledger.entries.slice(0, 3), received.entries);
  assert.equal(second.ledger.entries.length, 4);
  assert.equal(second.storage.currentEpoch, 3);
});

test('Storage keeps the old history when a role ends before the received one is whole', () => {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 8);
  host.settle();
  const received = new Ledger();
  received.entries = Array.from({ length: 500 }, (_, index) => `${index}:9`);
  const token = host.storage.installSnapshot(received.stream(), makeZxid(2, 9), null);
  host.storage.stepWork(200);
  host.completeOne();
  const next = makeTxn(makeZxid(2, 10), 5);
  host.storage.append(makeZxid(2, 10), next, 0, next.length);
  host.await(host.storage.settle());
  assert.equal(host.stored.has(token), false);
  assert.equal(host.storage.lastLoggedZxid, makeZxid(1, 8));
  const before = host.appended;
  assert.equal(host.recover(), null);
  assert.deepEqual(host.ledger.entries, before);
  appendMany(host, 1);
  host.settle();
  assert.deepEqual(restarted(disk).ledger.entries, host.appended);
});
