/**
 * getChildren (8) and getChildren2 (12), which adds the Stat: bare names in no particular order
 * (client-protocol.md 10).
 *
 *   request  path, watch
 *   reply    names [, Stat]
 */

import { ErrorCode, type JuteWriter, OpCode, Perms } from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { Permission, ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

function readNames(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const watches = c.reader.bool();
  const code = c.locate(PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  if (watches) c.watch(WatchMode.CHILD);
  c.core.tree.nodes.writeChildren(c.ref, w);
  return ErrorCode.OK;
}

function readNamesAndStat(c: ReadContext, w: JuteWriter): number {
  const code = readNames(c, w);
  if (code !== ErrorCode.OK) return code;
  c.core.tree.nodes.writeStat(c.ref, w, c.core.options.extendedTypes);
  return ErrorCode.OK;
}

export const getChildren: ReadOperation = {
  opcode: OpCode.getChildren,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read: readNames,
};

export const getChildren2: ReadOperation = {
  opcode: OpCode.getChildren2,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read: readNamesAndStat,
};
