/**
 * The example of storage-and-config.md 5.3, byte for byte, and every other tail that a server may
 * write; and that no damage passes for a snapshot.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adler32, bytesFromHex, bytesToHex, JuteReader, JuteWriter, Prng } from '@zabra/protocol';
import { openDecompressor } from './decompressors.ts';
import { DiskPort } from './disk-port.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { MiniState, writeBody } from './mini-state.test-kit.ts';
import { readTail, writeDigestSection, writeSeal } from './snapshot-format.ts';
import { SnapshotCheck, SnapshotReader } from './snapshot-reader.ts';
import { SnapshotSource } from './snapshot-source.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import type { BodyStream } from './storage-types.ts';

function hex(text: string): Uint8Array {
  return bytesFromHex(text.replace(/\s+/g, '')) as Uint8Array;
}

const SNAPSHOT_EXAMPLE = hex(`
  5A4B534E 00000002 FFFFFFFFFFFFFFFF
  00000001 0102030405060708 00007530
  00000001 0000000000000001 00000001 0000001F 00000005 776F726C64 00000006 616E796F6E65
  00000000 00000000 FFFFFFFFFFFFFFFF
  0000000000000000 0000000000000000 0000000000000000 0000000000000000
  00000000 00000001 00000000 0000000000000000 0000000000000009
  00000002 2F6B 00000002 6869 0000000000000001
  0000000000000009 0000000000000009 0000018BCFE56800 0000018BCFE56800
  00000000 00000000 00000000 0102030405060708 0000000000000009
  00000001 2F
  00000000D6471E1B 00000001 2F
  0000000000000009 00000002 000000015FF6DA77
  00000000E8EE2253 00000001 2F
  0000000000000009
  00000000E07424D7 00000001 2F`);

const BODY_END = 232;

class BytesStream implements BodyStream {
  readonly failed = false;
  readonly #bytes: Uint8Array;
  readonly #sliceBytes: number;
  #position = 0;

  constructor(bytes: Uint8Array, sliceBytes: number) {
    this.#bytes = bytes;
    this.#sliceBytes = sliceBytes;
  }

  next(w: JuteWriter): boolean {
    const end = Math.min(this.#bytes.length, this.#position + this.#sliceBytes);
    w.raw(this.#bytes, this.#position, end);
    this.#position = end;
    return end < this.#bytes.length;
  }

  close(): void {}
}

function written(parts: {
  body: Uint8Array;
  digest: { hi: number; lo: number } | null;
  withZxid: boolean;
  sliceBytes: number;
}): MemoryDisk {
  const disk = new MemoryDisk();
  const port = new DiskPort(disk, (request) => disk.submit(request));
  const stream = new BytesStream(parts.body, parts.sliceBytes);
  const { digest, withZxid } = parts;
  const writer = new SnapshotWriter(port, {
    stream,
    zxid: 9,
    digest,
    withZxid,
    name: 'snapshot.9',
  });
  for (let step = writer.step(100); step !== 'written'; step = writer.step(100)) {
    assert.notEqual(step, 'failed');
    if (step === 'wait') port.onDisk(disk.completeOne(new Prng(1)), null);
  }
  assert.equal(writer.sizeBytes, disk.sizeBytes('snap', 'snapshot.9'));
  return disk;
}

function load(disk: MemoryDisk, name: string, bytesMax = 10_000): [MiniState, SnapshotReader] {
  const state = new MiniState();
  state.begin();
  const reader = new SnapshotReader(new SnapshotSource(disk, name, openDecompressor), state);
  for (let guard = 0; reader.step(bytesMax) === 'more'; guard++) assert.ok(guard < 10_000);
  return [state, reader];
}

test('SnapshotWriter gives the example of 5.3, however the body is sliced', () => {
  const body = SNAPSHOT_EXAMPLE.subarray(16, BODY_END);
  for (const sliceBytes of [1, 7, 100, 1000]) {
    const digest = { hi: 1, lo: 0x5ff6da77 };
    const disk = written({ body, digest, withZxid: true, sliceBytes });
    assert.equal(bytesToHex(disk.bytes('snap', 'snapshot.9')), bytesToHex(SNAPSHOT_EXAMPLE));
  }
});

test('SnapshotReader reads the example of 5.3 and every tail that a server may write', () => {
  const body = SNAPSHOT_EXAMPLE.subarray(16, BODY_END);
  const digest = { hi: 1, lo: 0x5ff6da77 };
  const rows = [
    { digest, withZxid: true, tailBytes: 67 },
    { digest, withZxid: false, tailBytes: 46 },
    { digest: null, withZxid: true, tailBytes: 13 },
  ];
  for (const { tailBytes, ...row } of rows) {
    const disk = written({ body, sliceBytes: 50, ...row });
    assert.equal(disk.sizeBytes('snap', 'snapshot.9'), BODY_END + tailBytes);
    const [state, reader] = load(disk, 'snapshot.9', 13);
    assert.equal(reader.error, null);
    assert.deepEqual([...state.nodes.keys()], ['/', '/k']);
    assert.deepEqual(state.sessions, new Map([['102030405060708', 30000]]));
    const wantedZxid = row.digest !== null && row.withZxid ? 9 : null;
    assert.equal(reader.tail?.lastProcessedZxid, wantedZxid);
    assert.equal(reader.tail?.digest?.lo, row.digest?.lo);
  }
});

test('readTail reads the zxid section alone, the oldest digest, and ignores what is behind', () => {
  const rows: [string, (w: JuteWriter, sum: number) => number, number | null][] = [
    ['zxid alone', (w, sum) => section(w, sum, () => w.zxid(7)), 7],
    ['digest as text', (w, sum) => section(w, sum, () => writeOldDigest(w)), null],
  ];
  for (const [name, write, lastProcessedZxid] of rows) {
    const w = new JuteWriter();
    write(w, writeSeal(w, 77));
    const tail = readTail(new JuteReader().reset(w.buffer, 0, w.position), 77);
    assert.notEqual(typeof tail, 'string', name);
    if (typeof tail !== 'string') assert.equal(tail.lastProcessedZxid, lastProcessedZxid, name);
  }
  const w = new JuteWriter();
  let sum = writeSeal(w, 77);
  sum = section(w, sum, () => writeDigestSection(w, 7, 1, 2));
  section(w, sum, () => w.zxid(8));
  w.string('of a later version');
  const tail = readTail(new JuteReader().reset(w.buffer, 0, w.position), 77);
  assert.notEqual(typeof tail, 'string');
});

function writeOldDigest(w: JuteWriter): void {
  w.zxid(7);
  w.int(1);
  w.string('abcdef');
}

function section(w: JuteWriter, sum: number, write: () => void): number {
  const start = w.position;
  write();
  return writeSeal(w, adler32(w.buffer, start, w.position, sum));
}

test('SnapshotReader refuses a snapshot with any one bit flipped or cut anywhere', () => {
  // The text of the last seal is all that no checksum covers.
  const last = SNAPSHOT_EXAMPLE.length - 1;
  for (let position = 0; position < SNAPSHOT_EXAMPLE.length; position++) {
    const disk = new MemoryDisk();
    const flipped = SNAPSHOT_EXAMPLE.slice();
    flipped[position] = (flipped[position] as number) ^ (1 << (position % 8));
    disk.put('snap', 'snapshot.9', flipped);
    disk.put('snap', 'snapshot.8', SNAPSHOT_EXAMPLE.subarray(0, position));
    const flippedError = load(disk, 'snapshot.9')[1].error;
    assert.equal(flippedError === null, position === last, `flipped at ${position}`);
    const isSealed = [BODY_END + 13, BODY_END + 46].includes(position);
    const { error } = load(disk, 'snapshot.8')[1];
    assert.equal(error === null, isSealed, `cut at ${position}: ${error}`);
  }
});

test('SnapshotCheck believes a snapshot that is as it was written, and no other', () => {
  const disk = new MemoryDisk();
  const check = (bytes: Uint8Array) => {
    disk.put('snap', 'snapshot.9', bytes);
    const checked = new SnapshotCheck(new SnapshotSource(disk, 'snapshot.9', openDecompressor));
    return checked.step(1 << 20);
  };
  assert.equal(check(SNAPSHOT_EXAMPLE), 'good');
  assert.equal(check(SNAPSHOT_EXAMPLE.subarray(0, 100)), 'bad');
  assert.equal(check(new Uint8Array(0)), 'bad');
  for (let position = 0; position < SNAPSHOT_EXAMPLE.length - 5; position += 3) {
    const flipped = SNAPSHOT_EXAMPLE.slice();
    flipped[position] = (flipped[position] as number) ^ 4;
    assert.equal(check(flipped), 'bad', String(position));
  }
});

test('what SnapshotWriter writes is read back whole, sizes large and small', () => {
  for (const nodeCount of [0, 1, 50, 3000]) {
    const state = new MiniState();
    state.begin();
    const [root] = state.nodes.values();
    for (let index = 0; index < nodeCount; index++) {
      const data = new Uint8Array(index % 300).fill(index);
      const node = { data: index % 7 === 0 ? null : data, acl: root?.acl ?? [] };
      state.nodes.set(`/n${index}`, {
        ...node,
        stat: { ...(root as NonNullable<typeof root>).stat },
      });
    }
    const w = new JuteWriter();
    writeBody(w, state);
    const digest = { hi: 0, lo: 5 };
    const body = w.toBytes();
    const disk = written({ body, digest, withZxid: true, sliceBytes: 10_000 });
    const [loaded, { error }] = load(disk, 'snapshot.9');
    assert.equal(error, null);
    assert.deepEqual(loaded.nodes.size, state.nodes.size);
    assert.deepEqual(loaded.treeDigest(), state.treeDigest());
  }
});
