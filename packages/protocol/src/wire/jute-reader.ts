/**
 * JuteReader: a cursor over (buffer, position, end) that decodes jute, ZooKeeper's big-endian
 * encoding. It never throws and makes no views of fields: whoever decodes reads all fields of a
 * record and then asks `failed` once. A read beyond the end, or a length that is below -1 or above
 * `bytesMax`, sets `failed` and moves the cursor to the end, so that all further reads give 0,
 * null, false or an empty range. Bytes behind a record are nobody's error (client-protocol.md 1).
 *
 * Invariant: position <= end <= buffer.length, both absolute offsets into `buffer`.
 */

import { copyBytes, EMPTY_BYTES } from '../base/bytes.ts';
import { int64ToNumber } from '../base/int64.ts';
import { JUTE_BYTES_MAX_DEFAULT } from '../base/limits.ts';
import { utf8Decode } from '../base/text.ts';
import { zxidFrom } from '../base/zxid.ts';

const EMPTY_VIEW = new DataView(EMPTY_BYTES.buffer);

export class JuteReader {
  buffer: Uint8Array;
  view: DataView;
  position: number;
  end: number;
  failed: boolean;
  /** Longest string or buffer accepted, bytes. */
  bytesMax: number;
  /** The halves of the last `long()`, int32 each. */
  hi: number;
  lo: number;
  /** Absolute offsets of the payload of the last `range()`. */
  rangeStart: number;
  rangeEnd: number;
  /** The buffer before the present one: two sources in turn need no new views. */
  #otherBuffer: Uint8Array;
  #otherView: DataView;

  constructor(bytesMax = JUTE_BYTES_MAX_DEFAULT) {
    this.buffer = EMPTY_BYTES;
    this.view = EMPTY_VIEW;
    this.position = 0;
    this.end = 0;
    this.failed = false;
    this.bytesMax = bytesMax;
    this.hi = 0;
    this.lo = 0;
    this.rangeStart = 0;
    this.rangeEnd = 0;
    this.#otherBuffer = EMPTY_BYTES;
    this.#otherView = EMPTY_VIEW;
  }

  reset(buffer: Uint8Array, start: number, end: number): this {
    if (buffer !== this.buffer) this.#changeBuffer(buffer);
    this.position = start;
    this.end = end;
    this.failed = false;
    return this;
  }

  int(): number {
    const position = this.position;
    if (position + 4 > this.end) return this.#fail();
    this.position = position + 4;
    return this.view.getInt32(position);
  }

  /** Reads a long into `hi` and `lo`. */
  long(): void {
    const position = this.position;
    if (position + 8 > this.end) {
      this.#fail();
      this.hi = 0;
      this.lo = 0;
      return;
    }
    this.position = position + 8;
    this.hi = this.view.getInt32(position);
    this.lo = this.view.getInt32(position + 4);
  }

  /** A long as a zxid; see `zxidFrom` for what lies outside. */
  zxid(): number {
    const position = this.position;
    if (position + 8 > this.end) return this.#fail();
    this.position = position + 8;
    return zxidFrom(this.view.getInt32(position), this.view.getInt32(position + 4));
  }

  /** A long as a plain number (times, ttl); saturates outside the safe integers. */
  number(): number {
    const position = this.position;
    if (position + 8 > this.end) return this.#fail();
    this.position = position + 8;
    return int64ToNumber(this.view.getInt32(position), this.view.getInt32(position + 4));
  }

  /** Any byte but 0 is true, as in Java. */
  bool(): boolean {
    return this.byte() !== 0;
  }

  /** 0 to 255. */
  byte(): number {
    if (this.position >= this.end) return this.#fail();
    return this.buffer[this.position++] as number;
  }

  string(): string | null {
    if (this.range() < 0 || this.failed) return null;
    return utf8Decode(this.buffer, this.rangeStart, this.rangeEnd);
  }

  /** A copy, which may outlive the buffer. */
  bytes(): Uint8Array | null {
    if (this.range() < 0 || this.failed) return null;
    return copyBytes(this.buffer, this.rangeStart, this.rangeEnd);
  }

  /**
   * Reads the length of a buffer or string, steps over the payload and leaves its offsets in
   * `rangeStart` and `rangeEnd` (equal for null, whose length is -1).
   */
  range(): number {
    const length = this.int();
    if (length < -1 || length > this.bytesMax || length > this.end - this.position) this.#fail();
    this.rangeStart = this.position;
    if (length <= 0 || this.failed) {
      this.rangeEnd = this.position;
      return this.failed ? 0 : length;
    }
    this.position += length;
    this.rangeEnd = this.position;
    return length;
  }

  /**
   * Reads the count of a vector: -1 for null, 0 for other negative counts, as in Java. A count
   * whose elements, `elementBytesMin` each, cannot be there fails at once, so that no count makes
   * its reader allocate or loop beyond the bytes that came.
   */
  count(elementBytesMin: number): number {
    const count = this.int();
    if (count <= 0) return count === -1 ? -1 : 0;
    if (count * elementBytesMin > this.end - this.position) return this.#fail();
    return count;
  }

  skip(bytes: number): void {
    if (bytes > this.end - this.position) this.#fail();
    else this.position += bytes;
  }

  remaining(): number {
    return this.end - this.position;
  }

  #fail(): number {
    this.failed = true;
    this.position = this.end;
    return 0;
  }

  #changeBuffer(buffer: Uint8Array): void {
    const view =
      buffer === this.#otherBuffer
        ? this.#otherView
        : new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#otherBuffer = this.buffer;
    this.#otherView = this.view;
    this.buffer = buffer;
    this.view = view;
  }
}
