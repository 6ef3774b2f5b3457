/**
 * addWatch (106): a watch that stays, on a path that need not exist, be valid or be readable
 * (client-protocol.md 11.1). Its success has a body of four zero bytes (trap 16).
 *
 *   request  path, mode
 *   reply    err
 */

import { AddWatchMode, ErrorCode, type JuteWriter, OpCode } from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const mode = c.reader.int();
  if (c.reader.failed || c.pathLength < 0) return ErrorCode.MARSHALLINGERROR;
  if (mode === AddWatchMode.PERSISTENT) c.watch(WatchMode.PERSISTENT);
  else if (mode === AddWatchMode.PERSISTENT_RECURSIVE) c.watch(WatchMode.RECURSIVE);
  else return ErrorCode.MARSHALLINGERROR;
  w.int(ErrorCode.OK);
  return ErrorCode.OK;
}

export const addWatch: ReadOperation = {
  opcode: OpCode.addWatch,
  permission: null,
  errors: [],
  read,
};
