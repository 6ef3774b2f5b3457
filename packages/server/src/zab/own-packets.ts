/**
 * Packets that only members of our own kind send to each other, and only behind UPTODATE. Apache's
 * members log a type that they do not know and go on; none is ever sent to one.
 *
 *   PREPARE             leader to a follower: it is to lead next         no data
 *   READY               the follower's answer                            no data
 *   HAND_OVER           leader to all: who leads from here, zxid of the last transaction
 *                                                                        data = long sid
 *   SESSION_MOVED       leader to a learner: another server has it now   data = long session
 *   REQUEST_LEADERSHIP  follower to the leader: it wants to lead         no data
 */

export const OwnPacket = {
  PREPARE: 0x5a01,
  READY: 0x5a02,
  HAND_OVER: 0x5a03,
  SESSION_MOVED: 0x5a04,
  REQUEST_LEADERSHIP: 0x5a05,
} as const;

export type OwnPacket = (typeof OwnPacket)[keyof typeof OwnPacket];

const TYPES: ReadonlySet<number> = new Set(Object.values(OwnPacket));

export function isOwnPacket(type: number): boolean {
  return TYPES.has(type);
}
