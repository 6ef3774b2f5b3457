/**
 * setACL (7): client-protocol.md 8.4. The version is that of the ACL, the aversion; nothing else of
 * the Stat changes and no watch fires (trap 35).
 *
 *   request  path, acl, version
 *   txn      path, acl, version       the list expanded, the version the resulting one
 */

import { ErrorCode, type JuteReader, OPEN_ACL_UNSAFE, OpCode, Perms } from '@zabra/protocol';
import { skipAcl } from './acl-memo.ts';
import type { Application } from './application.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { checkFullRule } from './path-rules.ts';
import { isExpected, nextVersion, type Preparation } from './preparation.ts';
import { replyStat } from './reply.ts';

const PERMISSION: Permission = { perms: Perms.ADMIN, on: 'znode' };

function skip(r: JuteReader): boolean {
  r.range();
  skipAcl(r);
  r.int();
  return !r.failed;
}

function prepare(p: Preparation): number {
  const r = p.reader;
  const path = r.string();
  const acl = p.aclMemo.read(r);
  const expected = r.int();
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  let code = checkFullRule(path);
  if (path === null || code !== ErrorCode.OK) return code;
  code = p.fixUpAcl(acl);
  if (code !== ErrorCode.OK) return code;
  const node = p.pending.find(path);
  if (node === null) return ErrorCode.NONODE;
  code = p.checkPermission(node, PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  if (!isExpected(expected, node.aversion)) return ErrorCode.BADVERSION;
  const aversion = nextVersion(node.aversion);
  p.entry.string(path);
  p.aclMemo.write(p.entry, p.fixUp.acl);
  p.entry.int(aversion);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  p.pending.change(node, p.zxid);
  node.acl = p.fixUp.acl;
  node.aversion = aversion;
  p.pending.seal(node);
  return ErrorCode.OK;
}

function apply(a: Application): number {
  const r = a.reader;
  const path = r.string() ?? '';
  const acl = a.aclMemo.read(r) ?? OPEN_ACL_UNSAFE;
  const aversion = r.int();
  a.path = path;
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  return a.core.tree.setAcl(path, acl, aversion);
}

export const setACL: WriteOperation = {
  opcode: OpCode.setACL,
  permission: PERMISSION,
  errors: [
    ErrorCode.BADARGUMENTS,
    ErrorCode.INVALIDACL,
    ErrorCode.NONODE,
    ErrorCode.NOAUTH,
    ErrorCode.BADVERSION,
  ],
  admission: 'client',
  inMulti: false,
  skip,
  prepare,
  apply,
  reply: replyStat,
};
