/**
 * QuorumAuthPacket: one step of the SASL exchange between two servers: `long magic, int status,
 * buffer token`, without a frame. On the quorum port it comes first of all, on the election port
 * behind INIT. Its first byte tells it from what else may stand there: INIT begins with ff, quorum
 * packets and election frames with 00. From quorum-protocol.md 16 (ZooKeeper's `QuorumAuth`).
 */

import { EMPTY_BYTES } from '../base/bytes.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

export const QuorumAuthStatus = { IN_PROGRESS: 0, SUCCESS: 1, ERROR: -1 } as const;

export interface QuorumAuthPacket {
  /** One of `QuorumAuthStatus`, or what the other side made up. */
  readonly status: number;
  /** Empty for null. */
  readonly token: Uint8Array;
}

/** Upstream calls it negative; on the wire it is not. */
const MAGIC_HI = 0x5f243501;
const MAGIC_LO = 0x3501edcc;
export const QUORUM_AUTH_FIRST_BYTE = 0x5f;

/** Magic, status and length. */
const HEAD_BYTES = 16;
/** Longest token, bytes: RFC 2831 allows no longer response. */
const TOKEN_BYTES_MAX = 4096;

/** Reads one packet from what has come so far; the cursor moves past it only when it is whole. */
export function readQuorumAuthPacket(r: JuteReader): QuorumAuthPacket | 'incomplete' | 'malformed' {
  const start = r.position;
  if (r.remaining() < HEAD_BYTES) return 'incomplete';
  r.long();
  if (r.hi !== MAGIC_HI || r.lo !== MAGIC_LO) return 'malformed';
  const status = r.int();
  const length = r.int();
  if (length < -1 || length > TOKEN_BYTES_MAX) return 'malformed';
  if (r.remaining() < length) {
    r.position = start;
    return 'incomplete';
  }
  const tokenStart = r.position;
  if (length <= 0) return { status, token: EMPTY_BYTES };
  r.skip(length);
  return { status, token: r.buffer.slice(tokenStart, r.position) };
}

export function writeQuorumAuthPacket(w: JuteWriter, status: number, token: Uint8Array): void {
  w.long(MAGIC_HI, MAGIC_LO);
  w.int(status);
  w.bytes(token);
}
