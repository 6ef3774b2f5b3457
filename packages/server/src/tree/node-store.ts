/**
 * NodeStore: all znodes by path. It joins the records, the index over their paths and the retention
 * for readers; reading a znode makes no object, and a request's path is looked up in the bytes it
 * came in. A `ref` names a znode from its creation to its deletion. What a transaction means is the
 * affair of `DataTree`, the only caller of the methods under "Changes".
 *
 * Paths are kept as UTF-8, the root's as the empty string, for which "/" is another name.
 *
 * Invariant: every znode but the root is in the index once, and among its parent's children once.
 */

import {
  int64ToNumber,
  type JuteWriter,
  numberHi,
  numberLo,
  zxidFrom,
  zxidHi,
  zxidLo,
} from '@zabra/protocol';
import type { AclTable } from './acl-table.ts';
import { EncodedPath } from './encoded-path.ts';
import type { PathHash } from './path-hash.ts';
import { PathIndex } from './path-index.ts';
import {
  ACL_ID,
  AVERSION,
  CHILD_COUNT,
  CONTENT_CRC,
  CTIME,
  CVERSION,
  CZXID,
  FIRST_CHILD,
  FLAG_GHOST,
  MTIME,
  MZXID,
  NEXT,
  OWNER,
  PARENT,
  PZXID,
  VERSION,
} from './record-layout.ts';
import { Retention } from './retention.ts';
import { linkChild } from './sibling-links.ts';
import { offsetOf, type SlabPool } from './slabs.ts';
import { loadStatPersisted, writeStat, writeStatPersisted } from './stat-bytes.ts';
import { TreeReader } from './tree-reader.ts';
import { ZnodeRecords } from './znode-records.ts';

const SLASH = 0x2f;

export class NodeStore {
  readonly #records: ZnodeRecords;
  readonly #index: PathIndex;
  readonly #hash: PathHash;
  readonly #retention: Retention;
  readonly #acls: AclTable;
  #root: number;
  #count: number;
  readonly #encoded: EncodedPath;

  constructor(
    acls: AclTable,
    digestEnabled: boolean,
    retainedBytesMax: number,
    pool: SlabPool | null,
    hash: PathHash,
  ) {
    this.#acls = acls;
    this.#records = new ZnodeRecords(acls, digestEnabled, pool);
    this.#index = new PathIndex(this.#records);
    this.#hash = hash;
    this.#retention = new Retention(this.#records, retainedBytesMax);
    this.#root = 0;
    this.#count = 0;
    this.#encoded = new EncodedPath();
  }

  /** Znodes, the root among them. */
  get count(): number {
    return this.#count;
  }

  /** 0 only in a tree that is being loaded. */
  get root(): number {
    return this.#root;
  }

  /** Held by slabs, extents and index. */
  get bytes(): number {
    return this.#records.bytes + this.#index.bytes;
  }

  /** Copies and deleted records that are still held for readers, or not given back yet. */
  get retiredCount(): number {
    return this.#retention.retiredCount;
  }

  // Lookup.

  /** 0 when there is no such znode. */
  find(path: string): number {
    const { bytes, length } = this.#encoded.set(path);
    return this.findBytes(bytes, 0, length);
  }

  /** The same for the path buffer[start, end) in UTF-8. */
  findBytes(buffer: Uint8Array, start: number, end: number): number {
    if (end - start <= 1 && (end === start || buffer[start] === SLASH)) return this.#root;
    return this.#index.find(this.#hash.of(buffer, start, end), buffer, start, end);
  }

  /** True when the znode's path is buffer[start, end); the root's is empty. */
  isAt(ref: number, buffer: Uint8Array, start: number, end: number): boolean {
    return this.#records.pathEquals(ref, buffer, start, end);
  }

  path(ref: number): string {
    return ref === this.#root ? '/' : this.#records.pathFrom(ref, 0);
  }

  /** 0 for the root. */
  parent(ref: number): number {
    return this.#records.word(ref, PARENT);
  }

  // Fields.

  czxid(ref: number): number {
    return this.#zxid(ref, CZXID);
  }

  mzxid(ref: number): number {
    return this.#zxid(ref, MZXID);
  }

  pzxid(ref: number): number {
    return this.#zxid(ref, PZXID);
  }

  ctimeMs(ref: number): number {
    return this.#number(ref, CTIME);
  }

