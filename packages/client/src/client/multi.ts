/**
 * Transactions as a program writes them: a list of plain objects in, a list of results out, in the
 * same order and each of the type that its operation calls for. From client-protocol.md 9.
 */

import {
  type Acl,
  type MultiOp as WireOp,
  type MultiResult as WireResult,
  OpCode,
} from '@zabra/protocol';
import {
  aclOrOpen,
  checkAcl,
  checkNewPath,
  checkPath,
  createFlags,
  dataBytes,
} from './arguments.ts';
import type { CreateMode, Data } from './client-options.ts';
import { refusal } from './errors.ts';
import {
  fromWireKeeperWrite,
  isKeeperWrite,
  type KeeperWriteOp,
  type KeeperWriteResult,
  toWireKeeperWrite,
} from './keeper-ops.ts';
import { publicStat, type Stat } from './public-records.ts';

interface NewZnode extends CreateMode {
  readonly path: string;
  readonly data?: Data;
  readonly acl?: readonly Acl[];
}

export interface CreateOp extends NewZnode {
  readonly op: 'create';
}

/** As create, and the result has the Stat. */
export interface Create2Op extends NewZnode {
  readonly op: 'create2';
}

export interface DeleteOp {
  readonly op: 'delete';
  readonly path: string;
  readonly version?: number;
}

export interface SetDataOp {
  readonly op: 'setData';
  readonly path: string;
  readonly data: Data;
  readonly version?: number;
}

/** The transaction goes through only while the znode exists and has that version. */
export interface CheckOp {
  readonly op: 'check';
  readonly path: string;
  readonly version?: number;
}

export type MultiOp = CreateOp | Create2Op | DeleteOp | SetDataOp | CheckOp | KeeperWriteOp;

export interface CreateResult {
  readonly op: 'create';
  readonly path: string;
  /** Known for containers and znodes with a time to live alone. */
  readonly stat: Stat | null;
}

export interface Create2Result {
  readonly op: 'create2';
  readonly path: string;
  readonly stat: Stat;
}

export interface SetDataResult {
  readonly op: 'setData';
  readonly stat: Stat;
}

export type MultiResult =
  | CreateResult
  | Create2Result
  | SetDataResult
  | { readonly op: 'delete' }
  | { readonly op: 'check' }
  | KeeperWriteResult;

/** Those of the results that an operation of that kind can have. */
export type ResultOf<
  Op extends { readonly op: string },
  Result extends { readonly op: string },
> = Extract<Result, { readonly op: Op['op'] }>;

/** The result of each operation, by its place. */
export type MultiResults<Ops extends readonly MultiOp[]> = {
  readonly [Index in keyof Ops]: ResultOf<Ops[Index], MultiResult>;
};

export function toWireOps(ops: readonly MultiOp[]): WireOp[] {
  if (ops.length === 0) throw refusal('BADARGUMENTS', 'multi', null, 'it has no operations');
  return ops.map(toWireOp);
}

/** Of a transaction that went through. */
export function multiResults<Ops extends readonly MultiOp[]>(
  ops: Ops,
  results: readonly WireResult[],
): MultiResults<Ops> {
  // The session has checked that every result answers its operation.
  return ops.map((op, index) => fromWire(op, results[index] as WireResult)) as MultiResults<Ops>;
}

function fromWire(asked: MultiOp, result: WireResult): MultiResult {
  if (isKeeperWrite(asked)) return fromWireKeeperWrite(asked, result);
  switch (result.type) {
    case OpCode.create:
      return { op: 'create', path: result.path, stat: null };
    case OpCode.create2:
      return {
        op: asked.op === 'create2' ? 'create2' : 'create',
        path: result.path,
        stat: publicStat(result.stat),
      };
    case OpCode.setData:
      return { op: 'setData', stat: publicStat(result.stat) };
    case OpCode.delete:
      return { op: 'delete' };
    default:
      return { op: 'check' };
  }
}

function toWireOp(op: MultiOp): WireOp {
  const { path } = op;
  if (isKeeperWrite(op)) return toWireKeeperWrite(op);
  if (op.op === 'create' || op.op === 'create2') return toWireCreate(op);
  checkPath(op.op, path);
  const version = op.version ?? -1;
  if (op.op === 'setData') {
    return { type: OpCode.setData, request: { path, data: dataBytes(op.data), version } };
  }
  const type = op.op === 'delete' ? OpCode.delete : OpCode.check;
  return { type, request: { path, version } };
}

function toWireCreate(op: CreateOp | Create2Op): WireOp {
  const { path } = op;
  const acl = aclOrOpen(op.acl);
  checkNewPath('create', path, op);
  checkAcl('create', path, acl);
  const { op: type, flags, ttlMs } = createFlags(path, op, OpCode[op.op]);
  const request = { path, data: dataBytes(op.data ?? null), acl, flags };
  return type === OpCode.createTTL ? { type, request: { ...request, ttlMs } } : { type, request };
}
