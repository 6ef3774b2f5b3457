/**
 * reconfig (16): a change of the ensemble's configuration, judged in ZooKeeper's order
 * (client-protocol.md 16). The transaction is a setData of the configuration's znode, and is
 * applied as such; that it changes the ensemble as well is the affair of whoever agrees on it.
 *
 *   request  joiningServers, leavingServers, newMembers, curConfigId
 *   txn      path, data, version
 */

import {
  assert,
  CONFIG_PATH,
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  OpCode,
  Perms,
  utf8Encode,
} from '@zabra/protocol';
import type { ApplyResult } from './apply-result.ts';
import type { Permission, WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import { applySetData } from './set-data.ts';
import type { StateCore } from './state-core.ts';

const PERMISSION: Permission = { perms: Perms.WRITE, on: CONFIG_PATH };

/** Of /zookeeper/config, always. */
const CONFIG_VERSION = -1;

function skip(r: JuteReader): boolean {
  r.range();
  r.range();
  r.range();
  r.long();
  return !r.failed;
}

function prepare(p: Preparation): number {
  const r = p.reader;
  const joining = r.string();
  const leaving = r.string();
  const newMembers = r.string();
  const fromVersion = r.zxid();
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  const { options, reconfigJudge } = p.core;
  if (options.reconfigEnabled !== true) return ErrorCode.RECONFIGDISABLED;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  if (reconfigJudge === null) return ErrorCode.UNIMPLEMENTED;
  const { zxid, pending } = p;
  const { code, text } = reconfigJudge({ joining, leaving, newMembers, fromVersion }, zxid);
  if (code !== ErrorCode.OK) return code;
  const node = pending.find(CONFIG_PATH);
  if (node === null) return ErrorCode.NONODE;
  const permission = p.checkPermission(node, PERMISSION.perms);
  if (permission !== ErrorCode.OK) return permission;
  const data = utf8Encode(text);
  p.entry.string(CONFIG_PATH);
  p.entry.range(data, 0, data.length);
  p.entry.int(CONFIG_VERSION);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  pending.change(node, zxid);
  node.version = CONFIG_VERSION;
  node.mzxid = zxid;
  node.mtimeMs = p.timeMs;
  pending.setContent(node, data, 0, data.length);
  pending.seal(node);
  return ErrorCode.OK;
}

function reply(core: StateCore, result: ApplyResult, w: JuteWriter): number {
  const { nodes } = core.tree;
  const ref = nodes.find(result.path);
  assert(ref !== 0, `Cannot reply to reconfig: ${result.path} is gone`);
  nodes.writeData(ref, w);
  nodes.writeStat(ref, w, core.options.extendedTypes);
  return ErrorCode.OK;
}

export const reconfig: WriteOperation = {
  opcode: OpCode.reconfig,
  permission: PERMISSION,
  errors: [
    ErrorCode.RECONFIGDISABLED,
    ErrorCode.UNIMPLEMENTED,
    ErrorCode.RECONFIGINPROGRESS,
    ErrorCode.BADVERSION,
    ErrorCode.BADARGUMENTS,
    ErrorCode.NEWCONFIGNOQUORUM,
    ErrorCode.NOAUTH,
  ],
  admission: 'client',
  inMulti: false,
  skip,
  prepare,
  apply: applySetData,
  reply,
};
