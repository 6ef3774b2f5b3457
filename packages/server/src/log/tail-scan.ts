/**
 * TailScan: what lies behind the last whole entry of a log file. Three things matter there: whether
 * it is anything but zeros, whether a whole entry follows, and whether a write that the power cut
 * off explains it (ADR 8). A sliced search, since a preallocated rest may be 64 MiB.
 */

import {
  adler32,
  EPOCH_MAX,
  epochOf,
  TXN_HEADER_BYTES,
  ZXID_NONE,
  zxidFrom,
} from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import {
  END_MARKER,
  ENTRY_HEAD_BYTES,
  ENTRY_OVERHEAD_BYTES,
  isTxnType,
  LOG_HEADER_BYTES,
  TXN_TYPE_OFFSET,
  TXN_ZXID_OFFSET,
  writeLogHeader,
} from './log-format.ts';
import { READ_BYTES_MAX, readFully } from './segment-reader.ts';

/** What a disk writes whole or not at all; smaller than that of most, which errs the safe way. */
const SECTOR_BYTES = 512;
/** What must be seen of an entry before its checksum is worth computing. */
const CANDIDATE_BYTES = ENTRY_HEAD_BYTES + TXN_HEADER_BYTES;

export class TailScan {
  readonly #reader: DiskReader;
  readonly #name: string;
  readonly #sizeBytes: number;
  readonly #recordBytesMax: number;
  /** Entries up to this one are not what is searched for. */
  readonly #lastZxid: number;
  readonly #window: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  #position: number;
  /** Nothing but zeros, or nothing, from the start of the search on. */
  isClean: boolean;
  /** Zxid of the first whole entry that follows, ZXID_NONE when none does. */
  followingZxid: number;
  /** Where that entry starts. */
  followingPosition: number;
  isDone: boolean;

  constructor(
    reader: DiskReader,
    name: string,
    position: number,
    recordBytesMax: number,
    lastZxid: number,
  ) {
    this.#reader = reader;
    this.#name = name;
    this.#sizeBytes = Math.max(0, reader.sizeBytes('log', name));
    this.#recordBytesMax = recordBytesMax;
    this.#lastZxid = lastZxid;
    const windowBytes = Math.min(READ_BYTES_MAX, Math.max(0, this.#sizeBytes - position));
    this.#window = new Uint8Array(Math.ceil(windowBytes / 4) * 4);
    this.#words = new Int32Array(this.#window.buffer);
    this.#view = new DataView(this.#window.buffer);
    this.#position = position;
    this.isClean = true;
    this.followingZxid = ZXID_NONE;
    this.followingPosition = 0;
    this.isDone = position >= this.#sizeBytes;
  }

  /** Searches one window; returns the bytes it read. */
  step(): number {
    const length = Math.min(READ_BYTES_MAX, this.#sizeBytes - this.#position);
    const target = this.#window.subarray(0, length);
    const got = readFully(this.#reader, this.#name, this.#position, target, 0);
    this.#window.fill(0, got);
    this.#search(got);
    // Heads that straddle two windows are seen whole in the second one.
    const isLast = got < length || this.#position + got >= this.#sizeBytes;
    this.isDone = isLast || this.followingZxid !== ZXID_NONE;
    this.#position += Math.max(1, got - CANDIDATE_BYTES + 1);
    return got;
  }

  #search(length: number): void {
    let at = 0;
    while (at < length) {
      const nonZero = this.#nextNonZero(at, length);
      if (nonZero >= length) return;
      this.isClean = false;
      // Within an entry, the last byte of a length that is not 0 comes 11 bytes after its start.
      at = Math.max(at, nonZero - (ENTRY_HEAD_BYTES - 1));
      // Beyond these, a start would need a later byte that is not zero: search for that one.
      const end = Math.min(nonZero + 1, length - CANDIDATE_BYTES + 1);
      for (; at < end; at++) {
        if (!this.#isCandidate(at) || !this.#isEntry(at)) continue;
        this.followingZxid = this.#zxidAt(at);
        this.followingPosition = this.#position + at;
        return;
      }
      at = nonZero + 1;
    }
  }

  #nextNonZero(from: number, length: number): number {
    let at = from;
    while (at < length && (at & 3) !== 0) {
      if (this.#window[at] !== 0) return at;
      at++;
    }
    let word = at >>> 2;
    const wordEnd = length >>> 2;
    while (word < wordEnd && this.#words[word] === 0) word++;
    at = Math.max(at, word << 2);
    while (at < length && this.#window[at] === 0) at++;
    return at;
  }

  #isCandidate(at: number): boolean {
    if (this.#view.getInt32(at) !== 0) return false;
    const length = this.#view.getInt32(at + 8);
    if (length < TXN_HEADER_BYTES || length > this.#recordBytesMax) return false;
    if (this.#position + at + length + ENTRY_OVERHEAD_BYTES > this.#sizeBytes) return false;
    const start = at + ENTRY_HEAD_BYTES;
    if (!isTxnType(this.#view.getInt32(start + TXN_TYPE_OFFSET))) return false;
    const zxid = this.#zxidAt(at);
    return zxid > this.#lastZxid && epochOf(zxid) <= EPOCH_MAX;
  }

  #isEntry(at: number): boolean {
    const length = this.#view.getInt32(at + 8);
    const bytes = new Uint8Array(length + 1);
    const position = this.#position + at + ENTRY_HEAD_BYTES;
    if (readFully(this.#reader, this.#name, position, bytes, 0) < bytes.length) return false;
    const isChecked = (adler32(bytes, 0, length) | 0) === this.#view.getInt32(at + 4);
    return isChecked && bytes[length] === END_MARKER;
  }

  #zxidAt(at: number): number {
    const start = at + ENTRY_HEAD_BYTES + TXN_ZXID_OFFSET;
    return zxidFrom(this.#view.getInt32(start), this.#view.getInt32(start + 4));
  }
}

/**
 * Whether sectors that never reached the medium explain why the entry at `position` is not whole.
 * Such a sector, or the part of it that is missing, still holds the zeros that were there before
 * the write; rotten bytes are not zeros up to a border of their sector. `bytes` is what lies
 * between `position` and the next whole entry.
 */
export function isTornWrite(position: number, bytes: Uint8Array): boolean {
  if (position === 0) return isTornHeader(bytes);
  const end = position + bytes.length;
  for (let sector = Math.floor(position / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
    const start = Math.max(position, sector * SECTOR_BYTES);
    const stop = Math.min(end, (sector + 1) * SECTOR_BYTES);
    // The missing part reaches to the end of the sector, or at least to the end marker.
    if (bytes[stop - 1 - position] === 0) return true;
    // The first four bytes of an entry are zeros by themselves.
    const zeros = start === position ? 5 : 1;
    if (areZeros(bytes, start - position, start - position + zeros)) return true;
  }
  return false;
}

/** A header has zeros of its own, but what it is to be is known. */
function isTornHeader(bytes: Uint8Array): boolean {
  const header = new Uint8Array(LOG_HEADER_BYTES);
  writeLogHeader(header);
  return header.every((byte, index) => [0, undefined, byte].includes(bytes[index]));
}

function areZeros(bytes: Uint8Array, start: number, end: number): boolean {
  if (end > bytes.length) return false;
  for (let index = start; index < end; index++) if (bytes[index] !== 0) return false;
  return true;
}
