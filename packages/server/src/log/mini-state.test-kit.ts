/**
 * MiniState: a tree and sessions as plain objects, with just enough of the replay rules
 * (storage-and-config.md 5.1, 7 and 9) to tell whether a data directory of a real server was read
 * as that server read it. An oracle for the tests of this room, which must not know the real tree.
 */

import {
  type Acl,
  baseName,
  crc32,
  int64Hex,
  JuteReader,
  JuteWriter,
  makeStatPersisted,
  OpCode,
  PARENT_CVERSION_NONE,
  parentPath,
  readAclVector,
  readCloseSessionTxn,
  readCreateContainerTxn,
  readCreateTTLTxn,
  readCreateTxn,
  readMultiTxn,
  readSetACLTxn,
  readSetDataTxn,
  readStatPersisted,
  readTxnDigest,
  readTxnHeader,
  type StatPersisted,
  type TxnHeader,
  writeStatPersisted,
} from '@zabra/protocol';
import type { RecoverySink } from './storage-types.ts';

const OPEN_ACL: readonly Acl[] = [{ perms: 31, scheme: 'world', id: 'anyone' }];
const READ_ACL: readonly Acl[] = [{ perms: 1, scheme: 'world', id: 'anyone' }];
const CONTAINER_HI = 0x80000000 | 0;
const TTL_HI = 0xff000000 | 0;

export interface MiniNode {
  data: Uint8Array | null;
  acl: readonly Acl[];
  readonly stat: StatPersisted;
}

export class MiniState implements RecoverySink {
  nodes = new Map<string, MiniNode>();
  /** Timeout by id in hex. */
  sessions = new Map<string, number>();
  zxid = 0;
  bodyEnded = false;
  bodyError: string | null = null;
  txnError: string | null = null;
  /** Digests of entries behind the base that did not match, and that did. */
  digestMismatches = 0;
  digestMatches = 0;
  #body = new Uint8Array(0);

  begin(): void {
    this.nodes = new Map();
    this.sessions = new Map();
    this.zxid = 0;
    this.bodyEnded = false;
    this.bodyError = null;
    this.#body = new Uint8Array(0);
    for (const path of ['/', '/zookeeper', '/zookeeper/quota']) this.#add(path, OPEN_ACL);
    this.#add('/zookeeper/config', READ_ACL).stat.aversion = -1;
  }

  pushBody(buffer: Uint8Array, start: number, end: number): number {
    const before = this.#body.length;
    const body = new Uint8Array(before + end - start);
    body.set(this.#body);
    body.set(buffer.subarray(start, end), before);
    this.#body = body;
    const r = new JuteReader().reset(body, 0, body.length);
    if (!this.#readBody(r)) return end - start;
    this.bodyEnded = true;
    return r.position - before;
  }

  installBody(zxid: number): void {
    this.zxid = zxid;
  }

  get digest(): { hi: number; lo: number } {
    const sum = this.treeDigest();
    return { hi: Number(sum >> 32n), lo: Number(sum & 0xffffffffn) };
  }

  applyTxn(buffer: Uint8Array, start: number, end: number): void {
    const r = new JuteReader().reset(buffer, start, end);
    const header = readTxnHeader(r);
    this.#apply(header, header.type, r);
    this.txnError = r.failed ? 'the body is cut off' : null;
    this.zxid = header.zxid;
    const digest = header.type === OpCode.error ? null : readTxnDigest(r);
    if (digest === null) return;
    const wanted = int64Hex(digest.digestHi, digest.digestLo);
    if (wanted === this.treeDigest().toString(16)) this.digestMatches++;
    else this.digestMismatches++;
  }

  /** Ephemerals whose session is gone, as a server removes them at start. */
  sweep(): void {
    for (const [path, { stat }] of this.nodes) {
      const { ephemeralOwnerHi: hi, ephemeralOwnerLo: lo } = stat;
      const isOther = (hi === 0 && lo === 0) || hi === CONTAINER_HI || hi >>> 24 === 0xff;
      if (!isOther && !this.sessions.has(int64Hex(hi, lo))) this.#delete(path, this.zxid);
    }
  }

  treeDigest(): bigint {
    let sum = 0n;
    for (const [path, node] of this.nodes) {
      if (!path.startsWith('/zookeeper/')) sum += BigInt(nodeDigest(path, node));
    }
    return sum & 0xffffffffffffffffn;
  }

  #readBody(r: JuteReader): boolean {
    const nodes = new Map<string, MiniNode>();
    const sessions = new Map<string, number>();
    for (let left = r.int(); left > 0 && !r.failed; left--) {
      r.long();
      sessions.set(int64Hex(r.hi, r.lo), r.int());
    }
    const acls = new Map<string, readonly Acl[]>([['ffffffffffffffff', OPEN_ACL]]);
    for (let left = r.int(); left > 0 && !r.failed; left--) {
      r.long();
      acls.set(int64Hex(r.hi, r.lo), readAclVector(r) ?? []);
    }
    for (let path = r.string(); path !== '/'; path = r.string()) {
      const data = r.bytes();
      r.long();
      const acl = acls.get(int64Hex(r.hi, r.lo)) ?? [];
      const stat = readStatPersisted(r);
      if (r.failed || path === null) return false;
      nodes.set(path === '' ? '/' : path, { data, acl, stat });
    }
    this.nodes = nodes;
    this.sessions = sessions;
    return true;
  }

  #apply(header: TxnHeader, type: number, r: JuteReader): void {
    const { zxid, timeMs } = header;
    const session = int64Hex(header.clientHi, header.clientLo);
    if (type === OpCode.createSession) this.sessions.set(session, r.int());
    else if (type === OpCode.closeSession) this.#closeSession(header, r);
    else if (type === OpCode.delete || type === OpCode.deleteContainer) {
      this.#delete(r.string() as string, zxid);
    } else if (type === OpCode.setData || type === OpCode.reconfig) {
      const { path, data, version } = readSetDataTxn(r);
      const node = this.nodes.get(path);
      if (node === undefined) return;
      node.data = data;
      Object.assign(node.stat, { version, mzxid: zxid, mtimeMs: timeMs });
    } else if (type === OpCode.setACL) {
      const { path, acl, version } = readSetACLTxn(r);
      const node = this.nodes.get(path);
      if (node === undefined) return;
      node.acl = acl ?? [];
      node.stat.aversion = version;
    } else if (type === OpCode.multi) this.#multi(header, r);
    else if (type === OpCode.error) r.int();
    else if (type !== OpCode.check) this.#create(header, type, r);
  }

