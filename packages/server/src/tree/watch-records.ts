/**
 * WatchRecords: the bytes behind the watch table. Each watched path is kept once, in one block,
 * with its first watcher inside; further watchers of the path are blocks of their own in a list. A
 * watcher appears as a small number, its slot, together with its modes in one word.
 *
 *   path block          offset bytes
 *                        0      4   slot << 4 | modes of the first watcher, 0 for none
 *                        4      4   ref of the first further watcher, 0 for none
 *                        8      2   pathBytes, or LONG_PATH: an extent's number is at 12
 *                       10          path
 *
 *   further watcher      0      4   slot << 4 | modes
 *                        4      4   ref of the next, 0 for the last
 *                        8      4   ref of the one before, 0 for the first
 *                       12      4   ref of the path block
 *
 * An edge names a pair of path and watcher: twice the ref of the path block for its first watcher,
 * twice the ref of the further watcher's block plus one otherwise.
 */

import { bytesEqual, copyInto, utf8Decode } from '@zabra/protocol';
import { Extents } from './extents.ts';
import type { PathHash } from './path-hash.ts';
import { type PathHolder, PathIndex } from './path-index.ts';
import { offsetOf, Slabs, slabOf, unitsFor } from './slabs.ts';

const WATCHER = 0;
const FURTHER = 4;
const PATH_BYTES = 8;
const PATH = 10;
const LONG_PATH_EXTENT = 12;
const LONG_PATH_END = 16;

const NEXT = 4;
const PREV = 8;
const OWNER = 12;
const FURTHER_UNITS = 1;

const PATH_INLINE_BYTES_MAX = 1024;
const LONG_PATH = 0xffff;

const MODE_BITS = 4;
const MODE_MASK = 0xf;

export class WatchRecords implements PathHolder {
  readonly #slabs: Slabs;
  readonly #extents: Extents;
  readonly #index: PathIndex;
  readonly #hash: PathHash;
  #pathCount: number;

  constructor(hash: PathHash) {
    this.#slabs = new Slabs(null);
    this.#extents = new Extents();
    this.#index = new PathIndex(this);
    this.#hash = hash;
    this.#pathCount = 0;
  }

  get pathCount(): number {
    return this.#pathCount;
  }

  get bytes(): number {
    return this.#slabs.bytes + this.#extents.bytes + this.#index.bytes;
  }

  // Paths.

  /** 0 when nobody watches the path. */
  find(buffer: Uint8Array, start: number, end: number): number {
    return this.#index.find(this.#hash.of(buffer, start, end), buffer, start, end);
  }

