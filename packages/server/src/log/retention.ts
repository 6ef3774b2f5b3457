/**
 * Retention: which files autopurge removes (storage-and-config.md 10.2), as Apache decides it. The
 * newest snapshots that pass the quick test are kept, and the log files that replay from the oldest
 * of them needs. A name with the right start and no zxid counts as older than everything and goes
 * too; any other name is left alone.
 */

import { ZXID_MAX } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import {
  isSegmentName,
  isSnapshotName,
  zxidOfSegmentName,
  zxidOfSnapshotName,
} from './file-names.ts';
import { type NamedFile, plausibleSnapshots, surveyDirectories } from './survey.ts';

/** Fewer are not believed to be meant. */
export const RETAIN_COUNT_MIN = 3;

export interface PurgePlan {
  /** Removed first: a snapshot without its log files must never be what is left. */
  readonly snapshotNames: readonly string[];
  readonly segmentNames: readonly string[];
}

const NOTHING: PurgePlan = { snapshotNames: [], segmentNames: [] };

/** Log files from `heldZxid` on stay whatever else is decided. */
export function planPurge(reader: DiskReader, retainCount: number, heldZxid = ZXID_MAX): PurgePlan {
  const { logNames, snapNames, snapshots, segments } = surveyDirectories(reader);
  const count = Math.max(RETAIN_COUNT_MIN, retainCount);
  const oldestKept = plausibleSnapshots(reader, snapshots, count).at(-1);
  if (oldestKept === undefined) return NOTHING;
  const firstNeeded = newestUpTo(segments, oldestKept.zxid);
  return {
    snapshotNames: snapNames.filter(
      (name) => isSnapshotName(name) && zxidOfSnapshotName(name) < oldestKept.zxid,
    ),
    segmentNames: logNames.filter(
      (name) =>
        isSegmentName(name) &&
        zxidOfSegmentName(name) < Math.min(oldestKept.zxid, heldZxid) &&
        name !== firstNeeded?.name,
    ),
  };
}

function newestUpTo(segments: readonly NamedFile[], zxid: number): NamedFile | undefined {
  return segments.findLast((file) => file.zxid <= zxid);
}
