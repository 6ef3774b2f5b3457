/**
 * sync (9): echoes the path, whatever it is (client-protocol.md 10 and trap 54); a null one is
 * refused, because some clients cannot decode a null string in the reply. What makes it a barrier
 * is when it is answered, and that is the peer's affair.
 *
 *   request  path
 *   reply    path
 */

import { ErrorCode, type JuteWriter, OpCode } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  if (c.reader.failed || c.pathLength < 0) return ErrorCode.MARSHALLINGERROR;
  w.range(c.reader.buffer, c.pathStart, c.pathEnd);
  return ErrorCode.OK;
}

export const sync: ReadOperation = { opcode: OpCode.sync, read };
