/**
 * What a session machine is made from, and what of a session can be carried to another machine.
 */

import type { ServerAddress } from './connect-string.ts';
import type { SaslLogin } from './sasl-login.ts';

/** Enough to take a session over: whoever holds the password is its client. */
export interface SessionCredentials {
  readonly sessionHi: number;
  readonly sessionLo: number;
  readonly password: Uint8Array;
}

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  /** Empty for none. */
  readonly chroot: string;
  /** Asked for, ms; the server answers with what it grants. */
  readonly sessionTimeoutMs: number;
  /** Whether a server in read-only mode will do. */
  readonly readOnly: boolean;
  /** A session to resume; null for a new one. */
  readonly credentials: SessionCredentials | null;
  /** Who to be by SASL on every connection; null for nobody. */
  readonly sasl: SaslLogin | null;
  /** Longest request, bytes: a server closes the connection on a longer one. */
  readonly requestBytesMax: number;
  /** Longest reply, bytes. */
  readonly replyBytesMax: number;
}
