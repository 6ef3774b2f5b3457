/**
 * createSession (-10): a session becomes known to the whole ensemble. The servers ask for it among
 * themselves when a client connects; a client that sends the number is refused (client-protocol.md
 * trap 30). The new session's id is the one in the request and in the transaction's header.
 *
 *   request  timeout
 *   txn      timeout
 */

import { ErrorCode, type JuteReader, OpCode } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import { replyNothing } from './reply.ts';

function skip(r: JuteReader): boolean {
  r.int();
  return !r.failed;
}

function prepare(p: Preparation): number {
  const timeoutMs = p.reader.int();
  if (p.reader.failed) return ErrorCode.MARSHALLINGERROR;
  p.entry.int(timeoutMs);
  return ErrorCode.OK;
}

function apply(a: Application): number {
  const timeoutMs = a.reader.int();
  if (a.reader.failed) return ErrorCode.MARSHALLINGERROR;
  a.core.sessions.put(a.sessionHi, a.sessionLo, timeoutMs);
  a.result.timeoutMs = timeoutMs;
  return ErrorCode.OK;
}

export const createSession: WriteOperation = {
  opcode: OpCode.createSession,
  permission: null,
  errors: [],
  admission: 'server',
  inMulti: false,
  skip,
  prepare,
  apply,
  reply: replyNothing,
};
