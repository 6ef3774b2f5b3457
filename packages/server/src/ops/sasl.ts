/**
 * sasl (102) where no mechanism is configured: success with a null token, by which a client sees
 * that the server has nothing to offer (client-protocol.md 13.6).
 *
 *   request  token
 *   reply    token
 */

import { ErrorCode, type JuteWriter, OpCode } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, w: JuteWriter): number {
  c.reader.range();
  if (c.reader.failed) return ErrorCode.MARSHALLINGERROR;
  w.bytes(null);
  return ErrorCode.OK;
}

export const sasl: ReadOperation = { opcode: OpCode.sasl, read };
