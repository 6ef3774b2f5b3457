/**
 * Authentication: who a client connection is: by what its transport proved before the first byte,
 * by `auth` (client-protocol.md 13.5), by the SASL exchange, and whether that suffices for it to be
 * served (13.6). It decides; how and when the answer leaves is the affair of `requests.ts`.
 */

import { ErrorCode, type Id } from '@zabra/protocol';
import { SASL_SCHEME } from '../ops/auth.ts';
import { DigestMd5 } from '../ops/digest-md5.ts';
import type { AuthenticationConfig } from './authentication-config.ts';
import type { ClientConnection } from './client-connection.ts';
import type { PeerCore } from './peer-core.ts';

export interface SaslAnswer {
  /** Other than OK: the connection closes behind the reply. */
  readonly code: number;
  readonly token: Uint8Array | null;
}

/** What a client is told that asks for SASL where there is none, or that fails and may go on. */
const NOTHING: SaslAnswer = { code: ErrorCode.OK, token: null };

export class Authentication {
  readonly #host: PeerCore;
  readonly #config: AuthenticationConfig;

  constructor(host: PeerCore) {
    this.#host = host;
    this.#config = host.config.authentication;
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

  /** An `auth` request: OK, or AUTHFAILED and the connection closes. */
  onAuth(connection: ClientConnection, scheme: string | null, data: Uint8Array | null): number {
    const { code, add } = this.#host.state.authenticate(scheme, data, connection.identities);
    this.#add(connection, add);
    if (code === ErrorCode.OK) return code;
    this.#onFailed(connection, `scheme ${scheme}`);
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

  #onFailed(connection: ClientConnection, by: string): void {
    this.#host.stats.authFailedCount++;
    const message = `Authentication failed for ${by} of ${connection.address}`;
    this.#host.log('warn', 'ZooKeeperServer', message);
  }
}
