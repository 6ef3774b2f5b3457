/**
 * Watermark: a lower bound, kept beside the log, of what was acknowledged as synced. It tells a
 * torn tail from corruption (ADR 8): what is damaged above it was never promised to anybody and
 * is cut; what is damaged at or below it is refused.
 *
 *   zabra.watermark = slot at 0, slot at 4096, each a side record (`side-record`) with
 *     long   sequence        the higher of two valid slots counts
 *     zxid   synced          -1: nothing was claimed
 *     zxid   segment         newest log file that we made or were about to make, -1: none
 *     int    checksum        of the first entry of that file
 *     zxid   previous        newest log file before that one, -1: none
 *     zxid   ownSince        log files from this one on were all written by us
 *     long   acceptedEpoch   no epoch above it was accepted by whoever wrote this
 *     zxid   wholeSince      log files from this one on hold a history without a hole (version 2)
 *
 * Those from segment to acceptedEpoch are the signature of the log it speaks of (ADR 8): Apache
 * appends to new files only and raises acceptedEpoch before it is told to truncate, so after an
 * interlude of it they no longer fit, and the watermark is void. wholeSince is for the one hole
 * that zxids do not show: a snapshot that goes beyond the log, and then a new epoch (ADR 20).
 *
 * Writes follow the log's writes in the same channel and mostly without a sync: after each
 * completed sync when the log is idle, every few syncs when it is not. The slot that is known to be
 * on stable storage is never overwritten, so that a torn write loses one step, not the watermark.
 */

