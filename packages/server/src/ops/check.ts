/**
 * check (13): an assertion about a znode's version, only inside a multi (client-protocol.md 8.5).
 * Its transaction changes nothing; the version it carries is one more than the znode's, which
 * nobody uses (storage-and-config.md 3.4).
 *
 *   request  path, version
 *   txn      path, version
 */

import { ErrorCode, OpCode, Perms } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { checkFullRule } from './path-rules.ts';
import { skipPathAndInt } from './path-and-int.ts';
import { isExpected, nextVersion, type Preparation } from './preparation.ts';
import { replyNothing } from './reply.ts';

const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

function prepare(p: Preparation): number {
  const r = p.reader;
  const path = r.string();
  const expected = r.int();
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  let code = checkFullRule(path);
  if (path === null || code !== ErrorCode.OK) return code;
  const node = p.pending.find(path);
  if (node === null) return ErrorCode.NONODE;
  code = p.checkPermission(node, PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  if (!isExpected(expected, node.version)) return ErrorCode.BADVERSION;
  p.entry.string(path);
  p.entry.int(nextVersion(node.version));
  return p.fits() ? ErrorCode.OK : ErrorCode.MARSHALLINGERROR;
}

function apply(a: Application): number {
  a.path = a.reader.string() ?? '';
  a.reader.int();
  return a.reader.failed ? ErrorCode.MARSHALLINGERROR : ErrorCode.OK;
}

export const check: WriteOperation = {
  opcode: OpCode.check,
  permission: PERMISSION,
  errors: [ErrorCode.BADARGUMENTS, ErrorCode.NONODE, ErrorCode.NOAUTH, ErrorCode.BADVERSION],
  admission: 'sub',
  inMulti: true,
  skip: skipPathAndInt,
  prepare,
  apply,
  reply: replyNothing,
};
