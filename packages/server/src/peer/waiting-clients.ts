/**
 * WaitingClients: connections whose ConnectRequest came while this server had just lost its role.
 * The next one is there in a moment, mostly, so a client is better served by a moment's wait than
 * by a closed connection and its own pause before the next try. Apache closes at once; so do we
 * when the wait is over.
 */

import { copyBytes, type ConnectRequest } from '@zabra/protocol';
import type { ClientConnection } from './client-connection.ts';

interface Waiting {
  readonly connection: ClientConnection;
  readonly request: ConnectRequest;
}

export class WaitingClients {
  #waiting: Waiting[];

  constructor() {
    this.#waiting = [];
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** The request's bytes are copied. */
  add(connection: ClientConnection, request: ConnectRequest): void {
    const { password } = request;
    const copied = password === null ? null : copyBytes(password, 0, password.length);
    this.#waiting.push({ connection, request: { ...request, password: copied } });
  }

  /** Hands over those that are still there, in the order in which they came. */
  release(visit: (connection: ClientConnection, request: ConnectRequest) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { connection, request } of waiting) {
      if (connection.state === 'new' && !connection.destroy) visit(connection, request);
    }
  }
}
