/**
 * TxnLog: appends transactions to log files with group commit: one sync is in flight, what comes
 * meanwhile gathers in the slab and goes in the next write, one contiguous range of it. There is no
 * delay to tune and no batch size.
 *
 * After recovery and after a roll no file is open; the next entry makes `log.<its zxid>`, with
 * header and first entries in one request, and existing files are never appended to (Apache's
 * rules, storage-and-config.md 4.2). Before a file appears, the watermark names it.
 *
 * Invariant: syncedZxid <= lastLoggedZxid; entries are handed to the disk in the order of `append`.
 */

import { assert, RingQueue, ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { segmentName } from './file-names.ts';
import { ENTRY_HEAD_BYTES, LOG_HEADER_BYTES, writeLogHeader, zxidFollows } from './log-format.ts';
import { SlabWriter } from './slab.ts';
import type { LogEntry } from './storage-types.ts';
import type { Watermark } from './watermark.ts';

/** Room that is kept in front of the end of a preallocated file, bytes; Apache's figure. */
const GROW_AHEAD_BYTES = 4096;

/** Entries that lie one behind another in one slab and go to one file. */
interface Range {
  readonly buffer: Uint8Array;
  readonly start: number;
  end: number;
  lastZxid: number;
  /** Zxid of its first entry when that opens a new file, else ZXID_NONE. */
  readonly opensZxid: number;
}

/** Where a log stands. */
export interface LogPosition {
  readonly lastLoggedZxid: number;
  readonly syncedZxid: number;
  readonly newestSegmentZxid: number;
}

export interface TxnLogOptions {
  readonly preAllocBytes: number;
  readonly forceSync: boolean;
}

export class TxnLog {
  readonly #port: DiskPort;
  readonly #watermark: Watermark;
  readonly #options: TxnLogOptions;
  readonly #slabs: SlabWriter;
  /** Not handed to the disk yet. */
  readonly #ranges: RingQueue<Range>;
  /** The last of them, which may still grow. */
  #lastRange: Range | null;
  #rollNext: boolean;
  #isHeld: boolean;
  lastLoggedZxid: number;
  syncedZxid: number;
  /** Entries, with their overhead, that are not known to be on stable storage. */
  unsyncedBytes: number;
  /** The open file; ZXID_NONE: none. */
  #segmentZxid: number;
  /** Newest file that there is. */
  #newestSegmentZxid: number;
  #position: number;
  #sizeBytes: number;
  /** Sizes of all files finished since the last `reset`. */
  #finishedBytes: number;
  /** `#finishedBytes` and size of the open file at the last `restartCount`. */
  #countedBytes: number;
  #inFlightBytes: number;
  #inFlightZxid: number;
  readonly #onWritten: () => void;

  constructor(port: DiskPort, watermark: Watermark, options: TxnLogOptions) {
    this.#port = port;
    this.#watermark = watermark;
    this.#options = options;
    this.#slabs = new SlabWriter();
    this.#ranges = new RingQueue();
    this.#lastRange = null;
    this.#rollNext = true;
    this.#isHeld = false;
    this.lastLoggedZxid = ZXID_NONE;
    this.syncedZxid = ZXID_NONE;
    this.unsyncedBytes = 0;
    this.#segmentZxid = ZXID_NONE;
    this.#newestSegmentZxid = ZXID_NONE;
    this.#position = 0;
    this.#sizeBytes = 0;
    this.#finishedBytes = 0;
    this.#countedBytes = 0;
    this.#inFlightBytes = 0;
    this.#inFlightZxid = ZXID_NONE;
    this.#onWritten = () => this.#complete();
  }

  /** History as recovery, TRUNC or SNAP left it, all of it on stable storage; no file is open. */
  reset(lastZxid: number, newestSegmentZxid: number): void {
    assert(this.isSynced, 'The log is only reset when nothing is on its way to the disk');
    this.lastLoggedZxid = lastZxid;
    this.syncedZxid = lastZxid;
    this.#newestSegmentZxid = newestSegmentZxid;
    this.#segmentZxid = ZXID_NONE;
    this.#sizeBytes = 0;
    this.#finishedBytes = 0;
    this.#countedBytes = 0;
    this.#rollNext = true;
  }

  /**
   * The history up to `zxid` is about to come from elsewhere: what is appended from now on waits
   * for it, and nothing counts as synced. Returns where the log stood.
   */
  standAside(zxid: number): LogPosition {
    const { lastLoggedZxid, syncedZxid } = this;
    const before = { lastLoggedZxid, syncedZxid, newestSegmentZxid: this.#newestSegmentZxid };
    this.reset(zxid, ZXID_NONE);
    this.syncedZxid = ZXID_NONE;
    this.#isHeld = true;
    return before;
  }

  /** That history is on stable storage. */
  takePlace(zxid: number): void {
    this.syncedZxid = zxid;
    this.#isHeld = false;
  }

  /** It was given up: what was appended since is forgotten. */
  stepBack(before: LogPosition): void {
    this.#ranges.clear();
    this.#lastRange = null;
    this.unsyncedBytes = 0;
    this.#isHeld = false;
    this.reset(before.lastLoggedZxid, before.newestSegmentZxid);
  }

  /** Nothing is on its way to the disk. */
  get isSynced(): boolean {
    return this.unsyncedBytes === 0;
  }

  /** A write is in flight, or will be after the next `flush`. */
  get isBusy(): boolean {
    return this.#inFlightBytes > 0 || this.#ranges.length > 0;
  }

  /** Sizes of the log files, padding included, since the last `restartCount`. */
  get fileBytes(): number {
    return this.#finishedBytes + this.#sizeBytes - this.#countedBytes;
  }

  /** Size of the open file, padding included; 0 without one. */
  get openFileBytes(): number {
    return this.#sizeBytes;
  }

  append(zxid: number, buffer: Uint8Array, start: number, end: number): LogEntry {
    const last = this.lastLoggedZxid;
    assert(zxidFollows(last, zxid), 'Cannot log a transaction that leaves a gap');
    const at = this.#slabs.append(buffer, start, end);
    const slab = this.#slabs.buffer;
    const entryEnd = this.#slabs.position;
    this.#extend(slab, at, entryEnd, zxid);
    this.lastLoggedZxid = zxid;
    this.unsyncedBytes += entryEnd - at;
    return { zxid, buffer: slab, start: at + ENTRY_HEAD_BYTES, end: entryEnd - 1 };
  }

  /** The next entry opens a new file. */
  roll(): void {
    this.#rollNext = true;
    this.#lastRange = null;
  }

  /** A snapshot is due: sizes count from here on. */
  restartCount(): void {
    this.#countedBytes = this.#finishedBytes + this.#sizeBytes;
  }

  /** While held, entries gather and nothing is handed to the disk. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** End of a turn: hands what has gathered to the disk, unless a write is in flight. */
  flush(): void {
    if (this.#isHeld || this.#inFlightBytes > 0) return;
    const first = this.#ranges.peek();
    if (first === undefined) return;
    if (first.opensZxid === ZXID_NONE) this.#writeRanges();
    else this.#createFile();
  }

  #extend(slab: Uint8Array, start: number, end: number, zxid: number): void {
    const last = this.#lastRange;
    if (last !== null && last.buffer === slab && last.end === start) {
      last.end = end;
      last.lastZxid = zxid;
      return;
    }
    const opensZxid = this.#rollNext ? zxid : ZXID_NONE;
    const range = { buffer: slab, start, end, lastZxid: zxid, opensZxid };
    this.#rollNext = false;
    this.#lastRange = range;
    this.#ranges.push(range);
  }

  #createFile(): void {
    const range = this.#takeRange();
    const bytes = new Uint8Array(LOG_HEADER_BYTES + range.end - range.start);
    writeLogHeader(bytes);
    bytes.set(range.buffer.subarray(range.start, range.end), LOG_HEADER_BYTES);
    const checksum = new DataView(range.buffer.buffer).getInt32(range.start + 4);
    const zxid = range.opensZxid;
    this.#watermark.beforeSegment(zxid, checksum, this.#newestSegmentZxid, this.syncedZxid);
    this.#finishedBytes += this.#sizeBytes;
    this.#segmentZxid = zxid;
    this.#newestSegmentZxid = zxid;
    this.#position = bytes.length;
    const preAlloc = this.#options.preAllocBytes;
    this.#sizeBytes = preAlloc > 0 ? LOG_HEADER_BYTES + preAlloc : bytes.length;
    this.#growAhead();
    this.#port.create('log', segmentName(zxid), this.#sizeBytes, bytes, this.#onWritten);
  }

  #writeRanges(): void {
    const position = this.#position;
    const sizeBefore = this.#sizeBytes;
    const pieces: Uint8Array[] = [];
    for (let next = this.#ranges.peek(); next?.opensZxid === ZXID_NONE; ) {
      const range = this.#takeRange();
      pieces.push(range.buffer.subarray(range.start, range.end));
      next = this.#ranges.peek();
    }
    this.#position += this.#inFlightBytes;
    this.#growAhead();
    const growToBytes = this.#sizeBytes > sizeBefore ? this.#sizeBytes : 0;
    const how = { sync: this.#options.forceSync, growToBytes };
    const name = segmentName(this.#segmentZxid);
    this.#port.write('log', name, position, pieces, how, this.#onWritten);
  }

  #takeRange(): Range {
    const range = this.#ranges.shift() as Range;
    // What comes from now on belongs to the next write.
    if (range === this.#lastRange) this.#lastRange = null;
    this.#inFlightBytes += range.end - range.start;
    this.#inFlightZxid = range.lastZxid;
    return range;
  }

  /** Apache's rule: the file grows by `preAllocBytes` before its entries reach its end. */
  #growAhead(): void {
    const preAlloc = this.#options.preAllocBytes;
    const position = this.#position;
    if (preAlloc <= 0) {
      this.#sizeBytes = Math.max(this.#sizeBytes, position);
    } else if (position > this.#sizeBytes) {
      this.#sizeBytes = Math.floor((position + preAlloc) / preAlloc) * preAlloc;
    } else if (position + GROW_AHEAD_BYTES >= this.#sizeBytes) {
      this.#sizeBytes += preAlloc;
    }
  }

  #complete(): void {
    this.unsyncedBytes -= this.#inFlightBytes;
    this.#inFlightBytes = 0;
    this.syncedZxid = this.#inFlightZxid;
    this.#watermark.onSynced(this.syncedZxid);
  }
}
