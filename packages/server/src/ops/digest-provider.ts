/**
 * Scheme `digest`: the connection sends "user:password" and becomes `user:base64(hash(text))`, by
 * default with SHA-1; another hash makes other identities, so that stored ACLs stop to match.
 * Nothing is checked, so that it never fails with a wrong password; the identity then simply
 * matches no ACL (client-protocol.md 13.3 and trap 39). The identity that equals the configured
 * super digest makes the connection super as well.
 */

import { base64, type Id, utf8Decode, utf8Write } from '@zabra/protocol';
import type { AuthProvider } from './auth-provider.ts';
import type { Hashes } from './state-options.ts';

export const DIGEST_SCHEME = 'digest';
export const SUPER_SCHEME = 'super';

export class DigestProvider implements AuthProvider {
  readonly scheme = DIGEST_SCHEME;
  readonly isAuthenticating = true;
  readonly #hashes: Hashes;
  readonly #algorithm: string;
  readonly #superDigest: string;

  /** `superDigest` may be empty: then nobody is super. */
  constructor(hashes: Hashes, algorithm: string, superDigest: string) {
    this.#hashes = hashes;
    this.#algorithm = algorithm;
    this.#superDigest = superDigest;
  }

  authenticate(data: Uint8Array | null): readonly Id[] | null {
    if (data === null) return null;
    const text = utf8Decode(data, 0, data.length);
    const identity = digestIdentity(text, this.#algorithm, this.#hashes);
    const earned: Id[] = [{ scheme: DIGEST_SCHEME, id: identity }];
    if (identity === this.#superDigest) earned.unshift({ scheme: SUPER_SCHEME, id: '' });
    return earned;
  }

  /** Two parts as Java splits: empty parts at the end do not count, so `a:b:` has two, `u:` one. */
  isValid(id: string): boolean {
    const parts = id.split(':');
    while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
    return parts.length === 2;
  }

  matches(identity: string, aclId: string): boolean {
    return identity === aclId;
  }

  userName(identity: string): string {
    return identity.split(':', 1)[0] ?? '';
  }
}

/**
 * The identity of "user:password"; also how a super digest is made.
 * @example digestIdentity('bob:bob', 'sha1', hashes) // 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY='
 */
export function digestIdentity(text: string, algorithm: string, hashes: Hashes): string {
  const bytes = new Uint8Array(text.length * 3);
  const length = utf8Write(bytes, 0, text);
  const user = text.split(':', 1)[0] ?? '';
  return `${user}:${base64(hashes.hash(algorithm, bytes.slice(0, length)))}`;
}
