/**
 * QuorumPacketReader: packets and the raw body between them are the same however the bytes are cut,
 * scanning costs no more when they come one by one, and one wrong length loses the stream.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from '../base/bytes.ts';
import { AUTH_BYTES_MAX, AUTH_IDS_MAX } from '../base/limits.ts';
import type { Id } from './acl.ts';
import { JuteWriter } from './jute-writer.ts';
import { PacketType, type QuorumPacket, writeQuorumPacket } from './quorum-packet.ts';
import {
  type PacketFault,
  QuorumPacketReader,
  type QuorumPacketSink,
} from './quorum-packet-reader.ts';
import { data, id, int32, record, zxid } from './record.test-kit.ts';

const DATA_BYTES_MAX = 64;

/** Keeps ranges and looks at them in the end; a SNAP says in its zxid how long its body is. */
class KeepingSink implements QuorumPacketSink {
  readonly kept: [number, number, Uint8Array, number, number, readonly Id[] | null][] = [];
  readonly reader = new QuorumPacketReader(DATA_BYTES_MAX, this);
  raw = '';
  rawLeft = 0;
  fault: readonly [PacketFault, number] | null = null;
  pauseEvery = 0;

  onPacket(
    type: number,
    zxidFound: number,
    buffer: Uint8Array,
    dataStart: number,
    dataEnd: number,
    auth: readonly Id[] | null,
  ): void {
    this.kept.push([type, zxidFound, buffer, dataStart, dataEnd, auth]);
    if (type === PacketType.SNAP) {
      this.rawLeft = zxidFound;
      if (this.rawLeft > 0) this.reader.enterRaw();
    }
    if (this.pauseEvery > 0 && this.kept.length % this.pauseEvery === 0) this.reader.pause();
  }

  onRaw(buffer: Uint8Array, start: number, end: number): number {
    const taken = Math.min(this.rawLeft, end - start);
    this.raw += bytesToHex(buffer, start, start + taken);
    this.rawLeft -= taken;
    if (this.rawLeft === 0) this.reader.leaveRaw();
    return taken;
  }

  onPacketError(reason: PacketFault, found: number): void {
    assert.equal(this.fault, null, 'A reader fails once only');
    this.fault = [reason, found];
  }

  packets(): QuorumPacket[] {
    return this.kept.map(([type, zxidFound, buffer, start, end, auth]) => ({
      type,
      zxid: zxidFound,
      data: start < 0 ? null : Uint8Array.from(buffer.subarray(start, end)),
      auth,
    }));
  }

  push(bytes: Uint8Array, sizes: readonly number[]): void {
    let position = 0;
    for (let round = 0; position < bytes.length; round++) {
      const size = Math.min(sizes[round % sizes.length] as number, bytes.length - position);
      const chunk = new Uint8Array(size + 2).fill(0xee);
      chunk.set(bytes.subarray(position, position + size), 1);
      this.reader.push(chunk, 1, 1 + size);
      position += size;
    }
    while (this.reader.paused) this.reader.resume();
  }
}

const packet = record<QuorumPacket>({
  type: int32.filter((type) => type !== PacketType.SNAP),
  zxid,
  data,
  auth: fc.option(fc.array(id, { maxLength: 3 }), { nil: null }),
}).filter(({ zxid: value }) => value !== Number.MAX_SAFE_INTEGER);
const snap = fc.uint8Array({ maxLength: 200 });
const sizes = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 10 });

function write(w: JuteWriter, { type, zxid: value, data: bytes, auth }: QuorumPacket): void {
  writeQuorumPacket(w, type, value, bytes, auth);
}

test('packets and raw bodies are the same however the bytes are cut and wherever it pauses', () => {
  const streams = fc.array(fc.oneof(packet, snap), { maxLength: 10 });
  fc.assert(
    fc.property(streams, sizes, fc.nat(3), (stream, cuts, pauseEvery) => {
      const w = new JuteWriter();
      const expected: QuorumPacket[] = [];
      let raw = '';
      for (const part of stream) {
        if (part instanceof Uint8Array) {
          const head = { type: PacketType.SNAP, zxid: part.length, data: null, auth: null };
          expected.push(head);
          write(w, head);
          w.raw(part, 0, part.length);
          raw += bytesToHex(part);
        } else {
          expected.push(part);
          write(w, part);
        }
      }
      const sink = new KeepingSink();
      sink.pauseEvery = pauseEvery;
      sink.push(w.toBytes(), cuts);
      assert.equal(sink.fault, null);
      assert.deepEqual(sink.packets(), expected);
      assert.equal(sink.raw, raw);
      assert.equal(sink.reader.bytesHeld, 0);
    }),
    { numRuns: 500 },
  );
});

