/**
 * Linearizable writes: what a write must lead to when it takes effect at its place in the order of
 * transactions. Given the state just before, it says the code, and for a success the operations
 * that the transaction has to carry; a leader judges against its pending changes, which in the end
 * must come to the same. Knows nothing of sessions moving between servers, which may refuse a
 * write at any time. From client-protocol.md 8 and 9.
 */

import {
  CreateRequest,
  DeleteRequest,
  MultiRequest,
  type Request,
  SetACLRequest,
  SetDataRequest,
} from '@zabra/client/session';
import {
  type Acl,
  bytesEqual,
  ErrorCode,
  errorName,
  isEphemeralMode,
  isSequentialMode,
  type MultiOp,
  OpCode,
  opName,
  parentPath,
  sequentialName,
  validatePath,
  zxidToHex,
} from '@zabra/protocol';
import type { LocalSessionsPlan } from '../plan.ts';
import type { TreeModel } from './tree-model.ts';
import type { Txn, TxnOp } from './txn.ts';
import { expectThat } from './violation.ts';

const PROPERTY = 'Writes are linearizable';
const LOCAL = 'A local session owns no ephemeral';

const RESERVED = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'];

/** What the judge needs to know of a znode. */
interface Draft {
  readonly version: number;
  readonly aversion: number;
  /** Creations below it so far. */
  readonly createdCount: number;
  readonly numChildren: number;
  readonly isEphemeral: boolean;
}

/** A verdict on one operation: a code, or the operation that the transaction carries. */
type Verdict = { readonly code: number; readonly op: TxnOp | null };

/** The state before, with the effects of the earlier operations of one multi laid over it. */
class DraftTree {
  readonly #model: TreeModel;
  readonly #drafts: Map<string, Draft | null>;

  constructor(model: TreeModel) {
    this.#model = model;
    this.#drafts = new Map();
  }

  get(path: string): Draft | null {
    const draft = this.#drafts.get(path);
    if (draft !== undefined) return draft;
    const node = this.#model.get(path);
    if (node === null) return null;
    const { version, aversion, cversion, ephemeralOwnerHi, ephemeralOwnerLo } = node.stat;
    const isEphemeral = ephemeralOwnerHi !== 0 || ephemeralOwnerLo !== 0;
    const { numChildren } = node;
    return { version, aversion, createdCount: cversion, numChildren, isEphemeral };
  }

  put(path: string, draft: Draft | null): void {
    this.#drafts.set(path, draft);
  }

  addChild(parent: string, isAdded: boolean): void {
    const draft = this.get(parent) as Draft;
    const createdCount = draft.createdCount + (isAdded ? 1 : 0);
    this.put(parent, {
      ...draft,
      createdCount,
      numChildren: draft.numChildren + (isAdded ? 1 : -1),
    });
  }
}

/** Throws a violation when the transaction is not what the request had to lead to. */
export function judgeWrite(
  model: TreeModel,
  request: Request,
  txn: Txn,
  localSessions: LocalSessionsPlan = 'none',
): void {
  // The session moved to another server before the request came: refused whatever it says.
  if (txn.err === ErrorCode.SESSIONMOVED) return;
  const where = `${zxidToHex(txn.zxid)} of ${describe(request)}`;
  if (!model.sessions.has(txn.session)) {
    if (localSessions === 'none' || model.hasClosed(txn.session)) {
      const isOver = txn.err === ErrorCode.SESSIONEXPIRED;
      expectThat(isOver, PROPERTY, `${where} after its session: ${errorName(txn.err)}`);
      return;
    }
    if (wantsEphemeral(request)) {
      const found = `${where} of a local session comes to ${errorName(txn.err)}`;
      expectThat(localSessions === 'fixed' && txn.err !== ErrorCode.OK, LOCAL, found);
      if (isLocalRefusal(txn.err)) return;
    }
  }
  const verdicts = verdictsOf(new DraftTree(model), request);
  const failed = verdicts.find(({ code }) => code !== ErrorCode.OK);
  const wanted = failed?.code ?? ErrorCode.OK;
  expectThat(
    txn.err === wanted,
    PROPERTY,
    `${where} came to ${errorName(txn.err)}, wanted ${errorName(wanted)}`,
  );
  if (failed !== undefined) {
    if (request instanceof MultiRequest) checkMultiErrors(verdicts, txn, where);
    return;
  }
  expectThat(txn.ops.length === verdicts.length, PROPERTY, `${where} has ${txn.ops.length} ops`);
  for (const [index, { op }] of verdicts.entries()) {
    const found = txn.ops[index] as TxnOp;
    const isSame = op !== null && sameOp(op, found);
    expectThat(
      isSame,
      PROPERTY,
      `${where} does ${show(found)}, wanted ${op === null ? '' : show(op)}`,
    );
  }
}

