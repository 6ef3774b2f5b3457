/**
 * ping (11): an empty question and an empty answer, which keep the session alive.
 */

import { ErrorCode, OpCode } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';

export const ping: ReadOperation = { opcode: OpCode.ping, read: () => ErrorCode.OK };
