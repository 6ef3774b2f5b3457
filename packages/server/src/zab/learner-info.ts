/**
 * Data of the packets by which leader and learner introduce themselves: FOLLOWERINFO, OBSERVERINFO
 * and LEADERINFO with the declaration behind their records, and ACKEPOCH (quorum-protocol.md 5.2).
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
import { declare, readDeclaration, ZABRA_VERSION } from './declaration.ts';

export interface LearnerDeclaration {
  /** SID_NONE when the learner gave none (anonymous observer). */
  readonly sid: number;
  readonly protocolVersion: number;
  readonly configVersion: number;
  /** 0 for an Apache member. */
  readonly zabraVersion: number;
}

export function encodeLearnerInfo(
  sid: number,
  configVersion: number,
  zabraVersion: number = ZABRA_VERSION,
): Uint8Array {
  const w = new JuteWriter(32);
  writeLearnerInfo(w, { sid, protocolVersion: LEARNER_PROTOCOL_VERSION, configVersion });
  declare(w, zabraVersion);
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

/** `zabraVersion` is 0 where the leader is an Apache member, whoever passes on what it says. */
export function encodeLeaderInfo(zabraVersion: number = ZABRA_VERSION): Uint8Array {
  const w = new JuteWriter(16);
  writeLeaderInfoData(w, LEARNER_PROTOCOL_VERSION);
  declare(w, zabraVersion);
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
