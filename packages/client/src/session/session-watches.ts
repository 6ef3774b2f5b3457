/**
 * SessionWatches: what the session machine does about watches. It turns notifications into events
 * for watchers, arms watches when the reply that proves them arrives, takes them away, and asks a
 * new connection for all of them. From client-protocol.md 11 and 18.
 */

import {
  ErrorCode,
  EventType,
  type JuteReader,
  readWatcherEvent,
  ZXID_NONE,
} from '@zabra/protocol';
import { Chroot } from './chroot.ts';
import { type Request, WATCH_KIND_NONE } from './request.ts';
import type { SessionReady } from './session-ready.ts';
import { SetWatchesRequest } from './set-watches-request.ts';
import { WatchKind, WatchRegistry } from './watch-registry.ts';
import { RemoveWatchesRequest } from './watch-requests.ts';
import type { Watcher } from './watcher.ts';

export class SessionWatches {
  /** By path on the server. */
  readonly registry: WatchRegistry;
  readonly chroot: Chroot;
  readonly #ready: SessionReady;

  constructor(chroot: string, ready: SessionReady) {
    this.registry = new WatchRegistry();
    this.chroot = new Chroot(chroot);
    this.#ready = ready;
  }

  /** False for a malformed one. An event that concerns nobody any more is dropped. */
  onNotification(r: JuteReader, zxid: number): boolean {
    const { type, path } = readWatcherEvent(r);
    if (r.failed) return false;
    if (type < EventType.NODE_CREATED || type > EventType.NODE_CHILDREN_CHANGED) return true;
    const watchers = this.registry.take(type, path);
    if (watchers.length > 0) this.#tell(type, path, zxid, watchers);
    return true;
  }

  /** Before any later frame is looked at, so that no event can slip in between. */
  onReply(request: Request, code: number): void {
    if (request.watcher !== null) {
      const kind = request.watchKind(code);
      if (kind === WATCH_KIND_NONE) return;
      this.registry.add(kind, request.serverPath, request.watcher);
    } else if (request instanceof RemoveWatchesRequest) {
      // NOWATCHER: the server has lost it already, so nothing is left to keep here either.
      if (code === ErrorCode.OK || code === ErrorCode.NOWATCHER) this.#remove(request);
    }
  }

  /** The request will never be answered. */
  onFailure(request: Request): void {
    if (request instanceof RemoveWatchesRequest && request.local) this.#remove(request);
  }

  /** The code of a removal that needs no server; null for all that the server must be asked. */
  removeLocally(request: Request): number | null {
    if (!(request instanceof RemoveWatchesRequest)) return null;
    const { serverPath, watcherType, removed } = request;
    if (!this.registry.has(watcherType, serverPath, removed)) return ErrorCode.NOWATCHER;
    if (removed === null || !this.registry.hasOthers(watcherType, serverPath, removed)) return null;
    this.#remove(request);
    return ErrorCode.OK;
  }

  /** Catching up with what happened after `lastZxid`, which the client has seen. */
  resubscriptions(lastZxid: number): SetWatchesRequest[] {
    return this.registry.batches().map((lists) => new SetWatchesRequest(lastZxid, lists));
  }

  clear(): void {
    this.registry.clear();
  }

  #remove(request: RemoveWatchesRequest): void {
    const { watcherType, serverPath, removed } = request;
    for (const [kind, watchers] of this.registry.remove(watcherType, serverPath, removed)) {
      this.#tell(removalEvent(kind), serverPath, ZXID_NONE, watchers);
    }
  }

  #tell(type: number, serverPath: string, zxid: number, watchers: readonly Watcher[]): void {
    const event = { type, path: this.chroot.toClient(serverPath), zxid };
    this.#ready.happenings.push({ kind: 'event', event, watchers });
  }
}

function removalEvent(kind: WatchKind): EventType {
  if (kind === WatchKind.CHILD) return EventType.CHILD_WATCH_REMOVED;
  if (kind === WatchKind.DATA || kind === WatchKind.EXIST) return EventType.DATA_WATCH_REMOVED;
  return EventType.PERSISTENT_WATCH_REMOVED;
}
