// Votes of fast leader election and their order (quorum spec 3.2): epoch, then zxid, then sid.

/** LOOKING 0, FOLLOWING 1, LEADING 2, OBSERVING 3: the numbers of the wire. */
export const PeerState = { LOOKING: 0, FOLLOWING: 1, LEADING: 2, OBSERVING: 3 } as const;

export interface Vote {
  /** The proposed or followed leader; `SID_NONE` of a server that does not vote. */
  readonly leader: number;
  readonly zxid: number;
  readonly peerEpoch: number;
  readonly electionEpoch: number;
  readonly state: number;
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
