/**
 * The registry of authentication schemes, and the `auth` operation (client-protocol.md 13.5). ACLs
 * know two schemes more that are no providers: `world`, whose one id is anyone, and `auth`, which
 * stands for the identities of whoever writes the ACL. `super` is an identity only: it passes
 * every check and cannot be named in an ACL.
 */

import { ErrorCode, type Id } from '@zabra/protocol';
import type { AuthProvider } from './auth-provider.ts';
import { DigestProvider, SUPER_SCHEME } from './digest-provider.ts';
import { EnsembleProvider } from './ensemble-provider.ts';
import { IpProvider } from './ip-provider.ts';
import { SASL_SCHEME, SaslProvider } from './sasl-provider.ts';
import type { Hashes, SchemeOptions } from './state-options.ts';
import { X509_SCHEME, X509Provider } from './x509-provider.ts';

export { SUPER_SCHEME } from './digest-provider.ts';
export { SASL_SCHEME } from './sasl-provider.ts';

export const WORLD_SCHEME = 'world';
export const ANYONE = 'anyone';
export const AUTH_SCHEME = 'auth';

export interface AuthOutcome {
  /**
   * OK; AUTHFAILED: then the connection is closed after the reply; CONNECTIONLOSS: it is closed
   * without one.
   */
  readonly code: number;
  /** Identities to be added to the connection: those that it lacks. */
  readonly add: readonly Id[];
}

/** What there is without a word in `zoo.cfg`: neither certificates nor SASL. */
export const NO_SCHEMES: SchemeOptions = {
  digest: true,
  digestAlgorithm: 'sha1',
  ensemble: false,
  ensembleNames: null,
  x509: false,
  x509SuperUser: '',
  sasl: false,
  saslSuperUsers: new Set(),
  anySaslUser: '',
};

const FAILED: AuthOutcome = { code: ErrorCode.AUTHFAILED, add: [] };
const ELSEWHERE: AuthOutcome = { code: ErrorCode.CONNECTIONLOSS, add: [] };

export class AuthProviders {
  readonly #byScheme: Map<string, AuthProvider>;
  readonly #schemes: SchemeOptions;

  constructor(hashes: Hashes, superDigest: string, schemes: SchemeOptions = NO_SCHEMES) {
    this.#byScheme = new Map();
    this.#schemes = schemes;
    this.register(new IpProvider());
    if (schemes.digest) {
      this.register(new DigestProvider(hashes, schemes.digestAlgorithm, superDigest));
    }
    if (schemes.ensemble) this.register(new EnsembleProvider(schemes.ensembleNames));
    if (schemes.x509) this.register(new X509Provider(schemes.x509SuperUser));
    if (schemes.sasl) this.register(new SaslProvider(schemes.anySaslUser));
  }

  register(provider: AuthProvider): void {
    this.#byScheme.set(provider.scheme, provider);
  }

  find(scheme: string): AuthProvider | undefined {
    return this.#byScheme.get(scheme);
  }

  authenticate(
    scheme: string | null,
    data: Uint8Array | null,
    identities: readonly Id[],
  ): AuthOutcome {
    const provider = scheme === null ? undefined : this.#byScheme.get(scheme);
    const earned = provider?.authenticate(data, identities) ?? null;
    if (earned === null) return FAILED;
    if (earned === 'elsewhere') return ELSEWHERE;
    const add = earned.filter((identity) => !identities.some((known) => sameId(known, identity)));
    return { code: ErrorCode.OK, add };
  }

  /** An identity that was proved outside of `auth`, and whom it makes super. */
  earned(identity: Id): readonly Id[] {
    const { scheme, id } = identity;
    const { x509, x509SuperUser, saslSuperUsers } = this.#schemes;
    // A certificate may have an empty subject, and an empty super user is nobody.
    if (id === '') return [identity];
    if (x509 && scheme === X509_SCHEME && id === x509SuperUser) {
      return [{ scheme: SUPER_SCHEME, id }, identity];
    }
    if (scheme === SASL_SCHEME && saslSuperUsers.has(id)) {
      return [identity, { scheme: SUPER_SCHEME, id: '' }];
    }
    return [identity];
  }

  /** What whoAmI shows; empty for an identity whose scheme has no provider. */
  userName(identity: Id): string {
    return this.#byScheme.get(identity.scheme)?.userName(identity.id) ?? '';
  }
}

function sameId(a: Id, b: Id): boolean {
  return a.scheme === b.scheme && a.id === b.id;
}
