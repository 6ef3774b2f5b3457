/**
 * Transactions as a program writes them: a list of plain objects in, a list of results out, in the
 * same order. From client-protocol.md 9.
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
import { publicStat, type Stat } from './public-records.ts';

export interface CreateOp extends CreateMode {
  readonly op: 'create';
  readonly path: string;
  readonly data?: Data;
  readonly acl?: readonly Acl[];
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

export type MultiOp = CreateOp | DeleteOp | SetDataOp | CheckOp;

export type MultiResult =
  /** `stat` is known for containers and znodes with a time to live alone. */
  | { readonly op: 'create'; readonly path: string; readonly stat: Stat | null }
  | { readonly op: 'delete' }
  | { readonly op: 'setData'; readonly stat: Stat }
  | { readonly op: 'check' };

export function toWireOps(ops: readonly MultiOp[]): WireOp[] {
  if (ops.length === 0) throw refusal('BADARGUMENTS', 'multi', null, 'it has no operations');
  return ops.map(toWireOp);
}

export function fromWireResults(results: readonly WireResult[]): MultiResult[] {
  return results.map((result): MultiResult => {
    switch (result.type) {
      case OpCode.create:
        return { op: 'create', path: result.path, stat: null };
      case OpCode.create2:
        return { op: 'create', path: result.path, stat: publicStat(result.stat) };
      case OpCode.setData:
        return { op: 'setData', stat: publicStat(result.stat) };
      case OpCode.delete:
        return { op: 'delete' };
      default:
        return { op: 'check' };
    }
  });
}

function toWireOp(op: MultiOp): WireOp {
  const { path } = op;
  if (op.op === 'create') return toWireCreate(op);
  checkPath(op.op, path);
  const version = op.version ?? -1;
  if (op.op === 'setData') {
    return { type: OpCode.setData, request: { path, data: dataBytes(op.data), version } };
  }
  const type = op.op === 'delete' ? OpCode.delete : OpCode.check;
  return { type, request: { path, version } };
}

function toWireCreate(op: CreateOp): WireOp {
  const { path } = op;
  const acl = aclOrOpen(op.acl);
  checkNewPath('create', path, op);
  checkAcl('create', path, acl);
  const { op: type, flags, ttlMs } = createFlags(path, op, OpCode.create);
  const request = { path, data: dataBytes(op.data ?? null), acl, flags };
  return type === OpCode.createTTL ? { type, request: { ...request, ttlMs } } : { type, request };
}