/** Name, the bytes of a packet as ints, and what the sink is told. */
const FAULTS: readonly (readonly [string, readonly number[], PacketFault, number])[] = [
  ['a data length below -1', [5, 0, 1, -2, -1], 'data-length', -2],
  ['a data length above the bound', [5, 0, 1, DATA_BYTES_MAX + 1, -1], 'data-length', 65],
  ['an auth count below -1', [5, 0, 1, -1, -5], 'auth-count', -5],
  ['an auth count above the bound', [5, 0, 1, -1, AUTH_IDS_MAX + 1], 'auth-count', 65537],
  ['an auth string below -1', [5, 0, 1, -1, 1, -2, 0], 'auth-length', -2],
  ['an auth string above the bound', [5, 0, 1, -1, 1, 65, 0], 'auth-length', 65],
  ['a negative zxid without a name', [5, -1, -2, -1, -1], 'zxid', -1],
  ['a zxid beyond the exact ones', [5, 0x200000, 0, -1, -1], 'zxid', 0x200000],
];

for (const [name, ints, reason, found] of FAULTS) {
  test(`${name} loses the stream, and what came before it is delivered`, () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 3 }), sizes, (before, cuts) => {
        const w = new JuteWriter();
        for (const good of before) write(w, good);
        for (const value of ints) w.int(value);
        w.int(0);
        const sink = new KeepingSink();
        sink.push(w.toBytes(), cuts);
        assert.deepEqual(sink.packets(), before);
        assert.deepEqual(sink.fault, [reason, found]);
        assert.equal(sink.reader.bytesHeld, 0);
      }),
    );
  });
}

test('authinfo longer in total than the bound loses the stream before it is held', () => {
  const w = new JuteWriter();
  const sink: QuorumPacketSink & { fault: PacketFault | null } = {
    fault: null,
    onPacket: () => assert.fail('the packet is too long'),
    onRaw: () => assert.fail('no raw mode was entered'),
    onPacketError(reason) {
      this.fault = reason;
    },
  };
  const stringBytes = 1 << 20;
  const stringsToFault = AUTH_BYTES_MAX / stringBytes;
  const reader = new QuorumPacketReader(stringBytes, sink);
  for (const value of [PacketType.REQUEST, -1, -1, -1, stringsToFault]) w.int(value);
  reader.push(w.toBytes(), 0, w.position);
  const string = new Uint8Array(4 + stringBytes);
  new DataView(string.buffer).setInt32(0, stringBytes);
  for (let pushed = 1; pushed <= stringsToFault; pushed++) {
    assert.equal(sink.fault, null);
    reader.push(string, 0, string.length);
  }
  assert.equal(sink.fault, 'auth-length');
  assert.equal(reader.bytesHeld, 0);
});

test('any bytes in any pieces end in packets or a fault, never in an exception', () => {
  const noise = fc.uint8Array({ maxLength: 400, size: 'max' });
  fc.assert(
    fc.property(noise, sizes, (bytes, cuts) => {
      const sink = new KeepingSink();
      sink.push(bytes, cuts);
      assert.ok(sink.reader.bytesHeld <= bytes.length);
    }),
    { numRuns: 1000 },
  );
});

test('a packet of many identities that comes byte by byte is scanned once', () => {
  const auth = Array.from({ length: 3000 }, () => ({ scheme: 'ip', id: '127.0.0.1' }));
  const w = new JuteWriter();
  writeQuorumPacket(w, PacketType.REQUEST, -1, null, auth);
  const sink = new KeepingSink();
  sink.push(w.toBytes(), [1]);
  assert.equal(sink.kept.length, 1);
  assert.equal(sink.packets()[0]?.auth?.length, 3000);
});

test('push from within the sink is a broken contract', () => {
  const reader: QuorumPacketReader = new QuorumPacketReader(DATA_BYTES_MAX, {
    onPacket: (_type, _zxid, buffer) => reader.push(buffer, 0, 1),
    onRaw: () => 0,
    onPacketError: () => assert.fail('no fault was sent'),
  });
  const w = new JuteWriter();
  writeQuorumPacket(w, PacketType.PING, 1, null, null);
  assert.throws(() => reader.push(w.toBytes(), 0, w.position), /Cannot push/);
});
