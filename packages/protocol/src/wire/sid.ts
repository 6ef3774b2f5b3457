/**
 * Server ids on the wire: longs, in practice 1 to 255, as plain numbers here. Two values stand for
 * the absence of one and get names. From quorum-protocol.md 1.2 and 2.2.
 */

import { zxidFrom, ZXID_MIN } from '../base/zxid.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** The smallest long: leader in the vote of a member that may not vote; the same as ZXID_MIN. */
export const SID_NONE = ZXID_MIN;

/** The largest long: an observer without an id, for which an acceptor substitutes one. */
export const SID_ANONYMOUS = Number.MAX_SAFE_INTEGER;

/** Exact from -1 to 2^53 - 2; bigger values read as SID_ANONYMOUS, smaller ones as SID_NONE. */
export function readSid(r: JuteReader): number {
  r.long();
  return zxidFrom(r.hi, r.lo);
}

export function writeSid(w: JuteWriter, sid: number): void {
  if (sid === SID_ANONYMOUS) w.long(0x7fffffff, -1);
  else w.zxid(sid);
}
