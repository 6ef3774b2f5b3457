/**
 * What the configuration says about who clients are: which schemes exist beyond those that always
 * do, who may log in by SASL, and whether a connection must authenticate before it is served
 * (client-protocol.md 13.3 and 13.6).
 */

import { NO_SCHEMES } from '../ops/auth.ts';
import type { SaslUsers } from '../ops/sasl-users.ts';
import type { SchemeOptions } from '../ops/state-options.ts';

export interface AuthenticationConfig {
  readonly schemes: SchemeOptions;
  /** Null when no SASL mechanism is configured. */
  readonly saslUsers: SaslUsers | null;
  /** A connection outlives a failed exchange, unless `sasl` is required. */
  readonly allowSaslFailedClients: boolean;
  /** A connection is served once it holds an identity of one of them; empty requires nothing. */
  readonly requiredSchemes: readonly string[];
}

/** As without a word about it in `zoo.cfg`. */
export const NO_AUTHENTICATION: AuthenticationConfig = {
  schemes: NO_SCHEMES,
  saslUsers: null,
  allowSaslFailedClients: false,
  requiredSchemes: [],
};
