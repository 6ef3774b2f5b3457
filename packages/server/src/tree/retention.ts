/**
 * Retention: keeps what readers of a past state still need while the tree goes on (ADR 5).
 * Time is counted in epochs, a new one for each reader that is opened. A record carries the
 * epoch of its last change. Before the first change of an epoch that an open reader must not see,
 * the record is copied and the copy chained behind it (`older`); a deleted record stays in its
 * place among its siblings as a ghost. So one mechanism serves any number of readers, and without
 * readers it costs one comparison for each change.
 *
 * Copies and ghosts are retired in order of epochs and freed in that order, a few with each change,
 * as soon as no open reader is older. What the oldest reader keeps alive is bounded: beyond the
 * bound that reader fails.
 *
 * The version of a record for a reader of epoch S is the newest of its chain whose epoch is at
 * most S; a record without one did not exist for it, and neither did anything below it.
 *
 * Invariants: a retired record carries the epoch of its retirement in place of the content's
 * checksum, and the queue holds it once, ascending by that epoch; a ghost leaves its siblings after
 * all its children did; no reader's cursor stands on a freed record.
 */

import { assert, RingQueue } from '@zabra/protocol';
import { CONTENT_CRC, EPOCH, FIRST_CHILD, FLAG_GHOST, OLDER, PARENT } from './record-layout.ts';
import { successor, unlinkChild } from './sibling-links.ts';
import type { ZnodeRecords } from './znode-records.ts';

const EPOCH_MAX = 0xffffffff;
/** Retired records freed with each change, and when a reader ends. */
const FREED_PER_CHANGE = 4;
const FREED_PER_READER = 2048;

/** What this room needs to see of a reader. */
export interface RetainedReader {
  /** The state it reads is the one at the end of this epoch. */
  readonly epoch: number;
  /** The record it will look at next, 0 at the end. */
  cursor: number;
  /** Set once when what it keeps alive has grown beyond the bound; it is then forgotten. */
  failed: boolean;
}

export class Retention {
  readonly #records: ZnodeRecords;
  readonly #bytesMax: number;
  #epoch: number;
  /** Ascending by epoch; beside each what had been retired when it was opened, bytes. */
  readonly #readers: RetainedReader[];
  readonly #retiredBefore: number[];
  readonly #queue: RingQueue<number>;
  /** Retired since the beginning, freed or not, bytes. */
  #retiredBytes: number;

  constructor(records: ZnodeRecords, bytesMax: number) {
    this.#records = records;
    this.#bytesMax = bytesMax;
    this.#epoch = 1;
    this.#readers = [];
    this.#retiredBefore = [];
    this.#queue = new RingQueue();
    this.#retiredBytes = 0;
  }

  /** The epoch that changes belong to now. */
  get epoch(): number {
    return this.#epoch;
  }

  get readerCount(): number {
    return this.#readers.length;
  }

  /** Copies and ghosts that are not freed yet. */
  get retiredCount(): number {
    return this.#queue.length;
  }

