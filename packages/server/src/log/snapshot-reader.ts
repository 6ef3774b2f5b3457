/**
 * SnapshotReader: loads one snapshot file into a sink, in slices, and verifies every seal before
 * the sink is told that its state is good. A snapshot is whole or worthless: whatever is wrong with
 * it, the next older one is tried.
 */

import { adler32, JuteReader } from '@zabra/protocol';
import {
  readTail,
  SEAL_BYTES,
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_MAGIC,
  type SnapshotTail,
  TAIL_BYTES_MAX,
} from './snapshot-format.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import type { RecoverySink } from './storage-types.ts';

const CHUNK_BYTES = 256 * 1024;

export class SnapshotReader {
  readonly #source: SnapshotSource;
  readonly #sink: RecoverySink;
  readonly #chunk: Uint8Array;
  /** Bytes of the chunk that nobody has taken yet. */
  #start: number;
  #end: number;
  #sum: number;
  #hasHeader: boolean;
  /** Why the file is worthless. */
  error: string | null;
  /** The sections behind the body, once it is loaded. */
  tail: SnapshotTail | null;

  constructor(source: SnapshotSource, sink: RecoverySink) {
    this.#source = source;
    this.#sink = sink;
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#start = 0;
    this.#end = 0;
    this.#sum = 1;
    this.#hasHeader = false;
    this.error = null;
    this.tail = null;
  }

  /** Goes on by up to `bytesMax` plain bytes, or a little more. */
  step(bytesMax: number): 'more' | 'loaded' | 'bad' {
    let done = 0;
    while (this.error === null && !this.#sink.bodyEnded) {
      if (done >= bytesMax) return 'more';
      done += this.#readBody();
    }
    if (this.error === null) this.#readTail();
    return this.error === null ? 'loaded' : 'bad';
  }

  #readBody(): number {
    const got = this.#refill();
    if (got === 0) {
      this.error = this.#source.error ?? 'the file ends inside the body';
      return 0;
    }
    if (!this.#hasHeader && !this.#takeHeader()) return got;
    const taken = this.#sink.pushBody(this.#chunk, this.#start, this.#end);
    this.#take(taken);
    this.error = this.#sink.bodyError;
    return got;
  }

  #refill(): number {
    this.#start = 0;
    this.#end = this.#source.read(this.#chunk, 0, CHUNK_BYTES);
    return this.#end;
  }

  #takeHeader(): boolean {
    // A decompressor may give fewer bytes at first.
    while (this.#end < SNAPSHOT_HEADER_BYTES) {
      const got = this.#source.read(this.#chunk, this.#end, CHUNK_BYTES - this.#end);
      if (got === 0) break;
      this.#end += got;
    }
    const r = new JuteReader().reset(this.#chunk, 0, this.#end);
    if (this.#end < SNAPSHOT_HEADER_BYTES || r.int() !== SNAPSHOT_MAGIC) {
      this.error = 'the file does not start as a snapshot';
      return false;
    }
    this.#take(SNAPSHOT_HEADER_BYTES);
    this.#hasHeader = true;
    return true;
  }

  #take(count: number): void {
    this.#sum = adler32(this.#chunk, this.#start, this.#start + count, this.#sum);
    this.#start += count;
  }

  /** What remains of the chunk, and a little of the file behind it. */
  #readTail(): void {
    const tail = new Uint8Array(TAIL_BYTES_MAX);
    const held = this.#chunk.subarray(this.#start, Math.min(this.#end, this.#start + tail.length));
    tail.set(held);
    let length = held.length;
    while (length < tail.length) {
      const got = this.#source.read(tail, length, tail.length - length);
      if (got === 0) break;
      length += got;
    }
    const result = readTail(new JuteReader().reset(tail, 0, length), this.#sum);
    if (this.#source.error !== null) this.error = this.#source.error;
    else if (typeof result === 'string') this.error = result;
    else this.tail = result;
  }
}

/**
 * SnapshotCheck: whether the last seal of a snapshot is right, without knowing where its body ends:
 * it covers every byte before it. Enough to know that the file is as it was written.
 */
export class SnapshotCheck {
  readonly #source: SnapshotSource;
  readonly #chunk: Uint8Array;
  #held: number;
  #sum: number;

  constructor(source: SnapshotSource) {
    this.#source = source;
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#held = 0;
    this.#sum = 1;
  }

  step(bytesMax: number): 'more' | 'good' | 'bad' {
    for (let done = 0; done < bytesMax; ) {
      const got = this.#source.read(this.#chunk, this.#held, CHUNK_BYTES - this.#held);
      if (got === 0) return this.#isSealed() ? 'good' : 'bad';
      this.#held += got;
      done += got;
      this.#addAllButSeal();
    }
    return 'more';
  }

  #addAllButSeal(): void {
    const end = Math.max(0, this.#held - SEAL_BYTES);
    this.#sum = adler32(this.#chunk, 0, end, this.#sum);
    this.#chunk.copyWithin(0, end, this.#held);
    this.#held -= end;
  }

  #isSealed(): boolean {
    if (this.#source.error !== null || this.#held < SEAL_BYTES) return false;
    const r = new JuteReader().reset(this.#chunk, 0, SEAL_BYTES);
    r.long();
    return r.hi === 0 && r.lo >>> 0 === this.#sum;
  }
}
