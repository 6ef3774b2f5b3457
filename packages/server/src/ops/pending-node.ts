/**
 * PendingNode: what prepare knows of one znode, either read from the committed tree just now or
 * held in the overlay of pending changes. Of the data it keeps only the length and the checksum
 * over path and data, which is all that the node digest and the quota need: the digest's CRC runs
 * over path, data, then 60 bytes of stat, so a changed stat continues from that checksum
 * (storage-and-config.md 7).
 */

import { type Acl, crc32, JuteWriter } from '@zabra/protocol';

export class PendingNode {
  readonly path: string;
  /** False is a tombstone. */
  exists: boolean;
  /** True once the overlay holds it. */
  held: boolean;
  /** Of the last pending change. */
  zxid: number;
  /** Number of that change in the queue of the overlay, for whoever keeps it. */
  queueNumber: number;
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctimeMs: number;
  mtimeMs: number;
  version: number;
  /** Stored value: creates under this znode. */
  cversion: number;
  aversion: number;
  ownerHi: number;
  ownerLo: number;
  childCount: number;
  /** -1 for null data. */
  dataBytes: number;
  /** Null when the table of ACLs does not know the znode's: a damaged snapshot. */
  acl: readonly Acl[] | null;
  /** CRC-32 over path and data, -1 while nobody needed it. */
  contentCrc: number;
  /** Of the pending state; 0 for a tombstone. */
  nodeDigest: number;

  constructor(path: string) {
    this.path = path;
    this.exists = false;
    this.held = false;
    this.zxid = 0;
    this.queueNumber = 0;
    this.czxid = 0;
    this.mzxid = 0;
    this.pzxid = 0;
    this.ctimeMs = 0;
    this.mtimeMs = 0;
    this.version = 0;
    this.cversion = 0;
    this.aversion = 0;
    this.ownerHi = 0;
    this.ownerLo = 0;
    this.childCount = 0;
    this.dataBytes = 0;
    this.acl = null;
    this.contentCrc = -1;
    this.nodeDigest = 0;
  }

  copyFrom(other: PendingNode): void {
    this.exists = other.exists;
    this.held = other.held;
    this.zxid = other.zxid;
    this.queueNumber = other.queueNumber;
    this.czxid = other.czxid;
    this.mzxid = other.mzxid;
    this.pzxid = other.pzxid;
    this.ctimeMs = other.ctimeMs;
    this.mtimeMs = other.mtimeMs;
    this.version = other.version;
    this.cversion = other.cversion;
    this.aversion = other.aversion;
    this.ownerHi = other.ownerHi;
    this.ownerLo = other.ownerLo;
    this.childCount = other.childCount;
    this.dataBytes = other.dataBytes;
    this.acl = other.acl;
    this.contentCrc = other.contentCrc;
    this.nodeDigest = other.nodeDigest;
  }
}

const scratch = new JuteWriter(256);

/** CRC-32 over the path, "/" counting as empty, and data[start, start + length). */
export function contentCrc(path: string, data: Uint8Array, start: number, length: number): number {
  scratch.reset();
  scratch.string(path === '/' ? '' : path);
  const pathCrc = crc32(scratch.buffer, 4, scratch.position);
  return length > 0 ? crc32(data, start, start + length, pathCrc) : pathCrc;
}

/** The node digest; the order of the fields is not that of any other record. */
export function digestOf(node: PendingNode): number {
  scratch.reset();
  scratch.zxid(node.czxid);
  scratch.zxid(node.mzxid);
  scratch.zxid(node.pzxid);
  scratch.number(node.ctimeMs);
  scratch.number(node.mtimeMs);
  scratch.int(node.version);
  scratch.int(node.cversion);
  scratch.int(node.aversion);
  scratch.long(node.ownerHi, node.ownerLo);
  return crc32(scratch.buffer, 0, scratch.position, node.contentCrc);
}
