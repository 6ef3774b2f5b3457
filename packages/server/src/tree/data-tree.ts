/**
 * DataTree: the replicated tree of znodes and what committed transactions do to it
 * (client-protocol.md 7.4, storage-and-config.md 9; ZooKeeper's `DataTree`). It answers with
 * protocol codes and never judges a request: versions, permissions and the emptiness of a znode
 * were checked when the transaction was prepared. Every rule is safe against a change that is
 * already there, since the log is replayed over snapshots that may be ahead of it.
 *
 * It knows no sessions, no watches and no quotas.
 */

import {
  type Acl,
  CONFIG_PATH,
  EMPTY_BYTES,
  ErrorCode,
  QUOTA_PATH,
  READ_ACL_UNSAFE,
  ROOT_PATH,
  ZOOKEEPER_PATH,
} from '@zabra/protocol';
import { ACL_ID_OPEN, AclTable } from './acl-table.ts';
import { CRC_UNKNOWN, TreeDigest } from './digest.ts';
import { EncodedPath } from './encoded-path.ts';
import { NodeStore } from './node-store.ts';
import { OwnedNodes } from './owned-nodes.ts';
import { type PathHash, PLAIN_PATH_HASH } from './path-hash.ts';
import type { RefSet, RefsView } from './ref-set.ts';
import type { SlabPool } from './slabs.ts';
import type { TreeReader } from './tree-reader.ts';

/** Default bound on what the oldest reader may keep alive, bytes. */
const RETAINED_BYTES_MAX_DEFAULT = 256 * 1024 * 1024;

/** In the oldest transactions: one more than the parent's cversion is at apply. */
const PARENT_CVERSION_NONE = -1;

const CONFIG_VERSION = -1;
const CONFIG_AVERSION = -1;

export interface DataTreeOptions {
  readonly digestEnabled: boolean;
  /** TTL znodes exist. */
  readonly extendedTypes: boolean;
  /** Most that changes may keep alive for the oldest open reader, bytes; beyond, it fails. */
  readonly retainedBytesMax?: number;
  /** Where full-size slabs come from and go to; they are made and dropped if absent. */
  readonly slabPool?: SlabPool;
  /** A seeded one where clients choose the paths. */
  readonly pathHash?: PathHash;
}

export class DataTree {
  readonly nodes: NodeStore;
  readonly acls: AclTable;
  readonly #owned: OwnedNodes;
  readonly #digest: TreeDigest;
  readonly #encoded: EncodedPath;

  /** With the four built-in znodes. */
  constructor(options: DataTreeOptions) {
    const { digestEnabled, extendedTypes, retainedBytesMax, slabPool, pathHash } = options;
    this.acls = new AclTable();
    this.nodes = new NodeStore(
      this.acls,
      digestEnabled,
      retainedBytesMax ?? RETAINED_BYTES_MAX_DEFAULT,
      slabPool ?? null,
      pathHash ?? PLAIN_PATH_HASH,
    );
    this.#owned = new OwnedNodes(extendedTypes);
    this.#digest = new TreeDigest();
    this.#encoded = new EncodedPath();
    this.#addBuiltIn(0, '', ACL_ID_OPEN);
    const zookeeper = this.#addBuiltIn(this.nodes.root, ZOOKEEPER_PATH, ACL_ID_OPEN);
    this.#addBuiltIn(zookeeper, QUOTA_PATH, ACL_ID_OPEN);
    this.#addConfigNode(zookeeper);
  }

  /** Halves of the tree digest, uint32 each; 0 when digests are off. */
  get digestHi(): number {
    return this.#digest.hi;
  }

  get digestLo(): number {
    return this.#digest.lo;
  }

  /** Memory held by slabs, extents and index. */
  get bytes(): number {
    return this.nodes.bytes;
  }

  // Transactions.

  /**
   * OK, NONODE without a parent, BADARGUMENTS for a path that has none by its form, NODEEXISTS:
   * then the znode stays and takes this ACL. `dataLength` is -1 for null data; `parentCversion` -1
   * stands for one more than the parent has.
   */
  createNode(
    path: string,
    buffer: Uint8Array,
    dataStart: number,
    dataLength: number,
    acl: readonly Acl[],
    ownerHi: number,
    ownerLo: number,
    parentCversion: number,
    zxid: number,
    timeMs: number,
  ): number {
    const { nodes } = this;
    const { bytes, length } = this.#encoded.set(path);
    const slash = this.#encoded.lastSlash(length);
    if (slash < 0) return ErrorCode.BADARGUMENTS;
    const existing = nodes.findBytes(bytes, 0, length);
    const parent = nodes.findBytes(bytes, 0, slash);
    if (parent === 0) return ErrorCode.NONODE;
    const aclId = this.acls.retain(acl);
    if (existing !== 0) {
      nodes.changeAcl(existing, aclId);
      return ErrorCode.NODEEXISTS;
    }
    this.#raise(parent, parentCversion, zxid);
    const ref = nodes.insert(parent, bytes, 0, length, buffer, dataStart, dataLength, aclId);
    nodes.setCreated(ref, zxid, timeMs, ownerHi, ownerLo);
    this.#owned.add(ref, ownerHi, ownerLo);
    this.#digest.add(nodes.nodeDigest(ref));
    return ErrorCode.OK;
  }

