/**
 * Ledger: what the state of a server must be, from nothing but the transactions that it has put on
 * its disk, applied to a tree of the plainest kind. The digest and the number of sessions that the
 * server shows are explained by it or they are findings. From storage-and-config.md 3.4 to 3.6 and
 * 7.
 */

import {
  type Acl,
  crc32,
  ErrorCode,
  JuteReader,
  JuteWriter,
  OpCode,
  opName,
  readCloseSessionTxn,
  readCreateContainerTxn,
  readCreateTTLTxn,
  readCreateTxn,
  readDeleteTxn,
  readErrorTxn,
  readMultiTxn,
  readSetACLTxn,
  readSetDataTxn,
  readTxnHeader,
  type TxnHeader,
  zxidToHex,
} from '@zabra/protocol';
import { type NaiveNode, NaiveTree } from 'zabra/dist/tree/naive-tree.js';
import { expectThat } from './finding.ts';

const UINT64_SPAN = 1n << 64n;
const CONTAINER_HI = -0x80000000;
const TTL_HI = 0xff000000 | 0;
const SPAN = 0x100000000;

export class Ledger {
  readonly tree: NaiveTree;
  /** Ids as `hi:lo`. */
  readonly sessions: Set<string>;
  txnCount: number;
  /** Transactions that record a refusal. */
  errorCount: number;
  readonly #w: JuteWriter;

  constructor() {
    this.tree = new NaiveTree();
    this.sessions = new Set();
    this.txnCount = 0;
    this.errorCount = 0;
    this.#w = new JuteWriter();
  }

  /** Header, body and perhaps a digest, which is not looked at. */
  apply(bytes: Uint8Array): void {
    const r = new JuteReader().reset(bytes, 0, bytes.length);
    const header = readTxnHeader(r);
    this.txnCount++;
    if (header.type === OpCode.multi) this.#applyMulti(header, r);
    else this.#applyOne(header, header.type, r);
    expectThat(!r.failed, () => `Transaction ${zxidToHex(header.zxid)} is cut off`);
  }

  /** Of the tree, as hex. */
  digest(): string {
    let sum = 0n;
    for (const [path, node] of this.tree.nodes) {
      if (!path.startsWith('/zookeeper/')) sum += BigInt(this.#nodeDigest(path, node));
    }
    return (sum % UINT64_SPAN).toString(16);
  }

  #applyMulti(header: TxnHeader, r: JuteReader): void {
    const { txns } = readMultiTxn(r);
    if (txns.some(({ type }) => type === OpCode.error)) {
      this.errorCount++;
      return;
    }
    for (const { type, data } of txns) {
      const body = data ?? new Uint8Array(0);
      const reader = new JuteReader().reset(body, 0, body.length);
      if (type !== OpCode.check) this.#applyOne(header, type, reader);
      expectThat(!reader.failed, () => `A part of ${zxidToHex(header.zxid)} is cut off`);
    }
  }

  #applyOne(header: TxnHeader, type: number, r: JuteReader): void {
    const { zxid, timeMs, clientHi, clientLo } = header;
    switch (type) {
      case OpCode.error:
        expectThat(readErrorTxn(r).err !== 0, () => `${zxidToHex(zxid)} is an error that is none`);
        this.errorCount++;
        return;
      case OpCode.create:
      case OpCode.create2: {
        const txn = readCreateTxn(r);
        const [hi, lo] = txn.ephemeral ? [clientHi, clientLo] : [0, 0];
        return this.#create(header, txn, hi, lo);
      }
      case OpCode.createContainer:
        return this.#create(header, readCreateContainerTxn(r), CONTAINER_HI, 0);
      case OpCode.createTTL: {
        const txn = readCreateTTLTxn(r);
        return this.#create(header, txn, TTL_HI | Math.floor(txn.ttlMs / SPAN), txn.ttlMs | 0);
      }
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.#delete(readDeleteTxn(r).path, zxid);
      case OpCode.setData: {
        const { path, data, version } = readSetDataTxn(r);
        return expectDone(this.tree.setData(path, data, version, zxid, timeMs), zxid, type);
      }
      case OpCode.setACL: {
        const { path, acl, version } = readSetACLTxn(r);
        return expectDone(this.tree.setAcl(path, acl ?? [], version), zxid, type);
      }
      case OpCode.createSession:
        r.int();
        this.sessions.add(`${clientHi}:${clientLo}`);
        return;
      case OpCode.closeSession:
        return this.#closeSession(header, readCloseSessionTxn(r).paths ?? []);
      default:
        expectThat(false, () => `${zxidToHex(zxid)} is of type ${type}, which nobody asked for`);
    }
  }

  #create({ zxid, timeMs }: TxnHeader, txn: CreatedNode, ownerHi: number, ownerLo: number): void {
    const { path, data, acl, parentCversion } = txn;
    const code = this.tree.createNode(
      path,
      data,
      acl ?? [],
      ownerHi,
      ownerLo,
      parentCversion,
      zxid,
      timeMs,
    );
    expectDone(code, zxid, OpCode.create);
  }

  #delete(path: string, zxid: number): void {
    expectDone(this.tree.deleteNode(path, zxid), zxid, OpCode.delete);
  }

  #closeSession({ clientHi, clientLo, zxid }: TxnHeader, paths: readonly string[]): void {
    for (const path of paths) this.#delete(path, zxid);
    for (const path of this.tree.ownedBy(clientHi, clientLo)) this.#delete(path, zxid);
    this.sessions.delete(`${clientHi}:${clientLo}`);
  }

  #nodeDigest(path: string, node: NaiveNode): number {
    const w = this.#w;
    w.reset();
    w.string(path === '/' ? '' : path);
    if (node.data !== null) w.raw(node.data, 0, node.data.length);
    w.zxid(node.czxid);
    w.zxid(node.mzxid);
    w.zxid(node.pzxid);
    w.number(node.ctimeMs);
    w.number(node.mtimeMs);
    w.int(node.version);
    w.int(node.cversion);
    w.int(node.aversion);
    w.long(node.ownerHi, node.ownerLo);
    // The length of the path is the writer's, not the digest's.
    return crc32(w.buffer, 4, w.position);
  }
}

interface CreatedNode {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  readonly parentCversion: number;
}

function expectDone(code: number, zxid: number, type: number): void {
  expectThat(
    code === ErrorCode.OK,
    () => `${opName(type)} ${zxidToHex(zxid)} cannot be applied: ${code}`,
  );
}
