/**
 * PendingChanges: the overlay of what was prepared and not applied yet, so that each write is
 * judged against the state that all writes before it will leave behind (client-protocol.md 6, trap
 * 33; ZooKeeper's `outstandingChanges`). One record per path, changed in place; a queue of
 * (record, zxid) says when a record may be dropped. The root has one key. The tree digest runs
 * along, so that every transaction can carry the digest of the tree after it.
 *
 * Invariants: a record is in the map iff `held`, and then the queue has it under its `zxid`; the
 * running digest is meaningful iff the queue is not empty, else the tree's is the current one.
 */

import { parentPath } from '@zabra/protocol';
import type { DataTree } from '../tree/data-tree.ts';
import { CRC_UNKNOWN, TreeDigest } from '../tree/digest.ts';
import { contentCrc, digestOf, PendingNode } from './pending-node.ts';

const SLASH = 0x2f;

/** The digest leaves out what only each server itself changes: configuration and quota usage. */
const UNDIGESTED_PREFIX = '/zookeeper/';

/** A queue whose dead head is longer than this is moved to the front, entries. */
const DEAD_ENTRIES_MAX = 1024;

export interface TreeHolder {
  readonly tree: DataTree;
}

interface Undo {
  readonly node: PendingNode;
  /** Null when the overlay did not hold the node before. */
  readonly before: PendingNode | null;
}

export class PendingChanges {
  readonly #holder: TreeHolder;
  readonly #digestEnabled: boolean;
  readonly #nodes: Map<string, PendingNode>;
  #queueNodes: PendingNode[];
  #queueZxids: number[];
  /** CRC-32 over path and data after each change that brought data, else CRC_UNKNOWN. */
  #queueCrcs: number[];
  #queueHead: number;
  /** Number of the first entry; an entry keeps its number when the queue moves up. */
  #queueBase: number;
  readonly #digest: TreeDigest;
  /** Null outside a multi. */
  #undo: Undo[] | null;
  #undoQueueLength: number;
  #undoDigestHi: number;
  #undoDigestLo: number;

  constructor(holder: TreeHolder, digestEnabled: boolean) {
    this.#holder = holder;
    this.#digestEnabled = digestEnabled;
    this.#nodes = new Map();
    this.#queueNodes = [];
    this.#queueZxids = [];
    this.#queueCrcs = [];
    this.#queueHead = 0;
    this.#queueBase = 0;
    this.#digest = new TreeDigest();
    this.#undo = null;
    this.#undoQueueLength = 0;
    this.#undoDigestHi = 0;
    this.#undoDigestLo = 0;
  }

  /** Paths with pending changes. */
  get size(): number {
    return this.#nodes.size;
  }

  holds(path: string): boolean {
    return this.#nodes.has(path);
  }

  /** Halves of the tree digest after all pending changes, uint32 each. */
  get digestHi(): number {
    return this.#isEmpty() ? this.#holder.tree.digestHi : this.#digest.hi;
  }

  get digestLo(): number {
    return this.#isEmpty() ? this.#holder.tree.digestLo : this.#digest.lo;
  }

  /** The node as it will be, null when it will not be there. */
  find(path: string): PendingNode | null {
    const held = this.#nodes.get(path);
    if (held !== undefined) return held.exists ? held : null;
    if (path.charCodeAt(0) !== SLASH) return null;
    const ref = this.#holder.tree.nodes.find(path);
    return ref === 0 ? null : this.#load(path, ref);
  }

  /** As `find`, with the path also as the bytes it came in, which the tree finds faster. */
  findAt(path: string, buffer: Uint8Array, start: number, end: number): PendingNode | null {
    const held = this.#nodes.get(path);
    if (held !== undefined) return held.exists ? held : null;
    if (path.charCodeAt(0) !== SLASH) return null;
    const ref = this.#holder.tree.nodes.findBytes(buffer, start, end);
    return ref === 0 ? null : this.#load(path, ref);
  }

  exists(path: string): boolean {
    const held = this.#nodes.get(path);
    if (held !== undefined) return held.exists;
    return path.charCodeAt(0) === SLASH && this.#holder.tree.nodes.find(path) !== 0;
  }

  /** A record for a path where nothing will exist, to be filled and then given to `change`. */
  vacant(path: string): PendingNode {
    return this.#nodes.get(path) ?? new PendingNode(path);
  }

