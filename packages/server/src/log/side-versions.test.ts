/**
 * Side files of other versions (ADR 19): each by name, from the future, from the past, and rubbish.
 * What can be done without is set aside with one line and made anew, what cannot ends the start and
 * says what to do, and what is not ours to know stays where it is.
 */

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { crc32, type JuteWriter, makeZxid, ZXID_MAX } from '@zabra/protocol';
import { encodeIntent, readIntent, whyIntentUnread } from './intent.ts';
import { appendMany, Host, restarted, started } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { writeRecord } from './side-record.ts';
import { readWatermark, whyWatermarkUnread } from './watermark.ts';

const WATERMARK = 0x5a424d4b;
const INTENT = 0x5a42494e;
const SLOT_BYTES = 4096;
/** There was no format before 1. */
const AGE = { version: 0, oldestReader: 0 };

/** Files as format 1 has them, byte by byte: every later version must read these. */
const FIRST = {
  watermark:
    '5a424d4b 00000001 00000001 00000034 0000000000000007 0000000100000009 0000000100000001 ' +
    '12345678 ffffffffffffffff 0000000100000001 0000000000000001',
  intent:
    '5a42494e 00000001 00000001 00000044 00000001 0000000100000005 0000000100000001 ' +
    '000000000000012c 01 00000001 0000000d 6c6f672e313030303030303031 00000001 0000000a ' +
    '736e617073686f742e30',
} as const;

/** With the checksum behind it. */
function sealed(hex: string): Buffer {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const seal = Buffer.alloc(4);
  seal.writeInt32BE(crc32(bytes, 0, bytes.length) | 0);
  return Buffer.concat([bytes, seal]);
}

/** A record of a later format; `oldestReader` 1 is one that we may read. */
function ofFuture(magic: number, oldestReader: number, payload: Uint8Array): Uint8Array {
  return writeRecord({ magic, version: 9, oldestReader }, (w: JuteWriter) => {
    w.raw(payload, 0, payload.length);
    w.string('a field of a later version');
  });
}

/** Of a record of format 1: what stands between head and checksum. */
const payloadOf = (record: Uint8Array): Uint8Array => record.subarray(16, record.length - 4);

function slots(...records: readonly (Uint8Array | null)[]): Uint8Array {
  const file = new Uint8Array(2 * SLOT_BYTES);
  records.forEach((record, index) => record !== null && file.set(record, index * SLOT_BYTES));
  return file;
}

/** A directory with five transactions, settled, of a server that has ended. */
function directory(): MemoryDisk {
  const disk = new MemoryDisk();
  const host = started(disk);
  appendMany(host, 5);
  host.settle();
  return disk;
}

const warnings = (host: Host): string[] => host.messages.filter((line) => line.startsWith('warn'));

test('the first format of each side file is read as it was written', () => {
  const disk = new MemoryDisk();
  disk.put('log', 'zabra.watermark', slots(sealed(FIRST.watermark)));
  assert.deepEqual(readWatermark(disk), {
    slotIndex: 0,
    sequence: 7,
    syncedZxid: makeZxid(1, 9),
    segmentZxid: makeZxid(1, 1),
    segmentChecksum: 0x12345678,
    previousSegmentZxid: -1,
    ownSinceZxid: makeZxid(1, 1),
    acceptedEpochMax: 1,
    wholeSinceZxid: ZXID_MAX,
  });
  disk.put('snap', 'zabra.intent', sealed(FIRST.intent));
  assert.deepEqual(readIntent(disk), {
    kind: 'truncate',
    zxid: makeZxid(1, 5),
    keptSegmentZxid: makeZxid(1, 1),
    keptBytes: 300,
    isWatermarked: true,
    segmentNames: ['log.100000001'],
    snapshotNames: ['snapshot.0'],
  });
});

