/**
 * reconfig (16): a change of the ensemble's configuration. The request is refused: changing the
 * ensemble while it runs is disabled by default as in ZooKeeper, and where it is enabled this
 * server does not offer it; whatever else is wrong with a request is said first, in ZooKeeper's
 * order (client-protocol.md 16). The transaction, which another leader may propose, is a setData of
 * the configuration's znode and is applied as such.
 *
 *   request  joiningServers, leavingServers, newMembers, curConfigId
 *   txn      path, data, version
 */

import {
  assert,
  CONFIG_PATH,
  ErrorCode,
  JuteReader,
  JuteWriter,
  OpCode,
  Perms,
} from '@zabra/protocol';
import type { NodeStore } from '../tree/node-store.ts';
import type { ApplyResult } from './apply-result.ts';
import type { WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import { applySetData } from './set-data.ts';
import type { StateCore } from './state-core.ts';

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
  const { options, tree } = p.core;
  if (options.reconfigEnabled !== true) return ErrorCode.RECONFIGDISABLED;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  const judge = options.judgeReconfig ?? null;
  const node = p.pending.find(CONFIG_PATH);
  if (judge === null || node === null) return ErrorCode.UNIMPLEMENTED;
  const current = textOf(tree.nodes, tree.nodes.find(CONFIG_PATH));
  const refusal = judge(current, { joining, leaving, newMembers, fromVersion });
  if (refusal !== ErrorCode.OK) return refusal;
  const permission = p.checkPermission(node, Perms.WRITE);
  return permission === ErrorCode.OK ? ErrorCode.UNIMPLEMENTED : permission;
}

function textOf(nodes: NodeStore, ref: number): string {
  const w = new JuteWriter();
  nodes.writeData(ref, w);
  return new JuteReader().reset(w.toBytes(), 0, w.position).string() ?? '';
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
  admission: 'client',
  inMulti: false,
  skip,
  prepare,
  apply: applySetData,
  reply,
};
