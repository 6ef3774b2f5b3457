/**
 * Votes of fast leader election and their order (quorum-protocol.md 3.2): epoch, then zxid, then
 * sid. A notification of the wire is a vote with more beside it.
 */

import type { ServerState } from '@zabra/protocol';

export interface Vote {
  /** State of whoever casts it. */
  readonly state: ServerState;
  /** The proposed or followed leader; `SID_NONE` of a server that does not vote. */
  readonly leader: number;
  readonly zxid: number;
  /** The round: logical clock of whoever casts it. */
  readonly electionEpoch: number;
  /** currentEpoch of the proposed leader. */
  readonly peerEpoch: number;
}

/** True when the first (epoch, zxid, sid) wins strictly over the second. */
export function isBetter(
  epoch: number,
  zxid: number,
  sid: number,
  thanEpoch: number,
  thanZxid: number,
  thanSid: number,
): boolean {
  if (epoch !== thanEpoch) return epoch > thanEpoch;
  if (zxid !== thanZxid) return zxid > thanZxid;
  return sid > thanSid;
}

/** Equality while somebody is LOOKING: every field counts. */
export function sameLookingVote(a: Vote, b: Vote): boolean {
  return (
    a.leader === b.leader &&
    a.zxid === b.zxid &&
    a.electionEpoch === b.electionEpoch &&
    a.peerEpoch === b.peerEpoch
  );
}
