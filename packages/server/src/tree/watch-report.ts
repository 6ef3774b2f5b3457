/**
 * WatchReport: the data table of the watches, as the four-letter words `wchs`, `wchc` and `wchp`
 * show it (operations.md 1.4; ZooKeeper's `WatchManager`). Watches are many, so it is read in
 * parts, between which the table may change: what comes or goes meanwhile is shown or not.
 */

import { PATH_INDEX_PARTS } from './path-index.ts';
import { DATA_TABLE_MODES } from './watch-mode.ts';
import type { WatchRecords } from './watch-records.ts';
import type { WatcherEdges } from './watcher-edges.ts';

export interface WatcherEntry {
  readonly id: number;
  readonly slot: number;
  readonly edges: WatcherEdges;
  /** Number of the last firing that told the watcher. */
  toldBy: number;
}

/** A part of what is watched. */
export interface WatchPart {
  /** How many paths were looked at, in either table: the work it was. */
  readonly seen: number;
  /** Those of the data table. */
  readonly count: number;
}

export interface WatchedPath {
  readonly path: string;
  readonly watcherIds: readonly number[];
}

export class WatchReport {
  readonly #records: WatchRecords;
  readonly #entries: ReadonlyMap<number, WatcherEntry>;
  readonly #slots: readonly (WatcherEntry | null)[];

  constructor(
    records: WatchRecords,
    entries: ReadonlyMap<number, WatcherEntry>,
    slots: readonly (WatcherEntry | null)[],
  ) {
    this.#records = records;
    this.#entries = entries;
    this.#slots = slots;
  }

  watcherIds(): IterableIterator<number> {
    return this.#entries.keys();
  }

  /** What a watcher watches, a path at a time; null for what is not there any more, or child's. */
  *pathsOf(watcherId: number): Generator<string | null> {
    const entry = this.#entries.get(watcherId);
    if (entry === undefined) return;
    const records = this.#records;
    for (const edge of entry.edges.copySlots()) {
      if (this.#entries.get(watcherId) !== entry) return;
      const isThere = edge !== 0 && entry.edges.has(edge) && this.#isData(edge);
      yield isThere ? records.path(records.pathOf(edge)) : null;
    }
  }

  /** Whether it watches anything. */
  isWatcher(watcherId: number): boolean {
    return this.#entries.get(watcherId)?.edges.some((edge) => this.#isData(edge)) ?? false;
  }

  /** How many paths somebody watches, a part at a time. */
  *pathCounts(): Generator<WatchPart> {
    const records = this.#records;
    for (let part = 0; part < PATH_INDEX_PARTS; part++) {
      let seen = 0;
      let count = 0;
      records.forEachPathIn(part, (path) => {
        seen++;
        if (this.#dataEdge(records.firstEdge(path)) !== 0) count++;
      });
      yield { seen, count };
    }
  }

  /** Who watches each path, a part at a time. */
  *watchedPaths(): Generator<WatchPart & { readonly paths: readonly WatchedPath[] }> {
    const records = this.#records;
    for (let part = 0; part < PATH_INDEX_PARTS; part++) {
      let seen = 0;
      const paths: WatchedPath[] = [];
      records.forEachPathIn(part, (path) => {
        seen++;
        const watcherIds = this.#watchersOf(path);
        if (watcherIds.length > 0) paths.push({ path: records.path(path), watcherIds });
      });
      yield { seen, count: paths.length, paths };
    }
  }

  #watchersOf(path: number): readonly number[] {
    const records = this.#records;
    const watcherIds: number[] = [];
    let edge = this.#dataEdge(records.firstEdge(path));
    while (edge !== 0) {
      watcherIds.push(this.#slots[records.slot(edge)]?.id ?? -1);
      edge = this.#dataEdge(records.nextEdge(edge));
    }
    return watcherIds;
  }

  /** The edge or the first behind it that stands in the data table; 0 when there is none. */
  #dataEdge(edge: number): number {
    let next = edge;
    while (next !== 0 && !this.#isData(next)) next = this.#records.nextEdge(next);
    return next;
  }

  #isData(edge: number): boolean {
    return (this.#records.modes(edge) & DATA_TABLE_MODES) !== 0;
  }
}
