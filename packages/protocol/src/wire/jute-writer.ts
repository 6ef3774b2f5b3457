/**
 * JuteWriter: appends jute to a buffer of its own, which doubles when it is full. `position` is
 * both the write cursor and the length of what was written. A grown buffer is a new object: keep
 * offsets across writes, not the buffer or the view. What was written before a `reset` is
 * overwritten after it; `toBytes` copies.
 */

import { copyBytes, copyInto } from '../base/bytes.ts';
import { numberHi, numberLo } from '../base/int64.ts';
import { utf8Write } from '../base/text.ts';
import { zxidHi, zxidLo } from '../base/zxid.ts';

/** Most bytes that one UTF-16 unit can take. */
const UNIT_BYTES_MAX = 3;

export class JuteWriter {
  buffer: Uint8Array;
  view: DataView;
  position: number;

  constructor(initialBytes = 1024) {
    this.buffer = new Uint8Array(initialBytes);
    this.view = new DataView(this.buffer.buffer);
    this.position = 0;
  }

  /** Makes room for `bytes` more. */
  ensure(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#grow(this.position + bytes);
  }

  int(value: number): void {
    const position = this.#advance(4);
    this.view.setInt32(position, value);
  }

  long(hi: number, lo: number): void {
    const position = this.#advance(8);
    this.view.setInt32(position, hi);
    this.view.setInt32(position + 4, lo);
  }

  zxid(zxid: number): void {
    this.long(zxidHi(zxid), zxidLo(zxid));
  }

  /** A safe integer of either sign as a long (times, ttl). */
  number(value: number): void {
    this.long(numberHi(value), numberLo(value));
  }

  byte(value: number): void {
    const position = this.#advance(1);
    this.buffer[position] = value;
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  string(text: string | null): void {
    if (text === null) {
      this.int(-1);
      return;
    }
    this.ensure(4 + text.length * UNIT_BYTES_MAX);
    const length = utf8Write(this.buffer, this.position + 4, text);
    this.view.setInt32(this.position, length);
    this.position += 4 + length;
  }

  bytes(bytes: Uint8Array | null): void {
    if (bytes === null) this.int(-1);
    else this.range(bytes, 0, bytes.length);
  }

  /** The length of the range, then its bytes. */
  range(buffer: Uint8Array, start: number, end: number): void {
    this.int(end - start);
    this.raw(buffer, start, end);
  }

  /** The bytes of the range alone. */
  raw(buffer: Uint8Array, start: number, end: number): void {
    const position = this.#advance(end - start);
    copyInto(this.buffer, position, buffer, start, end);
  }

  /** Goes back to `position`; the buffer is kept. */
  reset(position = 0): void {
    this.position = position;
  }

  /** Steps over `bytes` bytes of undefined content, to be patched; returns their offset. */
  reserve(bytes: number): number {
    return this.#advance(bytes);
  }

  patchInt(offset: number, value: number): void {
    this.view.setInt32(offset, value);
  }

  /** A copy of all that was written. */
  toBytes(): Uint8Array {
    return copyBytes(this.buffer, 0, this.position);
  }

  #advance(bytes: number): number {
    const position = this.position;
    if (position + bytes > this.buffer.length) this.#grow(position + bytes);
    this.position = position + bytes;
    return position;
  }

  #grow(bytesMin: number): void {
    let size = Math.max(this.buffer.length, 64);
    while (size < bytesMin) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.buffer.subarray(0, this.position));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}
