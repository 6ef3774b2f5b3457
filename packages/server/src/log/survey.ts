/**
 * Survey: what the two directories hold at start, sorted, and whether the watermark speaks of the
 * log that is there (ADR 8). It reads names and a few bytes; it changes nothing.
 */

import { ZXID_NONE } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import {
  isSegmentName,
  isSnapshotName,
  zxidOfSegmentName,
  zxidOfSnapshotName,
} from './file-names.ts';
import { SegmentReader } from './segment-reader.ts';
import { passesQuickTest } from './snapshot-source.ts';
import type { WatermarkSlot } from './watermark.ts';

/** A file with a zxid in its name. */
export interface NamedFile {
  readonly name: string;
  readonly zxid: number;
}

export interface Survey {
  readonly logNames: readonly string[];
  readonly snapNames: readonly string[];
  /** Log files that recovery looks at, oldest first. */
  readonly segments: readonly NamedFile[];
  /** Snapshots that recovery looks at, newest first; not all of them pass the quick test. */
  readonly snapshots: readonly NamedFile[];
}

export function surveyDirectories(reader: DiskReader): Survey {
  const logNames = reader.list('log').sort();
  const snapNames = reader.list('snap').sort();
  return {
    logNames,
    snapNames,
    segments: namedFiles(logNames, zxidOfSegmentName),
    snapshots: namedFiles(snapNames, zxidOfSnapshotName).toReversed(),
  };
}

/** Log files, oldest first. */
export function listSegments(reader: DiskReader): NamedFile[] {
  return namedFiles(reader.list('log'), zxidOfSegmentName);
}

/** What is wrong with the directories, when they are two (storage-and-config.md 2). */
export function mixedDirectories({ logNames, snapNames }: Survey): string | null {
  const snapshot = logNames.find(isSnapshotName);
  if (snapshot !== undefined) return `The log directory holds the snapshot "${snapshot}"`;
  const segment = snapNames.find(isSegmentName);
  return segment === undefined ? null : `The snapshot directory holds the log "${segment}"`;
}

/** Up to `count` newest snapshots that are worth loading. */
export function plausibleSnapshots(
  reader: DiskReader,
  snapshots: readonly NamedFile[],
  count: number,
): NamedFile[] {
  const plausible: NamedFile[] = [];
  for (const snapshot of snapshots) {
    if (plausible.length >= count) break;
    if (passesQuickTest(reader, snapshot.name)) plausible.push(snapshot);
  }
  return plausible;
}

/**
 * Log files that matter for replay from `baseZxid` on: those that start behind it and the newest
 * one that starts at or before the first entry wanted.
 */
export function segmentsFrom(segments: readonly NamedFile[], baseZxid: number): NamedFile[] {
  const firstWanted = baseZxid + 1;
  let first = 0;
  for (let index = 0; index < segments.length; index++) {
    if ((segments[index] as NamedFile).zxid <= firstWanted) first = index;
  }
  return segments.slice(first);
}

/** What a watermark must say of the newest log file to speak of this log. */
export interface LogSignature {
  readonly segmentZxid: number;
  readonly segmentChecksum: number;
  readonly previousSegmentZxid: number;
}

export function readSignature(
  reader: DiskReader,
  segments: readonly NamedFile[],
  recordBytesMax: number,
): LogSignature {
  const newest = segments.at(-1);
  if (newest === undefined) return EMPTY_SIGNATURE;
  const segment = new SegmentReader(reader, recordBytesMax);
  segment.open(newest.name);
  const segmentChecksum = segment.next() === 'entry' ? segment.checksum : 0;
  const previousSegmentZxid = segments.at(-2)?.zxid ?? ZXID_NONE;
  return { segmentZxid: newest.zxid, segmentChecksum, previousSegmentZxid };
}

/**
 * Null when the watermark is in force, else why it is void. A newest log file older than the one it
 * names does not make it void: that file was lost, or never came into being; whether anything that
 * was acknowledged is missing is told by the end of the history.
 */
export function whyVoid(
  slot: WatermarkSlot,
  signature: LogSignature,
  acceptedEpoch: number,
): string | null {
  if (acceptedEpoch > slot.acceptedEpochMax) {
    return `acceptedEpoch is ${acceptedEpoch}, it knows ${slot.acceptedEpochMax}`;
  }
  if (signature.segmentZxid > slot.segmentZxid) return 'another server has written a newer log';
  const isSame = signature.segmentZxid === slot.segmentZxid;
  const hasEntry = signature.segmentChecksum !== 0;
  if (isSame && hasEntry && signature.segmentChecksum !== slot.segmentChecksum) {
    return 'another server has overwritten the newest log';
  }
  return null;
}

const EMPTY_SIGNATURE: LogSignature = {
  segmentZxid: ZXID_NONE,
  segmentChecksum: 0,
  previousSegmentZxid: ZXID_NONE,
};

function namedFiles(names: readonly string[], zxidOf: (name: string) => number): NamedFile[] {
  return names
    .map((name) => ({ name, zxid: zxidOf(name) }))
    .filter((file) => file.zxid !== ZXID_NONE)
    .sort((a, b) => a.zxid - b.zxid);
}