  mtimeMs(ref: number): number {
    return this.#number(ref, MTIME);
  }

  version(ref: number): number {
    return this.#records.statInt(ref, VERSION);
  }

  /** The stored value: creations below the znode. */
  cversion(ref: number): number {
    return this.#records.statInt(ref, CVERSION);
  }

  aversion(ref: number): number {
    return this.#records.statInt(ref, AVERSION);
  }

  /** Halves of the stored ephemeralOwner. */
  ownerHi(ref: number): number {
    return this.#records.statInt(ref, OWNER);
  }

  ownerLo(ref: number): number {
    return this.#records.statInt(ref, OWNER + 4);
  }

  childCount(ref: number): number {
    return this.#records.statInt(ref, CHILD_COUNT);
  }

  aclId(ref: number): number {
    return this.#records.aclId(ref);
  }

  /** -1 for null data. */
  dataBytes(ref: number): number {
    return this.#records.dataBytes(ref);
  }

  /** CRC-32 over path and data, from which the node digest goes on; 0 without a digest. */
  contentCrc(ref: number): number {
    return this.#records.word(ref, CONTENT_CRC);
  }

  /** A uint32; 0 when digests are off or the znode does not count. */
  nodeDigest(ref: number): number {
    return this.#records.nodeDigest(ref);
  }

  // Output.

  /** A buffer of jute: length, -1 for null, and bytes. */
  writeData(ref: number, w: JuteWriter): void {
    this.#records.writeData(ref, w);
  }

