/**
 * getData (4): client-protocol.md 10.
 *
 *   request  path, watch
 *   reply    data, Stat
 */

import { ErrorCode, type JuteWriter, OpCode, Perms } from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { Permission, ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

function read(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const watches = c.reader.bool();
  const code = c.locate(PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  if (watches) c.watch(WatchMode.DATA);
  const { nodes } = c.core.tree;
  nodes.writeData(c.ref, w);
  nodes.writeStat(c.ref, w, c.core.options.extendedTypes);
  return ErrorCode.OK;
}

export const getData: ReadOperation = {
  opcode: OpCode.getData,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read,
};
