/**
 * Authentication: who a client connection is: by what its transport proved before the first byte,
 * by `auth` (client-protocol.md 13.5), by the SASL exchange, and whether that suffices for it to be
 * served (13.6). It decides; how and when the answer leaves is the affair of `requests.ts`.
 */

import {
  CONNECTION_IDENTITIES_MAX,
  CONNECTION_IDENTITY_CHARACTERS_MAX,
  ErrorCode,
  type Id,
  utf8Decode,
} from '@zabra/protocol';
import { SASL_SCHEME } from '../ops/auth.ts';
import { DigestMd5 } from '../ops/digest-md5.ts';
import { ENSEMBLE_SCHEME } from '../ops/ensemble-provider.ts';
import type { AuthenticationConfig } from './authentication-config.ts';
import type { ClientConnection } from './client-connection.ts';
import type { PeerCore } from './peer-core.ts';

export interface SaslAnswer {
  /** Other than OK: the connection closes behind the reply. */
  readonly code: number;
  readonly token: Uint8Array | null;
}

const ELSEWHERE_LOG_INTERVAL_MS = 1000;
/** Of the name of an ensemble, in the log. */
const NAME_BYTES_MAX = 64;
const NO_BYTES = new Uint8Array(0);

/** What a client is told that asks for SASL where there is none, or that fails and may go on. */
const NOTHING: SaslAnswer = { code: ErrorCode.OK, token: null };

export class Authentication {
  readonly #host: PeerCore;
  readonly #config: AuthenticationConfig;
  /** When a client was told of last that looked for another ensemble. */
  #lastElsewhereMs: number;

  constructor(host: PeerCore) {
    this.#host = host;
    this.#config = host.config.authentication;
    this.#lastElsewhereMs = -ELSEWHERE_LOG_INTERVAL_MS;
  }

  /** A connection came with what TLS has proved of it, null for one without TLS. */
  onOpen(connection: ClientConnection, proven: readonly Id[] | null): void {
    if (proven === null) return;
    this.#host.stats.tlsConnectionCount++;
    for (const identity of proven) this.#earn(connection, identity);
  }

  /** False when it must authenticate before anything but that is done for it. */
  admits(connection: ClientConnection): boolean {
    const { requiredSchemes } = this.#config;
    if (requiredSchemes.length === 0) return true;
    return connection.identities.some(({ scheme }) => requiredSchemes.includes(scheme));
  }

  /** An `auth` request: OK, or the connection closes, with CONNECTIONLOSS without a reply. */
  onAuth(connection: ClientConnection, scheme: string | null, data: Uint8Array | null): number {
    const { code, add } = this.#host.state.authenticate(scheme, data, connection.identities);
    if (isTooMuch(connection.identities, add)) {
      this.#onFailed(connection, `one identity too many of scheme ${scheme}`);
      return ErrorCode.AUTHFAILED;
    }
    this.#add(connection, add);
    if (scheme === ENSEMBLE_SCHEME && this.#config.schemes.ensemble) this.#countAsked(code, data);
    if (code === ErrorCode.OK) return code;
    if (code === ErrorCode.CONNECTIONLOSS) this.#onElsewhere(connection, data);
    else this.#onFailed(connection, `scheme ${scheme}`);
    return code;
  }

  /** A token of the SASL exchange, which belongs to the connection. */
  onSasl(connection: ClientConnection, token: Uint8Array): SaslAnswer {
    const { saslUsers, allowSaslFailedClients, requiredSchemes } = this.#config;
    if (saslUsers === null) return NOTHING;
    connection.sasl ??= new DigestMd5(saslUsers, this.#host.hashes);
    const { sasl } = connection;
    const answer = sasl.answer(token);
    if (answer !== null) {
      if (sasl.isDone) this.#onSaslDone(connection, sasl.userName);
      return { code: ErrorCode.OK, token: answer };
    }
    this.#onFailed(connection, 'SASL DIGEST-MD5');
    if (requiredSchemes.includes(SASL_SCHEME)) {
      return { code: ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH, token: null };
    }
    return allowSaslFailedClients ? NOTHING : { code: ErrorCode.AUTHFAILED, token: null };
  }

  #onSaslDone(connection: ClientConnection, id: string): void {
    this.#earn(connection, { scheme: SASL_SCHEME, id });
    const message = `Authenticated ${connection.address} as "${id}" by SASL DIGEST-MD5`;
    this.#host.log('info', 'ZooKeeperServer', message);
  }

  #earn(connection: ClientConnection, identity: Id): void {
    this.#add(connection, this.#host.state.earned(identity));
  }

  #add(connection: ClientConnection, identities: readonly Id[]): void {
    if (identities.length === 0) return;
    connection.identities = [...connection.identities, ...identities];
  }

  #countAsked(code: number, data: Uint8Array | null): void {
    const { stats } = this.#host;
    const isAsked = this.#config.schemes.ensembleNames !== null && (data?.length ?? 0) > 0;
    if (!isAsked) stats.ensembleAuthSkipCount++;
    else if (code === ErrorCode.OK) stats.ensembleAuthSuccessCount++;
    else stats.ensembleAuthFailCount++;
  }

  /** It looks for another ensemble, and may do so often: one line a second is enough. */
  #onElsewhere(connection: ClientConnection, data: Uint8Array | null): void {
    const host = this.#host;
    if (host.nowMs() - this.#lastElsewhereMs < ELSEWHERE_LOG_INTERVAL_MS) return;
    this.#lastElsewhereMs = host.nowMs();
    const name = utf8Decode(data ?? NO_BYTES, 0, Math.min(data?.length ?? 0, NAME_BYTES_MAX));
    const shown = name.replaceAll(/\p{Cc}/gu, '');
    host.log(
      'warn',
      'EnsembleAuthenticationProvider',
      `Closing ${connection.address}: it looks for the ensemble "${shown}", which is not ours`,
    );
  }

  #onFailed(connection: ClientConnection, by: string): void {
    this.#host.stats.authFailedCount++;
    const message = `Authentication failed for ${by} of ${connection.address}`;
    this.#host.log('warn', 'ZooKeeperServer', message);
  }
}

function isTooMuch(identities: readonly Id[], more: readonly Id[]): boolean {
  if (more.length === 0) return false;
  const all = [...identities, ...more];
  const characters = all.reduce((sum, { scheme, id }) => sum + scheme.length + id.length, 0);
  const { length } = all;
  return length > CONNECTION_IDENTITIES_MAX || characters > CONNECTION_IDENTITY_CHARACTERS_MAX;
}
