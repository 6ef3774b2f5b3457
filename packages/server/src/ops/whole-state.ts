/**
 * The replicated state as one stream of bytes, out and in: what snapshots and the synchronisation
 * of a learner carry (storage-and-config.md 5.1, items 2 to 5). The stream is a point in time; a
 * load builds a tree aside and takes the present one's place only when it is complete.
 */

import { assert, JUTE_BYTES_MAX_DEFAULT } from '@zabra/protocol';
import type { DataTree } from '../tree/data-tree.ts';
import { SessionTable } from '../tree/session-table.ts';
import { StateStream } from '../tree/state-stream.ts';
import { TreeLoader } from '../tree/tree-loader.ts';
import { newTree, type StateCore } from './state-core.ts';

/** A StateStream that knows which transactions it holds. */
export class StateBody extends StateStream {
  /** Of the last transaction in it. */
  readonly zxid: number;

  constructor(core: StateCore, zxid: number) {
    super(core.tree, core.sessions);
    this.zxid = zxid;
  }
}

export interface LoadOwner {
  /** The core holds another state now, that after `zxid`. */
  onInstalled(zxid: number, digestZxid: number): void;
}

export class StateLoad {
  readonly #owner: LoadOwner;
  readonly #core: StateCore;
  readonly #tree: DataTree;
  readonly #sessions: SessionTable;
  readonly #loader: TreeLoader;
  #isOver: boolean;

  constructor(owner: LoadOwner, core: StateCore) {
    this.#owner = owner;
    this.#core = core;
    this.#tree = newTree(core.options);
    this.#sessions = new SessionTable();
    const recordBytesMax = core.options.txnBytesMax ?? JUTE_BYTES_MAX_DEFAULT;
    this.#loader = new TreeLoader(this.#tree, this.#sessions, recordBytesMax);
    this.#isOver = false;
  }

  get ended(): boolean {
    return this.#loader.ended;
  }

  /** Why the bytes cannot be a state; null so far. */
  get error(): string | null {
    return this.#loader.error;
  }

  /** Bytes consumed of buffer[start, end): all of them, unless the body ended or failed. */
  push(buffer: Uint8Array, start: number, end: number): number {
    return this.#loader.push(buffer, start, end);
  }

  /**
   * The state is what was loaded, after transaction `zxid`; quota usage is counted afresh. Digests
   * of transactions are compared only past `digestZxid`: the snapshots of a Java server are ahead
   * of their names.
   */
  install(zxid: number, digestZxid = zxid): void {
    assert(this.ended && !this.#isOver, 'Cannot install a state that is not whole');
    this.#isOver = true;
    this.#core.replace(this.#tree, this.#sessions);
    this.#owner.onInstalled(zxid, digestZxid);
  }

  /** Gives up; what was loaded is dropped. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tree.dispose();
  }
}
