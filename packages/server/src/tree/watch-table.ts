/**
 * WatchTable: who wants to hear of which path, and in which mode (client-protocol.md 11;
 * ZooKeeper's two `WatchManager`s in one). Paths are any text, whether a znode is there or not, and
 * "" is not "/". A watcher is a connection's number; its watches die with it. Firing only says who
 * is to be told: what the event looks like, and whether the watcher may see it, is decided
 * elsewhere.
 *
 * Watches are as many as znodes times clients, so they are packed (rulings 25): about 39 bytes for
 * one beside the path's own bytes when nobody else watches the path, and about 25 when others do.
 *
 * Invariant: an edge is on its path's list and among its watcher's edges, or nowhere.
 */

import { EventType } from '@zabra/protocol';
import { EncodedPath } from './encoded-path.ts';
import { CHILD_TABLE_MODES, DATA_TABLE_MODES, modesOfType, WatchMode } from './watch-mode.ts';
import { WatchRecords } from './watch-records.ts';
import { WatcherEdges } from './watcher-edges.ts';

interface WatcherEntry {
  readonly id: number;
  readonly slot: number;
  readonly edges: WatcherEdges;
  /** Number of the last firing that told the watcher. */
  toldBy: number;
}

export class WatchTable {
  #records: WatchRecords;
  readonly #entries: Map<number, WatcherEntry>;
  /** By slot; slot 0 is never used. */
  readonly #slots: (WatcherEntry | null)[];
  readonly #freeSlots: number[];
  readonly #encoded: EncodedPath;
  /** Edges that stand in each table, and that are recursive. */
  #dataWatchCount: number;
  #childWatchCount: number;
  #recursiveCount: number;
  #firing: number;
  #told: number[];

  constructor() {
    this.#records = new WatchRecords();
    this.#entries = new Map();
    this.#slots = [null];
    this.#freeSlots = [];
    this.#encoded = new EncodedPath();
    this.#dataWatchCount = 0;
    this.#childWatchCount = 0;
    this.#recursiveCount = 0;
    this.#firing = 0;
    this.#told = [];
  }

  /** Paths that somebody watches. */
  get pathCount(): number {
    return this.#records.pathCount;
  }