/** Whether it needs a session that the whole ensemble knows. */
export function wantsEphemeral(request: Request): boolean {
  if (request instanceof CreateRequest) return isEphemeralMode(request.flags);
  if (!(request instanceof MultiRequest)) return false;
  return request.ops.some(
    ({ type, request: part }) =>
      (type === OpCode.create || type === OpCode.create2) && isEphemeralMode(part.flags),
  );
}

/** In the words of the leader, to which a session of another server is unknown. */
function isLocalRefusal(err: number): boolean {
  return err === ErrorCode.SESSIONEXPIRED || err === ErrorCode.EPHEMERALONLOCALSESSION;
}

export function describe(request: Request): string {
  if (request instanceof MultiRequest) {
    return `multi(${request.ops.map(({ type, request: { path } }) => `${opName(type)} ${path}`)})`;
  }
  return `${opName(request.op)} "${request.path}"`;
}

/** Codes before the failed operation are 0, after it -2. */
function checkMultiErrors(verdicts: readonly Verdict[], txn: Txn, where: string): void {
  const failedIndex = verdicts.findIndex(({ code }) => code !== ErrorCode.OK);
  const wanted = verdicts.map(({ code }, index) =>
    index <= failedIndex ? code : ErrorCode.RUNTIMEINCONSISTENCY,
  );
  const isSame = txn.errs.length === wanted.length && wanted.every((c, i) => c === txn.errs[i]);
  expectThat(isSame, PROPERTY, `${where} has codes [${txn.errs}], wanted [${wanted}]`);
}

function verdictsOf(tree: DraftTree, request: Request): Verdict[] {
  if (request instanceof MultiRequest) {
    const verdicts: Verdict[] = [];
    let isFailed = false;
    for (const op of request.ops) {
      verdicts.push(isFailed ? refusal(ErrorCode.RUNTIMEINCONSISTENCY) : multiVerdict(tree, op));
      isFailed ||= verdicts.at(-1)?.code !== ErrorCode.OK;
    }
    return verdicts;
  }
  if (request instanceof CreateRequest) {
    return [createVerdict(tree, request.path, request.data, request.acl, request.flags)];
  }
  if (request instanceof DeleteRequest) return [deleteVerdict(tree, request.path, request.version)];
  if (request instanceof SetDataRequest) {
    return [setDataVerdict(tree, request.path, request.data, request.version)];
  }
  if (request instanceof SetACLRequest) {
    return [setAclVerdict(tree, request.path, request.acl, request.aversion)];
  }
  expectThat(false, PROPERTY, `${describe(request)} became a transaction`);
}

function multiVerdict(tree: DraftTree, op: MultiOp): Verdict {
  const path = op.request.path ?? '';
  switch (op.type) {
    case OpCode.create:
    case OpCode.create2: {
      const { data, acl, flags } = op.request;
      return createVerdict(tree, path, data, acl ?? [], flags);
    }
    case OpCode.delete:
      return deleteVerdict(tree, path, op.request.version);
    case OpCode.setData:
      return setDataVerdict(tree, path, op.request.data, op.request.version);
    case OpCode.check: {
      const node = tree.get(path);
      if (node === null) return refusal(ErrorCode.NONODE);
      if (!matches(node.version, op.request.version)) return refusal(ErrorCode.BADVERSION);
      return { code: ErrorCode.OK, op: { type: OpCode.check, path } };
    }
    default:
      expectThat(false, PROPERTY, `a multi holds ${opName(op.type)}`);
  }
}

