/**
 * Scheme `sasl`: identities that the SASL exchange of the connection proved, never the `auth`
 * operation (client-protocol.md 13.3). An ACL names one as a Kerberos principal is spelled, or by a
 * bare name. Two ids stand above others: an identity `super` is meant by every ACL of the scheme,
 * and a configured ACL id means every identity.
 */

import type { AuthProvider } from './auth-provider.ts';

export const SASL_SCHEME = 'sasl';

const SUPER_ID = 'super';
/** `primary[/instance]@REALM`. */
const PRINCIPAL = /^[^/@]*(?:\/[^/@]*)?@[^/@]*$/;

export class SaslProvider implements AuthProvider {
  readonly scheme = SASL_SCHEME;
  readonly isAuthenticating = true;
  readonly #anyUserId: string;

  /** `anyUserId`: the ACL id that means every identity; empty is none. */
  constructor(anyUserId: string) {
    this.#anyUserId = anyUserId;
  }

  authenticate(): null {
    return null;
  }

  isValid(id: string): boolean {
    return !id.includes('@') || PRINCIPAL.test(id);
  }

  matches(identity: string, aclId: string): boolean {
    if (identity === SUPER_ID || identity === aclId) return true;
    return this.#anyUserId !== '' && aclId === this.#anyUserId;
  }

  userName(identity: string): string {
    return identity;
  }
}
