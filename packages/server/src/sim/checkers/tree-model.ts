/**
 * The replicated state as the specification has it, written for clearness and not for speed, and
 * without a line of the rooms it judges: committed transactions go in, one after another, and out
 * come stats, digests and sessions to compare with. Throws a violation when a transaction could
 * not have come from a correct leader. From client-protocol.md 7 and storage-and-config.md 7.
 */

import {
  type Acl,
  baseName,
  crc32,
  JuteWriter,
  makeStatPersisted,
  OPEN_ACL_UNSAFE,
  OpCode,
  parentPath,
  READ_ACL_UNSAFE,
  type Stat,
  type StatPersisted,
  zxidToHex,
} from '@zabra/protocol';
import { type ModelNode, TreeHistory } from './tree-history.ts';
import { sessionKey, type Txn, type TxnOp } from './txn.ts';
import { expectThat } from './violation.ts';

const EPHEMERALS = 'An ephemeral lives as long as its session';
const SESSIONS = 'A session begins once and does not come back';
const TRANSACTIONS = 'A transaction says what it does';

const NO_DATA = new Uint8Array(0);

export class TreeModel {
  readonly history: TreeHistory;
  /** Session key to its timeout, ms. */
  readonly sessions: Map<string, number>;
  /** Session key to the paths of its ephemerals. */
  readonly #ephemerals: Map<string, Set<string>>;
  /** Sum of the digests of all znodes; exact, for a sum of so many 32-bit words is small. */
  digest: number;
  lastZxid: number;
  readonly #w: JuteWriter;
  readonly #closed: Set<string>;

  constructor() {
    this.history = new TreeHistory();
    this.sessions = new Map();
    this.digest = 0;
    this.lastZxid = 0;
    this.#ephemerals = new Map();
    this.#w = new JuteWriter();
    this.#closed = new Set();
    this.#put('/', 0, builtIn(1, OPEN_ACL_UNSAFE, 0));
    this.#put('/zookeeper', 0, builtIn(2, OPEN_ACL_UNSAFE, 0));
    this.#put('/zookeeper/quota', 0, builtIn(0, OPEN_ACL_UNSAFE, 0));
    this.#put('/zookeeper/config', 0, builtIn(0, READ_ACL_UNSAFE, -1));
    this.history.changeChild('/', 0, 'zookeeper', true);
    this.history.changeChild('/zookeeper', 0, 'quota', true);
    this.history.changeChild('/zookeeper', 0, 'config', true);
  }

  get(path: string): ModelNode | null {
    return this.history.get(path === '' ? '/' : path);
  }

  /** Whether it was one of all servers, and is over. */
  hasClosed(session: string): boolean {
    return this.#closed.has(session);
  }

  ephemeralsOf(session: string): ReadonlySet<string> {
    return this.#ephemerals.get(session) ?? new Set();
  }

  /** Applies it; returns the stat after each of its operations, null where none is left. */
  apply(txn: Txn): (Stat | null)[] {
    const { zxid } = txn;
    const stats = txn.ops.map((op) => {
      this.#applyOp(txn, op);
      return 'path' in op ? clientStat(this.get(op.path)) : null;
    });
    this.lastZxid = zxid;
    if (txn.digest !== null) {
      const found = txn.digest;
      expectThat(
        found === this.digest,
        'A transaction carries the digest of the state after it',
        `${zxidToHex(zxid)} carries ${found.toString(16)}, wanted ${this.digest.toString(16)}`,
      );
    }
    return stats;
  }

