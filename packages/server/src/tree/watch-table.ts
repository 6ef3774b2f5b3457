/**
 * WatchTable: who wants to hear of which path, and in which mode (client-protocol.md 11;
 * ZooKeeper's two `WatchManager`s in one). Paths are any text, whether a znode is there or not, and
 * "" is not "/". A watcher is a connection's number; its watches die with it. Firing only says who
 * is to be told: what the event looks like, and whether the watcher may see it, is decided
 * elsewhere.
 *
 * Watches are as many as znodes times clients, so they are packed (ADR 4): about 39 bytes for
 * one beside the path's own bytes when nobody else watches the path, and about 25 when others do.
 *
 * Invariant: an edge is on its path's list and among its watcher's edges, or nowhere.
 */

import { EventType } from '@zabra/protocol';
import { EncodedPath } from './encoded-path.ts';
import { type PathHash, PLAIN_PATH_HASH } from './path-hash.ts';
import { CHILD_TABLE_MODES, DATA_TABLE_MODES, modesOfType, WatchMode } from './watch-mode.ts';
import { WatchRecords } from './watch-records.ts';
import { type WatcherEntry, WatchReport } from './watch-report.ts';
import { WatcherEdges } from './watcher-edges.ts';

/** Where the watches are that a change meets, for later: refs of paths, 0 for none. */
export interface WatchSite {
  readonly ref: number;
  /** Paths above, of which recursive watches are met. */
  readonly above: readonly number[];
}

const NOTHING_ABOVE: readonly number[] = [];

export class WatchTable {
  readonly #hash: PathHash;
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

