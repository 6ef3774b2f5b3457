/**
 * FrameReader: length-prefixed frames (int32 length, payload) out of the chunks of a connection.
 * A frame that lies within one chunk is handed on where it is; only a split one is gathered in a
 * buffer that grows with the bytes that arrive. Buffers given to the sink are never written again
 * by the reader. While paused it keeps what comes; whoever pauses should stop the socket too.
 *
 * Invariant: between calls, held bytes start at a frame's length field; when not paused they are a
 * proper prefix of one frame, so the chunk that completes it is copied only up to that frame's end.
 *
 * The length of an oversized or negative frame is passed on: before the first frame it may be a
 * four-letter word, none of which is a legal length (client-protocol.md 1).
 */

import { assert } from '../base/assert.ts';
import { HeldBytes } from './held-bytes.ts';

const LENGTH_BYTES = 4;

export type FrameFault = 'negative-length' | 'oversized';

export interface FrameSink {
  /**
   * One payload, at buffer[start, end). False pauses the reader after this frame, which counts as
   * delivered. It may pause and resume the reader but must not push.
   */
  onFrame(buffer: Uint8Array, start: number, end: number): boolean;
  /**
   * The stream cannot be read on; the reader drops everything from here on. `tail` is what came
   * together with the length, a view.
   */
  onFrameError(reason: FrameFault, length: number, tail: Uint8Array): void;
}

export class FrameReader {
  /** Longest payload accepted, bytes. */
  frameBytesMax: number;
  #sink: FrameSink;
  #held: HeldBytes;
  #paused: boolean;
  #failed: boolean;
  #delivering: boolean;

  constructor(frameBytesMax: number, sink: FrameSink) {
    this.frameBytesMax = frameBytesMax;
    this.#sink = sink;
    this.#held = new HeldBytes();
    this.#paused = false;
    this.#failed = false;
    this.#delivering = false;
  }

  /** Bytes received but not delivered, including length fields. */
  get bytesHeld(): number {
    return this.#held.length;
  }

  get paused(): boolean {
    return this.#paused;
  }

  push(buffer: Uint8Array, start: number, end: number): void {
    assert(!this.#delivering, 'Cannot push into a frame reader from its own sink');
    if (this.#failed) return;
    let position = start;
    if (!this.#paused) {
      if (this.#held.length > 0) position = this.#completeHeldFrame(buffer, start, end);
      if (this.#held.length === 0) position = this.#deliver(buffer, position, end);
    }
    if (position < end && !this.#failed) this.#held.append(buffer, position, end);
  }

  pause(): void {
    this.#paused = true;
  }

  /** Delivers what was kept; returns after the sink has paused again or all is delivered. */
  resume(): void {
    this.#paused = false;
    if (!this.#delivering && !this.#failed) this.#deliverHeld();
  }

  /** Takes from the chunk what the held frame lacks; returns where the rest of it begins. */
  #completeHeldFrame(buffer: Uint8Array, start: number, end: number): number {
    const held = this.#held;
    let position = start;
    if (held.length < LENGTH_BYTES) {
      position = Math.min(start + LENGTH_BYTES - held.length, end);
      held.append(buffer, start, position);
      if (held.length < LENGTH_BYTES) return position;
    }
    const length = readLength(held.buffer, held.start);
    if (!this.#accept(length, buffer, position, end)) return end;
    const bodyStart = position;
    position = Math.min(position + LENGTH_BYTES + length - held.length, end);
    held.append(buffer, bodyStart, position, LENGTH_BYTES + length);
    this.#deliverHeld();
    return position;
  }

  #deliverHeld(): void {
    const held = this.#held;
    if (held.length === 0) return;
    held.consumeTo(this.#deliver(held.buffer, held.start, held.end));
    if (this.#failed) held.clear();
  }

  /** Hands on whole frames; returns the offset of the first byte not delivered. */
  #deliver(buffer: Uint8Array, start: number, end: number): number {
    let position = start;
    this.#delivering = true;
    while (!this.#paused && end - position >= LENGTH_BYTES) {
      const length = readLength(buffer, position);
      const frameStart = position + LENGTH_BYTES;
      if (!this.#accept(length, buffer, frameStart, end)) break;
      if (frameStart + length > end) break;
      position = frameStart + length;
      if (!this.#sink.onFrame(buffer, frameStart, position)) this.#paused = true;
    }
    this.#delivering = false;
    return position;
  }

  /** What follows the length begins at `start`. */
  #accept(length: number, buffer: Uint8Array, start: number, end: number): boolean {
    if (length >= 0 && length <= this.frameBytesMax) return true;
    this.#failed = true;
    const tail = buffer.subarray(start, end);
    this.#held.clear();
    this.#sink.onFrameError(length < 0 ? 'negative-length' : 'oversized', length, tail);
    return false;
  }
}

function readLength(buffer: Uint8Array, position: number): number {
  return (
    ((buffer[position] as number) << 24) |
    ((buffer[position + 1] as number) << 16) |
    ((buffer[position + 2] as number) << 8) |
    (buffer[position + 3] as number)
  );
}
