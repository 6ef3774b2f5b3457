/**
 * The requests that are about watches alone: to add, to look for and to remove them. From
 * client-protocol.md 3, 11.6 and 18.
 */

import { AddWatchMode, ErrorCode, type JuteReader, type JuteWriter, OpCode } from '@zabra/protocol';
import { Request, WATCH_KIND_NONE } from './request.ts';
import { WatchKind } from './watch-registry.ts';
import type { Watcher } from './watcher.ts';

export class AddWatchRequest extends Request<null> {
  /** One of `AddWatchMode`. */
  readonly mode: number;

  constructor(path: string, mode: number, watcher: Watcher) {
    super(OpCode.addWatch, path, watcher);
    this.mode = mode;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.int(this.mode);
  }

  /** Four bytes that say nothing. */
  readBody(r: JuteReader): null {
    r.int();
    return null;
  }

  override watchKind(code: number): WatchKind | typeof WATCH_KIND_NONE {
    if (code !== ErrorCode.OK && code !== ErrorCode.NONODE) return WATCH_KIND_NONE;
    return this.mode === AddWatchMode.PERSISTENT ? WatchKind.PERSISTENT : WatchKind.RECURSIVE;
  }
}

/**
 * Takes watches away. The server keeps one per path and kind, so it is asked only when no other
 * watcher of this session needs it.
 */
export class RemoveWatchesRequest extends Request<null> {
  /** One of `WatcherType`. */
  readonly watcherType: number;
  /** Whose; null for everybody's. */
  readonly removed: Watcher | null;
  /** Remove on this side even when the server could not be asked. */
  readonly local: boolean;

  constructor(path: string, watcherType: number, removed: Watcher | null, local: boolean) {
    super(OpCode.removeWatches, path);
    this.watcherType = watcherType;
    this.removed = removed;
    this.local = local;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.int(this.watcherType);
  }

  readBody(): null {
    return null;
  }
}

/** Whether the server holds such a watch of this connection: OK, or NOWATCHER. */
export class CheckWatchesRequest extends Request<null> {
  /** One of `WatcherType`. */
  readonly watcherType: number;

  constructor(path: string, watcherType: number) {
    super(OpCode.checkWatches, path);
    this.watcherType = watcherType;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.int(this.watcherType);
  }

  readBody(): null {
    return null;
  }
}