import { EMPTY_BYTES, ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import type { DiskPort } from './disk-port.ts';
import { WATERMARK_ASIDE, WATERMARK_FILE } from './file-names.ts';
import { DAMAGED, type RecordKind, readRecord, whyUnread, writeRecord } from './side-record.ts';

const RECORD: RecordKind = { magic: 0x5a424d4b, version: 2, oldestReader: 1 };
/** A slot has a sector of its own on every disk. */
const SLOT_BYTES = 4096;
/** Under load, one write of the watermark per so many syncs of the log. */
const SYNCS_PER_WRITE = 8;
/** One synced write of the watermark per so many of its writes. */
const WRITES_PER_SYNC = 32;
/** Turns without work after which what was written is synced. */
const IDLE_TURNS = 25;

export interface WatermarkFields {
  readonly syncedZxid: number;
  readonly segmentZxid: number;
  readonly segmentChecksum: number;
  readonly previousSegmentZxid: number;
  readonly ownSinceZxid: number;
  readonly acceptedEpochMax: number;
  readonly wholeSinceZxid: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface WatermarkSlot extends WatermarkFields {
  readonly sequence: number;
  readonly slotIndex: number;
}

export class Watermark {
  readonly #port: DiskPort;
  /** With `forceSync=no` nothing is known to be synced, so nothing is claimed. */
  readonly #claims: boolean;
  /** A file is in place that speaks of the present log. */
  #isInForce: boolean;
  #fields: Mutable<WatermarkFields>;
  #sequence: number;
  /** The slot that is on stable storage, or will be before any later request is carried out. */
  #syncedSlot: number;
  #unwrittenSyncs: number;
  #unsyncedWrites: number;
  #idleTurns: number;
  #isWriting: boolean;

  constructor(port: DiskPort, claims: boolean) {
    this.#port = port;
    this.#claims = claims;
    this.#isInForce = false;
    this.#fields = { ...NO_FIELDS };
    this.#sequence = 0;
    this.#syncedSlot = 0;
    this.#unwrittenSyncs = 0;
    this.#unsyncedWrites = 0;
    this.#idleTurns = 0;
    this.#isWriting = false;
  }

  get isInForce(): boolean {
    return this.#isInForce;
  }

  get fields(): WatermarkFields {
    return this.#fields;
  }

  /** Log files from this one on are ours: a DIFF may be served from them (ADR 2). */
  get ownSinceZxid(): number {
    return this.#isInForce ? this.#fields.ownSinceZxid : ZXID_MAX;
  }

  /** Log files from this one on are ours and hold a history without a hole; ZXID_MAX: none does. */
  get historySinceZxid(): number {
    if (!this.#isInForce) return ZXID_MAX;
    return Math.max(this.#fields.ownSinceZxid, this.#fields.wholeSinceZxid);
  }

  /**
   * A file that cannot be read is kept under another name, and what to log is returned. It can be
   * done without, as in a directory that Apache wrote; with the next log file there is one again.
   * What is asked of the directory later is carried out later.
   */
  setUnreadAside(): string | null {
    const why = whyWatermarkUnread(this.#port.reader);
    if (why === null) return null;
    this.#port.finish('log', WATERMARK_FILE, WATERMARK_ASIDE, nothing);
    return `Setting "${WATERMARK_FILE}" aside as "${WATERMARK_ASIDE}": ${why}`;
  }

  /** What recovery found to be in force; null: no file, or one that speaks of another log. */
  adopt(slot: WatermarkSlot | null, epochMax: number): void {
    this.#isInForce = slot !== null;
    this.#sequence = Math.max(this.#sequence, slot?.sequence ?? 0);
    this.#syncedSlot = slot?.slotIndex ?? 0;
    this.#fields = { ...NO_FIELDS, acceptedEpochMax: epochMax, ...slot };
    this.#unwrittenSyncs = 0;
    this.#unsyncedWrites = 0;
  }

  /** Written at the end of recovery and of a roll-forward: the log is as `change` says. */
  rewrite(change: Partial<WatermarkFields>, onDone: () => void): void {
    this.#fields = { ...this.#fields, ...change };
    this.#fields.syncedZxid = this.#claim(this.#fields.syncedZxid);
    if (this.#isInForce) this.#write(true, onDone);
    else onDone();
  }

  /**
   * Called before the request that creates a log file: by the time the file appears, the watermark
   * on stable storage names it. `syncedZxid` is what is synced in the files before it.
   */
  beforeSegment(zxid: number, checksum: number, newestZxid: number, syncedZxid: number): void {
    const wasInForce = this.#isInForce;
    this.#fields = {
      syncedZxid: this.#claim(syncedZxid),
      segmentZxid: zxid,
      segmentChecksum: checksum,
      previousSegmentZxid: newestZxid,
      ownSinceZxid: wasInForce ? Math.min(this.#fields.ownSinceZxid, zxid) : zxid,
      acceptedEpochMax: this.#fields.acceptedEpochMax,
      wholeSinceZxid: wasInForce ? Math.min(this.#fields.wholeSinceZxid, zxid) : zxid,
    };
    this.#isInForce = true;
    if (wasInForce) this.#write(true, nothing);
    else this.#create();
  }

  onSynced(zxid: number): void {
    this.#fields.syncedZxid = this.#claim(zxid);
    this.#unwrittenSyncs++;
  }

  /** End of a turn, after the log's own requests. */
  flush(isBusy: boolean): void {
    this.#idleTurns = isBusy ? 0 : this.#idleTurns + 1;
    if (!this.#isInForce || this.#isWriting) return;
    if (this.#unwrittenSyncs > 0) {
      if (!isBusy || this.#unwrittenSyncs >= SYNCS_PER_WRITE) this.#writeLazily();
    } else if (this.#unsyncedWrites > 0 && this.#idleTurns >= IDLE_TURNS) {
      this.#write(true, nothing);
    }
  }

  /** Everything that is known goes to stable storage. */
  settle(onDone: () => void): void {
    const isCurrent = this.#unwrittenSyncs === 0 && this.#unsyncedWrites === 0;
    if (!this.#isInForce || isCurrent) onDone();
    else this.#write(true, onDone);
  }

  /** Must be on stable storage before the epoch file says `epoch`. */
  raiseEpoch(epoch: number, onDone: () => void): void {
    const isRaised = epoch > this.#fields.acceptedEpochMax;
    if (isRaised) this.#fields.acceptedEpochMax = epoch;
    if (isRaised && this.#isInForce) this.#write(true, onDone);
    else onDone();
  }

  #claim(zxid: number): number {
    return this.#claims ? zxid : ZXID_NONE;
  }

  #writeLazily(): void {
    const sync = this.#unsyncedWrites + 1 >= WRITES_PER_SYNC;
    this.#isWriting = true;
    this.#write(sync, () => {
      this.#isWriting = false;
    });
  }

  #create(): void {
    this.#syncedSlot = 0;
    this.#onWritten(true);
    const bytes = this.#encode();
    this.#port.create('log', WATERMARK_FILE, 2 * SLOT_BYTES, bytes, nothing);
  }

  #write(sync: boolean, onDone: () => void): void {
    const slot = 1 - this.#syncedSlot;
    const pieces = [this.#encode()];
    // Requests are carried out in order: whatever is asked for later finds this slot durable.
    if (sync) this.#syncedSlot = slot;
    this.#onWritten(sync);
    const how = { sync, growToBytes: 0 };
    this.#port.write('log', WATERMARK_FILE, slot * SLOT_BYTES, pieces, how, onDone);
  }

  #onWritten(sync: boolean): void {
    this.#unwrittenSyncs = 0;
    this.#unsyncedWrites = sync ? 0 : this.#unsyncedWrites + 1;
  }

  #encode(): Uint8Array {
    this.#sequence++;
    return writeRecord(RECORD, (w) => {
      const fields = this.#fields;
      w.number(this.#sequence);
      w.zxid(fields.syncedZxid);
      w.zxid(fields.segmentZxid);
      w.int(fields.segmentChecksum);
      w.zxid(fields.previousSegmentZxid);
      w.zxid(fields.ownSinceZxid);
      w.number(fields.acceptedEpochMax);
      w.zxid(fields.wholeSinceZxid);
    });
  }
}

const NO_FIELDS: WatermarkFields = {
  syncedZxid: ZXID_NONE,
  segmentZxid: ZXID_NONE,
  segmentChecksum: 0,
  previousSegmentZxid: ZXID_NONE,
  ownSinceZxid: ZXID_MAX,
  acceptedEpochMax: 0,
  wholeSinceZxid: ZXID_MAX,
};

/** The newer of the two slots that verify; null when `whyWatermarkUnread` says why, or no file. */
export function readWatermark(reader: DiskReader): WatermarkSlot | null {
  if (whyWatermarkUnread(reader) !== null) return null;
  const bytes = readSmallFile(reader, WATERMARK_FILE);
  const a = readSlot(bytes, 0);
  const b = readSlot(bytes, 1);
  if (a === null || b === null) return a ?? b;
  return a.sequence > b.sequence ? a : b;
}

/**
 * Why nothing can be known from the file; null when something can, or when there is none. One slot
 * of a later version is enough: the other one is older, and the log has gone on.
 */
export function whyWatermarkUnread(reader: DiskReader): string | null {
  if (reader.sizeBytes('log', WATERMARK_FILE) < 0) return null;
  const bytes = readSmallFile(reader, WATERMARK_FILE);
  const reasons = [0, 1].map((slotIndex) => {
    const why = whyUnread(RECORD, bytes, slotIndex * SLOT_BYTES);
    return why === null && readSlot(bytes, slotIndex) === null ? DAMAGED : why;
  });
  const later = reasons.find((why) => why !== null && why !== DAMAGED);
  if (later !== undefined) return later;
  return reasons.includes(null) ? null : DAMAGED;
}

function readSlot(bytes: Uint8Array, slotIndex: number): WatermarkSlot | null {
  const r = readRecord(RECORD, bytes, slotIndex * SLOT_BYTES);
  if (r === null) return null;
  const slot = {
    slotIndex,
    sequence: r.number(),
    syncedZxid: r.zxid(),
    segmentZxid: r.zxid(),
    segmentChecksum: r.int(),
    previousSegmentZxid: r.zxid(),
    ownSinceZxid: r.zxid(),
    acceptedEpochMax: r.number(),
    // Version 1 did not know.
    wholeSinceZxid: r.remaining() > 0 ? r.zxid() : ZXID_MAX,
  };
  return r.failed ? null : slot;
}

function readSmallFile(reader: DiskReader, name: string): Uint8Array {
  const size = Math.min(reader.sizeBytes('log', name), 2 * SLOT_BYTES);
  if (size <= 0) return EMPTY_BYTES;
  const bytes = new Uint8Array(size);
  return bytes.subarray(0, reader.read('log', name, 0, bytes, 0, size));
}

function nothing(): void {}