  /** Of the znode at `path`, if it is there: what a creation below it does, if that is larger. */
  raiseParent(path: string, parentCversion: number, zxid: number): void {
    const ref = this.nodes.find(path);
    if (ref !== 0) this.#raise(ref, parentCversion, zxid);
  }

  /**
   * OK, NONODE, or BADARGUMENTS for a path without a parent. The parent's pzxid rises in both of
   * the first cases. What is still below the znode goes with it: only the replay of a log over a
   * snapshot that is ahead of it meets that, and will create it again.
   */
  deleteNode(path: string, zxid: number): number {
    const { nodes } = this;
    const { bytes, length } = this.#encoded.set(path);
    const slash = this.#encoded.lastSlash(length);
    if (slash < 0 || length === ROOT_PATH.length) return ErrorCode.BADARGUMENTS;
    const parent = nodes.findBytes(bytes, 0, slash);
    if (parent === 0) return ErrorCode.NONODE;
    if (zxid > nodes.pzxid(parent)) {
      this.#digest.subtract(nodes.nodeDigest(parent));
      nodes.changePzxid(parent, zxid);
      this.#digest.add(nodes.nodeDigest(parent));
    }
    const ref = nodes.findBytes(bytes, 0, length);
    if (ref === 0) return ErrorCode.NONODE;
    this.#removeSubtree(ref);
    return ErrorCode.OK;
  }

  /**
   * OK or NONODE; `version` is the one that the znode has afterwards, `contentCrc` the CRC-32 over
   * path and data where the caller knows it.
   */
  setData(
    path: string,
    buffer: Uint8Array,
    dataStart: number,
    dataLength: number,
    version: number,
    zxid: number,
    timeMs: number,
    contentCrc = CRC_UNKNOWN,
  ): number {
    const { nodes } = this;
    const ref = nodes.find(path);
    if (ref === 0) return ErrorCode.NONODE;
    this.#digest.subtract(nodes.nodeDigest(ref));
    nodes.changeData(ref, buffer, dataStart, dataLength, contentCrc);
    nodes.changeVersion(ref, version, zxid, timeMs);
    this.#digest.add(nodes.nodeDigest(ref));
    return ErrorCode.OK;
  }

  /** Only the data and dataLength change: quota usage. Nothing when the znode is not there. */
  setDataSilently(path: string, data: Uint8Array): void {
    const { nodes } = this;
    const ref = nodes.find(path);
    if (ref === 0) return;
    this.#digest.subtract(nodes.nodeDigest(ref));
    nodes.changeData(ref, data, 0, data.length, CRC_UNKNOWN);
    this.#digest.add(nodes.nodeDigest(ref));
  }

  /**
   * /zookeeper/config as each member sets it for itself (storage-and-config.md 6.3). It is made
   * again when a snapshot lacked it, if /zookeeper is there.
   */
  setConfigNode(data: Uint8Array, versionZxid: number, mtimeMs: number): void {
    const parent = this.nodes.find(ZOOKEEPER_PATH);
    if (parent === 0) return;
    if (this.nodes.find(CONFIG_PATH) === 0) this.#addConfigNode(parent);
    this.setData(CONFIG_PATH, data, 0, data.length, CONFIG_VERSION, versionZxid, mtimeMs);
  }

  /** OK or NONODE; `aversion` is the one that the znode has afterwards. */
  setAcl(path: string, acl: readonly Acl[], aversion: number): number {
    const { nodes } = this;
    const ref = nodes.find(path);
    if (ref === 0) return ErrorCode.NONODE;
    this.#digest.subtract(nodes.nodeDigest(ref));
    nodes.changeAcl(ref, this.acls.retain(acl));
    nodes.changeAversion(ref, aversion);
    this.#digest.add(nodes.nodeDigest(ref));
    return ErrorCode.OK;
  }

  // Owners.

  ephemeralCount(ownerHi: number, ownerLo: number): number {
    return this.#owned.ephemerals(ownerHi, ownerLo)?.size ?? 0;
  }

