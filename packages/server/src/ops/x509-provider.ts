/**
 * Scheme `x509`: a connection over TLS is the subject of its client's certificate, which the
 * handshake has verified before the protocol began (client-protocol.md 13.3). So the identity is
 * there from the start, and `auth` adds nothing to it: it succeeds for who has one and fails for
 * others. Subjects are compared as text, in the one form that Java gives them.
 */

import type { Id } from '@zabra/protocol';
import type { AuthProvider } from './auth-provider.ts';
import { isDistinguishedName } from './distinguished-name.ts';

export const X509_SCHEME = 'x509';

export class X509Provider implements AuthProvider {
  readonly scheme = X509_SCHEME;
  readonly isAuthenticating = true;
  readonly #superUser: string;

  /** `superUser`: a subject that every ACL of the scheme means; empty is nobody. */
  constructor(superUser: string) {
    this.#superUser = superUser;
  }

  authenticate(_data: Uint8Array | null, identities: readonly Id[]): readonly Id[] | null {
    const own = identities.filter(({ scheme }) => scheme === X509_SCHEME);
    return own.length === 0 ? null : own;
  }

  isValid(id: string): boolean {
    return isDistinguishedName(id);
  }

  matches(identity: string, aclId: string): boolean {
    return identity === aclId || (this.#superUser !== '' && identity === this.#superUser);
  }

  userName(identity: string): string {
    return identity;
  }
}