  findOrAdd(buffer: Uint8Array, start: number, end: number): number {
    const hash = this.#hash.of(buffer, start, end);
    const found = this.#index.find(hash, buffer, start, end);
    if (found !== 0) return found;
    const length = end - start;
    const long = length > PATH_INLINE_BYTES_MAX;
    const ref = this.#slabs.alloc(unitsFor(long ? LONG_PATH_END : PATH + length));
    this.#set(ref, WATCHER, 0);
    this.#set(ref, FURTHER, 0);
    this.#view(ref).setUint16(offsetOf(ref) + PATH_BYTES, long ? LONG_PATH : length, true);
    if (long) this.#set(ref, LONG_PATH_EXTENT, this.#extents.add(buffer, start, end));
    else copyInto(this.#slab(ref), offsetOf(ref) + PATH, buffer, start, end);
    this.#index.insert(hash, ref);
    this.#pathCount++;
    return ref;
  }

  /** Forgets the path if nobody watches it. */
  dropIfUnwatched(path: number): void {
    if (this.#get(path, WATCHER) !== 0 || this.#get(path, FURTHER) !== 0) return;
    const length = this.#pathField(path);
    if (length === LONG_PATH) {
      const id = this.#get(path, LONG_PATH_EXTENT);
      const extent = this.#extents.get(id);
      this.#index.remove(this.#hash.of(extent, 0, extent.length), path);
      this.#extents.release(id);
      this.#slabs.free(path, unitsFor(LONG_PATH_END));
    } else {
      const start = offsetOf(path) + PATH;
      this.#index.remove(this.#hash.of(this.#slab(path), start, start + length), path);
      this.#slabs.free(path, unitsFor(PATH + length));
    }
    this.#pathCount--;
  }

  /** The paths in one of the `PATH_INDEX_PARTS`; nothing may change meanwhile. */
  forEachPathIn(part: number, visit: (ref: number) => void): void {
    this.#index.forEachIn(part, visit);
  }

  pathEquals(ref: number, buffer: Uint8Array, start: number, end: number): boolean {
    const length = this.#pathField(ref);
    if (length === LONG_PATH) {
      const extent = this.#extents.get(this.#get(ref, LONG_PATH_EXTENT));
      return bytesEqual(extent, 0, extent.length, buffer, start, end);
    }
    const from = offsetOf(ref) + PATH;
    return bytesEqual(this.#slab(ref), from, from + length, buffer, start, end);
  }

  path(ref: number): string {
    const length = this.#pathField(ref);
    if (length === LONG_PATH) {
      const extent = this.#extents.get(this.#get(ref, LONG_PATH_EXTENT));
      return utf8Decode(extent, 0, extent.length);
    }
    const from = offsetOf(ref) + PATH;
    return utf8Decode(this.#slab(ref), from, from + length);
  }

  // Edges.

  /** The first edge of the path; 0 when there is none. */
  firstEdge(path: number): number {
    return this.#get(path, WATCHER) !== 0 ? path * 2 : further(this.#get(path, FURTHER));
  }

  nextEdge(edge: number): number {
    return further(this.#get(edge >>> 1, isFurther(edge) ? NEXT : FURTHER));
  }

  addEdge(path: number, slot: number, modes: number): number {
    if (this.#get(path, WATCHER) === 0) {
      this.#set(path, WATCHER, (slot << MODE_BITS) | modes);
      return path * 2;
    }
    const ref = this.#slabs.alloc(FURTHER_UNITS);
    const next = this.#get(path, FURTHER);
    this.#set(ref, WATCHER, (slot << MODE_BITS) | modes);
    this.#set(ref, NEXT, next);
    this.#set(ref, PREV, 0);
    this.#set(ref, OWNER, path);
    this.#set(path, FURTHER, ref);
    if (next !== 0) this.#set(next, PREV, ref);
    return further(ref);
  }

  /** The path stays, even if nobody watches it any more. */
  removeEdge(edge: number): void {
    const ref = edge >>> 1;
    if (!isFurther(edge)) {
      this.#set(ref, WATCHER, 0);
      return;
    }
    const next = this.#get(ref, NEXT);
    const prev = this.#get(ref, PREV);
    if (next !== 0) this.#set(next, PREV, prev);
    if (prev !== 0) this.#set(prev, NEXT, next);
    else this.#set(this.#get(ref, OWNER), FURTHER, next);
    this.#slabs.free(ref, FURTHER_UNITS);
  }

  slot(edge: number): number {
    return this.#get(edge >>> 1, WATCHER) >>> MODE_BITS;
  }

  modes(edge: number): number {
    return this.#get(edge >>> 1, WATCHER) & MODE_MASK;
  }

  setModes(edge: number, modes: number): void {
    const ref = edge >>> 1;
    this.#set(ref, WATCHER, (this.#get(ref, WATCHER) & ~MODE_MASK) | modes);
  }

  /** The path block of the edge. */
  pathOf(edge: number): number {
    const ref = edge >>> 1;
    return isFurther(edge) ? this.#get(ref, OWNER) : ref;
  }

  #pathField(ref: number): number {
    return this.#view(ref).getUint16(offsetOf(ref) + PATH_BYTES, true);
  }

  #get(ref: number, field: number): number {
    return this.#view(ref).getUint32(offsetOf(ref) + field, true);
  }

  #set(ref: number, field: number, value: number): void {
    this.#view(ref).setUint32(offsetOf(ref) + field, value, true);
  }

  #view(ref: number): DataView {
    return this.#slabs.views[slabOf(ref)] as DataView;
  }

  #slab(ref: number): Uint8Array {
    return this.#slabs.arrays[slabOf(ref)] as Uint8Array;
  }
}

function further(ref: number): number {
  return ref === 0 ? 0 : ref * 2 + 1;
}

function isFurther(edge: number): boolean {
  return (edge & 1) !== 0;
}
