/**
 * SnapshotTrigger: when the log rolls and a snapshot is due (storage-and-config.md 4.4): after
 * between half and all of `snapCount` entries, or of a count of bytes, drawn anew each time so that
 * the members of an ensemble do not all write at once.
 */

import type { Prng } from '@zabra/protocol';

const SNAP_COUNT_MIN = 2;
/** A draw is below 2^32; sizes are drawn in units of this many bytes. */
const SIZE_UNIT_BYTES = 1024;

export class SnapshotTrigger {
  readonly #snapCount: number;
  /** 0 or less: never by size. */
  readonly #sizeLimitBytes: number;
  readonly #prng: Prng;
  #entryLimit: number;
  #byteLimit: number;
  #entries: number;

  constructor(snapCount: number, sizeLimitBytes: number, prng: Prng) {
    this.#snapCount = Math.max(SNAP_COUNT_MIN, snapCount);
    this.#sizeLimitBytes = sizeLimitBytes;
    this.#prng = prng;
    this.#entryLimit = 0;
    this.#byteLimit = 0;
    this.#entries = 0;
    this.reset();
  }

  /** Counts from 0 again, towards new limits. */
  reset(): void {
    const half = Math.floor(this.#snapCount / 2);
    this.#entries = 0;
    this.#entryLimit = half + this.#prng.below(half);
    this.#byteLimit = this.#drawByteLimit();
  }

  /**
   * One more entry; `fileBytes` is the size of the log files since the last `reset`, with padding.
   */
  onAppend(fileBytes: number): boolean {
    this.#entries++;
    return this.#entries > this.#entryLimit || fileBytes > this.#byteLimit;
  }

  #drawByteLimit(): number {
    if (this.#sizeLimitBytes <= 0) return Number.POSITIVE_INFINITY;
    const halfUnits = Math.max(1, Math.floor(this.#sizeLimitBytes / 2 / SIZE_UNIT_BYTES));
    return (halfUnits + this.#prng.below(halfUnits)) * SIZE_UNIT_BYTES;
  }
}
