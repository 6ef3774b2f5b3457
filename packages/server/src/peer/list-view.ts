/**
 * ListView: what a server lists to four-letter words: connections, sessions, ephemerals, watches.
 * It only reads.
 */

import type { DigestLog } from '../ops/digest-log.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { SessionTable } from '../tree/session-table.ts';
import type { WatchReport } from '../tree/watch-report.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import type { LongWordView } from './long-words.ts';
import type { PeerCore } from './peer-core.ts';
import type { SessionTracker } from './session-tracker.ts';

export class ListView implements LongWordView {
  readonly #core: PeerCore;
  readonly #port: ClientPort;

  constructor(core: PeerCore, port: ClientPort) {
    this.#core = core;
    this.#port = port;
  }

  connections(): IterableIterator<ClientConnection> {
    return this.#port.connections();
  }

  get connectionCount(): number {
    return this.#port.connectionCount;
  }

  connection(id: number): ClientConnection | undefined {
    return this.#port.connection(id);
  }

  get nowMs(): number {
    return this.#core.nowMs();
  }

  get wallMs(): number {
    return this.#core.wallMs();
  }

  dateText(wallMs: number): string {
    return this.#core.config.dateText(wallMs);
  }

  get sessionTracker(): SessionTracker | null {
    return this.#port.order?.sessionTracker ?? null;
  }

  get localTracker(): SessionTracker | null {
    return this.#port.locals.tracker;
  }

  get sessions(): SessionTable {
    return this.#core.state.core.sessions;
  }

  get digests(): DigestLog {
    return this.#core.state.core.digests;
  }

  get tree(): DataTree {
    return this.#core.state.core.tree;
  }

  get dataWatchCount(): number {
    return this.#core.state.core.watches.dataWatchCount;
  }

  watchReport(): WatchReport {
    return this.#core.state.core.watches.report();
  }
}
