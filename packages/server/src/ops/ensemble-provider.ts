/**
 * Scheme `ensemble`: no proof of anything, but a question. A client says the name of the ensemble
 * that it looks for, and a server that belongs to another one closes the connection without a word,
 * so that the client tries the next address instead of giving up (client-protocol.md 13.3, upstream
 * `EnsembleAuthenticationProvider`). It adds no identity and stands in no ACL.
 */

import { type Id, utf8Decode } from '@zabra/protocol';
import type { AuthProvider } from './auth-provider.ts';

export const ENSEMBLE_SCHEME = 'ensemble';

export class EnsembleProvider implements AuthProvider {
  readonly scheme = ENSEMBLE_SCHEME;
  readonly isAuthenticating = false;
  readonly #names: ReadonlySet<string> | null;

  /** Names of this ensemble; with null every name is right. */
  constructor(names: ReadonlySet<string> | null) {
    this.#names = names;
  }

  authenticate(data: Uint8Array | null): readonly Id[] | 'elsewhere' {
    if (data === null || data.length === 0 || this.#names === null) return [];
    return this.#names.has(utf8Decode(data, 0, data.length)) ? [] : 'elsewhere';
  }

  isValid(): boolean {
    return false;
  }

  matches(): boolean {
    return false;
  }

  userName(identity: string): string {
    return identity;
  }
}