  /** Ends the epoch; the reader must carry its number. */
  admit(reader: RetainedReader): void {
    assert(this.#epoch < EPOCH_MAX, 'Cannot open a reader: the epochs are used up');
    assert(reader.epoch === this.#epoch, `Cannot admit a reader of epoch ${reader.epoch}`);
    this.#readers.push(reader);
    this.#retiredBefore.push(this.#retiredBytes);
    this.#epoch++;
  }

  /** The reader needs nothing any more. */
  dismiss(reader: RetainedReader): void {
    const index = this.#readers.indexOf(reader);
    if (index < 0) return;
    this.#readers.splice(index, 1);
    this.#retiredBefore.splice(index, 1);
    this.reclaim(FREED_PER_READER);
  }

  /** Every reader fails: the tree ends. */
  failAll(): void {
    while (this.#readers.length > 0) this.#failOldest();
  }

  /** A record that belongs to the present epoch from its birth. */
  onCreated(ref: number): void {
    this.#records.setWord(ref, EPOCH, this.#epoch);
    this.reclaim(FREED_PER_CHANGE);
  }

  /** Must precede every change of a record's Stat, ACL or data. */
  beforeChange(ref: number): void {
    const records = this.#records;
    const changed = records.word(ref, EPOCH);
    if (changed === this.#epoch) return;
    const needed = this.#isNeeded(changed);
    if (needed) this.#keepCopy(ref);
    records.setWord(ref, EPOCH, this.#epoch);
    if (needed) this.#checkBound();
    this.reclaim(FREED_PER_CHANGE);
  }

  /** `bytes` of a record now belong to its copies alone. */
  onLeft(bytes: number): void {
    if (bytes === 0) return;
    this.#retiredBytes += bytes;
    this.#checkBound();
  }

  /** The record is no part of the tree any more: it is freed, now or later. */
  onDeleted(ref: number): void {
    const records = this.#records;
    const needed =
      records.word(ref, FIRST_CHILD) !== 0 ||
      records.word(ref, OLDER) !== 0 ||
      this.#isNeeded(records.word(ref, EPOCH));
    if (needed) {
      records.setFlag(ref, FLAG_GHOST);
      this.#retire(ref, records.heldBytes(ref));
      this.#checkBound();
    } else {
      this.#release(ref);
    }
    this.reclaim(FREED_PER_CHANGE);
  }

  /** The version of the record in a reader's state: itself, a copy, or 0. */
  version(ref: number, epoch: number): number {
    const records = this.#records;
    if (records.hasFlag(ref, FLAG_GHOST) && records.word(ref, CONTENT_CRC) <= epoch) return 0;
    let version = ref;
    while (version !== 0 && records.word(version, EPOCH) > epoch) {
      version = records.word(version, OLDER);
    }
    return version;
  }

  /** The reader is done with the record: if it is the only one, changes need no copy. */
  onRead(ref: number): void {
    if (this.#readers.length === 1 && !this.#records.hasFlag(ref, FLAG_GHOST)) {
      this.#records.setWord(ref, EPOCH, this.#epoch);
    }
  }

  /** Frees up to `countMax` retired records that no reader needs. */
  reclaim(countMax: number): void {
    const records = this.#records;
    const oldest = this.#readers[0]?.epoch ?? EPOCH_MAX;
    for (let count = 0; count < countMax; count++) {
      const ref = this.#queue.peek();
      if (ref === undefined || records.word(ref, CONTENT_CRC) > oldest) return;
      this.#queue.shift();
      if (records.hasFlag(ref, FLAG_GHOST)) this.#release(ref);
      else this.#releaseCopy(ref);
    }
  }

  /** True when a reader is open whose state holds a record unchanged since `epoch`. */
  #isNeeded(epoch: number): boolean {
    const newest = this.#readers[this.#readers.length - 1];
    return newest !== undefined && newest.epoch >= epoch;
  }

  #keepCopy(ref: number): void {
    const copy = this.#records.copy(ref);
    this.#records.setWord(ref, OLDER, copy);
    // Long data is still shared with the znode; `onLeft` counts it once it is not.
    this.#retire(copy, this.#records.blockBytes(copy));
  }

  #retire(ref: number, bytes: number): void {
    this.#retiredBytes += bytes;
    this.#records.setWord(ref, CONTENT_CRC, this.#epoch);
    this.#queue.push(ref);
  }

  #checkBound(): void {
    while (this.#readers.length > 0) {
      if (this.#retiredBytes - (this.#retiredBefore[0] as number) <= this.#bytesMax) return;
      this.#failOldest();
    }
  }

  #failOldest(): void {
    const reader = this.#readers.shift();
    this.#retiredBefore.shift();
    if (reader === undefined) return;
    reader.failed = true;
    reader.cursor = 0;
  }

  /** Takes the copy out of its record's chain, of which it is the oldest. */
  #releaseCopy(copy: number): void {
    const records = this.#records;
    let holder = records.word(copy, PARENT);
    while (records.word(holder, OLDER) !== copy) holder = records.word(holder, OLDER);
    records.setWord(holder, OLDER, 0);
    records.free(copy);
  }

  #release(ref: number): void {
    const records = this.#records;
    for (const reader of this.#readers) {
      if (reader.cursor === ref) reader.cursor = successor(records, ref);
    }
    unlinkChild(records, ref);
    records.free(ref);
  }
}
