/**
 * AuthProvider: what an authentication scheme must answer. A provider knows nothing of requests
 * and sessions; connections collect identities, ACLs name them, and the provider says which
 * matches which. From client-protocol.md 13.3 (ZooKeeper's `AuthenticationProvider`).
 */

import type { Id } from '@zabra/protocol';

export interface AuthProvider {
  readonly scheme: string;
  /** True when its identities prove something, so that scheme `auth` may stand for them. */
  readonly isAuthenticating: boolean;
  /**
   * The identities that `data` earns a connection which has `identities` already; null when the
   * attempt fails, `elsewhere` when the client has come to the wrong server. Identities that the
   * connection has may be among them.
   */
  authenticate(
    data: Uint8Array | null,
    identities: readonly Id[],
  ): readonly Id[] | 'elsewhere' | null;
  /** True when `id` may stand in an ACL of this scheme. */
  isValid(id: string): boolean;
  /** True when an identity of this scheme is meant by the ACL's id. */
  matches(identity: string, aclId: string): boolean;
  /** What whoAmI shows of an identity. */
  userName(identity: string): string;
}
