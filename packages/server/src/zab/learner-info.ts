// How members of our own kind know each other (ruling 14): trailing bytes after the records that
// LEADERINFO and FOLLOWERINFO carry. Apache's members read the record and ignore the rest, so who
// does not declare itself is treated as Java, with all its known faults.

import { JuteReader, JuteWriter } from '@zabra/protocol';

export const PROTOCOL_VERSION = 0x10000;
/** "ZABR" */
const MAGIC = 0x5a414252;
/** Version of the declaration, raised when Zabra members agree on something new. */
export const ZABRA_VERSION = 1;

export interface LearnerDeclaration {
  /** -1 when the learner gave none (anonymous observer). */
  readonly sid: number;
  readonly protocolVersion: number;
  readonly configVersion: number;
  /** 0 for an Apache member. */
  readonly zabraVersion: number;
}

export function encodeLearnerInfo(sid: number, configVersion: number): Uint8Array {
  const w = new JuteWriter(32);
  w.zxid(sid);
  w.int(PROTOCOL_VERSION);
  w.zxid(configVersion);
  w.int(MAGIC);
  w.int(ZABRA_VERSION);
  return w.toBytes();
}

/** Accepts the short forms of older learners: 8 bytes sid, 12 with version, none at all. */
export function decodeLearnerInfo(
  buffer: Uint8Array,
  start: number,
  end: number,
): LearnerDeclaration {
  const r = new JuteReader();
  r.reset(buffer, start < 0 ? 0 : start, start < 0 ? 0 : end);
  const sid = r.remaining() >= 8 ? r.zxid() : -1;
  const protocolVersion = r.remaining() >= 4 ? r.int() : sid < 0 ? PROTOCOL_VERSION : 0;
  const configVersion = r.remaining() >= 8 ? r.zxid() : 0;
  return { sid, protocolVersion, configVersion, zabraVersion: readMagic(r) };
}

export function encodeLeaderInfo(): Uint8Array {
  const w = new JuteWriter(16);
  w.int(PROTOCOL_VERSION);
  w.int(MAGIC);
  w.int(ZABRA_VERSION);
  return w.toBytes();
}

/** 0 when the leader is an Apache member. */
export function decodeLeaderInfo(buffer: Uint8Array, start: number, end: number): number {
  const r = new JuteReader();
  r.reset(buffer, start, end);
  r.int();
  return readMagic(r);
}

function readMagic(r: JuteReader): number {
  return r.remaining() >= 8 && r.int() === MAGIC ? r.int() : 0;
}

/** ACKEPOCH's data: the learner's current epoch, or -1 when it has promised this epoch before. */
export function encodeEpoch(epoch: number): Uint8Array {
  const w = new JuteWriter(4);
  w.int(epoch);
  return w.toBytes();
}
