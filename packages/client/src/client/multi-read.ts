/**
 * Lists of reads as a program writes them: plain objects in, results out, in the same order. Each
 * read stands for itself, so one that fails is a result too. From client-protocol.md 9.
 */

import {
  ErrorCode,
  type MultiOp as WireOp,
  type MultiResult as WireResult,
  OpCode,
} from '@zabra/protocol';
import type { MultiReadRequest } from '../session/multi-request.ts';
import { checkPath } from './arguments.ts';
import { codeName, describe, makeError, refusal, type ZooKeeperError } from './errors.ts';
import {
  fromWireKeeperRead,
  isKeeperRead,
  type KeeperReadOp,
  type KeeperReadResult,
  toWireKeeperRead,
} from './keeper-ops.ts';
import type { ResultOf } from './multi.ts';
import { publicStat, type Stat, zxidToBigInt } from './public-records.ts';

export type ReadOp =
  | { readonly op: 'getData' | 'getChildren'; readonly path: string }
  | KeeperReadOp;

export interface GetDataResult {
  readonly op: 'getData';
  /** Null when the znode has no data. */
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export interface GetChildrenResult {
  readonly op: 'getChildren';
  /** Names, in no particular order. */
  readonly children: readonly string[];
}

/** Of a read that failed, with NONODE or NOAUTH. */
export interface ReadFailure {
  readonly op: 'error';
  readonly error: ZooKeeperError;
}

type ReadResult = GetDataResult | GetChildrenResult | KeeperReadResult;

/** The result of each read, by its place. */
export type ReadResults<Ops extends readonly ReadOp[]> = {
  readonly [Index in keyof Ops]: ResultOf<Ops[Index], ReadResult> | ReadFailure;
};

export function toWireReads(ops: readonly ReadOp[]): WireOp[] {
  if (ops.length === 0) throw refusal('BADARGUMENTS', 'multiRead', null, 'it has no operations');
  return ops.map((op) => {
    checkPath(op.op, op.path);
    if (isKeeperRead(op)) return toWireKeeperRead(op);
    return { type: OpCode[op.op], request: { path: op.path, watch: false } };
  });
}

export function readResults<Ops extends readonly ReadOp[]>(
  ops: Ops,
  request: MultiReadRequest,
): ReadResults<Ops> {
  const results = request.reply ?? [];
  const found = ops.map((op, index) => fromWire(op, index, results[index], request.zxid));
  // The session has checked that every result answers its read.
  return found as ReadResults<Ops>;
}

function fromWire(
  { op, path }: ReadOp,
  opIndex: number,
  result: WireResult | undefined,
  zxid: number,
): ReadResult | ReadFailure {
  if (result?.type === OpCode.getData) {
    return { op: 'getData', data: result.data, stat: publicStat(result.stat) };
  }
  if (result?.type === OpCode.getChildren) return { op: 'getChildren', children: result.children };
  const keeper = fromWireKeeperRead(result);
  if (keeper !== null) return keeper;
  const code = result?.type === OpCode.error ? result.err : ErrorCode.SYSTEMERROR;
  const finding = { code, op, path, fault: '', wasSent: true, version: null, childCount: 0 };
  const details = { code: codeName(code), op, path, zxid: zxidToBigInt(zxid), opIndex };
  return { op: 'error', error: makeError(describe(finding), details) };
}
