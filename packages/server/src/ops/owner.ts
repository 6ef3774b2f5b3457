/**
 * The TTL encoding of a znode's owner, written by createTTL; what the other values mean is known
 * to the tree (storage-and-config.md 6.2).
 */

import { numberHi, numberLo } from '@zabra/protocol';

export { CONTAINER_OWNER_HI, CONTAINER_OWNER_LO, NodeKind, nodeKind } from '../tree/owner.ts';

export const TTL_MS_MAX = 2 ** 40 - 1;

const TTL_HI = 0xff000000 | 0;

export function isTtl(ttlMs: number): boolean {
  return ttlMs >= 1 && ttlMs <= TTL_MS_MAX;
}

export function ttlOwnerHi(ttlMs: number): number {
  return TTL_HI | numberHi(ttlMs);
}

export function ttlOwnerLo(ttlMs: number): number {
  return numberLo(ttlMs);
}