  /** Watchers that watch something; counted anew at each call. */
  get watcherCount(): number {
    let count = 0;
    for (const { edges } of this.#entries.values()) if (edges.size > 0) count++;
    return count;
  }

  /** Watches as ZooKeeper counts them: pairs of path and watcher, in each of its two tables. */
  get dataWatchCount(): number {
    return this.#dataWatchCount;
  }

  get childWatchCount(): number {
    return this.#childWatchCount;
  }

  /** Memory of all watches. */
  get bytes(): number {
    let bytes = this.#records.bytes;
    for (const { edges } of this.#entries.values()) bytes += edges.bytes;
    return bytes;
  }

  /** Once more is the same as once. */
  add(path: string, watcherId: number, mode: WatchMode): void {
    const { bytes, length } = this.#encoded.set(path);
    this.addBytes(bytes, 0, length, watcherId, mode);
  }

  /** The same for the path buffer[start, end) in UTF-8. */
  addBytes(
    buffer: Uint8Array,
    start: number,
    end: number,
    watcherId: number,
    mode: WatchMode,
  ): void {
    const entry = this.#entries.get(watcherId) ?? this.#addEntry(watcherId);
    const path = this.#records.findOrAdd(buffer, start, end);
    const edge = entry.edges.find(path);
    if (edge === 0) {
      entry.edges.add(this.#records.addEdge(path, entry.slot, mode));
      this.#count(0, mode);
    } else {
      this.#setModes(edge, this.#records.modes(edge) | mode);
    }
  }

  /** `type` is one of WatcherType: does the watcher have such a watch on exactly this path? */
  has(path: string, watcherId: number, type: number): boolean {
    const edge = this.#findEdge(path, watcherId);
    return edge !== 0 && (this.#records.modes(edge) & modesOfType(type)) !== 0;
  }

  /** False, and nothing changes, when there was no such watch. */
  remove(path: string, watcherId: number, type: number): boolean {
    const edge = this.#findEdge(path, watcherId);
    if (edge === 0) return false;
    const modes = this.#records.modes(edge);
    const left = modes & ~modesOfType(type);
    if (left === modes) return false;
    this.#setModes(edge, left);
    return true;
  }

  /** The watcher is gone, and its number may come again. */
  removeAll(watcherId: number): void {
    const entry = this.#entries.get(watcherId);
    if (entry === undefined) return;
    const records = this.#records;
    entry.edges.forEach((edge) => {
      const path = records.pathOf(edge);
      this.#count(records.modes(edge), 0);
      records.removeEdge(edge);
      records.dropIfUnwatched(path);
    });
    this.#entries.delete(watcherId);
    this.#slots[entry.slot] = null;
    this.#freeSlots.push(entry.slot);
  }

  /**
   * Something happened at `path`. NODE_CREATED and NODE_DATA_CHANGED fire the data table,
   * NODE_CHILDREN_CHANGED the child table, NODE_DELETED both. Each watcher is visited once; its
   * standard watches in the tables fired are used up. The visitor may change this table.
   */
  trigger(type: number, path: string, visit: (watcherId: number) => void): void {
    if (this.#records.pathCount === 0) return;
    this.#firing++;
    const { bytes, length } = this.#encoded.set(path);
    if (type === EventType.NODE_CHILDREN_CHANGED) {
      this.#fire(length, CHILD_TABLE_MODES, WatchMode.CHILD);
    } else {
      this.#fire(length, DATA_TABLE_MODES, WatchMode.DATA);
      if (this.#recursiveCount > 0) this.#tellAncestors(bytes, length);
      if (type === EventType.NODE_DELETED) {
        this.#fire(length, CHILD_TABLE_MODES, WatchMode.CHILD);
      }
    }
    const told = this.#told;
    if (told.length === 0) return;
    this.#told = [];
    for (const watcherId of told) visit(watcherId);
  }

  /** `modes` are bits of WatchMode; the visitor must not change the table. */
  forEachWatch(visit: (path: string, watcherId: number, modes: number) => void): void {
    const records = this.#records;
    for (const { id, edges } of this.#entries.values()) {
      edges.forEach((edge) => {
        visit(records.path(records.pathOf(edge)), id, records.modes(edge));
      });
    }
  }

  clear(): void {
    this.#records = new WatchRecords();
    this.#entries.clear();
    this.#slots.length = 1;
    this.#freeSlots.length = 0;
    this.#dataWatchCount = 0;
    this.#childWatchCount = 0;
    this.#recursiveCount = 0;
  }

  /** One table at the encoded path: tells its watchers and uses up their standard watches. */
  #fire(pathBytes: number, tableModes: number, standard: number): void {
    const records = this.#records;
    const path = records.find(this.#encoded.bytes, 0, pathBytes);
    if (path === 0) return;
    let edge = records.firstEdge(path);
    while (edge !== 0) {
      const next = records.nextEdge(edge);
      const modes = records.modes(edge);
      if ((modes & tableModes) !== 0) {
        this.#tell(edge);
        if ((modes & standard) !== 0) this.#setModes(edge, modes & ~standard, false);
      }
      edge = next;
    }
    records.dropIfUnwatched(path);
  }

  /** Recursive watches on the paths above the encoded one, component by component. */
  #tellAncestors(bytes: Uint8Array, pathBytes: number): void {
    const records = this.#records;
    for (let end = pathBytes; end > 1; ) {
      // The root is the one path that ends with its slash.
      end = this.#encoded.lastSlash(end);
      if (end < 0) return;
      const ancestor = records.find(bytes, 0, Math.max(end, 1));
      if (ancestor === 0) continue;
      for (let edge = records.firstEdge(ancestor); edge !== 0; edge = records.nextEdge(edge)) {
        if ((records.modes(edge) & WatchMode.RECURSIVE) !== 0) this.#tell(edge);
      }
    }
  }

  #tell(edge: number): void {
    const entry = this.#slots[this.#records.slot(edge)] as WatcherEntry;
    if (entry.toldBy === this.#firing) return;
    entry.toldBy = this.#firing;
    this.#told.push(entry.id);
  }

  /** Without modes the edge goes, and with the last edge its path, unless the caller sees to it. */
  #setModes(edge: number, modes: number, dropsPath = true): void {
    const records = this.#records;
    this.#count(records.modes(edge), modes);
    if (modes !== 0) {
      records.setModes(edge, modes);
      return;
    }
    const path = records.pathOf(edge);
    (this.#slots[records.slot(edge)] as WatcherEntry).edges.remove(edge);
    records.removeEdge(edge);
    if (dropsPath) records.dropIfUnwatched(path);
  }

  #count(before: number, after: number): void {
    this.#dataWatchCount += isIn(after, DATA_TABLE_MODES) - isIn(before, DATA_TABLE_MODES);
    this.#childWatchCount += isIn(after, CHILD_TABLE_MODES) - isIn(before, CHILD_TABLE_MODES);
    this.#recursiveCount += isIn(after, WatchMode.RECURSIVE) - isIn(before, WatchMode.RECURSIVE);
  }

  #findEdge(path: string, watcherId: number): number {
    const entry = this.#entries.get(watcherId);
    if (entry === undefined) return 0;
    const { bytes, length } = this.#encoded.set(path);
    const ref = this.#records.find(bytes, 0, length);
    return ref === 0 ? 0 : entry.edges.find(ref);
  }

  #addEntry(id: number): WatcherEntry {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const entry = { id, slot, edges: new WatcherEdges(this.#records), toldBy: 0 };
    this.#slots[slot] = entry;
    this.#entries.set(id, entry);
    return entry;
  }
}

function isIn(modes: number, table: number): number {
  return (modes & table) === 0 ? 0 : 1;
}
