/**
 * The notification of an election, which carries a vote: the payload of one frame of the election
 * mesh. A malformed one reads as null and is to be ignored; it does not cost the connection. From
 * quorum-protocol.md 3.1.
 *
 *   notification = int state, long leader, long zxid, long electionEpoch, long peerEpoch,
 *                  int version, int length, bytes config
 *
 * Older forms stop after electionEpoch (28 bytes), after version (40 bytes, which then says
 * nothing), or have a version below 2 and no config.
 */

import { utf8Decode } from '../base/text.ts';
import { epochOf, ZXID_MAX, ZXID_MIN } from '../base/zxid.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { readSid, writeSid } from './sid.ts';

export const ServerState = {
  LOOKING: 0,
  FOLLOWING: 1,
  LEADING: 2,
  OBSERVING: 3,
} as const;

export type ServerState = (typeof ServerState)[keyof typeof ServerState];

/** The format that carries a configuration; we send no other. */
export const NOTIFICATION_VERSION = 2;

export interface Notification {
  readonly state: ServerState;
  /** Proposed or followed sid; SID_NONE in the vote of a member that may not vote. */
  readonly leader: number;
  /** ZXID_MIN in the vote of an observer, ZXID_NONE from an unexpectedly empty member. */
  readonly zxid: number;
  readonly electionEpoch: number;
  /** -1 and ZXID_MIN as in zxid. */
  readonly peerEpoch: number;
  /** Format of the message, 0 for the forms that do not say. */
  readonly version: number;
  /** Text of the sender's committed configuration; null before format 2. */
  readonly config: string | null;
}

const BYTES_WITHOUT_PEER_EPOCH = 28;
const BYTES_WITHOUT_CONFIG = 40;

/** Null for a message that is to be ignored. The reader stands on the payload of one frame. */
export function readNotification(r: JuteReader): Notification | null {
  const byteCount = r.remaining();
  const state = r.int();
  const leader = readSid(r);
  const zxid = readNamedLong(r);
  const electionEpoch = readNamedLong(r);
  if (r.failed || !isServerState(state)) return null;
  let peerEpoch = epochOf(zxid);
  let version = 0;
  let config: string | null = null;
  if (byteCount !== BYTES_WITHOUT_PEER_EPOCH) {
    peerEpoch = readNamedLong(r);
    version = r.int();
    if (byteCount === BYTES_WITHOUT_CONFIG) version = 0;
    if (version >= NOTIFICATION_VERSION) config = readConfig(r);
  }
  if (r.failed) return null;
  return { state, leader, zxid, electionEpoch, peerEpoch, version, config };
}

/** Always in format 2; a null config is sent as an empty one. */
export function writeNotification(w: JuteWriter, notification: Notification): void {
  w.int(notification.state);
  writeSid(w, notification.leader);
  w.zxid(notification.zxid);
  w.zxid(notification.electionEpoch);
  w.zxid(notification.peerEpoch);
  w.int(NOTIFICATION_VERSION);
  w.string(notification.config ?? '');
}

function isServerState(state: number): state is ServerState {
  return state >= ServerState.LOOKING && state <= ServerState.OBSERVING;
}

/** A long that we can represent; any other makes the message malformed. */
function readNamedLong(r: JuteReader): number {
  const value = r.zxid();
  if (value !== ZXID_MAX && value !== ZXID_MIN) return value;
  const start = r.position - 8;
  if (r.view.getInt32(start) !== -0x80000000 || r.view.getInt32(start + 4) !== 0) r.failed = true;
  return value;
}

function readConfig(r: JuteReader): string {
  if (r.range() < 0) r.failed = true;
  return utf8Decode(r.buffer, r.rangeStart, r.rangeEnd);
}
