/**
 * ClientListener: where clients come in. The plain port may move while the server runs, when a
 * reconfiguration gives our line another client address (ZooKeeper's
 * `ServerCnxnFactory.reconfigure`). Connections stay. A new port that cannot be opened is tried
 * again: the server is of use without it, and whoever moved it may make room.
 */

import type { ClientAddress } from '../zab/ensemble-config.ts';
import type { PeerCore } from './peer-core.ts';

const RETRY_MS = 1000;

export class ClientListener {
  readonly #core: PeerCore;
  #address: ClientAddress;
  #hasMoved: boolean;
  /** -1 while no retry is due. */
  #retryAtMs: number;

  constructor(core: PeerCore) {
    this.#core = core;
    this.#address = core.config.clientAddress;
    this.#hasMoved = false;
    this.#retryAtMs = -1;
  }

  get address(): ClientAddress {
    return this.#address;
  }

  open(): void {
    this.#listen(true);
    const secure = this.#core.config.secureClientAddress;
    if (secure === null) return;
    const { host, port } = secure;
    this.#core.ready.listens.push({ kind: 'secureClient', host, port, open: true });
  }

  move(to: ClientAddress): void {
    const { host, port } = this.#address;
    if (to.host === host && to.port === port) return;
    this.#core.log('info', 'NIOServerCnxnFactory', `binding to port /${to.host}:${to.port}`);
    // The old one first: the new one may be the same port of another address.
    this.#listen(false);
    this.#address = to;
    this.#hasMoved = true;
    this.#retryAtMs = -1;
    this.#listen(true);
  }

  /** False when the server cannot do without: it never had the port. */
  onListenFailed(message: string): boolean {
    if (!this.#hasMoved) return false;
    this.#core.log('error', 'NIOServerCnxnFactory', message);
    this.#retryAtMs = this.#core.nowMs() + RETRY_MS;
    return true;
  }

  tick(): void {
    if (this.#retryAtMs < 0 || this.#core.nowMs() < this.#retryAtMs) return;
    this.#retryAtMs = -1;
    this.#listen(true);
  }

  #listen(open: boolean): void {
    const { host, port } = this.#address;
    if (port >= 0) this.#core.ready.listens.push({ kind: 'client', host, port, open });
  }
}
