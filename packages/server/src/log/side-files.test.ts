/**
 * Side files: the watermark, its slots and its signature; the intent; the frame they share; names
 * and epoch files. An interlude of Apache makes them void.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, Prng, ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import { DiskPort } from './disk-port.ts';
import { readEpochs, settleEpochs } from './epoch-files.ts';
import {
  compressionOfName,
  segmentName,
  snapshotName,
  zxidOfSegmentName,
  zxidOfSnapshotName,
} from './file-names.ts';
import { encodeIntent, isOfThisDirectory, readIntent } from './intent.ts';
import { appendMany, Host, Ledger, restarted, started } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { readRecord, writeRecord } from './side-record.ts';
import { whyVoid } from './survey.ts';
import { readWatermark, Watermark, type WatermarkSlot } from './watermark.ts';

const KIND = { magic: 0x41424344, version: 1, oldestReader: 1 };

test('a side record is read by the format before and after, and never when it is damaged', () => {
  const record = writeRecord(KIND, (w) => w.int(42));
  assert.equal(readRecord(KIND, record, 0)?.int(), 42);
  const later = { ...KIND, version: 2 };
  const longer = writeRecord(later, (w) => {
    w.int(42);
    w.string('a field of a later version');
  });
  assert.equal(readRecord(KIND, longer, 0)?.int(), 42);
  assert.equal(readRecord(later, record, 0)?.int(), 42);
  const incompatible = writeRecord({ ...later, oldestReader: 2 }, (w) => w.int(42));
  assert.equal(readRecord(KIND, incompatible, 0), null);
  for (let position = 0; position < record.length; position++) {
    const flipped = record.slice();
    flipped[position] = (flipped[position] as number) ^ 1;
    assert.equal(readRecord(KIND, flipped, 0), null, `flipped at ${position}`);
    assert.equal(readRecord(KIND, record.subarray(0, position), 0), null, `cut at ${position}`);
  }
});

test('Watermark never loses what was synced, wherever the power goes', () => {
  for (let seed = 0; seed < 300; seed++) {
    const prng = new Prng(seed);
    const disk = new MemoryDisk();
    const port = new DiskPort(disk, (request) => disk.submit(request));
    const watermark = new Watermark(port, true);
    watermark.adopt(null, 1);
    watermark.beforeSegment(5, 77, ZXID_NONE, 4);
    port.onDisk(disk.completeOne(prng), null);
    let durable = 4;
    let zxid = 4;
    for (let round = prng.below(60); round > 0; round--) {
      watermark.onSynced(++zxid);
      watermark.flush(prng.chance(1, 2));
      if (prng.chance(1, 4)) {
        const raised = zxid;
        watermark.settle(() => {
          durable = raised;
        });
      }
      if (prng.chance(2, 3) && disk.pendingCount > 0) port.onDisk(disk.completeOne(prng), null);
    }
    disk.cutPower(prng);
    const slot = readWatermark(disk);
    assert.ok(slot !== null, `seed ${seed}`);
    assert.ok(slot.syncedZxid >= durable && slot.syncedZxid <= zxid, `seed ${seed}`);
    assert.deepEqual([slot.segmentZxid, slot.segmentChecksum, slot.ownSinceZxid], [5, 77, 5]);
  }
});

test('Watermark is written after each sync when idle, seldom under load, synced at last', () => {
  const disk = new MemoryDisk();
  const port = new DiskPort(disk, (request) => disk.submit(request));
  const prng = new Prng(1);
  const complete = () => {
    while (disk.pendingCount > 0) port.onDisk(disk.completeOne(prng), null);
  };
  const watermark = new Watermark(port, true);
  watermark.adopt(null, 0);
  watermark.beforeSegment(1, 1, ZXID_NONE, 0);
  complete();
  watermark.onSynced(1);
  watermark.flush(false);
  complete();
  assert.equal(readWatermark(disk)?.syncedZxid, 1);
  const before = disk.submittedCount;
  for (let zxid = 2; zxid < 82; zxid++) {
    watermark.onSynced(zxid);
    watermark.flush(true);
    complete();
  }
  assert.equal(disk.submittedCount - before, 10);
  for (let turn = 0; turn < 60; turn++) {
    watermark.flush(false);
    complete();
  }
  disk.cutPower(prng);
  assert.equal(readWatermark(disk)?.syncedZxid, 81);
});

test('Watermark claims nothing when writes are not synced', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { isEnsemble: false, forceSync: false });
  assert.equal(host.recover(), null);
  host.append(10, 1);
  host.settle();
  assert.equal(readWatermark(disk)?.syncedZxid, ZXID_NONE);
});

test('whyVoid finds an interlude of another server in the signature', () => {
  const slot: WatermarkSlot = {
    slotIndex: 0,
    sequence: 3,
    syncedZxid: 12,
    segmentZxid: 10,
    segmentChecksum: 99,
    previousSegmentZxid: 4,
    ownSinceZxid: 4,
    acceptedEpochMax: 2,
    wholeSinceZxid: 4,
  };
  const same = { segmentZxid: 10, segmentChecksum: 99, previousSegmentZxid: 4 };
  const rows: [string, Partial<typeof same>, number, boolean][] = [
    ['the same log', {}, 2, false],
    ['an older epoch', {}, 1, false],
    ['a newer epoch than it knows', {}, 3, true],
    ['a newer log file', { segmentZxid: 13 }, 2, true],
    ['another first entry', { segmentChecksum: 98 }, 2, true],
    ['a first entry that is not whole', { segmentChecksum: 0 }, 2, false],
    ['its newest file missing', { segmentZxid: 4, segmentChecksum: 1 }, 2, false],
  ];
  for (const [name, change, epoch, isVoid] of rows) {
    assert.equal(whyVoid(slot, { ...same, ...change }, epoch) !== null, isVoid, name);
  }
});

test('Storage believes no watermark after Apache has written to the directory', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { isEnsemble: false });
  assert.equal(host.recover(), null);
  for (let zxid = 1; zxid < 9; zxid++) host.append(30, zxid);
  host.settle();
  // Apache's server goes on in a new file, and its last entry is torn.
  const other = new Host(new MemoryDisk(), { isEnsemble: false });
  assert.equal(other.recover(), null);
  for (let zxid = 1; zxid < 12; zxid++) other.append(30, zxid);
  other.settle();
  const whole = other.disk.bytes('log', 'log.1');
  const entryBytes = 13 + 36 + 30;
  const foreign = new Uint8Array(16 + 2 * entryBytes + 20);
  foreign.set(whole.subarray(0, 16));
  foreign.set(whole.subarray(16 + 8 * entryBytes, 16 + 10 * entryBytes + 20), 16);
  disk.put('log', 'log.9', foreign);
  const next = new Host(disk, { isEnsemble: false });
  assert.equal(next.recover(), null, next.messages.join('\n'));
  assert.equal(next.ledger.entries.length, 10);
  assert.equal(next.storage.ownSinceZxid, ZXID_MAX);
  assert.ok(next.messages.some((message) => message.includes('watermark')));
});

test('Storage believes its watermark after an epoch that it accepted itself', () => {
  for (let requests = 0; requests < 4; requests++) {
    const disk = new MemoryDisk();
    const host = started(disk);
    appendMany(host, 5);
    host.settle();
    host.storage.storeAcceptedEpoch(7);
    for (let request = requests; request > 0; request--) host.completeOne();
    disk.cutPower(new Prng(requests));
    const next = restarted(disk);
    assert.equal(next.storage.ownSinceZxid, makeZxid(1, 1));
    assert.ok([1, 7].includes(next.storage.acceptedEpoch));
    next.await(next.storage.storeAcceptedEpoch(8));
    assert.equal(restarted(disk).storage.ownSinceZxid, makeZxid(1, 1));
  }
});

test('an intent is void when the directory holds what it does not know', () => {
  const intent = {
    kind: 'truncate',
    zxid: 5,
    keptSegmentZxid: 1,
    keptBytes: 300,
    isWatermarked: true,
    segmentNames: ['log.1', 'log.6'],
    snapshotNames: ['snapshot.0', 'snapshot.7'],
  } as const;
  const disk = new MemoryDisk();
  disk.put('snap', 'zabra.intent', encodeIntent(intent));
  assert.deepEqual(readIntent(disk), intent);
  const rows: [string[], string[], boolean][] = [
    [['log.1', 'log.6', 'zabra.watermark'], ['snapshot.0', 'snapshot.7', 'zabra.intent'], true],
    [['log.1'], ['snapshot.0'], true],
    [['log.1', 'log.9'], ['snapshot.0'], false],
    [['log.1'], ['snapshot.0', 'snapshot.9'], false],
  ];
  for (const [log, snap, isValid] of rows) {
    assert.equal(isOfThisDirectory(intent, log, snap), isValid);
  }
  disk.put('snap', 'zabra.intent', encodeIntent(intent).subarray(0, 40));
  assert.equal(readIntent(disk), null);
});

test('a received snapshot without its intent is thrown away', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { isEnsemble: false });
  assert.equal(host.recover(), null);
  host.append(30, 1);
  host.settle();
  disk.put('snap', 'zabra.received', Uint8Array.of(1, 2, 3));
  disk.put('snap', 'zabra.snapshot', Uint8Array.of(1, 2, 3));
  const next = new Host(disk, { isEnsemble: false });
  assert.equal(next.recover(), null);
  assert.deepEqual(next.ledger.entries, host.appended);
  assert.deepEqual(disk.list('snap'), ['snapshot.0']);
});

test('names give the zxid that Apache reads out of them', () => {
  const rows: [string, number][] = [
    ['snapshot.0', 0],
    ['snapshot.4b', 0x4b],
    ['snapshot.4B.tmp', 0x4b],
    ['snapshot.004b.gz', 0x4b],
    ['snapshot.+4b', 0x4b],
    ['snapshot.100000002', makeZxid(1, 2)],
    ['snapshot.ffffffffffffffff', ZXID_NONE],
    ['snapshot.-4b', ZXID_NONE],
    ['snapshot.notes', ZXID_NONE],
    ['snapshot.', ZXID_NONE],
    ['snapshot', ZXID_NONE],
    ['log.4b', ZXID_NONE],
    ['zabra.snapshot', ZXID_NONE],
    ['snapshot.7fffffffffffffff', ZXID_MAX],
    ['snapshot.00000000000000000000004b', 0x4b],
    ['snapshot.12345678901234567', ZXID_NONE],
  ];
  for (const [name, zxid] of rows) assert.equal(zxidOfSnapshotName(name), zxid, name);
  assert.equal(zxidOfSegmentName('log.4c.fixed'), 0x4c);
  assert.equal(segmentName(makeZxid(2, 16)), 'log.200000010');
  assert.equal(snapshotName(0), 'snapshot.0');
  assert.equal(compressionOfName('snapshot.4b.GZ'), 'gz');
  assert.equal(compressionOfName('snapshot.4b.snappy'), 'snappy');
  assert.equal(compressionOfName('snapshot.4b'), 'none');
});

test('epoch files are a number, with a line end at most', () => {
  const rows: [string, number | null][] = [
    ['7', 7],
    ['7\n', 7],
    ['7\nrubbish', 7],
    ['', null],
    ['7 ', null],
    [' 7', null],
    ['-1', null],
    ['2097152', null],
    ['x', null],
  ];
  for (const [text, wanted] of rows) {
    const disk = new MemoryDisk();
    disk.put('snap', 'acceptedEpoch', Buffer.from(text));
    const found = readEpochs(disk);
    if (wanted === null) assert.equal(typeof found, 'string', JSON.stringify(text));
    else assert.deepEqual(found, { accepted: wanted, current: null }, JSON.stringify(text));
  }
});

test('settleEpochs repairs what a crash explains and refuses the rest', () => {
  const last = makeZxid(5, 3);
  const rows: [number | null, number | null, { accepted: number; current: number } | null][] = [
    [null, null, { accepted: 5, current: 5 }],
    [null, 7, { accepted: 7, current: 7 }],
    [6, null, { accepted: 6, current: 5 }],
    [6, 5, { accepted: 6, current: 5 }],
    [6, 4, { accepted: 6, current: 5 }],
    [5, 4, { accepted: 5, current: 5 }],
    [4, 4, null],
    [5, 6, null],
  ];
  for (const [accepted, current, wanted] of rows) {
    const found = settleEpochs({ accepted, current }, last);
    if (wanted === null) assert.equal(typeof found, 'string', `${accepted} ${current}`);
    else assert.deepEqual(found, wanted, `${accepted} ${current}`);
  }
  assert.deepEqual(settleEpochs({ accepted: null, current: null }, ZXID_NONE), {
    accepted: 0,
    current: 0,
  });
});

test('Storage refuses directories that are mixed up, without history, or unreadable', () => {
  const rows: [string, (disk: MemoryDisk) => void, number, RegExp][] = [
    [
      'a snapshot in the log directory',
      (d) => d.put('log', 'snapshot.1', Buffer.from('')),
      3,
      /log/,
    ],
    ['a log in the snapshot directory', (d) => d.put('snap', 'log.1', Buffer.from('')), 3, /snap/],
    [
      'an epoch that is no number',
      (d) => d.put('snap', 'currentEpoch', Buffer.from('a')),
      1,
      /"a"/,
    ],
    ['epochs and nothing else', (d) => d.put('snap', 'currentEpoch', Buffer.from('3')), 1, /lost/],
    ['torn snapshots alone', (d) => d.put('snap', 'snapshot.9', Buffer.from('ZK')), 1, /lost/],
    [
      'an epoch out of range',
      (d) => d.put('log', 'log.7fffffffffffffff', Buffer.from('')),
      1,
      /epoch/,
    ],
  ];
  for (const [name, damage, code, message] of rows) {
    const disk = new MemoryDisk();
    damage(disk);
    const host = new Host(disk);
    assert.notEqual(host.recover(), null, name);
    assert.equal(host.storage.failure?.code, code, name);
    assert.match(host.storage.failure?.message ?? '', message, name);
    assert.equal(disk.submittedCount, 0, name);
  }
});

test('Storage without leave to make a history has no zxid, until it receives one', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { dbAutocreate: false });
  assert.equal(host.recover(), null);
  assert.equal(host.storage.lastLoggedZxid, ZXID_NONE);
  assert.equal(host.storage.wantsSnapshot(), false);
  host.storage.storeAcceptedEpoch(4);
  const received = new Ledger();
  received.entries = ['1:2'];
  const token = host.storage.installSnapshot(received.stream(), makeZxid(3, 9), null);
  host.await(token);
  assert.equal(host.storage.lastLoggedZxid, makeZxid(3, 9));
  const withMarker = new Host(new MemoryDisk(), { dbAutocreate: false, initializeMarker: true });
  assert.equal(withMarker.recover(), null);
  assert.equal(withMarker.storage.lastLoggedZxid, 0);
});
