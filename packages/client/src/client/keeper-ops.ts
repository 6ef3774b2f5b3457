/**
 * What ClickHouse Keeper added to transactions and to lists of reads, as a program writes it. A
 * server takes these where its `zabra.keeperExtensions` is on; any other refuses the whole.
 */

import {
  type Acl,
  CreateMode as Flags,
  ListType,
  type ListWithDataResponse,
  type MultiOp as WireOp,
  type MultiResult as WireResult,
  OpCode,
} from '@zabra/protocol';
import { aclOrOpen, checkAcl, checkPath, dataBytes } from './arguments.ts';
import type { Data } from './client-options.ts';
import { refusal } from './errors.ts';
import { publicStat, type Stat } from './public-records.ts';

/** The transaction goes through only while there is no znode, or none of that version. */
export interface CheckNotExistsOp {
  readonly op: 'checkNotExists';
  readonly path: string;
  readonly version?: number;
}

/** As create, and content with a znode that is there already. */
export interface CreateIfNotExistsOp {
  readonly op: 'createIfNotExists';
  readonly path: string;
  readonly data?: Data;
  readonly acl?: readonly Acl[];
  readonly ephemeral?: boolean;
}

/** Deletes the znode and all below it, if there is one. */
export interface RemoveRecursiveOp {
  readonly op: 'removeRecursive';
  readonly path: string;
  /** Most znodes that may go. Default 100. */
  readonly nodesMax?: number;
}

export type KeeperWriteOp = CheckNotExistsOp | CreateIfNotExistsOp | RemoveRecursiveOp;

export type KeeperWriteResult =
  | { readonly op: 'checkNotExists' }
  | { readonly op: 'createIfNotExists'; readonly path: string }
  | { readonly op: 'removeRecursive' };

/** Which children: containers and znodes with a time to live count as persistent. */
export type ChildKind = 'all' | 'persistent' | 'ephemeral';

export interface ExistsOp {
  readonly op: 'exists';
  readonly path: string;
}

export interface ListOp {
  readonly op: 'getFilteredChildren' | 'getChildrenWithData';
  readonly path: string;
  /** Default `all`. */
  readonly kind?: ChildKind;
}

export type KeeperReadOp = ExistsOp | ListOp;

export interface Child {
  readonly name: string;
  /** Null when the znode has no data. */
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export type KeeperReadResult =
  | { readonly op: 'exists'; readonly stat: Stat }
  | {
      readonly op: 'getFilteredChildren';
      readonly children: readonly string[];
      readonly stat: Stat;
    }
  | {
      readonly op: 'getChildrenWithData';
      readonly children: readonly Child[];
      readonly stat: Stat;
    };

/** As ClickHouse asks by default. */
export const NODES_MAX_DEFAULT = 100;
const NODES_MAX = 2 ** 32 - 1;

const LIST_TYPES: Readonly<Record<ChildKind, ListType>> = {
  all: ListType.ALL,
  persistent: ListType.PERSISTENT_ONLY,
  ephemeral: ListType.EPHEMERAL_ONLY,
};

export function listType(kind: ChildKind | undefined): ListType {
  return LIST_TYPES[kind ?? 'all'];
}

export function checkNodesMax(path: string, nodesMax: number): void {
  if (Number.isInteger(nodesMax) && nodesMax >= 0 && nodesMax <= NODES_MAX) return;
  const reason = `nodesMax is ${nodesMax}, wanted 0 to ${NODES_MAX}`;
  throw refusal('BADARGUMENTS', 'removeRecursive', path, reason);
}

export function ephemeralFlags(ephemeral: boolean | undefined): number {
  return ephemeral === true ? Flags.EPHEMERAL : Flags.PERSISTENT;
}

export function toWireKeeperWrite(op: KeeperWriteOp): WireOp {
  const { path } = op;
  checkPath(op.op, path);
  if (op.op === 'checkNotExists') {
    return { type: OpCode.checkNotExists, request: { path, version: op.version ?? -1 } };
  }
  if (op.op === 'removeRecursive') {
    const { nodesMax = NODES_MAX_DEFAULT } = op;
    checkNodesMax(path, nodesMax);
    return { type: OpCode.removeRecursive, request: { path, nodesMax } };
  }
  const acl = aclOrOpen(op.acl);
  checkAcl(op.op, path, acl);
  const flags = ephemeralFlags(op.ephemeral);
  const data = dataBytes(op.data ?? null);
  return { type: OpCode.createIfNotExists, request: { path, data, acl, flags } };
}

export function isKeeperWrite(op: { readonly op: string }): op is KeeperWriteOp {
  const { op: name } = op;
  return name === 'checkNotExists' || name === 'createIfNotExists' || name === 'removeRecursive';
}

export function fromWireKeeperWrite(op: KeeperWriteOp, result: WireResult): KeeperWriteResult {
  if (op.op !== 'createIfNotExists') return { op: op.op };
  return { op: op.op, path: 'path' in result ? result.path : op.path };
}

export function toWireKeeperRead(op: KeeperReadOp): WireOp {
  const { path } = op;
  const watch = false;
  if (op.op === 'exists') return { type: OpCode.exists, request: { path, watch } };
  const request = { path, watch, listType: listType(op.kind) };
  if (op.op === 'getFilteredChildren') return { type: OpCode.filteredList, request };
  const type = OpCode.filteredListWithStatsAndData;
  return { type, request: { ...request, withStat: true, withData: true } };
}

export function isKeeperRead(op: { readonly op: string }): op is KeeperReadOp {
  const { op: name } = op;
  return name === 'exists' || name === 'getFilteredChildren' || name === 'getChildrenWithData';
}

/** Null for the result of another operation. */
export function fromWireKeeperRead(result: WireResult | undefined): KeeperReadResult | null {
  switch (result?.type) {
    case OpCode.exists:
      return { op: 'exists', stat: publicStat(result.stat) };
    case OpCode.getChildren2: {
      const { children, stat } = result;
      return { op: 'getFilteredChildren', children, stat: publicStat(stat) };
    }
    case OpCode.filteredListWithStatsAndData:
      return { op: 'getChildrenWithData', ...withData(result) };
    default:
      return null;
  }
}

/** A Stat and data for every name, which the session has checked. */
export function withData({ children, stat, stats, data }: ListWithDataResponse): {
  readonly children: readonly Child[];
  readonly stat: Stat;
} {
  const found: Child[] = [];
  for (const [index, name] of children.entries()) {
    const own = stats[index];
    if (own !== undefined) found.push({ name, data: data[index] ?? null, stat: publicStat(own) });
  }
  return { children: found, stat: publicStat(stat) };
}
