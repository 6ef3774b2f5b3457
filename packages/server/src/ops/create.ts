/**
 * create (1), create2 (15), createContainer (19) and createTTL (21): one operation with four
 * numbers. What kind of znode comes out is decided by number and flags together, and differently
 * inside a multi (client-protocol.md 8.1 and 9, ZooKeeper's `pRequest2TxnCreate`).
 *
 *   request  path, data, acl, flags [, ttl]         ttl only in createTTL
 *   txn      path, data, acl, ephemeral, parentCversion       create, create2
 *            path, data, acl, parentCversion [, ttl]          createContainer, createTTL
 */

import {
  type Acl,
  CreateMode,
  ErrorCode,
  isCreateMode,
  isEphemeralMode,
  isSequentialMode,
  isTtlMode,
  type JuteReader,
  OPEN_ACL_UNSAFE,
  OpCode,
  parentPath,
  PARENT_CVERSION_NONE,
  Perms,
  sequentialName,
} from '@zabra/protocol';
import { skipAcl } from './acl-memo.ts';
import type { Application } from './application.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { CONTAINER_OWNER_HI, CONTAINER_OWNER_LO, isTtl, NodeKind, nodeKind } from './owner.ts';
import { ttlOwnerHi, ttlOwnerLo } from './owner.ts';
import { checkFullRule, checkHasParent } from './path-rules.ts';
import type { PendingNode } from './pending-node.ts';
import type { Preparation } from './preparation.ts';
import { replyPath, replyPathAndStat } from './reply.ts';

/** Of createIfNotExists as well. */
export const CREATE_PERMISSION: Permission = { perms: Perms.CREATE, on: 'parent' };

/** How any of the four refuses. */
export const CREATE_ERRORS: readonly ErrorCode[] = [
  ErrorCode.BADARGUMENTS,
  ErrorCode.UNIMPLEMENTED,
  ErrorCode.INVALIDACL,
  ErrorCode.NONODE,
  ErrorCode.NOAUTH,
  ErrorCode.NODEEXISTS,
  ErrorCode.NOCHILDRENFOREPHEMERALS,
  ErrorCode.QUOTAEXCEEDED,
];
/** The largest value of a stored cversion: from there on the counter stands still. */
const CVERSION_MAX = 0x7fffffff;
/** Stands for the ttl that a request does not carry. */
const NO_TTL = -1;

function skip(r: JuteReader, opcode: number): boolean {
  r.range();
  r.range();
  skipAcl(r);
  r.int();
  if (opcode === OpCode.createTTL) r.long();
  return !r.failed;
}

