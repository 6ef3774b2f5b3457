/**
 * The permission check (client-protocol.md 13.4): passes when some entry of the ACL grants one of
 * the wanted bits to anyone or to an identity of the connection. No ACL at all grants everything,
 * and so does an identity of scheme `super`.
 */

import type { Acl, Id } from '@zabra/protocol';
import { ANYONE, type AuthProviders, SUPER_SCHEME, WORLD_SCHEME } from './auth.ts';

/** `wanted` may have several bits of `Perms`: any of them suffices. */
export function isPermitted(
  acl: readonly Acl[],
  wanted: number,
  identities: readonly Id[],
  providers: AuthProviders,
): boolean {
  if (acl.length === 0) return true;
  // Almost every ACL opens with the world, and this answer does not depend on the identities.
  for (let index = 0; index < acl.length; index++) {
    const entry = acl[index] as Acl;
    if ((entry.perms & wanted) === 0) continue;
    if (entry.scheme === WORLD_SCHEME && entry.id === ANYONE) return true;
  }
  for (let index = 0; index < identities.length; index++) {
    if ((identities[index] as Id).scheme === SUPER_SCHEME) return true;
  }
  for (let index = 0; index < acl.length; index++) {
    const entry = acl[index] as Acl;
    if ((entry.perms & wanted) !== 0 && isMeant(entry, identities, providers)) return true;
  }
  return false;
}

function isMeant(entry: Acl, identities: readonly Id[], providers: AuthProviders): boolean {
  const provider = providers.find(entry.scheme);
  if (provider === undefined) return false;
  for (let index = 0; index < identities.length; index++) {
    const identity = identities[index] as Id;
    if (identity.scheme !== entry.scheme) continue;
    if (provider.matches(identity.id, entry.id ?? '')) return true;
  }
  return false;
}
