/**
 * WatchFace: the part of the client that is about watches alone; those that a read sets are options
 * of the read. From client-protocol.md 11 and 18.
 */

import { AddWatchMode, ErrorCode, WatcherType } from '@zabra/protocol';
import {
  AddWatchRequest,
  CheckWatchesRequest,
  RemoveWatchesRequest,
} from '../session/watch-requests.ts';
import { checkPath } from './arguments.ts';
import { errorOf } from './calls.ts';
import type * as options from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { SessionFace } from './session-face.ts';
import { WatchStream } from './watch-stream.ts';

const WATCHER_TYPES = {
  children: WatcherType.CHILDREN,
  data: WatcherType.DATA,
  persistent: WatcherType.PERSISTENT,
  'persistent-recursive': WatcherType.PERSISTENT_RECURSIVE,
  any: WatcherType.ANY,
} as const;

export class WatchFace extends SessionFace {
  readonly #session: ClientSession;

  constructor(session: ClientSession) {
    super(session);
    this.#session = session;
  }

  /** A stream of every change from now on; closing it takes the watch off. */
  async addWatch(path: string, watchOptions: options.AddWatchOptions = {}): Promise<WatchStream> {
    const { recursive = false, signal } = watchOptions;
    const type = recursive ? 'persistent-recursive' : 'persistent';
    const stream: WatchStream = new WatchStream(() => this.#removeStream(path, type, stream));
    await this.addWatchTo(path, stream, { recursive, signal });
    return stream;
  }

  /** As `addWatch`, for a stream or callback that is there already. */
  async addWatchTo(
    path: string,
    watch: options.Watch,
    watchOptions: options.AddWatchOptions = {},
  ): Promise<void> {
    checkPath('addWatch', path);
    const { recursive = false, signal } = watchOptions;
    const mode = recursive ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT;
    const watcher = this.#session.watcherOf(watch);
    await this.#session.run(new AddWatchRequest(path, mode, watcher), signal);
  }

  /** @throws NOWATCHER */
  async removeWatches(
    path: string,
    removeOptions: options.RemoveWatchesOptions = {},
  ): Promise<void> {
    checkPath('removeWatches', path);
    const { type = 'any', watch, local = false, signal } = removeOptions;
    const watcher = this.#session.watcherOf(watch);
    const watcherType = WATCHER_TYPES[type];
    const request = new RemoveWatchesRequest(path, watcherType, watcher, local);
    await this.#session.run(request, signal);
  }

  /** Whether the server holds such a watch of this connection. */
  async checkWatches(
    path: string,
    checkOptions: options.CheckWatchesOptions = {},
  ): Promise<boolean> {
    checkPath('checkWatches', path);
    const { type = 'any', signal } = checkOptions;
    const request = new CheckWatchesRequest(path, WATCHER_TYPES[type]);
    await this.#session.attempt(request, signal);
    if (request.code === ErrorCode.NOWATCHER) return false;
    if (request.code !== ErrorCode.OK) throw errorOf(request, this.lastFailure);
    return true;
  }

  /** A watch that is gone already, with the session or otherwise, is as good as removed. */
  async #removeStream(
    path: string,
    type: keyof typeof WATCHER_TYPES,
    stream: WatchStream,
  ): Promise<void> {
    const watcherType = WATCHER_TYPES[type];
    const request = new RemoveWatchesRequest(path, watcherType, stream, true);
    await this.#session.attempt(request, undefined);
  }
}
