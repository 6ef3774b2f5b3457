/**
 * exists (3): the Stat of a znode, or NONODE; the watch is set in both cases, and not when READ is
 * denied (client-protocol.md 10). It is the same watch that getData sets (trap 51).
 *
 *   request  path, watch
 *   reply    Stat
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
  if (code === ErrorCode.NONODE && hasNulByte(c)) return ErrorCode.BADARGUMENTS;
  if (watches && (code === ErrorCode.OK || code === ErrorCode.NONODE)) c.watch(WatchMode.DATA);
  if (code === ErrorCode.OK) c.core.tree.nodes.writeStat(c.ref, w, c.core.options.extendedTypes);
  return code;
}

/** Only asked when nothing was found: no znode has such a path. */
function hasNulByte(c: ReadContext): boolean {
  const { buffer } = c.reader;
  for (let index = c.pathStart; index < c.pathEnd; index++) if (buffer[index] === 0) return true;
  return false;
}

export const exists: ReadOperation = {
  opcode: OpCode.exists,
  permission: PERMISSION,
  errors: [ErrorCode.BADARGUMENTS, ErrorCode.NONODE, ErrorCode.NOAUTH],
  read,
};
