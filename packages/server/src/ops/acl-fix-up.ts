/**
 * The fix-up of an ACL that a client sends with create or setACL: duplicates go, every entry is
 * checked, and entries of scheme `auth` become one entry for each identity that the writer has
 * authenticated as. From client-protocol.md 13.2 (ZooKeeper's `fixupACL`): nothing is deduplicated
 * again after the expansion, and perms are never looked at, whatever their value.
 */

import { type Acl, ErrorCode, type Id } from '@zabra/protocol';
import { ANYONE, AUTH_SCHEME, type AuthProviders, WORLD_SCHEME } from './auth.ts';

export class AclFixUp {
  /** The expanded list after `run` returned OK; the list given, when nothing had to change. */
  acl: readonly Acl[];
  readonly #providers: AuthProviders;

  constructor(providers: AuthProviders) {
    this.acl = [];
    this.#providers = providers;
  }

  /** OK, INVALIDACL, or MARSHALLINGERROR for a null id where the scheme needs one. */
  run(acl: readonly Acl[] | null, identities: readonly Id[]): number {
    if (acl === null || acl.length === 0) return ErrorCode.INVALIDACL;
    if (acl.length === 1 && isAnyone(acl[0] as Acl)) {
      this.acl = acl;
      return ErrorCode.OK;
    }
    const expanded: Acl[] = [];
    for (const entry of withoutDuplicates(acl)) {
      const code = this.#append(expanded, entry, identities);
      if (code !== ErrorCode.OK) return code;
    }
    this.acl = expanded;
    return ErrorCode.OK;
  }

  #append(expanded: Acl[], entry: Acl, identities: readonly Id[]): number {
    if (entry.scheme === AUTH_SCHEME) return this.#expand(expanded, entry, identities);
    if (entry.scheme === WORLD_SCHEME && entry.id === null) return ErrorCode.MARSHALLINGERROR;
    if (!isAnyone(entry)) {
      const provider = this.#providers.find(entry.scheme);
      if (provider === undefined) return ErrorCode.INVALIDACL;
      if (entry.id === null) return ErrorCode.MARSHALLINGERROR;
      if (!provider.isValid(entry.id)) return ErrorCode.INVALIDACL;
    }
    expanded.push(entry);
    return ErrorCode.OK;
  }

  #expand(expanded: Acl[], entry: Acl, identities: readonly Id[]): number {
    let found = false;
    for (const { scheme, id } of identities) {
      if (this.#providers.find(scheme)?.isAuthenticating !== true) continue;
      expanded.push({ perms: entry.perms, scheme, id });
      found = true;
    }
    return found ? ErrorCode.OK : ErrorCode.INVALIDACL;
  }
}

function isAnyone(entry: Acl): boolean {
  return entry.scheme === WORLD_SCHEME && entry.id === ANYONE;
}

/** Keeps the first of equal entries. The key has a length, so that no id can imitate another. */
function withoutDuplicates(acl: readonly Acl[]): readonly Acl[] {
  if (acl.length === 1) return acl;
  const seen = new Set<string>();
  return acl.filter((entry) => {
    const key = `${entry.perms} ${entry.scheme.length} ${entry.scheme} ${entry.id ?? '\0'}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
