/**
 * SnappyDecompressor: the stream of snappy-java, as Apache writes compressed snapshots.
 *
 *   stream = 82 53 4E 41 50 50 59 00, int version, int compatible version, chunk*
 *   chunk  = int length, raw snappy block of that length
 *
 * It has no end of its own and no checksum: the file ends it, and the snapshot's seals are in the
 * plain bytes.
 */

import type { Decompressor } from './decompressor.ts';

const STREAM_START = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];
const STREAM_HEADER_BYTES = 16;
const CHUNK_HEADER_BYTES = 4;
/** Largest block that is believed, plain or compressed; writers use 32 KiB. */
const BLOCK_BYTES_MAX = 16 << 20;

export class SnappyDecompressor implements Decompressor {
  #input: Uint8Array;
  #position: number;
  #hasHeader: boolean;
  /** The block that is being handed out. */
  #block: Uint8Array;
  #taken: number;
  error: string | null;

  constructor() {
    this.#input = new Uint8Array(0);
    this.#position = 0;
    this.#hasHeader = false;
    this.#block = new Uint8Array(0);
    this.#taken = 0;
    this.error = null;
  }

  /** Between two chunks the stream may end. */
  get ended(): boolean {
    const isBetween = this.#position === this.#input.length && this.#taken === this.#block.length;
    return this.#hasHeader && isBetween;
  }

  push(buffer: Uint8Array, start: number, end: number): void {
    const held = this.#input.subarray(this.#position);
    const input = new Uint8Array(held.length + end - start);
    input.set(held);
    input.set(buffer.subarray(start, end), held.length);
    this.#input = input;
    this.#position = 0;
  }

  read(target: Uint8Array, offset: number, length: number): number {
    while (this.#taken === this.#block.length) {
      if (!this.#openBlock()) return 0;
    }
    const count = Math.min(length, this.#block.length - this.#taken);
    target.set(this.#block.subarray(this.#taken, this.#taken + count), offset);
    this.#taken += count;
    return count;
  }

  /** False when a whole block is not there yet, or in error. */
  #openBlock(): boolean {
    if (this.error !== null || (!this.#hasHeader && !this.#takeHeader())) return false;
    const input = this.#input;
    const start = this.#position + CHUNK_HEADER_BYTES;
    if (start > input.length) return false;
    const length = new DataView(input.buffer).getInt32(this.#position);
    if (length <= 0 || length > BLOCK_BYTES_MAX) {
      this.error = `a chunk has a length of ${length}`;
      return false;
    }
    if (start + length > input.length) return false;
    const block = snappyBlock(input, start, start + length);
    if (typeof block === 'string') {
      this.error = block;
      return false;
    }
    this.#position = start + length;
    this.#block = block;
    this.#taken = 0;
    return true;
  }

  #takeHeader(): boolean {
    if (this.#input.length < STREAM_HEADER_BYTES) return false;
    if (STREAM_START.some((byte, index) => this.#input[index] !== byte)) {
      this.error = 'the file does not start as a snappy stream';
      return false;
    }
    this.#position = STREAM_HEADER_BYTES;
    this.#hasHeader = true;
    return true;
  }
}

/**
 * The plain bytes of one raw block: a varint of their count, then literals and copies. The two low
 * bits of a tag say which: 0 literal, 1 to 3 copies whose distance has 11, 16 or 32 bits.
 */
export function snappyBlock(bytes: Uint8Array, start: number, end: number): Uint8Array | string {
  const block = new BlockReader(bytes, start, end);
  const length = block.varint();
  if (length < 0 || length > BLOCK_BYTES_MAX) return 'a block has a bad length';
  const plain = new Uint8Array(length);
  let made = 0;
  while (block.position < end) {
    const tag = block.number(1);
    const kind = tag & 3;
    let count = tag >>> 2;
    if (kind === 0) {
      // Up to 60 the count is in the tag, above it in one to four bytes behind the tag.
      count = 1 + (count < 60 ? count : block.number(count - 59));
      if (count > end - block.position || count > length - made) return 'a literal is too long';
      plain.set(bytes.subarray(block.position, block.position + count), made);
      block.position += count;
    } else {
      const distance =
        kind === 1 ? ((tag >>> 5) << 8) | block.number(1) : block.number(kind * 2 - 2);
      count = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + count;
      if (block.failed || distance === 0 || distance > made || count > length - made) {
        return 'a copy leads out of the block';
      }
      for (let index = made; index < made + count; index++) {
        plain[index] = plain[index - distance] as number;
      }
    }
    made += count;
  }
  return made === length && !block.failed ? plain : 'a block ends early';
}

class BlockReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  position: number;
  failed: boolean;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.position = start;
    this.failed = false;
  }

  /** Little-endian, of 1 to 4 bytes. */
  number(byteCount: number): number {
    if (this.position + byteCount > this.#end) this.failed = true;
    let value = 0;
    for (let index = byteCount - 1; index >= 0; index--) {
      value = value * 256 + (this.#bytes[this.position + index] ?? 0);
    }
    this.position += byteCount;
    return value;
  }

  /** -1 when it does not end within 32 bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.number(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return this.failed ? -1 : value;
    }
    return -1;
  }
}
