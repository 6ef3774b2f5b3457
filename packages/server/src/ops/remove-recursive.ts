/**
 * removeRecursive (503) of ClickHouse Keeper: a znode and everything below it, all or nothing. Its
 * transaction is a multi of the deletes that Apache would need, children before parents, and asks
 * for the permissions of those deletes. More znodes than the client allows, or than one transaction
 * holds, are NOTEMPTY; a znode that is not there is as good as removed.
 *
 *   request  path, int most znodes
 */

import { ErrorCode, OpCode, parentPath, Perms } from '@zabra/protocol';
import { applyNothing, prepareNothing, prepareParts } from './keeper-writes.ts';
import type { ApplyResult } from './apply-result.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { checkDeletable } from './path-rules.ts';
import type { PendingNode } from './pending-node.ts';
import { skipPathAndInt } from './path-and-int.ts';
import type { Preparation } from './preparation.ts';
import type { StateCore } from './state-core.ts';
import { SUB_HEAD_BYTES } from './sub-transactions.ts';

/** And on each znode that has children. */
const PERMISSION: Permission = { perms: Perms.DELETE, on: 'parent' };

const ANY_VERSION = -1;
/** What a delete in a multi takes beside its path: head, and length of the path. */
const DELETE_BYTES = SUB_HEAD_BYTES + 4;
const DELETE_BYTES_MIN = DELETE_BYTES + '/a'.length;

function prepare(p: Preparation): number {
  const path = p.reader.string();
  const nodesMax = p.reader.int() >>> 0;
  if (p.reader.failed || path === null) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  let code = checkDeletable(path);
  if (code !== ErrorCode.OK) return code;
  const parent = p.pending.find(parentPath(path));
  if (parent !== null) {
    code = p.checkPermission(parent, PERMISSION.perms);
    if (code !== ErrorCode.OK) return code;
  }
  const root = parent === null ? null : p.pending.find(path);
  if (root === null) return prepareParts(p, () => prepareNothing(p, path, ANY_VERSION));
  const doomed = collect(p, root, nodesMax);
  if (doomed === null) return ErrorCode.NOTEMPTY;
  for (const node of doomed) {
    code = checkDoomed(p, node);
    if (code !== ErrorCode.OK) return code;
  }
  code = prepareParts(p, () => writeDeletes(p, doomed));
  if (code !== ErrorCode.OK) return code;
  // A parent was changed by the going of its children: each is looked up when its turn comes.
  for (const node of doomed) p.pending.remove(p.pending.find(node.path) ?? node, p.zxid);
  return ErrorCode.OK;
}

/** As deletes of it and of its children would be judged. */
function checkDoomed(p: Preparation, node: PendingNode): number {
  const code = checkDeletable(node.path);
  if (code !== ErrorCode.OK || node.childCount === 0) return code;
  return p.checkPermission(node, PERMISSION.perms);
}

/** Leaves the last part open, as every operation of a multi does. */
function writeDeletes(p: Preparation, doomed: readonly PendingNode[]): number {
  for (const [index, { path }] of doomed.entries()) {
    if (index > 0) {
      p.subs.close(OpCode.delete);
      p.subs.open();
    }
    p.entry.string(path);
    if (!p.fits()) return ErrorCode.NOTEMPTY;
  }
  p.txnType = OpCode.delete;
  return ErrorCode.OK;
}

/** The subtree as it will be, children before parents; null when it is too much. */
function collect(p: Preparation, root: PendingNode, nodesMax: number): PendingNode[] | null {
  const found = new Found(Math.min(nodesMax, Math.floor(p.txnBytesMax / DELETE_BYTES_MIN)), p);
  const isWhole = found.addCommitted(root.path) && found.addPending(root.path);
  // One order, however much of it is committed already: the same history gives the same bytes.
  return isWhole ? found.nodes.sort((a, b) => (a.path < b.path ? 1 : -1)) : null;
}

class Found {
  readonly nodes: PendingNode[];
  readonly #nodesMax: number;
  readonly #p: Preparation;
  #bytesLeft: number;

  constructor(nodesMax: number, p: Preparation) {
    this.nodes = [];
    this.#nodesMax = nodesMax;
    this.#p = p;
    this.#bytesLeft = p.txnBytesMax;
  }

  /** What is in the tree and not about to go; false when it is too much. */
  addCommitted(rootPath: string): boolean {
    const { pending, core } = this.#p;
    const { nodes } = core.tree;
    const rootRef = nodes.find(rootPath);
    const refs = rootRef === 0 ? [] : [rootRef];
    // What is about to go is pending, so more than this are too many whatever they are.
    const refsMax = this.#nodesMax + pending.size;
    for (let ref = refs.pop(); ref !== undefined; ref = refs.pop()) {
      const node = pending.find(nodes.path(ref));
      if (node === null) continue;
      if (!this.#add(node)) return false;
      for (let child = nodes.firstChild(ref); child !== 0; child = nodes.nextSibling(child)) {
        refs.push(child);
        if (refs.length + this.nodes.length > refsMax) return false;
      }
    }
    return true;
  }

  /** What is not in the tree yet. */
  addPending(rootPath: string): boolean {
    const { pending } = this.#p;
    const seen = new Set(this.nodes);
    const below = `${rootPath}/`;
    let fits = true;
    pending.forEachPending((node) => {
      if (!node.exists || seen.has(node)) return;
      if (node.path === rootPath || node.path.startsWith(below)) fits = fits && this.#add(node);
    });
    return fits;
  }

  #add(node: PendingNode): boolean {
    this.nodes.push(node);
    // At least: a character may take more than one byte.
    this.#bytesLeft -= DELETE_BYTES + node.path.length;
    return this.nodes.length <= this.#nodesMax && this.#bytesLeft >= 0;
  }
}

function reply(_core: StateCore, result: ApplyResult): number {
  return result.code;
}

export const removeRecursive: WriteOperation = {
  opcode: OpCode.removeRecursive,
  permission: PERMISSION,
  errors: [ErrorCode.BADARGUMENTS, ErrorCode.NOAUTH, ErrorCode.NOTEMPTY],
  admission: 'keeper',
  inMulti: true,
  skip: skipPathAndInt,
  prepare,
  apply: applyNothing,
  reply,
};
