/**
 * ConnectionLog: client connections and four-letter words as lines of the log, in the words,
 * threads and classes of ZooKeeper 3.4, which readers of the Kubernetes tutorial look for.
 * Elsewhere a probe every few seconds must leave no line, so it is off unless configured; words are
 * at DEBUG then.
 */

import type { ClientConnection } from './client-connection.ts';
import type { PeerCore } from './peer-core.ts';

const SOURCE = 'NIOServerCnxn';

export class ConnectionLog {
  readonly #host: PeerCore;
  readonly #isOn: boolean;
  readonly #factoryThread: string;
  #closedCount: number;

  constructor(host: PeerCore) {
    const { connectionLog, clientAddress } = host.config;
    const { host: address, port } = clientAddress;
    this.#host = host;
    this.#isOn = connectionLog;
    // A wildcard address has no name of its own, and Java prints the address for it.
    this.#factoryThread = `NIOServerCxn.Factory:${address}/${address}:${port}`;
    this.#closedCount = 0;
  }

  onOpen({ address }: ClientConnection): void {
    if (!this.#isOn) return;
    const message = `Accepted socket connection from ${address}`;
    this.#host.ready.log('info', this.#factoryThread, 'NIOServerCnxnFactory', message);
  }

  onWord(word: string, { address }: ClientConnection): void {
    const level = this.#isOn ? 'info' : 'debug';
    const message = `Processing ${word} command from ${address}`;
    this.#host.ready.log(level, this.#factoryThread, SOURCE, message);
  }

  onClosed({ address, session }: ClientConnection): void {
    if (!this.#isOn) return;
    const whose =
      session === null
        ? '(no session established for client)'
        : `which had sessionid ${session.name}`;
    const message = `Closed socket connection for client ${address} ${whose}`;
    this.#host.ready.log('info', `Thread-${this.#closedCount++}`, SOURCE, message);
  }
}
