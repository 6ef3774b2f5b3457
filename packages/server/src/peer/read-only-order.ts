/**
 * ReadOnlyOrder: what takes the place of an order of writes while a member has no leader and serves
 * read-only clients all the same: none is made. Sessions are local or unknown.
 * From client-protocol.md 16 (ZooKeeper's `ReadOnlyRequestProcessor`).
 */

import type { OpRequest } from '../ops/request.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import type { PendingRequest } from './pending-request.ts';
import type { RequestOrder } from './request-order.ts';

export class ReadOnlyOrder implements RequestOrder {
  readonly isReadOnly = true;
  readonly sessionTracker = null;
  readonly keepsBodies = false;
  readonly #port: ClientPort;

  constructor(port: ClientPort) {
    this.#port = port;
  }

  /** Only a closeSession comes here, of a session that was local until just now. */
  submit(pending: PendingRequest): void {
    pending.connection.closeNow();
  }

  upgrade(_request: OpRequest): void {
    // No write is let through that might ask for it.
  }

  sync(pending: PendingRequest): void {
    pending.connection.closeNow();
  }

  /**
   * A session that is neither local nor in our table, which may be behind. With local sessions it
   * was one, of another server or of an earlier process; without them it is taken at its word, as
   * in the reference: it can do no harm here.
   */
  revalidate(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void {
    const { orderClient, locals } = this.#port;
    orderClient.onRevalidated(connection, hi, lo, timeoutMs, !locals.isEnabled);
  }

  touch(): boolean {
    return true;
  }
}
