/**
 * multiRead (22): several getData and getChildren in one request. Each fails alone, and none sets a
 * watch, whatever its flag says (client-protocol.md 9 and trap 53). A request that has anything
 * else in it, or no end, is undecodable as a whole.
 *
 *   request  { MultiHeader, request }..., MultiHeader(done)
 *   reply    { MultiHeader, body }..., MultiHeader(done)
 */

import { ErrorCode, type JuteReader, type JuteWriter, OpCode } from '@zabra/protocol';
import { getChildren } from './get-children.ts';
import { getData } from './get-data.ts';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const HEADER_BYTES = 9;

function read(c: ReadContext, w: JuteWriter): number {
  const r = c.reader;
  const start = r.position;
  if (!isDecodable(r)) return ErrorCode.MARSHALLINGERROR;
  r.position = start;
  c.watcher = null;
  for (;;) {
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) break;
    const op = type === OpCode.getData ? getData : getChildren;
    // A read that nobody can make sense of spoils the whole.
    if (!readOne(c, op, w)) return ErrorCode.MARSHALLINGERROR;
  }
  writeHeader(w, OpCode.error, true, -1);
  return ErrorCode.OK;
}

/** False when the read has no result of its own, which a null path does to it. */
function readOne(c: ReadContext, op: ReadOperation, w: JuteWriter): boolean {
  const start = w.position;
  writeHeader(w, op.opcode, false, ErrorCode.OK);
  const code = op.read(c, w);
  if (code === ErrorCode.OK) return true;
  if (code === ErrorCode.MARSHALLINGERROR) return false;
  w.reset(start);
  writeHeader(w, OpCode.error, false, code);
  w.int(code);
  return true;
}

function isDecodable(r: JuteReader): boolean {
  while (r.remaining() >= HEADER_BYTES) {
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) return true;
    if (type !== OpCode.getData && type !== OpCode.getChildren) return false;
    r.range();
    r.bool();
    if (r.failed) return false;
  }
  return false;
}

function writeHeader(w: JuteWriter, type: number, done: boolean, err: number): void {
  w.int(type);
  w.bool(done);
  w.int(err);
}

export const multiRead: ReadOperation = { opcode: OpCode.multiRead, read };
