/**
 * A reader of requests that knows nothing of how the server reads them: it walks over the fields
 * of a schema with plain arithmetic and says whether they are there. What it finds undecodable must
 * not be carried out; what it finds decodable may still be refused.
 */

import { isKeeperOp, OpCode } from '@zabra/protocol';
import { type Field, MULTI_READS, MULTI_WRITES, SCHEMAS } from './schema.ts';

const MULTI_HEADER_BYTES = 9;
/** Of Apache's reads, those that Keeper allows in a multiRead. */
const KEEPER_READS: readonly number[] = [OpCode.exists, OpCode.getChildren2];

/** `unknown`: an operation without a schema. */
export type Verdict = 'whole' | 'broken' | 'unknown';

/** Thrown inside of this file only, and often: without the cost of a stack. */
const BROKEN = { isBroken: true } as const;

/** Judges the body of a request, bytes[start, end). */
export function judgeBody(opcode: number, bytes: Uint8Array, start: number, end: number): Verdict {
  const schema = SCHEMAS.get(opcode);
  if (schema === undefined) return 'unknown';
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  try {
    return walk(view, 0, schema) < 0 ? 'unknown' : 'whole';
  } catch (error) {
    if (error === BROKEN) return 'broken';
    throw error;
  }
}

/** The offset behind the fields, -1 when that cannot be known. */
function walk(view: DataView, start: number, fields: readonly Field[]): number {
  let at = start;
  for (const field of fields) {
    at = step(view, at, field);
    if (at < 0) return at;
  }
  return at;
}

function step(view: DataView, at: number, field: Field): number {
  switch (field) {
    case 'int':
    case 'version':
    case 'mode':
    case 'kind':
      return skip(view, at, 4);
    case 'long':
      return skip(view, at, 8);
    case 'byte':
      return skip(view, at, 1);
    case 'paths':
      return list(view, at, ['path']);
    case 'acl':
      return list(view, at, ['int', 'text', 'text']);
    case 'writes':
      return operations(view, at, MULTI_WRITES);
    case 'reads':
      return operations(view, at, MULTI_READS);
    default: {
      const length = intAt(view, at);
      if (length < -1) throw BROKEN;
      return skip(view, at + 4, Math.max(0, length));
    }
  }
}

function list(view: DataView, at: number, element: readonly Field[]): number {
  let next = at + 4;
  for (let left = intAt(view, at); left > 0; left--) next = walk(view, next, element);
  return next;
}

function operations(view: DataView, start: number, allowed: readonly number[]): number {
  let at = start;
  for (;;) {
    skip(view, at, MULTI_HEADER_BYTES);
    const type = view.getInt32(at);
    const isEnd = view.getUint8(at + 4) !== 0;
    at += MULTI_HEADER_BYTES;
    if (isEnd) return at;
    // What else Keeper allows there depends on whether the server speaks its extensions.
    if (!allowed.includes(type) && (isKeeperOp(type) || KEEPER_READS.includes(type))) return -1;
    if (!allowed.includes(type)) throw BROKEN;
    at = walk(view, at, SCHEMAS.get(type) ?? []);
  }
}

function intAt(view: DataView, at: number): number {
  skip(view, at, 4);
  return view.getInt32(at);
}

function skip(view: DataView, at: number, bytes: number): number {
  if (at + bytes > view.byteLength) throw BROKEN;
  return at + bytes;
}
