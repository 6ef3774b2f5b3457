/**
 * What one server would find on its disk if its power went now: the transactions of its log files,
 * the zxid of its newest snapshot, its two epochs. Read from the durable bytes themselves and not
 * from what the server says, by a reader of its own; kept up to date from the requests that have
 * completed, and read anew after each crash. Formats from storage-and-config.md 3, 5 and 12.2; a
 * truncation or an installation that `log/intent` has begun counts as done, because the next start
 * will do it.
 */

import { adler32, utf8Decode, zxidFromHex } from '@zabra/protocol';
import type { DiskReader, DiskRequest } from '../../log/disk.ts';
import { INTENT_FILE } from '../../log/file-names.ts';
import { type Intent, readIntent } from '../../log/intent.ts';
import type { DiskFile } from '../disk-file.ts';
import type { SimDisk } from '../sim-disk.ts';

const LOG_HEADER_BYTES = 16;
const CHECKSUM_BYTES = 8;
const LENGTH_BYTES = 4;
const END_MARKER = 0x42;
/** Where a payload's zxid stands: behind client id and cxid. */
const ZXID_OFFSET = 12;

/**
 * Sees each transaction once for each time that it becomes durable, with the zxid of the one before
 * it on the same disk; that may be the base of a snapshot, or 0.
 */
export type OnEntry = (
  buffer: Uint8Array,
  start: number,
  end: number,
  previousZxid: number,
) => void;

interface LogFile {
  /** Name's zxid; orders the files. */
  readonly firstZxid: number;
  /** Behind the last whole entry. */
  endBytes: number;
  readonly zxids: number[];
  readonly ends: number[];
}

export class DurableHistory {
  acceptedEpoch: number;
  currentEpoch: number;
  /** Of the newest snapshot; 0 when there is none. */
  snapshotZxid: number;
  /** Of all of them. */
  #snapshotZxids: number[];
  #intent: Intent | null;
  readonly #disk: SimDisk;
  readonly #onEntry: OnEntry;
  readonly #logs: Map<string, LogFile>;
  /** All zxids of all log files, ascending; null when it has to be put together again. */
  #zxids: number[] | null;
  /** The same as a set, for asking. */
  #zxidSet: Set<number>;

  constructor(disk: SimDisk, onEntry: OnEntry) {
    this.acceptedEpoch = 0;
    this.currentEpoch = 0;
    this.snapshotZxid = 0;
    this.#snapshotZxids = [];
    this.#intent = null;
    this.#disk = disk;
    this.#onEntry = onEntry;
    this.#logs = new Map();
    this.#zxids = [];
    this.#zxidSet = new Set();
  }