describe('zabra.watermark', () => {
  const present = directory().bytes('log', 'zabra.watermark');
  const own = present.subarray(0, 16 + 60 + 4);

  it('of a later format that we may read is in force, its further fields are passed over', () => {
    const disk = directory();
    const found = readWatermark(disk);
    const index = found?.slotIndex ?? 0;
    const bytes = present.subarray(index * SLOT_BYTES, index * SLOT_BYTES + own.length);
    disk.put('log', 'zabra.watermark', slots(ofFuture(WATERMARK, 1, payloadOf(bytes))));
    assert.equal(readWatermark(disk)?.syncedZxid, found?.syncedZxid);
    const host = restarted(disk);
    assert.deepEqual(warnings(host), []);
    assert.equal(host.storage.ownSinceZxid, makeZxid(1, 1));
  });

  const later = ofFuture(WATERMARK, 3, payloadOf(own));
  const rows: [string, Uint8Array, RegExp][] = [
    ['of a later format', slots(later), /format 9, which wants a reader of format 3 at least/],
    ['of a later format beside an older slot', slots(own, later), /format 9, which wants/],
    ['of rubbish', Buffer.from('Lorem ipsum dolor sit amet'), /it is damaged/],
    ['without a byte', new Uint8Array(0), /it is damaged/],
    ['of zeros', slots(), /it is damaged/],
    [
      'of a format before the first',
      slots(writeRecord({ ...AGE, magic: WATERMARK }, () => {})),
      /it is/,
    ],
  ];
  for (const [name, bytes, why] of rows) {
    it(`${name} is set aside with one line, and there is one again`, () => {
      const disk = directory();
      disk.put('log', 'zabra.watermark', bytes);
      const host = restarted(disk);
      assert.equal(host.ledger.entries.length, 5);
      assert.equal(warnings(host).length, 1, warnings(host).join('\n'));
      assert.match(warnings(host)[0] ?? '', /Setting "zabra.watermark" aside/);
      assert.match(warnings(host)[0] ?? '', why);
      assert.deepEqual(disk.bytes('log', 'zabra.watermark.aside'), Uint8Array.from(bytes));
      assert.equal(readWatermark(disk), null);
      appendMany(host, 3);
      host.settle();
      assert.equal(whyWatermarkUnread(disk), null);
      const next = restarted(disk);
      assert.equal(next.ledger.entries.length, 8);
      assert.deepEqual(warnings(next), []);
    });
  }
});

describe('zabra.intent', () => {
  const whole = sealed(FIRST.intent);
  const unknownKind = sealed(FIRST.intent.replace('00000044 00000001', '00000044 00000007'));
  const rows: [string, Uint8Array, RegExp][] = [
    ['of a later format', ofFuture(INTENT, 2, payloadOf(whole)), /format 9, which wants a reader/],
    ['of rubbish', Buffer.from('Lorem ipsum dolor sit amet'), /it is damaged/],
    ['that ends early', whole.subarray(0, 40), /it is damaged/],
    ['without a byte', new Uint8Array(0), /it is damaged/],
    ['of a kind that we do not know', unknownKind, /it is damaged/],
    ['of a format before the first', writeRecord({ ...AGE, magic: INTENT }, () => {}), /it is/],
  ];
  for (const [name, bytes, why] of rows) {
    it(`${name} ends the start, says what to do, and nothing is changed`, () => {
      const disk = directory();
      disk.put('snap', 'zabra.intent', bytes);
      disk.put('snap', 'zabra.received', Uint8Array.of(1, 2, 3));
      const before = disk.submittedCount;
      const host = new Host(disk);
      const failure = host.recover() ?? '';
      assert.match(failure, /^Cannot finish what "zabra.intent" has begun: /);
      assert.match(failure, why);
      assert.match(failure, /Start the version that wrote it once; if that cannot be, /);
      assert.equal(host.storage.failure?.code, 1);
      assert.equal(disk.submittedCount, before);
    });
  }

  it('of a later format that we may read is carried out', () => {
    const disk = directory();
    const intent = {
      kind: 'truncate',
      zxid: makeZxid(1, 3),
      keptSegmentZxid: makeZxid(1, 1),
      keptBytes: 16 + 3 * (13 + 36 + 20),
      isWatermarked: true,
      segmentNames: disk.list('log').filter((name) => name.startsWith('log.')),
      snapshotNames: ['snapshot.0'],
    } as const;
    disk.put('snap', 'zabra.intent', ofFuture(INTENT, 1, payloadOf(encodeIntent(intent))));
    assert.equal(whyIntentUnread(disk), null);
    assert.equal(restarted(disk).ledger.entries.length, 3);
    assert.equal(disk.sizeBytes('snap', 'zabra.intent'), -1);
  });
});

test('files that only a later version knows stay as they are', () => {
  const disk = directory();
  const bytes = Uint8Array.of(9, 8, 7);
  for (const name of ['log', 'snap'] as const) disk.put(name, 'zabra.later', bytes);
  const host = restarted(disk);
  appendMany(host, 3);
  host.settle();
  assert.deepEqual(warnings(host), []);
  for (const name of ['log', 'snap'] as const)
    assert.deepEqual(disk.bytes(name, 'zabra.later'), bytes);
});
