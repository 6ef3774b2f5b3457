/**
 * One file of the simulated disk: what a reader sees now and what would be left if the power went.
 * The two differ in dirty sectors and perhaps in length until the file is synced. Knows nothing of
 * names, requests or time.
 *
 * Faults that a power cut may do to it, and no others: each sector written since the last sync is
 * kept, lost (it reads as before, zeros where nothing was) or torn (some of its bytes new, the rest
 * as before); an unsynced change of length happened, did not happen, or stopped in between. Bytes
 * that were synced and not written since are as they were.
 */

import type { Prng } from '@zabra/protocol';

export const SECTOR_BYTES = 512;

const CAPACITY_BYTES_MIN = 1024;

export interface CutCounts {
  sectorsKept: number;
  sectorsLost: number;
  sectorsTorn: number;
}

export class DiskFile {
  sizeBytes: number;
  #bytes: Uint8Array;
  #durableSizeBytes: number;
  /** Invariant: as long as `#bytes`, zero behind `#durableSizeBytes`. */
  #durable: Uint8Array;
  /** Indexes of sectors in which the two may differ, apart from the length. */
  #dirty: Set<number>;

  constructor() {
    this.sizeBytes = 0;
    this.#bytes = new Uint8Array(CAPACITY_BYTES_MIN);
    this.#durableSizeBytes = 0;
    this.#durable = new Uint8Array(CAPACITY_BYTES_MIN);
    this.#dirty = new Set();
  }

  /** Bytes that a power cut would leave for certain: all of them when nothing is dirty. */
  get isSynced(): boolean {
    return this.#dirty.size === 0 && this.sizeBytes === this.#durableSizeBytes;
  }

  read(position: number, target: Uint8Array, offset: number, length: number): number {
    const end = Math.min(position + length, this.sizeBytes);
    if (end <= position) return 0;
    target.set(this.#bytes.subarray(position, end), offset);
    return end - position;
  }

  /** The content now; not to be changed, and good only until the next change. */
  content(): Uint8Array {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  /** What a power cut that keeps nothing unsynced would leave; as `content`. */
  durableContent(): Uint8Array {
    return this.#durable.subarray(0, this.#durableSizeBytes);
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.grow(position + bytes.length);
    this.#bytes.set(bytes, position);
    this.#soil(position, position + bytes.length);
  }

  /** Makes the file at least that long, with zeros. */
  grow(bytes: number): void {
    if (bytes <= this.sizeBytes) return;
    // Zeros over zeros: only the length is not synced. A cut rest was soiled by the cut.
    this.#reserve(bytes);
    this.sizeBytes = bytes;
  }

  truncate(bytes: number): void {
    if (bytes >= this.sizeBytes) return;
    this.#bytes.fill(0, bytes, this.sizeBytes);
    this.#soil(bytes, this.sizeBytes);
    this.sizeBytes = bytes;
  }

  sync(): void {
    for (const sector of this.#dirty) this.#settle(sector, SECTOR_BYTES);
    this.#dirty.clear();
    this.#durableSizeBytes = this.sizeBytes;
  }

  /** The power goes: what is not synced becomes whatever the disk made of it. */
  cutPower(prng: Prng, counts: CutCounts): void {
    const sizeBytes = this.#sizeAfterCut(prng);
    for (const sector of this.#dirty) {
      const fate = prng.below(3);
      if (fate === 0) counts.sectorsLost++;
      else if (fate === 1) counts.sectorsKept++;
      else counts.sectorsTorn++;
      if (fate === 1) this.#settle(sector, SECTOR_BYTES);
      else if (fate === 2) this.#tear(sector, prng);
    }
    this.#dirty.clear();
    this.#durable.fill(0, sizeBytes);
    this.#durableSizeBytes = sizeBytes;
    this.#bytes.set(this.#durable);
    this.sizeBytes = sizeBytes;
  }

  #sizeAfterCut(prng: Prng): number {
    const before = this.#durableSizeBytes;
    const after = this.sizeBytes;
    if (before === after) return after;
    const fate = prng.below(4);
    if (fate === 0) return before;
    if (fate < 3) return after;
    const low = Math.min(before, after);
    const sectors = Math.ceil((Math.max(before, after) - low) / SECTOR_BYTES);
    const between = (Math.floor(low / SECTOR_BYTES) + prng.below(sectors + 1)) * SECTOR_BYTES;
    return Math.min(Math.max(between, low), Math.max(before, after));
  }

  /** The new bytes reach the medium up to `bytes` of the sector. */
  #settle(sector: number, bytes: number): void {
    const start = sector * SECTOR_BYTES;
    this.#durable.set(this.#bytes.subarray(start, start + bytes), start);
  }

  /** The new bytes reach the medium for one part of the sector only, its front or its back. */
  #tear(sector: number, prng: Prng): void {
    const start = sector * SECTOR_BYTES;
    const cut = prng.below(SECTOR_BYTES - 1) + 1;
    if (prng.chance(3, 4)) {
      this.#settle(sector, cut);
      return;
    }
    const end = start + SECTOR_BYTES;
    this.#durable.set(this.#bytes.subarray(start + cut, end), start + cut);
  }

  #soil(start: number, end: number): void {
    const last = Math.floor((end - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(start / SECTOR_BYTES); sector <= last; sector++) {
      this.#dirty.add(sector);
    }
  }

  /** Capacity is a whole number of sectors, so that a sector is never cut by the end. */
  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    let capacity = this.#bytes.length;
    while (capacity < bytes) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes);
    this.#bytes = grown;
    const durable = new Uint8Array(capacity);
    durable.set(this.#durable);
    this.#durable = durable;
  }
}
