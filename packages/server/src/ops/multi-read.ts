/**
 * multiRead (22): several getData and getChildren in one request. Each fails alone, and none sets a
 * watch, whatever its flag says (client-protocol.md 9 and trap 53). A request that has anything
 * else in it, or no end, is undecodable as a whole. Where Keeper's extensions are on, its other
 * reads may stand there too. For a client of Keeper all set the watches that they ask for, and one
 * that fails has its own number, the code in its header, and no body, which such clients insist on
 * as those of Apache do on the other form.
 *
 *   request  { MultiHeader, request }..., MultiHeader(done)
 *   reply    { MultiHeader, body }..., MultiHeader(done)
 *   failure  MultiHeader(error, code), code        to a client of Keeper: MultiHeader(type, code)
 */

import { ErrorCode, type JuteReader, type JuteWriter, OpCode } from '@zabra/protocol';
import type { ReadLookup, ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const HEADER_BYTES = 9;

/** Bytes of a request behind path and watch flag, by what may stand in Apache's multiRead. */
const APACHE_READS: ReadonlyMap<number, number> = new Map([
  [OpCode.getData, 0],
  [OpCode.getChildren, 0],
]);
const KEEPER_READS: ReadonlyMap<number, number> = new Map([
  ...APACHE_READS,
  [OpCode.exists, 0],
  [OpCode.getChildren2, 0],
  [OpCode.filteredList, 1],
  [OpCode.filteredListWithStatsAndData, 3],
]);

export function multiReadOperation(lookup: ReadLookup, speaksKeeper: boolean): ReadOperation {
  const reads = speaksKeeper ? KEEPER_READS : APACHE_READS;
  return {
    opcode: OpCode.multiRead,
    permission: 'parts',
    errors: [],
    read: (c, w) => read(c, w, lookup, reads),
  };
}

function read(
  c: ReadContext,
  w: JuteWriter,
  lookup: ReadLookup,
  reads: ReadonlyMap<number, number>,
): number {
  const r = c.reader;
  const start = r.position;
  if (!isDecodable(r, reads)) return ErrorCode.MARSHALLINGERROR;
  r.position = start;
  const isKeeper = c.watcher?.speaksKeeper === true;
  if (!isKeeper) c.watcher = null;
  for (;;) {
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) break;
    const op = lookup.findRead(type);
    // A read that nobody can make sense of spoils the whole, and so does one too many.
    if (op === undefined || !readOne(c, op, isKeeper, w)) return ErrorCode.MARSHALLINGERROR;
    if (c.isTooLong(w)) return ErrorCode.MARSHALLINGERROR;
  }
  writeHeader(w, OpCode.error, true, -1);
  return ErrorCode.OK;
}

/** False when the read has no result of its own, which a null path does to it. */
function readOne(c: ReadContext, op: ReadOperation, isKeeper: boolean, w: JuteWriter): boolean {
  const start = w.position;
  // Keeper gives a filtered list the number of the list that its reply is.
  const type = op.opcode === OpCode.filteredList ? OpCode.getChildren2 : op.opcode;
  writeHeader(w, type, false, ErrorCode.OK);
  const code = op.read(c, w);
  if (code === ErrorCode.OK) return true;
  if (code === ErrorCode.MARSHALLINGERROR) return false;
  w.reset(start);
  writeHeader(w, isKeeper ? type : OpCode.error, false, code);
  if (!isKeeper) w.int(code);
  return true;
}

function isDecodable(r: JuteReader, reads: ReadonlyMap<number, number>): boolean {
  while (r.remaining() >= HEADER_BYTES) {
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) return true;
    const tailBytes = reads.get(type);
    if (tailBytes === undefined) return false;
    r.range();
    r.bool();
    r.skip(tailBytes);
    if (r.failed) return false;
  }
  return false;
}

function writeHeader(w: JuteWriter, type: number, done: boolean, err: number): void {
  w.int(type);
  w.bool(done);
  w.int(err);
}