  #create(header: TxnHeader, type: number, r: JuteReader): void {
    if (type === OpCode.createTTL) {
      const { path, data, acl, parentCversion, ttlMs } = readCreateTTLTxn(r);
      const owner = [TTL_HI | Math.floor(ttlMs / 2 ** 32), ttlMs | 0] as const;
      this.#insert(header, type, { path, data, acl, parentCversion, owner });
    } else if (type === OpCode.createContainer) {
      const owner = [CONTAINER_HI, 0] as const;
      this.#insert(header, type, { ...readCreateContainerTxn(r), owner });
    } else {
      const txn = readCreateTxn(r);
      const owner = txn.ephemeral ? ([header.clientHi, header.clientLo] as const) : NO_OWNER;
      this.#insert(header, type, { ...txn, owner });
    }
  }

  #insert({ zxid, timeMs }: TxnHeader, type: number, created: Created): void {
    const { path, data, acl, owner } = created;
    const parent = this.nodes.get(parentPath(path));
    if (parent === undefined) return;
    const existing = this.nodes.get(path);
    if (existing === undefined) {
      const node = this.#add(path, acl ?? []);
      node.data = data;
      const [ephemeralOwnerHi, ephemeralOwnerLo] = owner;
      Object.assign(node.stat, { czxid: zxid, mzxid: zxid, pzxid: zxid });
      Object.assign(node.stat, { ctimeMs: timeMs, mtimeMs: timeMs });
      Object.assign(node.stat, { ephemeralOwnerHi, ephemeralOwnerLo });
    } else {
      existing.acl = acl ?? [];
      if (type !== OpCode.create) return;
    }
    const isOldest = created.parentCversion === PARENT_CVERSION_NONE;
    const cversion = isOldest ? parent.stat.cversion + 1 : created.parentCversion;
    if (cversion > parent.stat.cversion) Object.assign(parent.stat, { cversion, pzxid: zxid });
  }

  #delete(path: string, zxid: number): void {
    const parent = this.nodes.get(parentPath(path));
    this.nodes.delete(path);
    if (parent !== undefined) parent.stat.pzxid = Math.max(parent.stat.pzxid, zxid);
  }

  #closeSession(header: TxnHeader, r: JuteReader): void {
    const session = int64Hex(header.clientHi, header.clientLo);
    for (const path of readCloseSessionTxn(r).paths ?? []) this.#delete(path, header.zxid);
    this.sessions.delete(session);
    for (const [path, { stat }] of this.nodes) {
      const owner = int64Hex(stat.ephemeralOwnerHi, stat.ephemeralOwnerLo);
      if (owner === session) this.#delete(path, header.zxid);
    }
  }

  #multi(header: TxnHeader, r: JuteReader): void {
    const { txns } = readMultiTxn(r);
    if (txns.some(({ type }) => type === OpCode.error)) return;
    for (const { type, data } of txns) {
      const body = data ?? new Uint8Array(0);
      this.#apply(header, type, new JuteReader().reset(body, 0, body.length));
    }
  }

  #add(path: string, acl: readonly Acl[]): MiniNode {
    const node = { data: new Uint8Array(0), acl, stat: makeStatPersisted() };
    this.nodes.set(path, node);
    return node;
  }
}

const NO_OWNER = [0, 0] as const;

interface Created {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  readonly parentCversion: number;
  readonly owner: readonly [number, number];
}

function nodeDigest(path: string, { data, stat }: MiniNode): number {
  const w = new JuteWriter();
  if (path !== '/') w.string(path);
  const pathStart = path === '/' ? 0 : 4;
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
  return crc32(w.buffer, pathStart, w.position);
}

/** The state as a snapshot's body. */
export function writeBody(w: JuteWriter, state: MiniState): void {
  w.int(state.sessions.size);
  for (const [id, timeoutMs] of state.sessions) {
    w.zxid(Number.parseInt(id, 16));
    w.int(timeoutMs);
  }
  const nodes = [...state.nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  w.int(nodes.length);
  for (let index = 0; index < nodes.length; index++) {
    w.number(index + 1);
    const acl = (nodes[index] as [string, MiniNode])[1].acl;
    w.int(acl.length);
    for (const { perms, scheme, id } of acl) {
      w.int(perms);
      w.string(scheme);
      w.string(id);
    }
  }
  for (let index = 0; index < nodes.length; index++) {
    const [path, node] = nodes[index] as [string, MiniNode];
    w.string(path === '/' ? '' : path);
    w.bytes(node.data);
    w.number(index + 1);
    writeStatPersisted(w, node.stat);
  }
  w.string('/');
}

/** Whether a quota keeps the data of this znode up to date without transactions. */
export function isQuotaUsage(path: string): boolean {
  return baseName(path) === 'zookeeper_stats';
}
