/**
 * Names in `version-2`, and what may be read out of them (storage-and-config.md 2 and 5.4). Apache
 * takes any name that starts right: `snapshot.4b.tmp` and `log.4C.fixed` take part in recovery and
 * purge. Our own side files therefore start with neither prefix.
 */

import { ZXID_MAX, ZXID_NONE, zxidFromHex, zxidToHex } from '@zabra/protocol';
import type { Compression } from './decompressor.ts';

/** A snapshot while it is written; worthless when found at start. */
export const SNAPSHOT_TEMPORARY = 'zabra.snapshot';
/** A snapshot received from a leader, until it has replaced what was there. */
export const RECEIVED_SNAPSHOT = 'zabra.received';
/** What a truncation or installation under way is about to do; see `intent`. */
export const INTENT_FILE = 'zabra.intent';
/** Lower bound of what was acknowledged as synced; see `watermark`. */
export const WATERMARK_FILE = 'zabra.watermark';
/** A watermark that this version could not read. */
export const WATERMARK_ASIDE = 'zabra.watermark.aside';
export const ACCEPTED_EPOCH_FILE = 'acceptedEpoch';
export const CURRENT_EPOCH_FILE = 'currentEpoch';

const SNAPSHOT_PREFIX = 'snapshot';
const LOG_PREFIX = 'log';

export function segmentName(zxid: number): string {
  return `${LOG_PREFIX}.${zxidToHex(zxid)}`;
}

export function snapshotName(zxid: number): string {
  return `${SNAPSHOT_PREFIX}.${zxidToHex(zxid)}`;
}

/** Zxid of the first entry as the name tells it; ZXID_NONE for a name that recovery ignores. */
export function zxidOfSegmentName(name: string): number {
  return zxidOfName(name, LOG_PREFIX);
}

export function zxidOfSnapshotName(name: string): number {
  return zxidOfName(name, SNAPSHOT_PREFIX);
}

/** Whether purge and the check of mixed directories count the file as one of the kind. */
export function isSegmentName(name: string): boolean {
  return name.startsWith(`${LOG_PREFIX}.`);
}

export function isSnapshotName(name: string): boolean {
  return name.startsWith(`${SNAPSHOT_PREFIX}.`);
}

/** How a snapshot is to be read, by the last dotted part of its name. */
export function compressionOfName(name: string): Compression {
  const suffix = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return suffix === 'gz' || suffix === 'snappy' ? suffix : 'none';
}

/**
 * A name of a zxid that is too big for us gives ZXID_MAX, so that recovery meets and refuses it.
 * A sign is accepted as Java does; with a minus the name is of no use to anybody.
 */
function zxidOfName(name: string, prefix: string): number {
  const parts = name.split('.');
  const digits = /^\+?([0-9a-fA-F]+)$/.exec(parts[1] ?? '')?.[1];
  if (parts[0] !== prefix || digits === undefined) return ZXID_NONE;
  const zxid = zxidFromHex(digits.replace(/^0+(?=.)/, ''));
  if (Number.isNaN(zxid)) return ZXID_NONE;
  // The top bit set prints as 16 digits that Java does not read back.
  return zxid < 0 ? ZXID_NONE : Math.min(zxid, ZXID_MAX);
}
