/**
 * GzipDecompressor: one gzip member (RFC 1952): header, DEFLATE, CRC-32 and length of the plain
 * bytes, all verified. What follows the member is ignored.
 */

import { crc32 } from '@zabra/protocol';
import type { Decompressor } from './decompressor.ts';
import { Inflate } from './inflate.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE_METHOD = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
/** Longest header that is looked at, bytes. */
const HEADER_BYTES_MAX = 1 << 17;

export class GzipDecompressor implements Decompressor {
  readonly #inflate: Inflate;
  /** The header, until it is complete; null afterwards. */
  #header: Uint8Array | null;
  /** Compressed bytes that came behind the end of the DEFLATE stream. */
  #behind: Uint8Array;
  #crc: number;
  #plainBytes: number;
  #error: string | null;
  ended: boolean;

  constructor() {
    this.#inflate = new Inflate();
    this.#header = new Uint8Array(0);
    this.#behind = new Uint8Array(0);
    this.#crc = 0;
    this.#plainBytes = 0;
    this.#error = null;
    this.ended = false;
  }

  get error(): string | null {
    return this.#error ?? this.#inflate.error;
  }

  push(buffer: Uint8Array, start: number, end: number): void {
    if (this.#header === null) {
      if (this.#inflate.ended) this.#behind = joined(this.#behind, buffer.subarray(start, end));
      else this.#inflate.push(buffer, start, end);
      return;
    }
    const header = joined(this.#header, buffer.subarray(start, end));
    this.#header = header;
    const headerEnd = this.#headerEnd(header);
    if (headerEnd < 0) {
      if (header.length > HEADER_BYTES_MAX) this.#error ??= 'the gzip header does not end';
      return;
    }
    this.#header = null;
    this.#inflate.push(header, headerEnd, header.length);
  }

  read(target: Uint8Array, offset: number, length: number): number {
    if (this.#header !== null || this.ended || this.error !== null) return 0;
    const got = this.#inflate.read(target, offset, length);
    this.#crc = crc32(target, offset, offset + got, this.#crc);
    this.#plainBytes += got;
    if (got === 0 && this.#inflate.ended) this.#readTrailer();
    return got;
  }

  #readTrailer(): void {
    const trailer = joined(this.#inflate.rest(), this.#behind);
    if (trailer.length < TRAILER_BYTES) return;
    const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
    if (view.getUint32(0, true) !== this.#crc) this.#error = 'the CRC of the plain bytes is wrong';
    else if (view.getUint32(4, true) !== this.#plainBytes >>> 0) {
      this.#error = 'the count of the plain bytes is wrong';
    } else this.ended = true;
  }

  /** Where the header ends; -1 when more of it must come, or when it is none. */
  #headerEnd(bytes: Uint8Array): number {
    if (bytes.length < HEADER_BYTES) return -1;
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === DEFLATE_METHOD;
    if (!isGzip) {
      this.#error = 'the file does not start as gzip';
      return -1;
    }
    const flags = bytes[3] as number;
    let end = HEADER_BYTES;
    if ((flags & FLAG_EXTRA) !== 0) {
      if (bytes.length < end + 2) return -1;
      end += 2 + (bytes[end] as number) + (bytes[end + 1] as number) * 256;
    }
    if ((flags & FLAG_NAME) !== 0) end = endOfText(bytes, end);
    if ((flags & FLAG_COMMENT) !== 0) end = endOfText(bytes, end);
    if ((flags & FLAG_HEADER_CRC) !== 0) end += 2;
    return end <= bytes.length ? end : -1;
  }
}

/** Behind the zero that ends the text; beyond the bytes when it is not there. */
function endOfText(bytes: Uint8Array, start: number): number {
  const zero = bytes.indexOf(0, start);
  return zero < 0 ? bytes.length + 1 : zero + 1;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
