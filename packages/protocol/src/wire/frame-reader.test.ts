/**
 * FrameReader: the frames are the same however the bytes are cut and wherever the sink pauses, what
 * was delivered is never written again, and a bad length ends the stream.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from '../base/bytes.ts';
import { type FrameFault, FrameReader, type FrameSink } from './frame-reader.ts';
import { JuteWriter } from './jute-writer.ts';

/** Keeps every range it was given, and looks at the bytes only in the end. */
class KeepingSink implements FrameSink {
  readonly ranges: [Uint8Array, number, number][] = [];
  fault: readonly [FrameFault, number] | null = null;
  /** Frames after which it pauses: every n-th, 0 for never. */
  pauseEvery = 0;

  onFrame(buffer: Uint8Array, start: number, end: number): boolean {
    this.ranges.push([buffer, start, end]);
    return this.pauseEvery === 0 || this.ranges.length % this.pauseEvery !== 0;
  }

  onFrameError(reason: FrameFault, length: number): void {
    assert.equal(this.fault, null, 'A reader fails once only');
    this.fault = [reason, length];
  }

  frames(): string[] {
    return this.ranges.map(([buffer, start, end]) => bytesToHex(buffer, start, end));
  }
}

function framed(payloads: readonly Uint8Array[]): Uint8Array {
  const w = new JuteWriter();
  for (const payload of payloads) w.bytes(payload);
  return w.toBytes();
}

/** Hands out pieces of [0, bytes.length) as separate chunks with some memory around them. */
function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<[Uint8Array, number]> {
  let position = 0;
  for (let round = 0; position < bytes.length; round++) {
    const size = Math.min(sizes[round % sizes.length] as number, bytes.length - position);
    const chunk = new Uint8Array(size + 2).fill(0xee);
    chunk.set(bytes.subarray(position, position + size), 1);
    position += size;
    yield [chunk, size];
  }
}

const payloads = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 });
const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 10 });

test('frames are the same however the bytes are cut and wherever the sink pauses', () => {
  fc.assert(
    fc.property(payloads, sizes, fc.nat(4), (drawn, cuts, pauseEvery) => {
      const sink = new KeepingSink();
      sink.pauseEvery = pauseEvery;
      const reader = new FrameReader(700, sink);
      for (const [chunk, size] of pieces(framed(drawn), cuts)) {
        reader.push(chunk, 1, 1 + size);
        if (reader.paused && size % 3 === 0) reader.resume();
      }
      while (reader.paused) reader.resume();
      assert.deepEqual(
        sink.frames(),
        drawn.map((payload) => bytesToHex(payload)),
      );
      assert.equal(sink.fault, null);
      assert.equal(reader.bytesHeld, 0);
    }),
    { numRuns: 500 },
  );
});

test('frames come out as soon as their last byte is in, byte by byte', () => {
  const sink = new KeepingSink();
  const reader = new FrameReader(10, sink);
  const bytes = framed([Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)]);
  const counts = [...bytes].map((_, index) => {
    reader.push(bytes, index, index + 1);
    return sink.ranges.length;
  });
  assert.deepEqual(counts, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
});

test('a frame within one chunk is handed on where it lies', () => {
  const sink = new KeepingSink();
  const reader = new FrameReader(10, sink);
  const chunk = framed([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  reader.push(chunk, 0, chunk.length);
  assert.deepEqual(sink.ranges, [
    [chunk, 4, 5],
    [chunk, 9, 11],
  ]);
});

/** Length field, limit, and what the sink is told. */
const FAULTS: readonly (readonly [string, number, FrameFault])[] = [
  ['one above the limit', 101, 'oversized'],
  ['the largest int', 0x7fffffff, 'oversized'],
  ['minus one', -1, 'negative-length'],
  ['the smallest int', -0x80000000, 'negative-length'],
];

for (const [name, length, reason] of FAULTS) {
  test(`a length of ${name} ends the stream after the frames before it`, () => {
    fc.assert(
      fc.property(payloads, sizes, (drawn, cuts) => {
        const small = drawn.map((payload) => payload.subarray(0, 100));
        const w = new JuteWriter();
        for (const payload of small) w.bytes(payload);
        w.int(length);
        w.bytes(Uint8Array.of(1, 2, 3));
        const sink = new KeepingSink();
        const reader = new FrameReader(100, sink);
        for (const [chunk, size] of pieces(w.toBytes(), cuts)) reader.push(chunk, 1, 1 + size);
        assert.deepEqual(
          sink.frames(),
          small.map((payload) => bytesToHex(payload)),
        );
        assert.deepEqual(sink.fault, [reason, length]);
        assert.equal(reader.bytesHeld, 0);
      }),
    );
  });
}

test('a payload of exactly the limit is accepted', () => {
  const sink = new KeepingSink();
  const reader = new FrameReader(3, sink);
  const chunk = framed([Uint8Array.of(1, 2, 3)]);
  reader.push(chunk, 0, chunk.length);
  assert.deepEqual(sink.frames(), ['010203']);
});

test('an announced length reserves no memory: only what came is held', () => {
  const reader = new FrameReader(1 << 20, new KeepingSink());
  reader.push(Uint8Array.of(0, 0x0f, 0xff, 0xff, 1, 2), 0, 6);
  assert.equal(reader.bytesHeld, 6);
});

test('a sink may pause and resume the reader from within, but not push', () => {
  const seen: number[] = [];
  const reader: FrameReader = new FrameReader(10, {
    onFrame(buffer, start) {
      seen.push(buffer[start] as number);
      reader.pause();
      reader.resume();
      assert.throws(() => reader.push(buffer, 0, 1), /Cannot push/);
      return true;
    },
    onFrameError: () => assert.fail('no fault was sent'),
  });
  const chunk = framed([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  reader.push(chunk, 0, chunk.length);
  assert.deepEqual(seen, [1, 2, 3]);
});
