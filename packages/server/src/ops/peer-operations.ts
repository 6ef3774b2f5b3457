/**
 * The operations that the peer answers by itself, because they are about the connection or about
 * time and ask nothing of the tree: `auth`, `sasl`, `ping` and `sync`. All that is here is what is
 * said of every operation.
 */

import { ErrorCode, OpCode } from '@zabra/protocol';
import type { OperationFacts } from './operation.ts';

export const PEER_OPERATIONS: readonly OperationFacts[] = [
  { opcode: OpCode.auth, permission: null, errors: [ErrorCode.AUTHFAILED] },
  {
    opcode: OpCode.sasl,
    permission: null,
    errors: [ErrorCode.AUTHFAILED, ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH],
  },
  { opcode: OpCode.ping, permission: null, errors: [] },
  { opcode: OpCode.sync, permission: null, errors: [] },
];
