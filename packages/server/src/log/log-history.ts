/**
 * LogHistory: the history in our log files, for whoever wants older transactions than memory holds:
 * whether the files may be used for that, and who reads in them, so that they stay meanwhile.
 *
 * They may be used from the first file on that is ours and behind which there is no hole
 * (`watermark`), and where reading them is worth more than a snapshot would be: as in Apache
 * (quorum-protocol.md 7, upstream `ZKDatabase.calculateTxnLogSizeLimit`), the files behind the one
 * in which to begin must not be longer, padding and all, than a part of the newest snapshot.
 */

import { ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { type CursorOwner, LogCursor } from './log-cursor.ts';
import type { StorageOptions } from './storage-types.ts';
import { listSegments, type NamedFile, plausibleSnapshots, surveyDirectories } from './survey.ts';
import type { TxnLog } from './txn-log.ts';
import type { Watermark } from './watermark.ts';

export interface LogHistoryParts {
  readonly port: DiskPort;
  readonly watermark: Watermark;
  readonly txnLog: TxnLog;
  readonly options: StorageOptions;
}

export class LogHistory implements CursorOwner {
  readonly #parts: LogHistoryParts;
  readonly #cursors: Set<LogCursor>;
  /** A cursor has failed in this file: none begins there or before; ZXID_NONE: none has. */
  #brokenZxid: number;

  constructor(parts: LogHistoryParts) {
    this.#parts = parts;
    this.#cursors = new Set();
    this.#brokenZxid = ZXID_NONE;
  }

  /** From CursorOwner. */
  get syncedZxid(): number {
    return this.#parts.txnLog.syncedZxid;
  }

  /** Log files from this one on are being read and have to stay; ZXID_MAX: none is. */
  get heldZxid(): number {
    let held = ZXID_MAX;
    for (const { segmentZxid } of this.#cursors) held = Math.min(held, segmentZxid);
    return held;
  }

  /**
   * Begins to search for what follows `afterZxid`, which is older than `untilZxid`; null when the
   * files may not be used for it.
   */
  open(afterZxid: number, untilZxid: number): LogCursor | null {
    const { port, options } = this.#parts;
    if (options.snapshotSizeFactor < 0 || untilZxid > this.syncedZxid) return null;
    const segments = listSegments(port.reader);
    const first = segments.findLastIndex(({ zxid }) => zxid <= afterZxid + 1);
    const segment = segments[first];
    if (segment === undefined || !this.#isUsable(segment)) return null;
    if (!this.#isWorthIt(segments.slice(first + 1))) return null;
    const cursor = new LogCursor(port, options.recordBytesMax, this, afterZxid, segment);
    this.#cursors.add(cursor);
    return cursor;
  }

  /** The history is about to be changed: nobody reads on. */
  closeAll(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  /** From CursorOwner. */
  onFailed(cursor: LogCursor): void {
    this.#brokenZxid = Math.max(this.#brokenZxid, cursor.segmentZxid);
  }

  /** From CursorOwner. */
  onClosed(cursor: LogCursor): void {
    this.#cursors.delete(cursor);
  }

  #isUsable({ zxid }: NamedFile): boolean {
    return zxid >= this.#parts.watermark.historySinceZxid && zxid > this.#brokenZxid;
  }

  #isWorthIt(behind: readonly NamedFile[]): boolean {
    const { reader } = this.#parts.port;
    const limitBytes = Math.trunc(this.#snapshotBytes() * this.#parts.options.snapshotSizeFactor);
    // Apache's rule as well: a limit of 0 is none.
    if (limitBytes === 0) return true;
    let bytes = 0;
    for (const { name } of behind) bytes += Math.max(0, reader.sizeBytes('log', name));
    return bytes <= limitBytes;
  }

  /** Of the newest snapshot; 0 without one. */
  #snapshotBytes(): number {
    const { reader } = this.#parts.port;
    const { snapshots } = surveyDirectories(reader);
    const newest = plausibleSnapshots(reader, snapshots, 1)[0];
    return newest === undefined ? 0 : Math.max(0, reader.sizeBytes('snap', newest.name));
  }
}
