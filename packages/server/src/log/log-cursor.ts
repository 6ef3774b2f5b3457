/**
 * LogCursor: the transactions behind a zxid out of our own log files, oldest first, while the
 * server goes on: for a learner that lacks more than memory holds. It reads by requests, one window
 * at a time, and asks for the next one only when somebody wants what is in it. So it never holds
 * more than a window or one entry, and nobody waits for it.
 *
 * At first it searches: is the zxid in the log, so that what follows is all that the learner lacks?
 * An entry counts when it is whole and follows the one before; whatever else it meets ends it. Our
 * files are complete when the next one is there, and the newest is good up to what is synced. So an
 * end or a damage is believed only of bytes that were read after that was known.
 */

import { counterOf, epochOf, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { damageOf, zxidOfPayload } from './log-entry.ts';
import {
  ENTRY_HEAD_BYTES,
  ENTRY_OVERHEAD_BYTES,
  isLogMagic,
  LOG_HEADER_BYTES,
  zxidFollows,
} from './log-format.ts';
import { READ_BYTES_MAX } from './segment-reader.ts';
import { listSegments, type NamedFile } from './survey.ts';

/** A window holds at least this, and more only for an entry that is longer. */
const WINDOW_BYTES = 256 * 1024;

/** `absent`: whole as far as it was read, and the zxid is not in it. */
export type CursorState = 'searching' | 'found' | 'absent' | 'failed' | 'closed';

export interface CursorOwner {
  /** The log is on stable storage up to here. */
  readonly syncedZxid: number;
  onFailed(cursor: LogCursor): void;
  onClosed(cursor: LogCursor): void;
}

/** What stands at the present position. */
type Found = 'entry' | 'end' | 'unread' | 'damage';

export class LogCursor {
  readonly #port: DiskPort;
  readonly #recordBytesMax: number;
  readonly #owner: CursorOwner;
  readonly #afterZxid: number;
  #segment: NamedFile;
  /** The file behind the present one, once there is one. */
  #next: NamedFile | null;
  #window: Uint8Array;
  #view: DataView;
  /** Position of the window in the file, and its valid bytes. */
  #windowPosition: number;
  #windowEnd: number;
  /** Offset of what comes next. */
  #at: number;
  /** The window goes up to the end of the file. */
  #isFileEnd: boolean;
  #isHeaderRead: boolean;
  #isReading: boolean;
  /** Since the window was read the log has grown, or the next file was found. */
  #isStale: boolean;
  #lastZxid: number;
  /** The first entry is there and not yet handed out. */
  #isFirstHeld: boolean;
  state: CursorState;
  /** Why it failed. */
  failure: string;
  /** The entry of the last `next`; its bytes are good until the next call. */
  zxid: number;
  buffer: Uint8Array;
  start: number;
  end: number;

  constructor(
    port: DiskPort,
    recordBytesMax: number,
    owner: CursorOwner,
    afterZxid: number,
    segment: NamedFile,
  ) {
    this.#port = port;
    this.#recordBytesMax = recordBytesMax;
    this.#owner = owner;
    this.#afterZxid = afterZxid;
    this.#segment = segment;
    this.#next = null;
    this.#window = new Uint8Array(WINDOW_BYTES);
    this.#view = new DataView(this.#window.buffer);
    this.#windowPosition = 0;
    this.#windowEnd = 0;
    this.#at = 0;
    this.#isFileEnd = false;
    this.#isHeaderRead = false;
    this.#isReading = false;
    this.#isStale = false;
    this.#lastZxid = ZXID_NONE;
    this.#isFirstHeld = false;
    this.state = 'searching';
    this.failure = '';
    this.zxid = ZXID_NONE;
    this.buffer = this.#window;
    this.start = 0;
    this.end = 0;
    this.#read();
  }

  /** Of the file that is being read: it and all behind it have to stay. */
  get segmentZxid(): number {
    return this.#segment.zxid;
  }

  /** False when the log is not yet good up to `zxid`; else it may be read up to there. */
  reach(zxid: number): boolean {
    if (zxid > this.#owner.syncedZxid) return false;
    this.#isStale = true;
    return true;
  }

  /** The next entry; false: it has to be read first, or there is none, see `state`. */
  next(): boolean {
    if (this.state !== 'found') return false;
    if (!this.#isFirstHeld) return this.#step();
    this.#isFirstHeld = false;
    return true;
  }

  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#owner.onClosed(this);
  }

  /** Parses on; true at an entry, false while it has to be waited for and when it failed. */
  #step(): boolean {
    while (!this.#isReading) {
      const found = this.#look();
      if (found === 'entry') {
        if (this.#take()) return true;
        if (this.state !== 'searching') return false;
      } else if (found === 'unread') this.#read();
      else if (this.#isStale) this.#readAnew();
      else if (found === 'damage') return this.#fail(this.failure);
      else if (!this.#goOn()) return false;
    }
    return false;
  }

  /** At the end of a file. */
  #goOn(): boolean {
    if (this.#next !== null) {
      this.#openNext(this.#next);
      return true;
    }
    this.#next = nextOf(this.#port, this.#segment);
    if (this.#next === null) {
      return this.#fail(`the log ends behind zxid 0x${zxidToHex(this.#lastZxid)}`);
    }
    this.#readAnew();
    return true;
  }

  #openNext(segment: NamedFile): void {
    this.#segment = segment;
    this.#next = null;
    this.#isHeaderRead = false;
    this.#windowPosition = 0;
    this.#at = 0;
    this.#readAnew();
  }

  #look(): Found {
    const available = this.#windowEnd - this.#at;
    if (!this.#isHeaderRead) return this.#lookAtHeader(available);
    if (available < ENTRY_HEAD_BYTES) return this.#isFileEnd ? 'end' : 'unread';
    const length = this.#view.getInt32(this.#at + 8);
    if (length === 0) return 'end';
    if (length < 0 || length > this.#recordBytesMax) {
      return this.#damaged(`an entry has a length of ${length}`);
    }
    if (available < length + ENTRY_OVERHEAD_BYTES) {
      return this.#isFileEnd ? this.#damaged('the file ends inside an entry') : 'unread';
    }
    const damage = damageOf(this.#window, this.#view, this.#at, length);
    return damage === null ? 'entry' : this.#damaged(damage.reason);
  }

  #lookAtHeader(available: number): Found {
    if (available < LOG_HEADER_BYTES) {
      return this.#isFileEnd ? this.#damaged('the file is shorter than a header') : 'unread';
    }
    if (!isLogMagic(this.#view.getInt32(this.#at))) {
      return this.#damaged('the file does not start as a transaction log');
    }
    this.#isHeaderRead = true;
    this.#at += LOG_HEADER_BYTES;
    return this.#look();
  }

  #damaged(reason: string): 'damage' {
    this.failure = reason;
    return 'damage';
  }

  /** False when it is not for the learner, or ends the search. */
  #take(): boolean {
    const start = this.#at + ENTRY_HEAD_BYTES;
    const length = this.#view.getInt32(this.#at + 8);
    const zxid = zxidOfPayload(this.#view, start);
    const last = this.#lastZxid;
    if (last !== ZXID_NONE && !zxidFollows(last, zxid)) {
      return this.#fail(`zxid 0x${zxidToHex(zxid)} comes after 0x${zxidToHex(last)}`);
    }
    this.#lastZxid = zxid;
    this.#at += length + ENTRY_OVERHEAD_BYTES;
    this.zxid = zxid;
    this.buffer = this.#window;
    this.start = start;
    this.end = start + length;
    if (this.state !== 'searching') return true;
    if (zxid > this.#afterZxid) this.#onFirst(last);
    return false;
  }

  /** What was read last is the first behind the zxid; `before` came before it. */
  #onFirst(before: number): void {
    this.state = this.#isJoint(before) ? 'found' : 'absent';
    this.#isFirstHeld = true;
  }

  #isJoint(before: number): boolean {
    const after = this.#afterZxid;
    if (before === after) return true;
    // An epoch mark is no transaction: whoever stands at it holds all of the epochs before.
    if (before !== ZXID_NONE && counterOf(after) === 0) return true;
    // It holds what our log does not reach back to; the leader of an epoch is one.
    return before === ZXID_NONE && this.zxid === after + 1 && epochOf(this.zxid) === epochOf(after);
  }

  /** More of the file, from what is not parsed yet on. */
  #read(): void {
    const wanted = this.#wantedBytes();
    if (this.#at > 0 || this.#window.length < wanted) this.#moveWindow(wanted);
    const to = Math.min(this.#window.length, this.#windowEnd + READ_BYTES_MAX);
    const target = this.#window.subarray(this.#windowEnd, to);
    const { name } = this.#segment;
    this.#isReading = true;
    this.#port.read('log', name, this.#windowPosition + this.#windowEnd, target, (bytes, error) =>
      this.#onRead(bytes, target.length, error),
    );
  }

  /** What is in the window from here on may have changed. */
  #readAnew(): void {
    this.#windowEnd = this.#at;
    this.#isFileEnd = false;
    this.#isStale = false;
    this.#read();
  }

  /** Bytes of what stands at the present position, as far as they are known. */
  #wantedBytes(): number {
    if (!this.#isHeaderRead || this.#windowEnd - this.#at < ENTRY_HEAD_BYTES) return WINDOW_BYTES;
    return Math.max(WINDOW_BYTES, this.#view.getInt32(this.#at + 8) + ENTRY_OVERHEAD_BYTES);
  }

  /** The window begins at the present position; what of that was read is kept. */
  #moveWindow(bytes: number): void {
    const kept = this.#windowEnd - this.#at;
    if (this.#window.length === bytes) {
      this.#window.copyWithin(0, this.#at, this.#windowEnd);
    } else {
      const window = new Uint8Array(bytes);
      window.set(this.#window.subarray(this.#at, this.#windowEnd));
      this.#window = window;
      this.#view = new DataView(window.buffer);
    }
    this.#windowPosition += this.#at;
    this.#windowEnd = kept;
    this.#at = 0;
  }

  #onRead(bytes: number, wanted: number, error: string | null): void {
    this.#isReading = false;
    if (this.state === 'closed') return;
    if (error !== null) {
      this.#fail(error);
      return;
    }
    this.#windowEnd += bytes;
    this.#isFileEnd = bytes < wanted;
    if (this.state === 'searching') this.#step();
  }

  #fail(reason: string): false {
    this.state = 'failed';
    this.failure = `Cannot read on in "${this.#segment.name}": ${reason}`;
    this.#owner.onFailed(this);
    return false;
  }
}

function nextOf(port: DiskPort, { zxid }: NamedFile): NamedFile | null {
  return listSegments(port.reader).find((file) => file.zxid > zxid) ?? null;
}
