/**
 * ClientConnections: the client connections that are open, as many as each of the two listeners may
 * have. Closes those of which nothing is heard: a client that never shook hands, and one that is
 * gone without a word, whose session is somebody else's affair.
 */

import type { ClientConnection } from './client-connection.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { ConnectionLog } from './connection-log.ts';
import type { PeerCore } from './peer-core.ts';

/** A connection that never shook hands is closed after this long (`nio.sessionlessCnxnTimeout`). */
export const SESSIONLESS_TIMEOUT_MS = 10_000;
const SWEEP_INTERVAL_MS = 1000;

export class ClientConnections {
  readonly log: ConnectionLog;
  readonly #host: PeerCore;
  readonly #byId: Map<number, ClientConnection>;
  readonly #plainLimits: ConnectionLimits;
  readonly #secureLimits: ConnectionLimits;
  #nextSweepMs: number;

  constructor(host: PeerCore) {
    const { maxCnxns, maxClientCnxns } = host.config;
    this.log = new ConnectionLog(host);
    this.#host = host;
    this.#byId = new Map();
    this.#plainLimits = new ConnectionLimits(maxCnxns, maxClientCnxns);
    this.#secureLimits = new ConnectionLimits(maxCnxns, maxClientCnxns);
    this.#nextSweepMs = 0;
  }

  get count(): number {
    return this.#byId.size;
  }

  get(id: number): ClientConnection | undefined {
    return this.#byId.get(id);
  }

  values(): IterableIterator<ClientConnection> {
    return this.#byId.values();
  }

  /** Closes one that is too many, which counts until it is gone. */
  add(connection: ClientConnection): void {
    this.#byId.set(connection.id, connection);
    this.log.onOpen(connection);
    const tooMany = this.#limitsOf(connection).onOpen(connection.remoteHost);
    if (tooMany === null) return;
    this.#host.stats.connectionRejectedCount++;
    this.#log('warn', `Closing ${connection.address}: ${tooMany}`);
    connection.closeNow();
  }

  remove(connection: ClientConnection): void {
    this.#byId.delete(connection.id);
    this.log.onClosed(connection);
    this.#limitsOf(connection).onClosed(connection.remoteHost);
  }

  /** Once a turn: now and then looks for silent ones. */
  tick(): void {
    const now = this.#host.nowMs();
    if (now < this.#nextSweepMs) return;
    this.#nextSweepMs = now + SWEEP_INTERVAL_MS;
    for (const connection of this.#byId.values()) {
      if (connection.destroy || connection.closeAfterFlush) continue;
      const { session, address } = connection;
      const idleMs = now - connection.heardMs;
      if (session === null) {
        // A four-letter word that is being answered.
        if (connection.state === 'closing') continue;
        if (now - connection.openedMs <= SESSIONLESS_TIMEOUT_MS) continue;
        this.#host.stats.sessionlessConnectionsExpired++;
        this.#log('info', `Closing ${address}: no session within 10 s`);
        connection.closeNow();
      } else if (idleMs > session.timeoutMs + SESSIONLESS_TIMEOUT_MS) {
        this.#log('info', `Closing ${address}: silent for ${idleMs} ms`);
        connection.closeNow();
      }
    }
  }

  #limitsOf({ isSecure }: ClientConnection): ConnectionLimits {
    return isSecure ? this.#secureLimits : this.#plainLimits;
  }

  #log(level: 'warn' | 'info', message: string): void {
    this.#host.log(level, 'NIOServerCnxn', message);
  }
}
