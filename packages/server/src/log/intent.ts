/**
 * Intent: what makes a truncation or the installation of a received snapshot atomic. Before the
 * first file changes, `zabra.intent` says what will be done; from then on it is done, whatever
 * crashes in between, by the running server or by the next one that starts (`roll-forward`).
 *
 *   zabra.intent = a side record (`side-record`) with
 *     int  kind            1 truncate, 2 install
 *     zxid zxid            where the history ends afterwards
 *     zxid keptSegment     truncate: the log file that is cut, ZXID_NONE when none remains
 *     long keptBytes       truncate: its size afterwards
 *     bool watermark       a watermark of this log was in force
 *     int  n, n * ustring  log files there were
 *     int  n, n * ustring  snapshots there were
 *
 * The two lists are its signature (ADR 8): a log file or snapshot that is not in them was
 * written by another server since, and the intent is void.
 */

import { type JuteReader, type JuteWriter } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import {
  INTENT_FILE,
  isSegmentName,
  isSnapshotName,
  segmentName,
  snapshotName,
  zxidOfSegmentName,
  zxidOfSnapshotName,
} from './file-names.ts';
import { LOG_HEADER_BYTES } from './log-format.ts';
import { DAMAGED, type RecordKind, readRecord, whyUnread, writeRecord } from './side-record.ts';

const RECORD: RecordKind = { magic: 0x5a42494e, version: 1, oldestReader: 1 };
const FILE_BYTES_MAX = 1 << 20;
const KIND_TRUNCATE = 1;
const KIND_INSTALL = 2;

export interface Intent {
  readonly kind: 'truncate' | 'install';
  readonly zxid: number;
  readonly keptSegmentZxid: number;
  readonly keptBytes: number;
  readonly isWatermarked: boolean;
  readonly segmentNames: readonly string[];
  readonly snapshotNames: readonly string[];
}

export function encodeIntent(intent: Intent): Uint8Array {
  return writeRecord(RECORD, (w) => {
    w.int(intent.kind === 'truncate' ? KIND_TRUNCATE : KIND_INSTALL);
    w.zxid(intent.zxid);
    w.zxid(intent.keptSegmentZxid);
    w.number(intent.keptBytes);
    w.bool(intent.isWatermarked);
    writeNames(w, intent.segmentNames);
    writeNames(w, intent.snapshotNames);
  });
}

/** Null when there is none, or when `whyIntentUnread` says why it cannot be read. */
export function readIntent(reader: DiskReader): Intent | null {
  const bytes = readFile(reader);
  return bytes === null ? null : decodeIntent(bytes);
}

/**
 * Why nobody may start from what is there: an intent that cannot be read. Null when it can, or when
 * there is none. It is written aside and renamed, so no crash leaves half of one.
 */
export function whyIntentUnread(reader: DiskReader): string | null {
  const bytes = readFile(reader);
  if (bytes === null) return null;
  const why = whyUnread(RECORD, bytes, 0) ?? (decodeIntent(bytes) === null ? DAMAGED : null);
  return why === null
    ? null
    : `Cannot finish what "${INTENT_FILE}" has begun: ${why}. The history may be half changed. ` +
        'Start the version that wrote it once; if that cannot be, move the history of this ' +
        'server away, so that its leader sends it another';
}

function readFile(reader: DiskReader): Uint8Array | null {
  const sizeBytes = reader.sizeBytes('snap', INTENT_FILE);
  if (sizeBytes < 0) return null;
  const bytes = new Uint8Array(Math.min(sizeBytes, FILE_BYTES_MAX));
  const got = reader.read('snap', INTENT_FILE, 0, bytes, 0, bytes.length);
  return bytes.subarray(0, Math.max(0, got));
}

function decodeIntent(bytes: Uint8Array): Intent | null {
  const r = readRecord(RECORD, bytes, 0);
  if (r === null) return null;
  const kind = r.int();
  if (kind !== KIND_TRUNCATE && kind !== KIND_INSTALL) return null;
  const intent: Intent = {
    kind: kind === KIND_TRUNCATE ? 'truncate' : 'install',
    zxid: r.zxid(),
    keptSegmentZxid: r.zxid(),
    keptBytes: r.number(),
    isWatermarked: r.bool(),
    segmentNames: readNames(r),
    snapshotNames: readNames(r),
  };
  return r.failed ? null : intent;
}

/** Whether the directories hold nothing that came after the intent was written. */
export function isOfThisDirectory(
  intent: Intent,
  logNames: readonly string[],
  snapNames: readonly string[],
): boolean {
  const known = new Set([...intent.segmentNames, ...intent.snapshotNames]);
  if (intent.kind === 'install') known.add(snapshotName(intent.zxid));
  const isKnown = (name: string) => known.has(name);
  return (
    logNames.filter(isSegmentName).every(isKnown) && snapNames.filter(isSnapshotName).every(isKnown)
  );
}

/** Whether the log file stays, cut or not; none does when a snapshot is installed. */
export function keepsSegment(intent: Intent, name: string): boolean {
  if (!isSegmentName(name)) return false;
  const zxid = zxidOfSegmentName(name);
  if (zxid < intent.keptSegmentZxid) return true;
  return name === segmentName(intent.keptSegmentZxid) && intent.keptBytes > LOG_HEADER_BYTES;
}

export function keepsSnapshot(intent: Intent, name: string): boolean {
  if (intent.kind === 'install') return name === snapshotName(intent.zxid);
  return zxidOfSnapshotName(name) <= intent.zxid;
}

function writeNames(w: JuteWriter, names: readonly string[]): void {
  w.int(names.length);
  for (const name of names) w.string(name);
}

function readNames(r: JuteReader): string[] {
  const count = r.count(4);
  const names: string[] = [];
  for (let index = 0; index < count && !r.failed; index++) names.push(r.string() ?? '');
  return names;
}