function prepare(p: Preparation, opcode: number): number {
  const r = p.reader;
  const path = r.string();
  const dataLength = r.range();
  const dataStart = r.rangeStart;
  const acl = p.aclMemo.read(r);
  const flags = r.int();
  const ttlMs = opcode === OpCode.createTTL ? r.number() : NO_TTL;
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  p.txnType = p.inMulti ? opcodeInMulti(opcode, flags) : opcode;
  const ttlInForce = p.txnType === OpCode.createTTL ? ttlMs : NO_TTL;
  let code = checkMode(p, flags, ttlInForce);
  if (code !== ErrorCode.OK) return code;
  const refusal = isEphemeralMode(flags) ? p.ephemeralError : p.sessionError;
  if (refusal !== ErrorCode.OK) return refusal;
  if (path === null) return ErrorCode.MARSHALLINGERROR;
  code = checkHasParent(path);
  if (code !== ErrorCode.OK) return code;
  code = p.fixUpAcl(acl);
  if (code !== ErrorCode.OK) return code;
  const parent = p.pending.find(parentPath(path));
  if (parent === null) return ErrorCode.NONODE;
  code = p.checkPermission(parent, CREATE_PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  const finalPath = isSequentialMode(flags) ? sequentialName(path, parent.cversion) : path;
  code = checkPlace(p, parent, finalPath, dataLength);
  if (code !== ErrorCode.OK) return code;
  const parentCversion = Math.min(parent.cversion + 1, CVERSION_MAX);
  writeTxn(p, finalPath, dataStart, dataLength, flags, parentCversion, ttlInForce);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  announce(p, parent, finalPath, flags, parentCversion, ttlInForce, dataStart, dataLength);
  return ErrorCode.OK;
}

/** A multi turns containers by flag into createContainer, and createTTL without TTL into create. */
function opcodeInMulti(opcode: number, flags: number): number {
  if (isTtlMode(flags)) return opcode;
  if (flags === CreateMode.CONTAINER) return OpCode.createContainer;
  return opcode === OpCode.createTTL ? OpCode.create : opcode;
}

function checkMode(p: Preparation, flags: number, ttlMs: number): number {
  if (!isCreateMode(flags)) return ErrorCode.BADARGUMENTS;
  if (isTtlMode(flags)) {
    if (!p.core.options.extendedTypes) return ErrorCode.UNIMPLEMENTED;
    return isTtl(ttlMs) ? ErrorCode.OK : ErrorCode.BADARGUMENTS;
  }
  return p.txnType === OpCode.createTTL ? ErrorCode.BADARGUMENTS : ErrorCode.OK;
}

function checkPlace(p: Preparation, parent: PendingNode, path: string, dataLength: number): number {
  const code = checkFullRule(path);
  if (code !== ErrorCode.OK) return code;
  if (p.pending.exists(path)) return ErrorCode.NODEEXISTS;
  const { extendedTypes } = p.core.options;
  if (nodeKind(parent.ownerHi, parent.ownerLo, extendedTypes) === NodeKind.EPHEMERAL) {
    return ErrorCode.NOCHILDRENFOREPHEMERALS;
  }
  return p.core.quota.check(path, Math.max(dataLength, 0), 1);
}

function writeTxn(
  p: Preparation,
  path: string,
  dataStart: number,
  dataLength: number,
  flags: number,
  parentCversion: number,
  ttlMs: number,
): void {
  const w = p.entry;
  w.string(path);
  if (dataLength < 0) w.bytes(null);
  else w.range(p.reader.buffer, dataStart, dataStart + dataLength);
  p.aclMemo.write(w, p.fixUp.acl);
  if (p.txnType === OpCode.create || p.txnType === OpCode.create2) w.bool(isEphemeralMode(flags));
  w.int(parentCversion);
  if (p.txnType === OpCode.createTTL) w.number(ttlMs);
}

function announce(
  p: Preparation,
  parent: PendingNode,
  path: string,
  flags: number,
  parentCversion: number,
  ttlMs: number,
  dataStart: number,
  dataLength: number,
): void {
  const { pending, zxid } = p;
  pending.change(parent, zxid);
  parent.childCount++;
  if (parentCversion > parent.cversion) {
    parent.cversion = parentCversion;
    parent.pzxid = zxid;
  }
  pending.seal(parent);
  const node = pending.vacant(path);
  pending.change(node, zxid);
  node.exists = true;
  node.czxid = zxid;
  node.mzxid = zxid;
  node.pzxid = zxid;
  node.ctimeMs = p.timeMs;
  node.mtimeMs = p.timeMs;
  node.version = 0;
  node.cversion = 0;
  node.aversion = 0;
  node.childCount = 0;
  node.acl = p.fixUp.acl;
  setOwner(p, node, flags, ttlMs);
  pending.setContent(node, p.reader.buffer, dataStart, dataLength);
  pending.seal(node);
}

function setOwner(p: Preparation, node: PendingNode, flags: number, ttlMs: number): void {
  node.ownerHi = 0;
  node.ownerLo = 0;
  if (p.txnType === OpCode.createContainer) {
    node.ownerHi = CONTAINER_OWNER_HI;
    node.ownerLo = CONTAINER_OWNER_LO;
  } else if (p.txnType === OpCode.createTTL) {
    node.ownerHi = ttlOwnerHi(ttlMs);
    node.ownerLo = ttlOwnerLo(ttlMs);
  } else if (isEphemeralMode(flags)) {
    node.ownerHi = p.sessionHi;
    node.ownerLo = p.sessionLo;
  }
}

function apply(a: Application, type: number): number {
  const r = a.reader;
  const path = r.string() ?? '';
  const dataLength = r.range();
  const dataStart = r.rangeStart;
  const acl = a.aclMemo.read(r) ?? OPEN_ACL_UNSAFE;
  let ownerHi = 0;
  let ownerLo = 0;
  let parentCversion = PARENT_CVERSION_NONE;
  if (type === OpCode.create || type === OpCode.create2) {
    if (r.bool()) {
      ownerHi = a.sessionHi;
      ownerLo = a.sessionLo;
    }
    if (r.remaining() >= 4) parentCversion = r.int();
  } else {
    parentCversion = r.int();
    const ttlMs = type === OpCode.createTTL ? r.number() : NO_TTL;
    ownerHi = type === OpCode.createTTL ? ttlOwnerHi(ttlMs) : CONTAINER_OWNER_HI;
    ownerLo = type === OpCode.createTTL ? ttlOwnerLo(ttlMs) : CONTAINER_OWNER_LO;
  }
  a.path = path;
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  return plant(a, type, path, dataStart, dataLength, acl, ownerHi, ownerLo, parentCversion);
}

function plant(
  a: Application,
  type: number,
  path: string,
  dataStart: number,
  dataLength: number,
  acl: readonly Acl[],
  ownerHi: number,
  ownerLo: number,
  parentCversion: number,
): number {
  const { tree, quota, events } = a.core;
  const buffer = a.reader.buffer;
  const { zxid, timeMs } = a;
  const code = tree.createNode(
    path,
    buffer,
    dataStart,
    dataLength,
    acl,
    ownerHi,
    ownerLo,
    parentCversion,
    zxid,
    timeMs,
  );
  if (code === ErrorCode.NODEEXISTS && type === OpCode.create) {
    // Only a fuzzy snapshot can be ahead of its log: the parent still gets this create's counters.
    tree.raiseParent(parentPath(path), parentCversion, zxid);
  }
  if (code !== ErrorCode.OK) return code;
  quota.onCreated(path, Math.max(dataLength, 0));
  if (a.firesEvents) events.created(path, acl, zxid);
  return ErrorCode.OK;
}

function createOperation(opcode: number, withStat: boolean): WriteOperation {
  return {
    opcode,
    permission: CREATE_PERMISSION,
    errors: CREATE_ERRORS,
    admission: 'client',
    inMulti: true,
    skip: (r) => skip(r, opcode),
    prepare: (p) => prepare(p, opcode),
    apply: (a) => apply(a, opcode),
    reply: withStat ? replyPathAndStat : replyPath,
  };
}

export const create = createOperation(OpCode.create, false);
export const create2 = createOperation(OpCode.create2, true);
export const createContainer = createOperation(OpCode.createContainer, true);
export const createTTL = createOperation(OpCode.createTTL, true);
