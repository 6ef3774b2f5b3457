/**
 * SegmentReader: the entries of one log file, one after another, by bounded reads (format in
 * `log-format`). It verifies each entry and names what is wrong with the first one that is not
 * whole; what to make of that is the affair of recovery. Each buffer it reads into is a new one and
 * never written again, so that whoever gets a payload may keep it.
 */

import { ZXID_NONE } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import { type Damage, type DamageKind, damageOf, zxidOfPayload } from './log-entry.ts';
import {
  ENTRY_HEAD_BYTES,
  ENTRY_OVERHEAD_BYTES,
  isLogMagic,
  LOG_HEADER_BYTES,
} from './log-format.ts';

/** Most bytes of one read of the disk. */
export const READ_BYTES_MAX = 1 << 20;

export type EntryResult = 'entry' | 'end' | 'damaged';

const NO_BYTES = new Uint8Array(0);

export class SegmentReader {
  readonly #reader: DiskReader;
  readonly #recordBytesMax: number;
  #name: string;
  /** Absolute position in the file of window[0]. */
  #windowPosition: number;
  #window: Uint8Array;
  #view: DataView;
  #windowEnd: number;
  sizeBytes: number;
  /** Position in the file where the last entry ended: where the next one, or the damage, starts. */
  position: number;
  /** Position in the file where the last entry started. */
  entryPosition: number;
  /** Payload of the last entry. */
  buffer: Uint8Array;
  start: number;
  end: number;
  zxid: number;
  /** Checksum field of the last entry. */
  checksum: number;
  damage: Damage | null;

  constructor(reader: DiskReader, recordBytesMax: number) {
    this.#reader = reader;
    this.#recordBytesMax = recordBytesMax;
    this.#name = '';
    this.#windowPosition = 0;
    this.#window = NO_BYTES;
    this.#view = new DataView(NO_BYTES.buffer);
    this.#windowEnd = 0;
    this.sizeBytes = 0;
    this.position = 0;
    this.entryPosition = 0;
    this.buffer = NO_BYTES;
    this.start = 0;
    this.end = 0;
    this.zxid = ZXID_NONE;
    this.checksum = 0;
    this.damage = null;
  }

  /** Position is behind the header afterwards, or at 0 with `damage`. */
  open(name: string): void {
    this.#name = name;
    this.#windowPosition = 0;
    this.#windowEnd = 0;
    this.sizeBytes = Math.max(0, this.#reader.sizeBytes('log', name));
    this.position = 0;
    this.entryPosition = 0;
    this.zxid = ZXID_NONE;
    this.damage = null;
    this.#readHeader();
  }

  /** Steps to the next entry. `end`: nothing but zeros or nothing at all seems to follow. */
  next(): EntryResult {
    if (this.damage !== null) return 'damaged';
    const headBytes = this.#fill(ENTRY_HEAD_BYTES);
    if (headBytes === 0) return 'end';
    if (headBytes < ENTRY_HEAD_BYTES) return this.#damaged('cut', 'the file ends inside an entry');
    const at = this.position - this.#windowPosition;
    const length = this.#view.getInt32(at + 8);
    if (length === 0) return 'end';
    if (length < 0 || length > this.#recordBytesMax) {
      return this.#damaged('bad', `an entry has a length of ${length}`);
    }
    return this.#readEntry(length);
  }

  /** Bytes `[position, position + count)` of the file; fewer at its end. */
  peek(position: number, count: number): Uint8Array {
    const target = new Uint8Array(Math.min(count, Math.max(0, this.sizeBytes - position)));
    return target.subarray(0, readFully(this.#reader, this.#name, position, target, 0));
  }

  #readHeader(): void {
    const headerBytes = this.#fill(LOG_HEADER_BYTES);
    if (headerBytes < LOG_HEADER_BYTES) {
      this.#damaged('bad', `the file has ${headerBytes} bytes, less than a header`);
    } else if (!isLogMagic(this.#view.getInt32(0))) {
      this.#damaged('bad', 'the file does not start as a transaction log');
    } else {
      this.position = LOG_HEADER_BYTES;
    }
  }

  #readEntry(length: number): EntryResult {
    const bytes = length + ENTRY_OVERHEAD_BYTES;
    if (this.#fill(bytes) < bytes) return this.#damaged('cut', 'the file ends inside an entry');
    const at = this.position - this.#windowPosition;
    const damage = damageOf(this.#window, this.#view, at, length);
    if (damage !== null) return this.#damaged(damage.kind, damage.reason);
    this.start = at + ENTRY_HEAD_BYTES;
    this.end = this.start + length;
    this.zxid = zxidOfPayload(this.#view, this.start);
    this.checksum = this.#view.getInt32(at + 4);
    this.buffer = this.#window;
    this.entryPosition = this.position;
    this.position += bytes;
    return 'entry';
  }

  #damaged(kind: DamageKind, reason: string): 'damaged' {
    this.damage = { kind, reason };
    return 'damaged';
  }

  /** Makes `bytes` bytes from `position` on available in the window; returns how many there are. */
  #fill(bytes: number): number {
    const available = this.#windowPosition + this.#windowEnd - this.position;
    if (available >= bytes) return bytes;
    const inFile = Math.max(0, this.sizeBytes - this.position);
    if (available >= inFile) return inFile;
    this.#slide(Math.min(Math.max(bytes, READ_BYTES_MAX), inFile), available);
    return Math.min(bytes, this.#windowEnd);
  }

  /** A new window that starts at `position`; the `kept` bytes known already are copied. */
  #slide(bytes: number, kept: number): void {
    const window = new Uint8Array(bytes);
    const from = this.position - this.#windowPosition;
    window.set(this.#window.subarray(from, from + kept));
    this.#window = window;
    this.#view = new DataView(window.buffer);
    this.#windowPosition = this.position;
    this.#windowEnd =
      kept + readFully(this.#reader, this.#name, this.position + kept, window, kept);
    // A file that became shorter while it is read ends here.
    if (this.#windowEnd < bytes) this.sizeBytes = this.#windowPosition + this.#windowEnd;
  }
}

/** Fills the target from `offset` on by reads of bounded size; returns the bytes read. */
export function readFully(
  reader: DiskReader,
  name: string,
  position: number,
  target: Uint8Array,
  offset: number,
): number {
  let done = 0;
  while (offset + done < target.length) {
    const wanted = Math.min(READ_BYTES_MAX, target.length - offset - done);
    const got = reader.read('log', name, position + done, target, offset + done, wanted);
    if (got <= 0) break;
    done += got;
  }
  return done;
}