  /** The visitor may change the tree: it gets what was there at the call. */
  forEachEphemeral(ownerHi: number, ownerLo: number, visit: (path: string) => void): void {
    const paths: string[] = [];
    this.#owned.ephemerals(ownerHi, ownerLo)?.forEach((ref) => {
      paths.push(this.nodes.path(ref));
    });
    for (const path of paths) visit(path);
  }

  /** The sessions with ephemerals; goes on while the tree changes. */
  ephemeralOwners(): IterableIterator<readonly [ownerHi: number, ownerLo: number]> {
    return this.#owned.owners();
  }

  get ephemeralOwnerCount(): number {
    return this.#owned.ownerCount;
  }

  /** What a session owns as of now, but for what goes meanwhile; goes on while the tree changes. */
  *ephemeralsOf(ownerHi: number, ownerLo: number): Generator<string> {
    for (const ref of this.#owned.ephemerals(ownerHi, ownerLo)?.copySlots() ?? []) {
      const isThere = ref !== 0 && this.#owned.ephemerals(ownerHi, ownerLo)?.has(ref) === true;
      if (isThere) yield this.nodes.path(ref);
    }
  }

  /** The visitor must not change the tree. */
  forEachEphemeralOwner(visit: (ownerHi: number, ownerLo: number, count: number) => void): void {
    this.#owned.forEachOwner((hi, lo, refs: RefSet) => visit(hi, lo, refs.size));
  }

  /** Znodes that are containers. */
  get containers(): RefsView {
    return this.#owned.containers;
  }

  /** Znodes that have a TTL. */
  get ttls(): RefsView {
    return this.#owned.ttls;
  }

  // The whole.

  /** A reader of the tree as it is now. */
  openReader(): TreeReader {
    return this.nodes.openReader();
  }

  /** Takes the built-in znodes out of a fresh tree, so that a snapshot can be loaded into it. */
  empty(): void {
    this.#removeSubtree(this.nodes.root);
  }

  /**
   * A znode of a snapshot, whose parent is there: its StatPersisted is at `statStart` of `view`,
   * the view of `buffer`. `aclId` is counted here.
   */
  loadNode(
    parent: number,
    buffer: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataLength: number,
    aclId: number,
    view: DataView,
    statStart: number,
  ): number {
    const { nodes } = this;
    this.acls.retainId(aclId);
    const ref = nodes.insert(
      parent,
      buffer,
      pathStart,
      pathEnd,
      buffer,
      dataStart,
      dataLength,
      aclId,
    );
    nodes.setLoaded(ref, view, statStart);
    this.#owned.add(ref, nodes.ownerHi(ref), nodes.ownerLo(ref));
    this.#digest.add(nodes.nodeDigest(ref));
    return ref;
  }

  /** Open readers fail; the memory goes back to the pool; nothing may be called after this. */
  dispose(): void {
    this.nodes.dispose();
    // Walks that go on find nothing more.
    this.#owned.clear();
  }

  #raise(parent: number, parentCversion: number, zxid: number): void {
    const { nodes } = this;
    const stored = nodes.cversion(parent);
    const wanted = parentCversion === PARENT_CVERSION_NONE ? (stored + 1) | 0 : parentCversion;
    if (wanted <= stored) return;
    this.#digest.subtract(nodes.nodeDigest(parent));
    nodes.changeCversion(parent, wanted);
    nodes.changePzxid(parent, zxid);
    this.#digest.add(nodes.nodeDigest(parent));
  }

  #removeSubtree(ref: number): void {
    const { nodes } = this;
    let at = ref;
    for (;;) {
      const child = nodes.firstChild(at);
      if (child !== 0) {
        at = child;
        continue;
      }
      const parent = nodes.parent(at);
      this.#digest.subtract(nodes.nodeDigest(at));
      this.#owned.remove(at, nodes.ownerHi(at), nodes.ownerLo(at));
      nodes.remove(at);
      if (at === ref) return;
      at = parent;
    }
  }

  #addBuiltIn(parent: number, path: string, aclId: number): number {
    const { bytes, length } = this.#encoded.set(path);
    const ref = this.nodes.insert(parent, bytes, 0, length, EMPTY_BYTES, 0, 0, aclId);
    this.#digest.add(this.nodes.nodeDigest(ref));
    return ref;
  }

  #addConfigNode(zookeeper: number): void {
    const ref = this.#addBuiltIn(zookeeper, CONFIG_PATH, this.acls.retain(READ_ACL_UNSAFE));
    this.nodes.changeAversion(ref, CONFIG_AVERSION);
  }
}