  #applyOp(txn: Txn, op: TxnOp): void {
    switch (op.type) {
      case OpCode.create:
        this.#create(txn, op);
        break;
      case OpCode.delete:
        this.#delete(op.path, txn.zxid);
        break;
      case OpCode.setData:
        this.#setData(txn, op);
        break;
      case OpCode.setACL: {
        const node = this.#existing(op.path, txn.zxid);
        const stat = { ...node.stat, aversion: op.version };
        this.#put(op.path, txn.zxid, { ...node, acl: op.acl, stat });
        break;
      }
      case OpCode.check:
        break;
      case OpCode.createSession:
        this.#createSession(txn, op.timeoutMs);
        break;
      case OpCode.closeSession:
        this.#closeSession(txn, op.paths);
        break;
    }
  }

  #create(txn: Txn, op: TxnOp & { readonly type: typeof OpCode.create }): void {
    const { zxid, header } = txn;
    const { path } = op;
    const where = `${zxidToHex(zxid)} creates "${path}"`;
    expectThat(this.get(path) === null, TRANSACTIONS, `${where}, which is there`);
    const parent = parentPath(path);
    const parentNode = this.#existing(parent, zxid);
    const wanted = parentNode.stat.cversion + 1;
    expectThat(
      op.parentCversion === wanted,
      TRANSACTIONS,
      `${where} as child ${op.parentCversion}`,
    );
    const stat = makeStatPersisted();
    stat.czxid = zxid;
    stat.mzxid = zxid;
    stat.pzxid = zxid;
    stat.ctimeMs = header.timeMs;
    stat.mtimeMs = header.timeMs;
    if (op.isEphemeral) {
      expectThat(this.sessions.has(txn.session), EPHEMERALS, `${where} for a session that is over`);
      stat.ephemeralOwnerHi = header.clientHi;
      stat.ephemeralOwnerLo = header.clientLo;
      this.#ephemeralSet(txn.session).add(path);
    }
    this.#put(path, zxid, { data: op.data, acl: op.acl, stat, numChildren: 0 });
    this.#put(parent, zxid, {
      ...parentNode,
      stat: { ...parentNode.stat, cversion: wanted, pzxid: zxid },
      numChildren: parentNode.numChildren + 1,
    });
    this.history.changeChild(parent, zxid, baseName(path), true);
    this.history.trigger(path, zxid, 'created');
    this.history.trigger(parent, zxid, 'children');
  }

  #delete(path: string, zxid: number): void {
    const node = this.#existing(path, zxid);
    const where = `${zxidToHex(zxid)} deletes "${path}"`;
    expectThat(node.numChildren === 0, TRANSACTIONS, `${where}, which has children`);
    const parent = parentPath(path);
    const parentNode = this.#existing(parent, zxid);
    this.#put(path, zxid, null);
    this.#put(parent, zxid, {
      ...parentNode,
      stat: { ...parentNode.stat, pzxid: zxid },
      numChildren: parentNode.numChildren - 1,
    });
    this.history.changeChild(parent, zxid, baseName(path), false);
    this.history.trigger(path, zxid, 'deleted');
    this.history.trigger(parent, zxid, 'children');
    const { ephemeralOwnerHi, ephemeralOwnerLo } = node.stat;
    this.#ephemerals.get(sessionKey(ephemeralOwnerHi, ephemeralOwnerLo))?.delete(path);
  }

  #setData(txn: Txn, op: TxnOp & { readonly type: typeof OpCode.setData }): void {
    const { zxid, header } = txn;
    const node = this.#existing(op.path, zxid);
    const stat = { ...node.stat, mzxid: zxid, mtimeMs: header.timeMs, version: op.version };
    this.#put(op.path, zxid, { ...node, data: op.data, stat });
    this.history.trigger(op.path, zxid, 'changed');
  }

  #createSession(txn: Txn, timeoutMs: number): void {
    const isNew = !this.sessions.has(txn.session) && !this.#closed.has(txn.session);
    expectThat(isNew, SESSIONS, `${zxidToHex(txn.zxid)} begins session ${txn.session} again`);
    this.sessions.set(txn.session, timeoutMs);
  }

  #closeSession(txn: Txn, paths: readonly string[]): void {
    const { zxid, session } = txn;
    // A close may be asked for again by a client that got no answer, or cross an expiry.
    const isOpen = this.sessions.delete(session) || this.#closed.has(session);
    expectThat(isOpen, SESSIONS, `${zxidToHex(zxid)} ends session ${session}, which never was`);
    this.#closed.add(session);
    const owned = [...this.ephemeralsOf(session)].sort();
    const listed = [...paths].sort();
    expectThat(
      owned.length === listed.length && owned.every((path, index) => path === listed[index]),
      EPHEMERALS,
      `${zxidToHex(zxid)} ends session ${session} with [${listed}], wanted [${owned}]`,
    );
    for (const path of paths) this.#delete(path, zxid);
    this.#ephemerals.delete(session);
  }

  #existing(path: string, zxid: number): ModelNode {
    const node = this.get(path);
    expectThat(
      node !== null,
      TRANSACTIONS,
      `${zxidToHex(zxid)} needs "${path}", which is not there`,
    );
    return node;
  }

  #ephemeralSet(session: string): Set<string> {
    let paths = this.#ephemerals.get(session);
    if (paths === undefined) {
      paths = new Set();
      this.#ephemerals.set(session, paths);
    }
    return paths;
  }

  #put(path: string, zxid: number, node: ModelNode | null): void {
    if (!path.startsWith('/zookeeper/')) {
      const before = this.get(path);
      if (before !== null) this.digest -= this.#nodeDigest(path, before);
      if (node !== null) this.digest += this.#nodeDigest(path, node);
    }
    this.history.put(path, zxid, node);
  }

  #nodeDigest(path: string, node: ModelNode): number {
    const w = this.#w;
    const { stat, data } = node;
    w.reset();
    w.string(path === '/' ? '' : path);
    if (data !== null) w.raw(data, 0, data.length);
    w.zxid(stat.czxid);
    w.zxid(stat.mzxid);
    w.zxid(stat.pzxid);
    w.number(stat.ctimeMs);
    w.number(stat.mtimeMs);
    w.int(stat.version);
    w.int(stat.cversion);
    w.int(stat.aversion);
    w.long(stat.ephemeralOwnerHi, stat.ephemeralOwnerLo);
    // The four bytes of the path's length are the writer's, not the digest's.
    return crc32(w.buffer, 4, w.position);
  }
}

/** As a client sees it; null for no znode. */
export function clientStat(node: ModelNode | null): Stat | null {
  if (node === null) return null;
  const { stat, numChildren, data } = node;
  const cversion = (2 * stat.cversion - numChildren) | 0;
  return { ...stat, cversion, numChildren, dataLength: data === null ? 0 : data.length };
}

function builtIn(numChildren: number, acl: readonly Acl[], aversion: number): ModelNode {
  const stat: StatPersisted = { ...makeStatPersisted(), aversion };
  return { data: NO_DATA, acl, stat, numChildren };
}
