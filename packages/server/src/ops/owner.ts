/**
 * The kinds of a znode, packed by ZooKeeper into its ephemeralOwner: a session id, or one of two
 * encodings that no session id can equal. From storage-and-config.md 6.2.
 *
 *   00000000 00000000   persistent
 *   80000000 00000000   container
 *   ff0000tt tttttttt   TTL, 40 bits of milliseconds; only with extended types enabled
 *   anything else       ephemeral of that session
 */

import { numberHi, numberLo } from '@zabra/protocol';

export const CONTAINER_OWNER_HI = -0x80000000;
export const CONTAINER_OWNER_LO = 0;

export const TTL_MS_MAX = 2 ** 40 - 1;

const TTL_MARK = 0xff;
const TTL_HI = 0xff000000 | 0;

export const NodeKind = { PERSISTENT: 0, EPHEMERAL: 1, CONTAINER: 2, TTL: 3 } as const;

export function nodeKind(ownerHi: number, ownerLo: number, extendedTypes: boolean): number {
  if (ownerHi === 0 && ownerLo === 0) return NodeKind.PERSISTENT;
  if (ownerHi === CONTAINER_OWNER_HI && ownerLo === CONTAINER_OWNER_LO) return NodeKind.CONTAINER;
  if (extendedTypes && ownerHi >>> 24 === TTL_MARK) return NodeKind.TTL;
  return NodeKind.EPHEMERAL;
}

export function isTtl(ttlMs: number): boolean {
  return ttlMs >= 1 && ttlMs <= TTL_MS_MAX;
}

export function ttlOwnerHi(ttlMs: number): number {
  return TTL_HI | numberHi(ttlMs);
}

export function ttlOwnerLo(ttlMs: number): number {
  return numberLo(ttlMs);
}
