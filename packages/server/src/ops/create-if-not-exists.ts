/**
 * createIfNotExists (502) of ClickHouse Keeper: a create that is content with a znode that is there
 * already, whatever its data. It asks for what a create asks for, also when nothing is created, and
 * makes no sequential znodes. Its transaction is that of create, or one that changes nothing; the
 * reply does not tell which.
 *
 *   request  path, data, acl, flags
 *   reply    path
 */

import {
  ErrorCode,
  isSequentialMode,
  type JuteReader,
  type JuteWriter,
  OpCode,
} from '@zabra/protocol';
import { skipAcl } from './acl-memo.ts';
import type { ApplyResult } from './apply-result.ts';
import { create } from './create.ts';
import { applyNothing, prepareNothing, prepareParts } from './keeper-writes.ts';
import type { WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import type { StateCore } from './state-core.ts';

const ANY_VERSION = -1;

function prepare(p: Preparation): number {
  const r = p.reader;
  const bodyStart = r.position;
  const path = r.string();
  const flags = skipToFlags(r);
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  if (isSequentialMode(flags)) return ErrorCode.BADARGUMENTS;
  const bodyEnd = r.position;
  r.position = bodyStart;
  const code = create.prepare(p);
  r.position = bodyEnd;
  if (code !== ErrorCode.NODEEXISTS) {
    if (!p.inMulti) p.txnType = OpCode.create;
    return code;
  }
  return prepareParts(p, () => prepareNothing(p, path ?? '', ANY_VERSION));
}

/** Behind the path: data and ACL, then what is returned. */
function skipToFlags(r: JuteReader): number {
  r.range();
  skipAcl(r);
  return r.int();
}

function reply(_core: StateCore, result: ApplyResult, w: JuteWriter): number {
  if (result.code !== ErrorCode.OK) return result.code;
  w.string(result.type === OpCode.multi ? (result.subResults[0]?.path ?? '') : result.path);
  return ErrorCode.OK;
}

export const createIfNotExists: WriteOperation = {
  opcode: OpCode.createIfNotExists,
  permission: create.permission,
  errors: create.errors.filter((code) => code !== ErrorCode.NODEEXISTS),
  admission: 'keeper',
  inMulti: true,
  skip(r) {
    r.range();
    skipToFlags(r);
    return !r.failed;
  },
  prepare,
  apply: applyNothing,
  reply,
};
