/**
 * LogTap: hears every transaction that a server has put on its disk, from the bytes of the log
 * itself and in their order; a record that was cut off again is taken back. Format from
 * storage-and-config.md 3.
 */

import { zxidFromHex } from '@zabra/protocol';
import type { DiskRequest } from 'zabra/dist/log/disk.js';

const LOG_PREFIX = 'log.';
const FILE_HEADER_BYTES = 16;
const LENGTH_OFFSET = 8;
const PAYLOAD_OFFSET = 12;
/** Behind session and cxid. */
const ZXID_OFFSET = 12;
const SPAN = 0x100000000;

export interface LoggedTxn {
  readonly zxid: number;
  /** Header, body and digest. */
  readonly bytes: Uint8Array;
  /** Where it stands: a file, and the offset behind it. */
  readonly file: string;
  readonly end: number;
}

export class LogTap {
  /** In the log, and not taken by `take`. */
  #waiting: LoggedTxn[];
  #takenZxid: number;

  constructor() {
    this.#waiting = [];
    this.#takenZxid = -1;
  }

  /** A request to the log directory is complete. */
  onStored(request: DiskRequest): void {
    if (request.directory !== 'log') return;
    switch (request.kind) {
      case 'create':
        if (!isLog(request.name)) return;
        this.#read(request.name, request.bytes, FILE_HEADER_BYTES, 0);
        return;
      case 'write':
        if (!isLog(request.name)) return;
        this.#read(request.name, joined(request.pieces), 0, request.position);
        return;
      case 'truncate':
        this.#drop(({ file, end }) => file === request.name && end > request.bytes);
        return;
      case 'remove':
        // Old files that are purged take nothing with them that is not final.
        this.#drop(({ file }) => request.names.includes(file) && firstZxid(file) > this.#takenZxid);
        return;
      default:
    }
  }

  /** Those up to `zxid`, which are final; what is above stays. */
  take(zxid: number): LoggedTxn[] {
    const count = this.#waiting.findIndex((txn) => txn.zxid > zxid);
    this.#takenZxid = zxid;
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
  }

  #drop(isGone: (txn: LoggedTxn) => boolean): void {
    this.#waiting = this.#waiting.filter((txn) => !isGone(txn));
  }

  /** `bytes` stand at `position` of the file; entries begin at `start` of them. */
  #read(file: string, bytes: Uint8Array, start: number, position: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (at + PAYLOAD_OFFSET <= bytes.length) {
      const length = view.getInt32(at + LENGTH_OFFSET);
      if (length <= 0) return;
      const payload = at + PAYLOAD_OFFSET;
      const zxid =
        view.getUint32(payload + ZXID_OFFSET) * SPAN + view.getUint32(payload + ZXID_OFFSET + 4);
      at = payload + length + 1;
      const copy = bytes.slice(payload, payload + length);
      this.#waiting.push({ zxid, bytes: copy, file, end: position + at });
    }
  }
}

/** Side files stand in the same directory. */
function isLog(file: string): boolean {
  return file.startsWith(LOG_PREFIX);
}

/** Of the transaction that a log file is named for. */
function firstZxid(file: string): number {
  return zxidFromHex(file.slice(LOG_PREFIX.length));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
