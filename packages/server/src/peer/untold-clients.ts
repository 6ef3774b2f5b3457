/**
 * UntoldClients: connections that have sent something while more watch events wait for them than
 * the turn has room for. A request must not be answered before those events, so it waits, unread,
 * until they are written. Without this a herd that speaks all at once, by pings say, would be told
 * of everything in one long turn.
 *
 * Each turn tells at least the one that has waited longest, however much that is.
 */

import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';

export class UntoldClients {
  readonly #port: ClientPort;
  /** In the order in which they came. */
  readonly #waiting: Set<ClientConnection>;

  constructor(port: ClientPort) {
    this.#port = port;
    this.#waiting = new Set();
  }

  /** False when the connection has to wait; it is read on by itself. */
  mayRead(connection: ClientConnection): boolean {
    if (this.#port.host.state.catchesUp(connection)) return true;
    connection.reader.pause();
    connection.pauseReading = true;
    this.#waiting.add(connection);
    this.#port.ready.touch(connection);
    this.#port.ready.wantsTurn = true;
    return false;
  }

  /** Whatever had come still counts, a closeSession above all. */
  onConnectionClosed(connection: ClientConnection): void {
    if (!this.#waiting.delete(connection) || this.#port.hold.isHeld) return;
    this.#port.host.state.catchUp(connection);
    connection.reader.resume();
  }

  /** Tells as many as this turn has room for. */
  endTurn(): void {
    const { state } = this.#port.host;
    const [longest] = this.#waiting;
    if (longest === undefined) return;
    state.catchUp(longest);
    for (const connection of this.#waiting) {
      if (!state.catchesUp(connection)) break;
      this.#waiting.delete(connection);
      this.#port.resumeLater(connection);
    }
    if (this.#waiting.size > 0) this.#port.ready.wantsTurn = true;
  }
}
