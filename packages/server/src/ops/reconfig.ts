/**
 * reconfig (16): a change of the ensemble's configuration. The request is refused: changing the
 * ensemble while it runs is disabled by default as in ZooKeeper, and where it is enabled this
 * server does not offer it (client-protocol.md 16). The transaction, which another leader may
 * propose, is a setData of the configuration's znode and is applied as such.
 *
 *   request  joiningServers, leavingServers, newMembers, curConfigId
 *   txn      path, data, version
 */

import { assert, ErrorCode, type JuteReader, type JuteWriter, OpCode } from '@zabra/protocol';
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
  if (!skip(p.reader)) return ErrorCode.MARSHALLINGERROR;
  if (p.core.options.reconfigEnabled !== true) return ErrorCode.RECONFIGDISABLED;
  return p.sessionError === ErrorCode.OK ? ErrorCode.UNIMPLEMENTED : p.sessionError;
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
