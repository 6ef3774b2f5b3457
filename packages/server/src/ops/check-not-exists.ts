/**
 * checkNotExists (501) of ClickHouse Keeper: that there is no znode, or none of that version. In a
 * multi it leaves what a check leaves, which changes nothing; on its own it is a read.
 *
 *   request  path, version
 *   txn      path, version       as type check
 */

import { ErrorCode, OpCode, Perms } from '@zabra/protocol';
import type { Permission, ReadOperation, WriteOperation } from './operation.ts';
import { checkFullRule } from './path-rules.ts';
import { skipPathAndInt } from './path-and-int.ts';
import { isExpected, type Preparation } from './preparation.ts';
import type { ReadContext } from './read-context.ts';
import { replyNothing } from './reply.ts';
import { applyNothing, prepareNothing } from './keeper-writes.ts';

const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

function prepare(p: Preparation): number {
  const r = p.reader;
  const path = r.string();
  const version = r.int();
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  let code = checkFullRule(path);
  if (path === null || code !== ErrorCode.OK) return code;
  const node = p.pending.find(path);
  if (node !== null) {
    code = p.checkPermission(node, PERMISSION.perms);
    if (code !== ErrorCode.OK) return code;
    if (isExpected(version, node.version)) return ErrorCode.NODEEXISTS;
  }
  return prepareNothing(p, path, version);
}

function read(c: ReadContext): number {
  c.readPath();
  const version = c.reader.int();
  const code = c.locate(PERMISSION.perms);
  if (code === ErrorCode.NONODE) return ErrorCode.OK;
  if (code !== ErrorCode.OK) return code;
  const found = c.core.tree.nodes.version(c.ref);
  return isExpected(version, found) ? ErrorCode.NODEEXISTS : ErrorCode.OK;
}

export const checkNotExists: WriteOperation = {
  opcode: OpCode.checkNotExists,
  permission: PERMISSION,
  errors: [ErrorCode.BADARGUMENTS, ErrorCode.NOAUTH, ErrorCode.NODEEXISTS],
  admission: 'sub',
  inMulti: true,
  skip: skipPathAndInt,
  prepare,
  apply: applyNothing,
  reply: replyNothing,
};

export const checkNotExistsAlone: ReadOperation = {
  opcode: OpCode.checkNotExists,
  permission: PERMISSION,
  errors: [ErrorCode.NOAUTH, ErrorCode.NODEEXISTS],
  read,
};
