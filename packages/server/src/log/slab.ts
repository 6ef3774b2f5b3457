/**
 * SlabWriter: one encoding, three readers. Entries are encoded one behind another, in the format of
 * the log, into append-only slabs; the disk takes a contiguous range of them, learners get views of
 * the payloads, DIFF keeps (slab, start, end). A slab is never reused nor changed where it was
 * written, so nobody counts references; the collector does.
 *
 * Invariant: an entry lies in one slab, whole; `position` is where the next one starts.
 */

import { adler32 } from '@zabra/protocol';
import { END_MARKER, ENTRY_HEAD_BYTES, ENTRY_OVERHEAD_BYTES } from './log-format.ts';

export const SLAB_BYTES = 1 << 20;

export class SlabWriter {
  buffer: Uint8Array;
  position: number;
  #view: DataView;
  readonly #slabBytes: number;

  /** No slab is made before the first entry: a server that only recovers needs none. */
  constructor(slabBytes = SLAB_BYTES) {
    this.buffer = new Uint8Array(0);
    this.position = 0;
    this.#view = new DataView(this.buffer.buffer);
    this.#slabBytes = slabBytes;
  }

  /**
   * Encodes `buffer[start, end)` as the next entry. Its bytes then end at `position` of the present
   * slab; returns where they start. The payload starts ENTRY_HEAD_BYTES later.
   */
  append(buffer: Uint8Array, start: number, end: number): number {
    const bytes = end - start + ENTRY_OVERHEAD_BYTES;
    if (bytes > this.buffer.length - this.position) this.#openSlab(bytes);
    const at = this.position;
    const payloadStart = at + ENTRY_HEAD_BYTES;
    const payloadEnd = payloadStart + (end - start);
    this.buffer.set(buffer.subarray(start, end), payloadStart);
    this.#view.setInt32(at, 0);
    this.#view.setInt32(at + 4, adler32(this.buffer, payloadStart, payloadEnd));
    this.#view.setInt32(at + 8, end - start);
    this.buffer[payloadEnd] = END_MARKER;
    this.position = at + bytes;
    return at;
  }

  #openSlab(bytesMin: number): void {
    this.buffer = new Uint8Array(Math.max(this.#slabBytes, bytesMin));
    this.#view = new DataView(this.buffer.buffer);
    this.position = 0;
  }
}