  /** Announces that transaction `zxid` changes `node`; must precede the change. */
  change(node: PendingNode, zxid: number): void {
    if (this.#isEmpty()) {
      this.#digest.hi = this.#holder.tree.digestHi;
      this.#digest.lo = this.#holder.tree.digestLo;
    }
    if (node.held && node.zxid === zxid) return;
    if (this.#undo !== null) this.#undo.push({ node, before: node.held ? cloneOf(node) : null });
    if (!node.held) {
      node.held = true;
      this.#nodes.set(node.path, node);
    }
    node.zxid = zxid;
    node.queueNumber = this.#queueBase + this.#queueNodes.length;
    this.#queueNodes.push(node);
    this.#queueZxids.push(zxid);
    this.#queueCrcs.push(CRC_UNKNOWN);
  }

  /** Ends a change: the digests follow what the fields say now. */
  seal(node: PendingNode): void {
    if (!this.#digestEnabled || node.path.startsWith(UNDIGESTED_PREFIX)) return;
    if (node.exists && node.contentCrc < 0) node.contentCrc = this.#committedContentCrc(node.path);
    const digest = node.exists ? digestOf(node) : 0;
    this.#digest.subtract(node.nodeDigest);
    this.#digest.add(digest);
    node.nodeDigest = digest;
  }

  /** New data for a node under change; the bytes are read now and not kept. */
  setContent(node: PendingNode, data: Uint8Array, start: number, length: number): void {
    node.dataBytes = length;
    node.contentCrc = this.#digestEnabled
      ? contentCrc(node.path, data, start, length)
      : CRC_UNKNOWN;
    // In a multi the node may have been changed before others were: the last content counts.
    this.#queueCrcs[node.queueNumber - this.#queueBase] = node.contentCrc;
  }

  /**
   * The CRC-32 over path and data after transaction `zxid`, the next one to be applied, so that a
   * server which prepared it does not read the data twice; or CRC_UNKNOWN.
   */
  contentCrcAt(zxid: number, path: string): number {
    const head = this.#queueHead;
    if (this.#queueZxids[head] !== zxid || this.#queueNodes[head]?.path !== path) {
      return CRC_UNKNOWN;
    }
    return this.#queueCrcs[head] as number;
  }

  /** The node is gone after `zxid`, and its parent has a child less. */
  remove(node: PendingNode, zxid: number): void {
    const parent = this.find(parentPath(node.path));
    if (parent !== null) {
      this.change(parent, zxid);
      parent.childCount--;
      parent.pzxid = Math.max(parent.pzxid, zxid);
      this.seal(parent);
    }
    this.change(node, zxid);
    node.exists = false;
    this.seal(node);
  }

  forEachPending(visit: (node: PendingNode) => void): void {
    for (const node of this.#nodes.values()) visit(node);
  }

  /** From here on `rollBack` can undo; ended by it or by `keep`. */
  beginMulti(): void {
    this.#undo = [];
    this.#undoQueueLength = this.#queueNodes.length;
    this.#undoDigestHi = this.#digest.hi;
    this.#undoDigestLo = this.#digest.lo;
  }

  keep(): void {
    this.#undo = null;
  }

  /** Everything is as it was at `beginMulti`. */
  rollBack(): void {
    const undo = this.#undo ?? [];
    this.#undo = null;
    for (let index = undo.length - 1; index >= 0; index--) {
      const { node, before } = undo[index] as Undo;
      if (before !== null) {
        node.copyFrom(before);
      } else {
        node.held = false;
        this.#nodes.delete(node.path);
      }
    }
    this.#queueNodes.length = this.#undoQueueLength;
    this.#queueZxids.length = this.#undoQueueLength;
    this.#queueCrcs.length = this.#undoQueueLength;
    this.#digest.hi = this.#undoDigestHi;
    this.#digest.lo = this.#undoDigestLo;
  }

  /** Transactions up to `zxid` are applied: what only they changed is read from the tree again. */
  drop(zxid: number): void {
    const zxids = this.#queueZxids;
    let head = this.#queueHead;
    while (head < zxids.length && (zxids[head] as number) <= zxid) {
      const node = this.#queueNodes[head] as PendingNode;
      if (node.held && node.zxid <= zxid) {
        node.held = false;
        this.#nodes.delete(node.path);
      }
      head++;
    }
    this.#queueHead = head;
    if (head === zxids.length || head > DEAD_ENTRIES_MAX) this.#compact();
  }

  clear(): void {
    this.#nodes.clear();
    this.#queueBase += this.#queueNodes.length;
    this.#queueNodes = [];
    this.#queueZxids = [];
    this.#queueCrcs = [];
    this.#queueHead = 0;
    this.#undo = null;
  }

  #isEmpty(): boolean {
    return this.#queueHead === this.#queueNodes.length;
  }

  #compact(): void {
    if (this.#isEmpty()) {
      this.#queueBase += this.#queueNodes.length;
      this.#queueNodes.length = 0;
      this.#queueZxids.length = 0;
      this.#queueCrcs.length = 0;
    } else if (this.#queueHead * 2 > this.#queueNodes.length) {
      this.#queueBase += this.#queueHead;
      this.#queueNodes = this.#queueNodes.slice(this.#queueHead);
      this.#queueZxids = this.#queueZxids.slice(this.#queueHead);
      this.#queueCrcs = this.#queueCrcs.slice(this.#queueHead);
    } else {
      return;
    }
    this.#queueHead = 0;
  }

  #load(path: string, ref: number): PendingNode {
    const { nodes, acls } = this.#holder.tree;
    const node = new PendingNode(path);
    node.exists = true;
    node.czxid = nodes.czxid(ref);
    node.mzxid = nodes.mzxid(ref);
    node.pzxid = nodes.pzxid(ref);
    node.ctimeMs = nodes.ctimeMs(ref);
    node.mtimeMs = nodes.mtimeMs(ref);
    node.version = nodes.version(ref);
    node.cversion = nodes.cversion(ref);
    node.aversion = nodes.aversion(ref);
    node.ownerHi = nodes.ownerHi(ref);
    node.ownerLo = nodes.ownerLo(ref);
    node.childCount = nodes.childCount(ref);
    node.dataBytes = nodes.dataBytes(ref);
    node.acl = acls.get(nodes.aclId(ref)) ?? null;
    node.nodeDigest = nodes.nodeDigest(ref);
    return node;
  }

  /** No pending change touched the data, else the checksum would be known: the tree has it. */
  #committedContentCrc(path: string): number {
    const { nodes } = this.#holder.tree;
    return nodes.contentCrc(nodes.find(path));
  }
}

function cloneOf(node: PendingNode): PendingNode {
  const clone = new PendingNode(node.path);
  clone.copyFrom(node);
  return clone;
}
