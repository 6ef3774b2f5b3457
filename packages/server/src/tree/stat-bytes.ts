/**
 * The Stat of a record and its two forms outside: what clients see, and what snapshots store. They
 * differ in cversion and ephemeralOwner and in which fields they have (storage-and-config.md 6.1);
 * the rest is a copy of bytes.
 */

import { type JuteWriter, STAT_BYTES, STAT_PERSISTED_BYTES } from '@zabra/protocol';
import { NodeKind, nodeKind } from './owner.ts';
import { CHILD_COUNT, CVERSION, DATA_LENGTH, OWNER, PZXID } from './record-layout.ts';
import { offsetOf } from './slabs.ts';
import { copyWords } from './word-copy.ts';
import type { ZnodeRecords } from './znode-records.ts';

const ZXID_BYTES = 8;

/** As clients see it: cversion counts deletions too, and only a session is an owner. */
export function writeStat(
  records: ZnodeRecords,
  ref: number,
  w: JuteWriter,
  extendedTypes: boolean,
): void {
  const source = records.view(ref);
  const offset = offsetOf(ref);
  const position = w.reserve(STAT_BYTES);
  const target = w.view;
  copyWords(target, position, source, offset, STAT_BYTES);
  const childCount = source.getInt32(offset + CHILD_COUNT);
  target.setInt32(position + CVERSION, 2 * source.getInt32(offset + CVERSION) - childCount);
  const ownerHi = source.getInt32(offset + OWNER);
  const ownerLo = source.getInt32(offset + OWNER + 4);
  if (ownerHi === 0 && ownerLo === 0) return;
  if (nodeKind(ownerHi, ownerLo, extendedTypes) === NodeKind.EPHEMERAL) return;
  target.setInt32(position + OWNER, 0);
  target.setInt32(position + OWNER + 4, 0);
}

/** As snapshots store it: pzxid takes the place of what can be computed. */
export function writeStatPersisted(records: ZnodeRecords, ref: number, w: JuteWriter): void {
  const source = records.view(ref);
  const offset = offsetOf(ref);
  const position = w.reserve(STAT_PERSISTED_BYTES);
  copyWords(w.view, position, source, offset, DATA_LENGTH);
  copyWords(w.view, position + DATA_LENGTH, source, offset + PZXID, ZXID_BYTES);
}

/** Puts the StatPersisted at `position` into the record, whose dataLength and children stay. */
export function loadStatPersisted(
  records: ZnodeRecords,
  ref: number,
  source: DataView,
  position: number,
): void {
  const target = records.view(ref);
  const offset = offsetOf(ref);
  copyWords(target, offset, source, position, DATA_LENGTH);
  copyWords(target, offset + PZXID, source, position + DATA_LENGTH, ZXID_BYTES);
}
