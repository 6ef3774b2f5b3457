/**
 * HeldBytes: the bytes of a stream that a reader could not hand on yet, because a frame is not
 * complete or its sink has paused. Append-only: bytes once handed out are never overwritten,
 * since a full buffer is replaced by a new one, so that a sink may keep a frame as long as it
 * likes. Capacity follows the bytes that came, never a length that a peer announced, and not beyond
 * the end of the frame that they belong to, where that is known.
 *
 * Invariant: the held bytes are buffer[start, end); nothing is held iff start == end, and then
 * `buffer` is the shared empty one.
 */

import { copyInto, EMPTY_BYTES } from '../base/bytes.ts';

/** Smallest buffer, bytes: most frames that are split are small. */
const CAPACITY_MIN = 512;

export class HeldBytes {
  buffer: Uint8Array;
  start: number;
  end: number;

  constructor() {
    this.buffer = EMPTY_BYTES;
    this.start = 0;
    this.end = 0;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** `bytesMax`: what the held bytes can come to before some of them are consumed, if known. */
  append(
    source: Uint8Array,
    start: number,
    end: number,
    bytesMax = Number.POSITIVE_INFINITY,
  ): void {
    const count = end - start;
    if (count === 0) return;
    if (this.end + count > this.buffer.length) this.#grow(this.length + count, bytesMax);
    copyInto(this.buffer, this.end, source, start, end);
    this.end += count;
  }

  /** Forgets everything before the absolute offset `position`. */
  consumeTo(position: number): void {
    this.start = position;
    if (position === this.end) this.clear();
  }

  clear(): void {
    this.buffer = EMPTY_BYTES;
    this.start = 0;
    this.end = 0;
  }

  #grow(bytesMin: number, bytesMax: number): void {
    const ahead = Math.min(Math.max(CAPACITY_MIN, this.length * 2), bytesMax);
    const grown = new Uint8Array(Math.max(bytesMin, ahead));
    grown.set(this.buffer.subarray(this.start, this.end));
    this.end = this.length;
    this.start = 0;
    this.buffer = grown;
  }
}
