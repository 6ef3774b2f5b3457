/**
 * The kinds of a znode, packed by ZooKeeper into its ephemeralOwner: a session id, or one of two
 * encodings that no session id can equal. From storage-and-config.md 6.2.
 *
 *   00000000 00000000   persistent
 *   80000000 00000000   container
 *   ff0000tt tttttttt   TTL, 40 bits of milliseconds; only with extended types enabled
 *   anything else       ephemeral of that session
 */

export const CONTAINER_OWNER_HI = -0x80000000;
export const CONTAINER_OWNER_LO = 0;

const TTL_MARK = 0xff;

export const NodeKind = { PERSISTENT: 0, EPHEMERAL: 1, CONTAINER: 2, TTL: 3 } as const;

export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];

export function nodeKind(ownerHi: number, ownerLo: number, extendedTypes: boolean): NodeKind {
  if (ownerHi === 0 && ownerLo === 0) return NodeKind.PERSISTENT;
  if (ownerHi === CONTAINER_OWNER_HI && ownerLo === CONTAINER_OWNER_LO) return NodeKind.CONTAINER;
  if (extendedTypes && ownerHi >>> 24 === TTL_MARK) return NodeKind.TTL;
  return NodeKind.EPHEMERAL;
}
