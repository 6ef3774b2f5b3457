/**
 * autopurge, row by row as Apache decides (storage-and-config.md 10.2), and as Storage does it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, Prng } from '@zabra/protocol';
import { Host } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { planPurge } from './retention.ts';
import { SnapshotTrigger } from './snapshot-trigger.ts';

const WHOLE = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x2f]);
const GZIP = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);

interface Row {
  readonly name: string;
  readonly snapshots: readonly string[];
  readonly damaged?: readonly string[];
  readonly logs: readonly string[];
  readonly others?: readonly string[];
  readonly retainCount: number;
  readonly gone: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'keeps the newest snapshots and the logs that the oldest of them needs',
    snapshots: ['snapshot.0', 'snapshot.10', 'snapshot.20', 'snapshot.30', 'snapshot.40'],
    logs: ['log.1', 'log.11', 'log.1f', 'log.22', 'log.33', 'log.44'],
    retainCount: 3,
    gone: ['snapshot.0', 'snapshot.10', 'log.1', 'log.11'],
  },
  {
    name: 'never keeps fewer than three',
    snapshots: ['snapshot.1', 'snapshot.2', 'snapshot.3', 'snapshot.4'],
    logs: ['log.1'],
    retainCount: 1,
    gone: ['snapshot.1'],
  },
  {
    name: 'removes nothing while there are no more than it keeps',
    snapshots: ['snapshot.1', 'snapshot.2', 'snapshot.3'],
    logs: ['log.1', 'log.2'],
    retainCount: 3,
    gone: [],
  },
  {
    name: 'counts only snapshots that pass the quick test, and keeps damaged newer ones',
    snapshots: ['snapshot.1', 'snapshot.2', 'snapshot.3', 'snapshot.4', 'snapshot.0'],
    damaged: ['snapshot.9'],
    logs: ['log.1', 'log.2'],
    retainCount: 4,
    gone: ['snapshot.0'],
  },
  {
    name: 'removes nothing without a good snapshot',
    snapshots: [],
    damaged: ['snapshot.1', 'snapshot.2', 'snapshot.3', 'snapshot.4'],
    logs: ['log.1', 'log.2'],
    retainCount: 3,
    gone: [],
  },
  {
    name: 'removes names that start right and have no zxid, and no others',
    snapshots: ['snapshot.5', 'snapshot.6', 'snapshot.7'],
    logs: ['log.6'],
    others: ['snapshot.notes', 'log.bak', 'notes', 'acceptedEpoch', 'zabra.snapshot', 'snapshots'],
    retainCount: 3,
    gone: ['snapshot.notes', 'log.bak'],
  },
];

for (const row of rows) {
  test(`planPurge ${row.name}`, () => {
    const disk = new MemoryDisk();
    for (const name of row.snapshots) disk.put('snap', name, WHOLE);
    for (const name of row.damaged ?? []) disk.put('snap', name, Buffer.from('ZKSN'));
    for (const name of row.logs) disk.put('log', name, Buffer.from('ZKLG'));
    for (const name of row.others ?? []) {
      disk.put(name.startsWith('log') ? 'log' : 'snap', name, Buffer.from(''));
    }
    const { snapshotNames, segmentNames } = planPurge(disk, row.retainCount);
    assert.deepEqual([...snapshotNames, ...segmentNames].sort(), [...row.gone].sort());
  });
}

test('planPurge takes a compressed snapshot for whole by its first bytes', () => {
  const disk = new MemoryDisk();
  for (const zxid of ['1', '2', '3', '4']) disk.put('snap', `snapshot.${zxid}.gz`, GZIP);
  assert.deepEqual(planPurge(disk, 3).snapshotNames, ['snapshot.1.gz']);
});

test('Storage purges and still recovers, whenever the power goes', () => {
  for (let crash = 0; crash < 24; crash++) {
    const disk = new MemoryDisk();
    const host = new Host(disk, { isEnsemble: false, snapCount: 8, seed: crash });
    assert.equal(host.recover(), null);
    for (let zxid = 1; zxid <= 80; zxid++) {
      host.append(50, zxid);
      host.settle();
    }
    const isSnapshot = (name: string) => name.startsWith('snapshot.');
    assert.ok(disk.list('snap').filter(isSnapshot).length > 6);
    host.storage.purge(3);
    for (let request = crash % 3; request > 0; request--) host.completeOne();
    disk.cutPower(new Prng(crash));
    const next = new Host(disk, { isEnsemble: false });
    assert.equal(next.recover(), null, next.messages.join('\n'));
    assert.deepEqual(next.ledger.entries, host.appended);
    next.storage.purge(3);
    next.settle();
    assert.equal(disk.list('snap').filter(isSnapshot).length, 3);
    const last = new Host(disk, { isEnsemble: false });
    assert.equal(last.recover(), null);
    assert.deepEqual(last.ledger.entries, host.appended);
  }
});

test('SnapshotTrigger stays within its limits and below none of them', () => {
  for (const [snapCount, least, most] of [
    [100, 51, 100],
    [2, 2, 2],
    [0, 2, 2],
    [3, 2, 2],
  ] as const) {
    for (let seed = 0; seed < 200; seed++) {
      const trigger = new SnapshotTrigger(snapCount, -1, new Prng(seed));
      let count = 1;
      while (!trigger.onAppend(0)) count++;
      assert.ok(count >= least && count <= most, `${snapCount}: ${count}`);
    }
  }
  const trigger = new SnapshotTrigger(1_000_000, 1 << 20, new Prng(1));
  assert.equal(trigger.onAppend(1 << 19), false);
  assert.equal(trigger.onAppend(1 << 20), true);
  assert.equal(new SnapshotTrigger(10, 0, new Prng(1)).onAppend(makeZxid(1, 0)), false);
});