  /** The newest zxid that recovery would come to. */
  get lastZxid(): number {
    if (this.#intent !== null) return this.#intent.zxid;
    return Math.max(this.snapshotZxid, this.zxids.at(-1) ?? 0);
  }

  /**
   * The newest zxid of this history below the given one; -1 when a newer snapshot hides it: what is
   * left below that one may have holes, since a power cut may undo one removal and not another.
   */
  lastZxidBefore(zxid: number): number {
    if (this.snapshotZxid >= zxid) return -1;
    let last = 0;
    for (const base of this.#snapshotZxids) if (base < zxid && base > last) last = base;
    for (const logged of this.zxids) if (logged < zxid && logged > last) last = logged;
    return last;
  }

  /** Zxids in the log, ascending. */
  get zxids(): readonly number[] {
    if (this.#zxids !== null) return this.#zxids;
    const logs = [...this.#logs.values()].sort((a, b) => a.firstZxid - b.firstZxid);
    this.#zxids = logs.flatMap(({ zxids }) => zxids);
    return this.#zxids;
  }

  /** Whether recovery would bring that transaction back. */
  has(zxid: number): boolean {
    const intent = this.#intent;
    if (intent !== null && zxid > intent.zxid) return false;
    if (intent?.kind === 'install') return true;
    return zxid <= this.snapshotZxid || this.#zxidSet.has(zxid);
  }

  /** A request has completed without error. */
  onStored(request: DiskRequest): void {
    if (request.kind === 'read') return;
    if (request.directory === 'snap') {
      this.#readSnapDirectory();
      return;
    }
    switch (request.kind) {
      case 'create':
        this.#forget(request.name);
        this.#readLog(request.name);
        break;
      case 'write':
      case 'sync':
        this.#readLog(request.name);
        break;
      case 'truncate':
        this.#forget(request.name);
        this.#readLog(request.name);
        break;
      case 'remove':
        for (const name of request.names) this.#forget(name);
        break;
      default:
        this.readAll();
    }
  }

  /** Reads everything anew, as after a crash. */
  readAll(): void {
    this.#logs.clear();
    this.#zxidSet = new Set();
    this.#zxids = null;
    this.#readSnapDirectory();
    const names = [...this.#disk.durableFiles('log').keys()];
    names.sort((a, b) => nameZxid(a, 'log.') - nameZxid(b, 'log.'));
    for (const name of names) this.#readLog(name);
  }

  #readSnapDirectory(): void {
    this.snapshotZxid = 0;
    this.#snapshotZxids = [];
    this.acceptedEpoch = 0;
    this.currentEpoch = 0;
    this.#intent = null;
    for (const [name, file] of this.#disk.durableFiles('snap')) {
      if (name === 'acceptedEpoch') this.acceptedEpoch = readEpoch(file);
      else if (name === 'currentEpoch') this.currentEpoch = readEpoch(file);
      else if (name === INTENT_FILE) this.#intent = readIntent(durableReader(this.#disk));
      else {
        const zxid = nameZxid(name, 'snapshot.');
        if (zxid >= 0) this.#snapshotZxids.push(zxid);
        if (zxid > this.snapshotZxid) this.snapshotZxid = zxid;
      }
    }
  }

  #forget(name: string): void {
    const log = this.#logs.get(name);
    if (log === undefined) return;
    this.#logs.delete(name);
    for (const zxid of log.zxids) this.#zxidSet.delete(zxid);
    this.#zxids = null;
  }

  #readLog(name: string): void {
    const firstZxid = nameZxid(name, 'log.');
    const file = this.#disk.durableFiles('log').get(name);
    if (firstZxid < 0 || file === undefined) return;
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = { firstZxid, endBytes: LOG_HEADER_BYTES, zxids: [], ends: [] };
      this.#logs.set(name, log);
    }
    const content = file.durableContent();
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (;;) {
      const end = entryEnd(content, view, log.endBytes);
      if (end < 0) return;
      const payload = log.endBytes + CHECKSUM_BYTES + LENGTH_BYTES;
      const epoch = view.getUint32(payload + ZXID_OFFSET);
      const zxid = epoch * 0x100000000 + view.getUint32(payload + ZXID_OFFSET + 4);
      const previousZxid = log.zxids.at(-1) ?? this.lastZxidBefore(zxid);
      this.#add(log, zxid, end);
      this.#onEntry(content, payload, end - 1, previousZxid);
    }
  }

  #add(log: LogFile, zxid: number, end: number): void {
    log.zxids.push(zxid);
    log.ends.push(end);
    log.endBytes = end;
    this.#zxidSet.add(zxid);
    // The newest file grows, which is nearly always what happens.
    if (this.#zxids !== null && zxid > (this.#zxids.at(-1) ?? -1)) this.#zxids.push(zxid);
    else this.#zxids = null;
  }
}

/** Reads what a power cut would leave. */
function durableReader(disk: SimDisk): DiskReader {
  return {
    list: (directory) => [...disk.durableFiles(directory).keys()],
    sizeBytes: (directory, name) =>
      disk.durableFiles(directory).get(name)?.durableContent().length ?? -1,
    read: (directory, name, position, target, offset, length) => {
      const content = disk.durableFiles(directory).get(name)?.durableContent();
      const bytes = content?.subarray(position, position + length) ?? new Uint8Array(0);
      target.set(bytes, offset);
      return bytes.length;
    },
  };
}

/** The offset behind the entry that begins there; -1 when there is no whole one. */
function entryEnd(content: Uint8Array, view: DataView, start: number): number {
  const payload = start + CHECKSUM_BYTES + LENGTH_BYTES;
  if (payload > content.length) return -1;
  const length = view.getInt32(start + CHECKSUM_BYTES);
  if (length <= 0 || payload + length + 1 > content.length) return -1;
  const end = payload + length;
  if (content[end] !== END_MARKER || view.getUint32(start) !== 0) return -1;
  return adler32(content, payload, end) === view.getUint32(start + 4) ? end + 1 : -1;
}

/** -1 for a name that is none. */
function nameZxid(name: string, prefix: string): number {
  if (!name.startsWith(prefix)) return -1;
  const [hex = ''] = name.slice(prefix.length).split('.');
  const zxid = zxidFromHex(hex);
  return Number.isNaN(zxid) || name.endsWith('.tmp') ? -1 : zxid;
}

function readEpoch(file: DiskFile): number {
  const content = file.durableContent();
  const text = utf8Decode(content, 0, content.length);
  return /^\d+$/.test(text) ? Number(text) : 0;
}
