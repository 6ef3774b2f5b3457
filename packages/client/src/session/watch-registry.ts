/**
 * WatchRegistry: the client's side of watches, five tables keyed by the path on the server. The
 * server keeps watches per connection and one per path; this remembers which watchers hang on
 * each, hands out those that an event concerns, and lists everything for a new connection. From
 * client-protocol.md 18 (ZooKeeper's `ZKWatchManager`).
 */

import { EventType, ROOT_PATH, SET_WATCHES_CHARACTERS_MAX, WatcherType } from '@zabra/protocol';
import type { Watcher } from './watcher.ts';

/** The tables, in the order in which setWatches2 lists them. */
export const WatchKind = {
  DATA: 0,
  EXIST: 1,
  CHILD: 2,
  PERSISTENT: 3,
  RECURSIVE: 4,
} as const;

export type WatchKind = (typeof WatchKind)[keyof typeof WatchKind];

const KINDS: readonly WatchKind[] = [0, 1, 2, 3, 4];

/** Path lists of one setWatches request, by kind. */
export type WatchLists = readonly [string[], string[], string[], string[], string[]];

/** Iteration goes in order of insertion, which keeps batches and deliveries deterministic. */
type WatchPaths = Map<string, Set<Watcher>>;

const NO_WATCHERS: readonly Watcher[] = [];

export class WatchRegistry {
  readonly #tables: readonly WatchPaths[];

  constructor() {
    this.#tables = KINDS.map(() => new Map());
  }

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const table = this.#table(kind);
    const watchers = table.get(path);
    if (watchers === undefined) table.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Who hears of an event; one-shot watches that it used up are gone afterwards. */
  take(eventType: number, path: string): readonly Watcher[] {
    const found = new Set<Watcher>();
    const isChild = eventType === EventType.NODE_CHILDREN_CHANGED;
    if (!isChild) {
      this.#takeOneShot(WatchKind.DATA, path, found);
      this.#takeOneShot(WatchKind.EXIST, path, found);
    }
    if (isChild || eventType === EventType.NODE_DELETED) {
      this.#takeOneShot(WatchKind.CHILD, path, found);
    }
    this.#collect(WatchKind.PERSISTENT, path, found);
    if (!isChild && this.#table(WatchKind.RECURSIVE).size > 0) this.#collectAbove(path, found);
    return found.size === 0 ? NO_WATCHERS : [...found];
  }

  /** Whether such a watch is held, by that watcher or, for null, by anybody. */
  has(watcherType: number, path: string, watcher: Watcher | null): boolean {
    return kindsOf(watcherType).some((kind) => {
      const watchers = this.#table(kind).get(path);
      return watchers !== undefined && (watcher === null || watchers.has(watcher));
    });
  }

  /** Whether anybody but that watcher holds such a watch. */
  hasOthers(watcherType: number, path: string, watcher: Watcher): boolean {
    return kindsOf(watcherType).some((kind) => {
      const watchers = this.#table(kind).get(path);
      return watchers !== undefined && (watchers.size > 1 || !watchers.has(watcher));
    });
  }

  /** Drops such watches of that watcher, or of all for null; returns who held them, by kind. */
  remove(watcherType: number, path: string, watcher: Watcher | null): Map<WatchKind, Watcher[]> {
    const removed = new Map<WatchKind, Watcher[]>();
    for (const kind of kindsOf(watcherType)) {
      const table = this.#table(kind);
      const watchers = table.get(path);
      if (watchers === undefined) continue;
      const leaving = watcher === null ? [...watchers] : watchers.has(watcher) ? [watcher] : [];
      for (const one of leaving) watchers.delete(one);
      if (watchers.size === 0) table.delete(path);
      if (leaving.length > 0) removed.set(kind, leaving);
    }
    return removed;
  }

  /** Everything, in lists that each fit a setWatches request. */
  batches(): WatchLists[] {
    const batches: WatchLists[] = [];
    let lists: WatchLists = [[], [], [], [], []];
    let characters = 0;
    for (const kind of KINDS) {
      for (const path of this.#table(kind).keys()) {
        if (characters + path.length > SET_WATCHES_CHARACTERS_MAX && characters > 0) {
          batches.push(lists);
          lists = [[], [], [], [], []];
          characters = 0;
        }
        lists[kind].push(path);
        characters += path.length;
      }
    }
    if (characters > 0) batches.push(lists);
    return batches;
  }

  clear(): void {
    for (const table of this.#tables) table.clear();
  }

  #table(kind: WatchKind): WatchPaths {
    return this.#tables[kind] as WatchPaths;
  }

  #takeOneShot(kind: WatchKind, path: string, found: Set<Watcher>): void {
    this.#collect(kind, path, found);
    this.#table(kind).delete(path);
  }

  #collect(kind: WatchKind, path: string, found: Set<Watcher>): void {
    const watchers = this.#table(kind).get(path);
    if (watchers !== undefined) for (const watcher of watchers) found.add(watcher);
  }

  /** Recursive watches at the path itself and at each ancestor, component by component. */
  #collectAbove(path: string, found: Set<Watcher>): void {
    let end = path.length;
    while (end > 0) {
      this.#collect(WatchKind.RECURSIVE, path.slice(0, end), found);
      end = path.lastIndexOf('/', end - 1);
    }
    if (path !== ROOT_PATH) this.#collect(WatchKind.RECURSIVE, ROOT_PATH, found);
  }
}

function kindsOf(watcherType: number): readonly WatchKind[] {
  switch (watcherType) {
    case WatcherType.CHILDREN:
      return [WatchKind.CHILD];
    case WatcherType.DATA:
      return [WatchKind.DATA, WatchKind.EXIST];
    case WatcherType.PERSISTENT:
      return [WatchKind.PERSISTENT];
    case WatcherType.PERSISTENT_RECURSIVE:
      return [WatchKind.RECURSIVE];
    default:
      return KINDS;
  }
}
