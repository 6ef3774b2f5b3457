/**
 * ReadOnlyService: a member that has looked for a leader in vain for a while serves clients that
 * are content with reads, from the state that it has (`readonlymode.enabled`, client-protocol.md
 * 16; ZooKeeper's `ReadOnlyZooKeeperServer` and the grace period before it). It lasts as long as
 * the search and changes nothing: no zxid, no log, no session table (scenario S16).
 *
 * What it shows may be undone: like the vote, it is of all that stands in the log.
 */

import type { ClientPort } from './client-port.ts';
import { ReadOnlyOrder } from './read-only-order.ts';

/** How long clients that come just then may wait for the role that follows. */
const ROLE_WAIT_MS = 500;

export class ReadOnlyService {
  readonly #port: ClientPort;
  /** Null while it does not serve. */
  #order: ReadOnlyOrder | null;
  /** -1 while nobody is looked for, or nobody would be served. */
  #openAtMs: number;

  constructor(port: ClientPort) {
    this.#port = port;
    this.#order = null;
    this.#openAtMs = -1;
  }

  /** The search for a leader begins. */
  onLooking(): void {
    const { config } = this.#port.host;
    if (config.readOnlyAfterMs < 0) return;
    this.#openAtMs = this.#port.host.nowMs() + config.readOnlyAfterMs;
  }

  /** Once a turn. */
  tick(): void {
    const { host } = this.#port;
    if (this.#openAtMs < 0 || host.nowMs() < this.#openAtMs) return;
    // Clients of a role that was handed over still wait for the next one.
    if (this.#port.hold.isHeld) return;
    this.#openAtMs = -1;
    this.#order = new ReadOnlyOrder(this.#port);
    this.#port.order = this.#order;
    host.log('info', 'ReadOnlyZooKeeperServer', 'Read-only server started');
  }

  /** The search is over: whoever was served comes back to the role that follows. */
  end(): void {
    this.#openAtMs = -1;
    if (this.#order === null) return;
    this.#order = null;
    this.#port.closeAll('read-only mode is over');
    this.#port.awaitRole(this.#port.host.nowMs() + ROLE_WAIT_MS);
  }
}
