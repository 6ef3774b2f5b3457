/**
 * delete (2), and deleteContainer (20), by which the leader sweeps away containers and TTL znodes
 * that nobody uses any more (client-protocol.md 8.2, 8.6 and trap 29: no client may ask for it).
 *
 *   request  path, version        delete
 *            path                 deleteContainer
 *   txn      path
 */

import { ErrorCode, type JuteReader, OpCode, parentPath, Perms } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { NodeKind, nodeKind } from './owner.ts';
import { checkDeletable } from './path-rules.ts';
import { skipPathAndInt } from './path-and-int.ts';
import { isExpected, type Preparation } from './preparation.ts';
import { replyNothing } from './reply.ts';

const PERMISSION: Permission = { perms: Perms.DELETE, on: 'parent' };

function prepareDelete(p: Preparation): number {
  const path = p.reader.string();
  const version = p.reader.int();
  if (p.reader.failed) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  if (path === null) return ErrorCode.MARSHALLINGERROR;
  let code = checkDeletable(path);
  if (code !== ErrorCode.OK) return code;
  const parent = p.pending.find(parentPath(path));
  if (parent === null) return ErrorCode.NONODE;
  code = p.checkPermission(parent, PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  const node = p.pending.find(path);
  if (node === null) return ErrorCode.NONODE;
  if (!isExpected(version, node.version)) return ErrorCode.BADVERSION;
  if (node.childCount > 0) return ErrorCode.NOTEMPTY;
  p.entry.string(path);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  p.pending.remove(node, p.zxid);
  return ErrorCode.OK;
}

function skipDeleteContainer(r: JuteReader): boolean {
  r.range();
  return !r.failed;
}

function prepareDeleteContainer(p: Preparation): number {
  const path = p.reader.string();
  if (p.reader.failed || path === null) return ErrorCode.MARSHALLINGERROR;
  const code = checkDeletable(path);
  if (code !== ErrorCode.OK) return code;
  const node = p.pending.find(path);
  if (node === null) return ErrorCode.NONODE;
  if (node.childCount > 0) return ErrorCode.NOTEMPTY;
  const kind = nodeKind(node.ownerHi, node.ownerLo, p.core.options.extendedTypes);
  if (kind !== NodeKind.CONTAINER && kind !== NodeKind.TTL) return ErrorCode.BADVERSION;
  p.entry.string(path);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  p.pending.remove(node, p.zxid);
  return ErrorCode.OK;
}

function apply(a: Application): number {
  const path = a.reader.string() ?? '';
  a.path = path;
  return a.reader.failed ? ErrorCode.MARSHALLINGERROR : uproot(a, path);
}

/** Takes one znode out of the tree, with everything that hangs on its going. */
export function uproot(a: Application, path: string): number {
  const { core } = a;
  const { nodes } = core.tree;
  const ref = nodes.find(path);
  const acl = ref === 0 ? null : core.aclOf(ref);
  const dataBytes = ref === 0 ? 0 : Math.max(nodes.dataBytes(ref), 0);
  const code = core.tree.deleteNode(path, a.zxid);
  if (code !== ErrorCode.OK) return code;
  core.quota.onDeleted(path, dataBytes);
  if (a.firesEvents) core.events.deleted(path, acl, a.zxid);
  return ErrorCode.OK;
}

export const deleteNode: WriteOperation = {
  opcode: OpCode.delete,
  permission: PERMISSION,
  errors: [
    ErrorCode.BADARGUMENTS,
    ErrorCode.NONODE,
    ErrorCode.NOAUTH,
    ErrorCode.BADVERSION,
    ErrorCode.NOTEMPTY,
  ],
  admission: 'client',
  inMulti: true,
  skip: skipPathAndInt,
  prepare: prepareDelete,
  apply,
  reply: replyNothing,
};

export const deleteContainer: WriteOperation = {
  opcode: OpCode.deleteContainer,
  permission: null,
  errors: [ErrorCode.BADARGUMENTS, ErrorCode.NONODE, ErrorCode.NOTEMPTY, ErrorCode.BADVERSION],
  admission: 'server',
  inMulti: false,
  skip: skipDeleteContainer,
  prepare: prepareDeleteContainer,
  apply,
  reply: replyNothing,
};
