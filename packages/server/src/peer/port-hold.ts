/**
 * PortHold: clients between two reigns of which the first hands over to the second. Their
 * connections stay open (quorum-protocol.md 19 has them closed): nothing more is read from them,
 * what was asked and not ordered waits, and the next role takes it over. A connection whose session
 * has moved on does not stay: nobody would know any more that it has.
 *
 *   reading -> held, by `begin`: the reign may still go on -> reading again, by `goOn`
 *   held -> kept, by `keep`: the role is over -> reading again, by `serve`, or closed
 */

import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import type { RequestOrder, Unanswered } from './request-order.ts';

export class PortHold {
  readonly #port: ClientPort;
  #isHeld: boolean;
  /** Not read while the port is held. */
  readonly #stopped: Set<ClientConnection>;
  /** What the last role has left to the next one; null while the port is not kept. */
  #kept: Unanswered | null;
  /** This server ends: clients are not read any more, whatever becomes of its roles. */
  #isFinal: boolean;
  /** The end of the role that was handed over is still to come. */
  #isEndDue: boolean;
  #keptSinceMs: number;

  constructor(port: ClientPort) {
    this.#port = port;
    this.#isHeld = false;
    this.#stopped = new Set();
    this.#kept = null;
    this.#isFinal = false;
    this.#isEndDue = false;
    this.#keptSinceMs = 0;
  }

  /** Nothing is read from clients. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** A role was handed over, and the next one does not serve yet. */
  get isKeeping(): boolean {
    return this.#kept !== null;
  }

  /** How long that has been so, ms; 0 while it is not. */
  keptMs(): number {
    return this.#kept === null ? 0 : this.#port.host.nowMs() - this.#keptSinceMs;
  }

  /** This server ends: nobody is served any more. */
  get isFinal(): boolean {
    return this.#isFinal;
  }

  /** Nothing more is read; what was read is still answered. */
  begin(): void {
    this.#isHeld = true;
  }

  /** As `begin`, for good. */
  end(): void {
    this.#isFinal = true;
    this.#isHeld = true;
  }

  /** The role goes on. */
  goOn(): void {
    if (this.#isFinal) return;
    this.#isHeld = false;
    for (const connection of this.#stopped) this.#port.resumeLater(connection);
    this.#stopped.clear();
  }

  /** Reads no more from a connection that has just sent something, or is due to be read on. */
  stopReading(connection: ClientConnection): void {
    connection.reader.pause();
    connection.pauseReading = true;
    this.#port.ready.touch(connection);
    this.#stopped.add(connection);
  }

  onConnectionClosed(connection: ClientConnection): void {
    this.#stopped.delete(connection);
  }

  /** The role is over by a hand-over, and connections stay. */
  keep(unanswered: Unanswered): void {
    this.#isHeld = true;
    this.#kept = unanswered;
    this.#isEndDue = true;
    this.#keptSinceMs = this.#port.host.nowMs();
    this.#port.order = null;
    for (const { session } of this.#port.connections()) {
      if (session?.hasMoved) session.connection?.closeNow();
    }
  }

  /** At the end of a role: true when its clients stay, once. */
  takeEnd(): boolean {
    const isDue = this.#isEndDue;
    this.#isEndDue = false;
    return isDue;
  }

  /** A role begins to serve clients. */
  serve(order: RequestOrder): void {
    const kept = this.#kept;
    this.#port.order = order;
    this.#kept = null;
    if (kept === null) return;
    const ms = this.#port.host.nowMs() - this.#keptSinceMs;
    this.#port.stats.clientPauseMs.add(ms);
    // What the last leader was told of a session the new one does not know.
    for (const { session } of this.#port.connections())
      if (session !== null) session.touched = false;
    this.#port.requests.orderAgain(kept, order);
    this.goOn();
  }

  /** All connections close. */
  dissolve(): void {
    this.#isHeld = false;
    this.#kept = null;
    this.#isEndDue = false;
    this.#stopped.clear();
  }
}
