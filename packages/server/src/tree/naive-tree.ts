/**
 * NaiveTree: what `DataTree` does, said in the plainest way: one object for each znode in one map,
 * and everything else computed when it is asked for. It is the oracle of tests, here and in other
 * rooms, and shares no code with what it checks: the checksum goes bit by bit, the digest starts
 * from nothing. From client-protocol.md 7 and storage-and-config.md 6, 7 and 9.
 */

import { type Acl, ErrorCode, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '@zabra/protocol';

export interface NaiveNode {
  /** Null is not empty. */
  data: Uint8Array | null;
  acl: readonly Acl[];
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctimeMs: number;
  mtimeMs: number;
  version: number;
  /** Stored: creations below. */
  cversion: number;
  aversion: number;
  ownerHi: number;
  ownerLo: number;
}

const UINT64_SPAN = 1n << 64n;

export class NaiveTree {
  /** The root's path is "/". */
  readonly nodes: Map<string, NaiveNode>;

  constructor() {
    this.nodes = new Map();
    for (const path of ['/', '/zookeeper', '/zookeeper/quota']) {
      this.nodes.set(path, newNode(new Uint8Array(0), OPEN_ACL_UNSAFE));
    }
    this.#addConfigNode();
  }

  createNode(
    path: string,
    data: Uint8Array | null,
    acl: readonly Acl[],
    ownerHi: number,
    ownerLo: number,
    parentCversion: number,
    zxid: number,
    timeMs: number,
  ): number {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) return ErrorCode.NONODE;
    const existing = this.nodes.get(path);
    if (existing !== undefined) {
      existing.acl = acl;
      return ErrorCode.NODEEXISTS;
    }
    this.raiseParent(parentOf(path), parentCversion, zxid);
    const node = newNode(data, acl);
    node.czxid = zxid;
    node.mzxid = zxid;
    node.pzxid = zxid;
    node.ctimeMs = timeMs;
    node.mtimeMs = timeMs;
    node.ownerHi = ownerHi;
    node.ownerLo = ownerLo;
    this.nodes.set(path, node);
    return ErrorCode.OK;
  }

  raiseParent(path: string, parentCversion: number, zxid: number): void {
    const parent = this.nodes.get(path);
    if (parent === undefined) return;
    const wanted = parentCversion === -1 ? (parent.cversion + 1) | 0 : parentCversion;
    if (wanted <= parent.cversion) return;
    parent.cversion = wanted;
    parent.pzxid = zxid;
  }

  deleteNode(path: string, zxid: number): number {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) return ErrorCode.NONODE;
    parent.pzxid = Math.max(parent.pzxid, zxid);
    if (!this.nodes.has(path)) return ErrorCode.NONODE;
    for (const other of this.nodes.keys()) {
      if (other === path || other.startsWith(`${path}/`)) this.nodes.delete(other);
    }
    return ErrorCode.OK;
  }

  setData(
    path: string,
    data: Uint8Array | null,
    version: number,
    zxid: number,
    timeMs: number,
  ): number {
    const node = this.nodes.get(path);
    if (node === undefined) return ErrorCode.NONODE;
    node.data = data;
    node.version = version;
    node.mzxid = zxid;
    node.mtimeMs = timeMs;
    return ErrorCode.OK;
  }

  setDataSilently(path: string, data: Uint8Array): void {
    const node = this.nodes.get(path);
    if (node !== undefined) node.data = data;
  }

  setConfigNode(data: Uint8Array, versionZxid: number, mtimeMs: number): void {
    if (!this.nodes.has('/zookeeper')) return;
    if (!this.nodes.has('/zookeeper/config')) this.#addConfigNode();
    this.setData('/zookeeper/config', data, -1, versionZxid, mtimeMs);
  }

  setAcl(path: string, acl: readonly Acl[], aversion: number): number {
    const node = this.nodes.get(path);
    if (node === undefined) return ErrorCode.NONODE;
    node.acl = acl;
    node.aversion = aversion;
    return ErrorCode.OK;
  }

  /** Names, in no order that means anything. */
  children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = [...this.nodes.keys()].filter((other) => other !== '/');
    return below
      .filter((other) => parentOf(other) === path)
      .map((other) => other.slice(prefix.length));
  }

  /** Paths of the znodes with exactly this stored owner. */
  ownedBy(ownerHi: number, ownerLo: number): string[] {
    const paths: string[] = [];
    for (const [path, node] of this.nodes) {
      if (node.ownerHi === ownerHi && node.ownerLo === ownerLo) paths.push(path);
    }
    return paths;
  }

  /** The tree digest, 0 to 2^64 - 1. */
  digest(): bigint {
    let sum = 0n;
    for (const [path, node] of this.nodes) {
      if (!path.startsWith('/zookeeper/')) sum += BigInt(naiveNodeDigest(path, node));
    }
    return sum % UINT64_SPAN;
  }

  #addConfigNode(): void {
    const config = newNode(new Uint8Array(0), READ_ACL_UNSAFE);
    config.aversion = -1;
    this.nodes.set('/zookeeper/config', config);
  }
}

export function naiveNodeDigest(path: string, node: NaiveNode): number {
  const bytes: number[] = [];
  for (const unit of encodeURIComponent(path === '/' ? '' : path).match(/%..|./g) ?? []) {
    bytes.push(unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0));
  }
  bytes.push(...(node.data ?? []));
  for (const value of [node.czxid, node.mzxid, node.pzxid, node.ctimeMs, node.mtimeMs]) {
    pushInt(bytes, Math.floor(value / 2 ** 32));
    pushInt(bytes, value % 2 ** 32);
  }
  pushInt(bytes, node.version);
  pushInt(bytes, node.cversion);
  pushInt(bytes, node.aversion);
  pushInt(bytes, node.ownerHi);
  pushInt(bytes, node.ownerLo);
  return naiveCrc32(bytes);
}

function naiveCrc32(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function pushInt(bytes: number[], value: number): void {
  bytes.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}

function newNode(data: Uint8Array | null, acl: readonly Acl[]): NaiveNode {
  return {
    data,
    acl,
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctimeMs: 0,
    mtimeMs: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ownerHi: 0,
    ownerLo: 0,
  };
}
