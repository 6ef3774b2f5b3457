/**
 * TreeReader: writes the znodes as they were when it was opened, parents before children, in the
 * form of a snapshot (storage-and-config.md 5.1, item 4), a slice at a time while the tree changes.
 * It is a cursor along the records' links and holds no state of its own beyond that; what makes the
 * past visible is `retention.ts`. The terminator behind the last znode is not its affair.
 */

import { type JuteWriter, STAT_PERSISTED_BYTES } from '@zabra/protocol';
import { ACL_ID_OPEN } from './acl-table.ts';
import { FIRST_CHILD } from './record-layout.ts';
import type { RetainedReader, Retention } from './retention.ts';
import { successor } from './sibling-links.ts';
import { writeStatPersisted } from './stat-bytes.ts';
import type { ZnodeRecords } from './znode-records.ts';

/** What a record has beside path and data: two lengths, the ACL's id, the stat. */
const RECORD_BYTES_MIN = 4 + 4 + 8 + STAT_PERSISTED_BYTES;

/** What passing over a record that is not in the reader's state counts as, bytes. */
const SKIP_BYTES = 16;

export class TreeReader implements RetainedReader {
  readonly epoch: number;
  cursor: number;
  failed: boolean;
  readonly #records: ZnodeRecords;
  readonly #retention: Retention;

  constructor(records: ZnodeRecords, retention: Retention, rootRef: number) {
    this.epoch = retention.epoch;
    this.cursor = rootRef;
    this.failed = false;
    this.#records = records;
    this.#retention = retention;
    retention.admit(this);
  }

  /**
   * Appends records of at most `bytesMax` together, one at least if there is one. False when the
   * last was written, or when the reader failed: `failed` tells.
   */
  next(w: JuteWriter, bytesMax: number): boolean {
    const records = this.#records;
    let bytes = 0;
    while (this.cursor !== 0) {
      const ref = this.cursor;
      const version = this.#retention.version(ref, this.epoch);
      if (version === 0) {
        if (bytes >= bytesMax) return true;
        bytes += SKIP_BYTES;
        this.cursor = successor(records, ref);
        continue;
      }
      const recordBytes =
        RECORD_BYTES_MIN + records.pathBytes(ref) + Math.max(records.dataBytes(version), 0);
      if (bytes > 0 && bytes + recordBytes > bytesMax) return true;
      bytes += recordBytes;
      this.#write(ref, version, w);
      this.#retention.onRead(ref);
      const child = records.word(ref, FIRST_CHILD);
      this.cursor = child === 0 ? successor(records, ref) : child;
    }
    this.close();
    return false;
  }

  /** Gives back what was kept for the reader; it has no more records. */
  close(): void {
    this.cursor = 0;
    this.#retention.dismiss(this);
  }

  #write(ref: number, version: number, w: JuteWriter): void {
    const records = this.#records;
    records.writePathFrom(ref, 0, w);
    records.writeData(version, w);
    const aclId = records.aclId(version);
    w.long(aclId === ACL_ID_OPEN ? -1 : 0, aclId);
    writeStatPersisted(records, version, w);
  }
}
