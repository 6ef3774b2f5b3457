/**
 * Quorum packets between a leader and its learners: `int type; long zxid; buffer data; vector<Id>
 * authinfo`, 20 bytes when both are null, and the small records that some of them carry as data.
 * The stream has no framing; `quorum-packet-reader.ts` takes it apart. From quorum-protocol.md 5.
 */

import { QUORUM_PACKET_BYTES_MIN } from '../base/limits.ts';
import { type Id, writeIdVector } from './acl.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { readSid, SID_NONE, writeSid } from './sid.ts';

export const PacketType = {
  REQUEST: 1,
  PROPOSAL: 2,
  ACK: 3,
  COMMIT: 4,
  PING: 5,
  REVALIDATE: 6,
  SYNC: 7,
  INFORM: 8,
  COMMITANDACTIVATE: 9,
  NEWLEADER: 10,
  FOLLOWERINFO: 11,
  UPTODATE: 12,
  DIFF: 13,
  TRUNC: 14,
  SNAP: 15,
  OBSERVERINFO: 16,
  LEADERINFO: 17,
  ACKEPOCH: 18,
  INFORMANDACTIVATE: 19,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

const nameByType: ReadonlyMap<number, string> = new Map(
  Object.entries(PacketType).map(([name, type]) => [type, name]),
);

/** The name of a packet type, or the number itself when it has none. */
export function packetName(type: number): string {
  return nameByType.get(type) ?? String(type);
}

export interface QuorumPacket {
  readonly type: number;
  readonly zxid: number;
  readonly data: Uint8Array | null;
  readonly auth: readonly Id[] | null;
}

/** The protocol of 3.4 and later, in LearnerInfo and LEADERINFO; older learners are refused. */
export const LEARNER_PROTOCOL_VERSION = 0x10000;

/** What a LearnerInfo too short to say otherwise means. */
const LEARNER_PROTOCOL_VERSION_OLDEST = 1;
const CONFIG_VERSION_NONE = -1;

/** Data of FOLLOWERINFO and OBSERVERINFO. */
export interface LearnerInfo {
  /** SID_NONE when the learner has none. */
  readonly sid: number;
  readonly protocolVersion: number;
  /** Version of the learner's committed configuration; -1 when it does not say. */
  readonly configVersion: number;
}

export function writeQuorumPacket(
  w: JuteWriter,
  type: number,
  zxid: number,
  data: Uint8Array | null,
  auth: readonly Id[] | null,
): void {
  w.ensure(QUORUM_PACKET_BYTES_MIN + (data === null ? 0 : data.length));
  w.int(type);
  w.zxid(zxid);
  w.bytes(data);
  writeIdVector(w, auth);
}

/** A packet whose data is buffer[start, end), without authinfo. */
export function writeQuorumPacketRange(
  w: JuteWriter,
  type: number,
  zxid: number,
  buffer: Uint8Array,
  start: number,
  end: number,
): void {
  w.ensure(QUORUM_PACKET_BYTES_MIN + end - start);
  w.int(type);
  w.zxid(zxid);
  w.range(buffer, start, end);
  w.int(-1);
}

/**
 * Reads the data of FOLLOWERINFO or OBSERVERINFO, of which older learners send only the first
 * fields, or nothing. Bytes behind the record are left to the caller.
 */
export function readLearnerInfo(r: JuteReader): LearnerInfo {
  const sid = r.remaining() >= 8 ? readSid(r) : SID_NONE;
  const protocolVersion = r.remaining() >= 4 ? r.int() : LEARNER_PROTOCOL_VERSION_OLDEST;
  const configVersion = r.remaining() >= 8 ? r.zxid() : CONFIG_VERSION_NONE;
  return { sid, protocolVersion, configVersion };
}

export function writeLearnerInfo(w: JuteWriter, info: LearnerInfo): void {
  writeSid(w, info.sid);
  w.int(info.protocolVersion);
  w.zxid(info.configVersion);
}

/** Data of LEADERINFO: the leader's protocol version; bytes behind it are left to the caller. */
export function readLeaderInfoData(r: JuteReader): number {
  return r.int();
}

export function writeLeaderInfoData(w: JuteWriter, protocolVersion: number): void {
  w.int(protocolVersion);
}

/** Data of ACKEPOCH: currentEpoch, or -1 when the epoch had been accepted before. */
export function readAckEpochData(r: JuteReader): number {
  return r.int();
}

export function writeAckEpochData(w: JuteWriter, currentEpoch: number): void {
  w.int(currentEpoch);
}
