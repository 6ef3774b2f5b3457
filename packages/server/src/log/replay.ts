/**
 * Replay: the log from a base zxid on, file after file, entry after entry, into a sink; and the
 * judgement of whatever is not whole (storage-and-config.md 8.1 and 8.4, ADR 8). The history it
 * hands on has no gap: within an epoch each zxid is one more, a new epoch starts at 1. Where the
 * reference would go on over a gap or a doubtful end, it refuses: guessing here loses writes.
 *
 * The end of the newest file is judged by the watermark:
 *   in force      nothing acknowledged is missing: cut, unless a whole entry follows the damage and
 *                 no torn write explains it
 *   not in force  what Apache takes for the end of the file is cut, the rest refused
 * In older files a torn end is normal where Apache wrote them; ours were synced before the next.
 */

import { counterOf, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import { zxidFollows } from './log-format.ts';
import { SegmentReader } from './segment-reader.ts';
import type { NamedFile } from './survey.ts';
import { isTornWrite, TailScan } from './tail-scan.ts';

/** Most bytes behind the last whole entry that are searched for missing sectors. */
const DOUBTFUL_BYTES_MAX = 4 << 20;

/** What is known of the log before it is read. */
export interface ReplayBounds {
  /** Null: no watermark is in force. */
  readonly syncedZxid: number | null;
  /** Files from this one on were written by us. */
  readonly ownSinceZxid: number;
  /** The first entry may be any: there is no base that it must follow. */
  readonly isFirstFree: boolean;
  /** There are files before the first one that is read. */
  readonly hasOlder: boolean;
  /** Entries above it do not count. */
  readonly zxidMax: number;
}

export interface ReplaySink {
  applyTxn(buffer: Uint8Array, start: number, end: number): void;
  readonly txnError: string | null;
}

/** The newest file is to be cut to `bytes`; 0: it holds no entry and is to be removed. */
export interface Cut {
  readonly name: string;
  readonly bytes: number;
  /** Null when there is nothing wrong with the file: it is just empty. */
  readonly reason: string | null;
}

export class Replay {
  readonly #reader: DiskReader;
  readonly #segments: readonly NamedFile[];
  readonly #bounds: ReplayBounds;
  readonly #sink: ReplaySink;
  readonly #recordBytesMax: number;
  readonly #segment: SegmentReader;
  /** Index of the file that is being read, -1 before the first. */
  #index: number;
  #isReading: boolean;
  #scan: TailScan | null;
  #isFirst: boolean;
  readonly #baseZxid: number;
  /** Entries read from the present file, applied or not. */
  #entryCount: number;
  /** Last entry seen, applied or not. */
  #seenZxid: number;
  /**
   * The log goes on where the base ends. False: what is in older entries may not be all that the
   * base holds, or it is not known.
   */
  isJoined: boolean;
  /** Last entry applied, or the base. */
  lastZxid: number;
  appliedCount: number;
  cut: Cut | null;
  /** Why the log must not be used. */
  refusal: string | null;
  /** File and position behind the last entry that counts; null: none was seen. */
  end: { readonly segmentZxid: number; readonly bytes: number } | null;

  constructor(
    reader: DiskReader,
    segments: readonly NamedFile[],
    baseZxid: number,
    bounds: ReplayBounds,
    sink: ReplaySink,
    recordBytesMax: number,
  ) {
    this.#reader = reader;
    this.#segments = segments;
    this.#bounds = bounds;
    this.#sink = sink;
    this.#recordBytesMax = recordBytesMax;
    this.#segment = new SegmentReader(reader, recordBytesMax);
    this.#index = -1;
    this.#isReading = false;
    this.#scan = null;
    this.#isFirst = true;
    this.#baseZxid = baseZxid;
    this.#entryCount = 0;
    this.#seenZxid = ZXID_NONE;
    this.isJoined = true;
    this.lastZxid = baseZxid;
    this.appliedCount = 0;
    this.cut = null;
    this.refusal = null;
    this.end = null;
  }

  /** Goes on by about `bytesMax` bytes. */
  step(bytesMax: number): 'more' | 'done' | 'refused' {
    let done = 0;
    while (this.refusal === null) {
      if (done >= bytesMax) return 'more';
      if (this.#scan !== null) done += this.#stepScan(this.#scan);
      else if (this.#isReading) done += this.#readEntry();
      else if (!this.#openNext()) return this.#end();
    }
    return 'refused';
  }

  #end(): 'done' {
    if (this.appliedCount === 0) this.isJoined = this.#meetsBase(ZXID_NONE);
    return 'done';
  }

  /** Whether what was seen last is the base, or nothing can lie between it and `nextZxid`. */
  #meetsBase(nextZxid: number): boolean {
    const base = this.#baseZxid;
    if (this.#seenZxid !== ZXID_NONE) return this.#seenZxid === base;
    if (!this.#bounds.hasOlder) return true;
    // A gap between older files and this one shows unless an epoch begins here.
    return counterOf(base) > 0 && nextZxid === base + 1;
  }

  #openNext(): boolean {
    const next = this.#segments[this.#index + 1];
    if (next === undefined || next.zxid > this.#bounds.zxidMax) return false;
    this.#index++;
    this.#segment.open(next.name);
    this.#entryCount = 0;
    this.#isReading = true;
    return true;
  }

  #readEntry(): number {
    const segment = this.#segment;
    if (segment.next() !== 'entry') {
      this.#isReading = false;
      this.#stop();
      return 1;
    }
    this.#entryCount++;
    if (segment.zxid > this.#bounds.zxidMax) {
      // The rest of the file lies beyond what is wanted.
      this.#isReading = false;
      this.#index = this.#segments.length;
      return 1;
    }
    this.#take();
    const { zxid } = this.#segments[this.#index] as NamedFile;
    this.end = { segmentZxid: zxid, bytes: segment.position };
    return segment.position - segment.entryPosition;
  }

  #take(): void {
    const { zxid, buffer, start, end } = this.#segment;
    const last = this.lastZxid;
    if (this.appliedCount === 0 && zxid > this.#baseZxid) this.isJoined = this.#meetsBase(zxid);
    this.#seenZxid = zxid;
    // Equal zxids happen in logs of 3.9 and mean nothing; so does all that the base contains.
    if (zxid === last || zxid <= this.#baseZxid) return;
    const isFree = this.#isFirst && this.#bounds.isFirstFree;
    if (!isFree && !zxidFollows(last, zxid)) {
      this.#refuse(`the log goes on with zxid 0x${zxidToHex(zxid)} after 0x${zxidToHex(last)}`);
      return;
    }
    this.#sink.applyTxn(buffer, start, end);
    if (this.#sink.txnError !== null) {
      this.#refuse(`the transaction 0x${zxidToHex(zxid)} is unreadable: ${this.#sink.txnError}`);
      return;
    }
    this.#isFirst = false;
    this.lastZxid = zxid;
    this.appliedCount++;
  }

  /** The reader came to the end of the file or to something that is no entry. */
  #stop(): void {
    const { damage, sizeBytes, position } = this.#segment;
    if (damage?.kind === 'foreign') {
      this.#refuse(damage.reason);
    } else if (sizeBytes === 0 && this.#isNewest) {
      this.#cutAt(0, 'the file is empty');
    } else if (this.#isNewest || this.#isOwn) {
      const max = this.#recordBytesMax;
      this.#scan = new TailScan(this.#reader, this.#name, position, max, this.lastZxid);
    } else if (damage?.kind === 'bad') {
      this.#refuse(damage.reason);
    }
  }

  #stepScan(scan: TailScan): number {
    if (!scan.isDone) return scan.step();
    this.#scan = null;
    const { damage, position } = this.#segment;
    if (scan.isClean && damage?.kind !== 'bad') {
      if (this.#isNewest && this.#entryCount === 0) this.#cutAt(0, null);
    } else if (!this.#isNewest) {
      this.#refuse(damage?.reason ?? 'bytes follow the end of an older log file');
    } else {
      this.#judgeTail(scan, damage?.kind ?? 'cut', position);
    }
    return 1;
  }

  #judgeTail(scan: TailScan, kind: 'cut' | 'bad' | 'foreign', position: number): void {
    const reason = this.#segment.damage?.reason ?? 'bytes follow the last entry';
    const { syncedZxid } = this.#bounds;
    const follows = scan.followingZxid !== ZXID_NONE;
    const following = `and a whole entry 0x${zxidToHex(scan.followingZxid)} follows`;
    if (syncedZxid === null) {
      if (kind === 'bad') this.#refuse(reason);
      else if (follows) this.#refuse(`${reason}, ${following}`);
      else this.#cutAt(position, reason);
    } else if (this.lastZxid < syncedZxid) {
      this.#refuse(`${reason}, and 0x${zxidToHex(syncedZxid)} was acknowledged`);
    } else if (follows && !this.#isTorn(position, scan)) {
      this.#refuse(`${reason}, ${following}`);
    } else {
      this.#cutAt(position, reason);
    }
  }

  #isTorn(position: number, { followingPosition }: TailScan): boolean {
    const count = Math.min(followingPosition - position, DOUBTFUL_BYTES_MAX);
    return isTornWrite(position, this.#segment.peek(position, count));
  }

  #cutAt(position: number, reason: string | null): void {
    const bytes = this.#entryCount === 0 ? 0 : position;
    this.cut = { name: this.#name, bytes, reason };
  }

  #refuse(reason: string): void {
    this.refusal = `Cannot use "${this.#name}": ${reason}`;
  }

  get #name(): string {
    return (this.#segments[this.#index] as NamedFile).name;
  }

  get #isNewest(): boolean {
    return this.#index === this.#segments.length - 1;
  }

  get #isOwn(): boolean {
    return (this.#segments[this.#index] as NamedFile).zxid >= this.#bounds.ownSinceZxid;
  }
}