  /** The Stat that clients see, 68 bytes. */
  writeStat(ref: number, w: JuteWriter, extendedTypes: boolean): void {
    writeStat(this.#records, ref, w, extendedTypes);
  }

  /** The Stat that snapshots store, 60 bytes. */
  writeStatPersisted(ref: number, w: JuteWriter): void {
    writeStatPersisted(this.#records, ref, w);
  }

  /** A vector of the children's names, oldest first. */
  writeChildren(ref: number, w: JuteWriter): void {
    const nameStart = this.#records.pathBytes(ref) + 1;
    w.int(this.childCount(ref));
    for (let at = this.firstChild(ref); at !== 0; at = this.nextSibling(at)) {
      this.#records.writePathFrom(at, nameStart, w);
    }
  }

  /** The last part of the znode's path. */
  writeName(ref: number, w: JuteWriter): void {
    this.#records.writePathFrom(ref, this.#records.pathBytes(this.parent(ref)) + 1, w);
  }

  /** The visitor must not change the tree. */
  forEachChild(ref: number, visit: (childRef: number, name: string) => void): void {
    const nameStart = this.#records.pathBytes(ref) + 1;
    for (let at = this.firstChild(ref); at !== 0; at = this.nextSibling(at)) {
      visit(at, this.#records.pathFrom(at, nameStart));
    }
  }

  /** The znode itself and all below it, parents before children; no change meanwhile. */
  forEachInSubtree(ref: number, visit: (ref: number) => void): void {
    const records = this.#records;
    let at = ref;
    while (at !== 0) {
      const ghost = records.hasFlag(at, FLAG_GHOST);
      if (!ghost) visit(at);
      const child = ghost ? 0 : records.word(at, FIRST_CHILD);
      at = child === 0 ? this.#successorWithin(ref, at) : child;
    }
  }

  /** 0 for a znode without children. */
  firstChild(ref: number): number {
    return this.#skipGhosts(this.#records.word(ref, FIRST_CHILD));
  }

  /** 0 for the last. */
  nextSibling(ref: number): number {
    return this.#skipGhosts(this.#records.word(ref, NEXT));
  }

  openReader(): TreeReader {
    return new TreeReader(this.#records, this.#retention, this.#root);
  }

  // Changes.

  /**
   * A new znode below `parent`, 0 for the root itself. Its Stat is 0 but for dataLength; its path
   * must not be there; `aclId` is retained for it.
   */
  insert(
    parent: number,
    path: Uint8Array,
    pathStart: number,
    pathEnd: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
    aclId: number,
  ): number {
    const records = this.#records;
    const ref = records.create(path, pathStart, pathEnd, data, dataStart, dataLength, aclId);
    if (parent === 0) {
      this.#root = ref;
    } else {
      this.#index.insert(this.#hash.of(path, pathStart, pathEnd), ref);
      linkChild(records, parent, ref);
      records.setStatInt(parent, CHILD_COUNT, this.childCount(parent) + 1);
    }
    this.#count++;
    this.#retention.onCreated(ref);
    return ref;
  }

  /** The znode must not have children, and may be the root only if it is the last one. */
  remove(ref: number): void {
    const parent = this.parent(ref);
    if (parent === 0) {
      this.#root = 0;
    } else {
      this.#index.remove(this.#records.pathHash(ref, this.#hash), ref);
      this.#records.setStatInt(parent, CHILD_COUNT, this.childCount(parent) - 1);
    }
    this.#count--;
    this.#retention.onDeleted(ref);
  }

  /** The first Stat of a new znode. */
  setCreated(ref: number, zxid: number, timeMs: number, ownerHi: number, ownerLo: number): void {
    const records = this.#records;
    this.#setZxid(ref, CZXID, zxid);
    this.#setZxid(ref, MZXID, zxid);
    this.#setZxid(ref, PZXID, zxid);
    records.setStatLong(ref, CTIME, numberHi(timeMs), numberLo(timeMs));
    records.setStatLong(ref, MTIME, numberHi(timeMs), numberLo(timeMs));
    records.setStatLong(ref, OWNER, ownerHi, ownerLo);
  }

  /** The first Stat of a znode of a snapshot: the StatPersisted at `position`. */
  setLoaded(ref: number, source: DataView, position: number): void {
    loadStatPersisted(this.#records, ref, source, position);
  }

  /** `contentCrc`: over path and data where it is known, else CRC_UNKNOWN. */
  changeData(
    ref: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
    contentCrc: number,
  ): void {
    this.#retention.beforeChange(ref);
    this.#retention.onLeft(this.#records.setData(ref, data, dataStart, dataLength, contentCrc));
  }

  changeVersion(ref: number, version: number, mzxid: number, mtimeMs: number): void {
    this.#retention.beforeChange(ref);
    this.#records.setStatInt(ref, VERSION, version);
    this.#setZxid(ref, MZXID, mzxid);
    this.#records.setStatLong(ref, MTIME, numberHi(mtimeMs), numberLo(mtimeMs));
  }

  changeCversion(ref: number, cversion: number): void {
    this.#retention.beforeChange(ref);
    this.#records.setStatInt(ref, CVERSION, cversion);
  }

  changePzxid(ref: number, pzxid: number): void {
    this.#retention.beforeChange(ref);
    this.#setZxid(ref, PZXID, pzxid);
  }

  changeAversion(ref: number, aversion: number): void {
    this.#retention.beforeChange(ref);
    this.#records.setStatInt(ref, AVERSION, aversion);
  }

  /** `aclId` is retained for the znode already. */
  changeAcl(ref: number, aclId: number): void {
    this.#retention.beforeChange(ref);
    this.#acls.release(this.aclId(ref));
    this.#records.setWord(ref, ACL_ID, aclId);
  }

  /** Readers fail, and the slabs go back to their pool; nothing of this may be used any more. */
  dispose(): void {
    this.#retention.failAll();
    this.#records.slabs.dispose();
  }

  #skipGhosts(from: number): number {
    const records = this.#records;
    let at = from;
    while (at !== 0 && records.hasFlag(at, FLAG_GHOST)) at = records.word(at, NEXT);
    return at;
  }

  /** As `successor`, but 0 instead of leaving the subtree of `top`. */
  #successorWithin(top: number, from: number): number {
    const records = this.#records;
    for (let at = from; at !== top; at = records.word(at, PARENT)) {
      const next = records.word(at, NEXT);
      if (next !== 0) return next;
    }
    return 0;
  }

  #zxid(ref: number, field: number): number {
    const view = this.#records.view(ref);
    const offset = offsetOf(ref) + field;
    return zxidFrom(view.getInt32(offset), view.getInt32(offset + 4));
  }

  #setZxid(ref: number, field: number, zxid: number): void {
    this.#records.setStatLong(ref, field, zxidHi(zxid), zxidLo(zxid));
  }

  #number(ref: number, field: number): number {
    const view = this.#records.view(ref);
    const offset = offsetOf(ref) + field;
    return int64ToNumber(view.getInt32(offset), view.getInt32(offset + 4));
  }
}