  constructor(hash: PathHash = PLAIN_PATH_HASH) {
    this.#hash = hash;
    this.#records = new WatchRecords(hash);
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
   * standard watches in the tables fired are used up. The visitor may change this table. False, and
   * nothing has happened, when more than `watchesMax` watches would have to be looked at.
   */
  trigger(
    type: number,
    path: string,
    visit: (watcherId: number) => void,
    watchesMax = Number.POSITIVE_INFINITY,
  ): boolean {
    const records = this.#records;
    if (records.pathCount === 0) return true;
    const { bytes, length } = this.#encoded.set(path);
    const ref = records.find(bytes, 0, length);
    const meetsAbove = this.#recursiveCount > 0 && type !== EventType.NODE_CHILDREN_CHANGED;
    if (ref === 0 && !meetsAbove) return true;
    if (this.#countAt(ref, meetsAbove ? length : 0, watchesMax) > watchesMax) return false;
    this.#firing++;
    if (ref !== 0) this.#fire(ref, tableModesOf(type), standardModesOf(type));
    if (meetsAbove) this.#tellAbove(bytes, length);
    const told = this.#told;
    if (told.length === 0) return true;
    this.#told = [];
    for (const watcherId of told) visit(watcherId);
    return true;
  }

  /** Null when nothing is watched there. Good for a watcher until its watches change. */
  site(type: number, path: string): WatchSite | null {
    const records = this.#records;
    if (records.pathCount === 0) return null;
    const { bytes, length } = this.#encoded.set(path);
    const ref = records.find(bytes, 0, length);
    let above = NOTHING_ABOVE;
    if (this.#recursiveCount > 0 && type !== EventType.NODE_CHILDREN_CHANGED) {
      const found: number[] = [];
      for (let end = this.#endAbove(length); end > 0; end = this.#endAbove(end)) {
        const upper = records.find(bytes, 0, end);
        if (upper !== 0) found.push(upper);
      }
      above = found;
    }
    return ref === 0 && above.length === 0 ? null : { ref, above };
  }

  /** `trigger` for one watcher: true when it is to be told. */
  fireFor(watcherId: number, type: number, { ref, above }: WatchSite): boolean {
    const edges = this.#entries.get(watcherId)?.edges;
    if (edges === undefined) return false;
    let isTold = false;
    const edge = ref === 0 ? 0 : edges.find(ref);
    if (edge !== 0) {
      const modes = this.#records.modes(edge);
      const left = modes & ~standardModesOf(type);
      isTold = (modes & tableModesOf(type)) !== 0;
      if (left !== modes) this.#setModes(edge, left);
    }
    for (let index = 0; index < above.length && !isTold; index++) {
      const upper = edges.find(above[index] as number);
      isTold = upper !== 0 && (this.#records.modes(upper) & WatchMode.RECURSIVE) !== 0;
    }
    return isTold;
  }

  /** Paths that the watcher watches. */
  watchCountOf(watcherId: number): number {
    return this.#entries.get(watcherId)?.edges.size ?? 0;
  }

  /** Refs as in a `WatchSite`. */
  forEachPathOf(watcherId: number, visit: (ref: number) => void): void {
    const records = this.#records;
    this.#entries.get(watcherId)?.edges.forEach((edge) => visit(records.pathOf(edge)));
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

  /** The data table as it shows itself; to be asked while this table is not cleared. */
  report(): WatchReport {
    return new WatchReport(this.#records, this.#entries, this.#slots);
  }

  clear(): void {
    this.#records = new WatchRecords(this.#hash);
    this.#entries.clear();
    this.#slots.length = 1;
    this.#freeSlots.length = 0;
    this.#dataWatchCount = 0;
    this.#childWatchCount = 0;
    this.#recursiveCount = 0;
  }

  /** Tells the watchers of one path and uses up their standard watches. */
  #fire(path: number, tableModes: number, standard: number): void {
    const records = this.#records;
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

  /** Recursive watches on the paths above the encoded one. */
  #tellAbove(bytes: Uint8Array, pathBytes: number): void {
    const records = this.#records;
    for (let end = this.#endAbove(pathBytes); end > 0; end = this.#endAbove(end)) {
      const above = records.find(bytes, 0, end);
      if (above === 0) continue;
      for (let edge = records.firstEdge(above); edge !== 0; edge = records.nextEdge(edge)) {
        if ((records.modes(edge) & WatchMode.RECURSIVE) !== 0) this.#tell(edge);
      }
    }
  }

  /** Length of the path above the first so many bytes of the encoded one; 0 when there is none. */
  #endAbove(pathBytes: number): number {
    if (pathBytes <= 1) return 0;
    const slash = this.#encoded.lastSlash(pathBytes);
    // The root is the one path that ends with its slash.
    return slash < 0 ? 0 : Math.max(slash, 1);
  }

  /** Watches of the path, and of those above the encoded one; not counted beyond `max`. */
  #countAt(path: number, pathBytes: number, max: number): number {
    if (max === Number.POSITIVE_INFINITY) return 0;
    const records = this.#records;
    let count = path === 0 ? 0 : this.#countEdges(path, max);
    for (let end = this.#endAbove(pathBytes); end > 0; end = this.#endAbove(end)) {
      if (count > max) break;
      const above = records.find(this.#encoded.bytes, 0, end);
      if (above !== 0) count += this.#countEdges(above, max - count);
    }
    return count;
  }

  /** At most one more than `max`. */
  #countEdges(path: number, max: number): number {
    const records = this.#records;
    let count = 0;
    for (let edge = records.firstEdge(path); edge !== 0; edge = records.nextEdge(edge)) {
      count++;
      if (count > max) break;
    }
    return count;
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
    const entry = { id, slot, edges: new WatcherEdges(this.#records, id), toldBy: 0 };
    this.#slots[slot] = entry;
    this.#entries.set(id, entry);
    return entry;
  }
}

/** Modes that an event of the type tells. */
function tableModesOf(type: number): number {
  if (type === EventType.NODE_CHILDREN_CHANGED) return CHILD_TABLE_MODES;
  return type === EventType.NODE_DELETED ? DATA_TABLE_MODES | CHILD_TABLE_MODES : DATA_TABLE_MODES;
}

/** Those among them that it uses up. */
function standardModesOf(type: number): number {
  if (type === EventType.NODE_CHILDREN_CHANGED) return WatchMode.CHILD;
  return type === EventType.NODE_DELETED ? WatchMode.DATA | WatchMode.CHILD : WatchMode.DATA;
}

function isIn(modes: number, table: number): number {
  return (modes & table) === 0 ? 0 : 1;
}
