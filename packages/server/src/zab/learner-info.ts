/**
 * How members of our own kind know each other: trailing bytes behind the records that FOLLOWERINFO,
 * OBSERVERINFO and LEADERINFO carry. Apache's members read the record and ignore the rest, so who
 * does not declare itself is treated as Java, with all its known faults.
 *
 *   declaration = int magic "ZABR", int version
 */

import {
  JuteReader,
  JuteWriter,
  LEARNER_PROTOCOL_VERSION,
  readLeaderInfoData,
  readLearnerInfo,
  writeAckEpochData,
  writeLeaderInfoData,
  writeLearnerInfo,
} from '@zabra/protocol';

/** "ZABR" */
const MAGIC = 0x5a414252;

/** Raised when Zabra members agree on something new. */
export const ZABRA_VERSION = 1;

const DECLARATION_BYTES = 8;

export interface LearnerDeclaration {
  /** SID_NONE when the learner gave none (anonymous observer). */
  readonly sid: number;
  readonly protocolVersion: number;
  readonly configVersion: number;
  /** 0 for an Apache member. */
  readonly zabraVersion: number;
}

export function encodeLearnerInfo(sid: number, configVersion: number): Uint8Array {
  const w = new JuteWriter(32);
  writeLearnerInfo(w, { sid, protocolVersion: LEARNER_PROTOCOL_VERSION, configVersion });
  declare(w);
  return w.toBytes();
}

/** The range is (-1, -1) when the packet's data is null. */
export function decodeLearnerInfo(
  buffer: Uint8Array,
  start: number,
  end: number,
): LearnerDeclaration {
  const r = new JuteReader().reset(buffer, Math.max(start, 0), Math.max(end, 0));
  const { sid, protocolVersion, configVersion } = readLearnerInfo(r);
  return { sid, protocolVersion, configVersion, zabraVersion: readDeclaration(r) };
}

export function encodeLeaderInfo(): Uint8Array {
  const w = new JuteWriter(16);
  writeLeaderInfoData(w, LEARNER_PROTOCOL_VERSION);
  declare(w);
  return w.toBytes();
}

/** The Zabra version of the leader, 0 for an Apache member, -1 when the data is malformed. */
export function decodeLeaderInfo(buffer: Uint8Array, start: number, end: number): number {
  const r = new JuteReader().reset(buffer, Math.max(start, 0), Math.max(end, 0));
  readLeaderInfoData(r);
  return r.failed ? -1 : readDeclaration(r);
}

/** ACKEPOCH's data: the learner's current epoch, or -1 when it has promised this epoch before. */
export function encodeEpoch(epoch: number): Uint8Array {
  const w = new JuteWriter(4);
  writeAckEpochData(w, epoch);
  return w.toBytes();
}

function declare(w: JuteWriter): void {
  w.int(MAGIC);
  w.int(ZABRA_VERSION);
}

function readDeclaration(r: JuteReader): number {
  return r.remaining() >= DECLARATION_BYTES && r.int() === MAGIC ? r.int() : 0;
}