function createVerdict(
  tree: DraftTree,
  asked: string,
  data: Uint8Array | null,
  acl: readonly Acl[],
  flags: number,
): Verdict {
  const parent = parentPath(asked);
  const parentNode = tree.get(parent);
  if (parentNode === null) return refusal(ErrorCode.NONODE);
  const { createdCount } = parentNode;
  const path = isSequentialMode(flags) ? sequentialName(asked, createdCount) : asked;
  if (validatePath(path) !== null) return refusal(ErrorCode.BADARGUMENTS);
  if (tree.get(path) !== null) return refusal(ErrorCode.NODEEXISTS);
  if (parentNode.isEphemeral) return refusal(ErrorCode.NOCHILDRENFOREPHEMERALS);
  const isEphemeral = isEphemeralMode(flags);
  tree.addChild(parent, true);
  tree.put(path, { version: 0, aversion: 0, createdCount: 0, numChildren: 0, isEphemeral });
  const parentCversion = createdCount + 1;
  const type = OpCode.create;
  return { code: ErrorCode.OK, op: { type, path, data, acl, isEphemeral, parentCversion } };
}

function deleteVerdict(tree: DraftTree, path: string, version: number): Verdict {
  if (RESERVED.includes(path)) return refusal(ErrorCode.BADARGUMENTS);
  const parent = parentPath(path);
  const node = tree.get(path);
  if (node === null || tree.get(parent) === null) return refusal(ErrorCode.NONODE);
  if (!matches(node.version, version)) return refusal(ErrorCode.BADVERSION);
  if (node.numChildren > 0) return refusal(ErrorCode.NOTEMPTY);
  tree.addChild(parent, false);
  tree.put(path, null);
  return { code: ErrorCode.OK, op: { type: OpCode.delete, path } };
}

function setDataVerdict(
  tree: DraftTree,
  path: string,
  data: Uint8Array | null,
  version: number,
): Verdict {
  const node = tree.get(path);
  if (node === null) return refusal(ErrorCode.NONODE);
  if (!matches(node.version, version)) return refusal(ErrorCode.BADVERSION);
  tree.put(path, { ...node, version: node.version + 1 });
  const op = { type: OpCode.setData, path, data, version: node.version + 1 } as const;
  return { code: ErrorCode.OK, op };
}

function setAclVerdict(
  tree: DraftTree,
  path: string,
  acl: readonly Acl[],
  aversion: number,
): Verdict {
  const node = tree.get(path);
  if (node === null) return refusal(ErrorCode.NONODE);
  if (!matches(node.aversion, aversion)) return refusal(ErrorCode.BADVERSION);
  const op = { type: OpCode.setACL, path, acl, version: node.aversion + 1 } as const;
  return { code: ErrorCode.OK, op };
}

function refusal(code: number): Verdict {
  return { code, op: null };
}

function matches(version: number, expected: number): boolean {
  return expected === -1 || expected === version;
}

function sameOp(a: TxnOp, b: TxnOp): boolean {
  if (a.type !== b.type || !('path' in a) || !('path' in b) || a.path !== b.path) return false;
  if (a.type === OpCode.create && b.type === OpCode.create) {
    const isSameKind = a.isEphemeral === b.isEphemeral && a.parentCversion === b.parentCversion;
    return isSameKind && sameBytes(a.data, b.data) && sameAcl(a.acl, b.acl);
  }
  if (a.type === OpCode.setData && b.type === OpCode.setData) {
    return a.version === b.version && sameBytes(a.data, b.data);
  }
  if (a.type === OpCode.setACL && b.type === OpCode.setACL) {
    return a.version === b.version && sameAcl(a.acl, b.acl);
  }
  return true;
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return bytesEqual(a, 0, a.length, b, 0, b.length);
}

export function sameAcl(a: readonly Acl[], b: readonly Acl[]): boolean {
  const isSame = (one: Acl, other: Acl | undefined) =>
    one.perms === other?.perms && one.scheme === other.scheme && one.id === other.id;
  return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
}

function show(op: TxnOp): string {
  if (!('path' in op)) return opName(op.type);
  const version = 'version' in op ? ` version ${op.version}` : '';
  const kind = op.type === OpCode.create ? ` child ${op.parentCversion} ${op.isEphemeral}` : '';
  return `${opName(op.type)} "${op.path}"${version}${kind}`;
}
