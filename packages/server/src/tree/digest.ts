/**
 * The digests of storage-and-config.md 7. A node's is one CRC-32 over its path ("/" as empty), its
 * data and sixty bytes of its stat in an order of their own; the tree's is their sum modulo 2^64
 * over all znodes that all servers have alike. The part over path and data is kept with each znode,
 * so that a changed stat costs sixty bytes, however long the data.
 */

import { crc32 } from '@zabra/protocol';

/** Stands for the CRC-32 over path and data that nobody has computed yet. */
export const CRC_UNKNOWN = -1;

const UINT32_SPAN = 0x100000000;

/** Offsets in a Stat of what the node digest reads, bytes. */
const CTIME = 16;
const DATA_LENGTH = 52;
const PZXID = 60;
const STAT_END = 68;

/** "/zookeeper/": below it each server changes data on its own. */
const UNDIGESTED_PREFIX = Uint8Array.of(
  0x2f,
  0x7a,
  0x6f,
  0x6f,
  0x6b,
  0x65,
  0x65,
  0x70,
  0x65,
  0x72,
  0x2f,
);

/** True when the path buffer[start, end) counts in the tree digest; the root is the empty path. */
export function isDigested(buffer: Uint8Array, start: number, end: number): boolean {
  const length = UNDIGESTED_PREFIX.length;
  if (end - start < length) return true;
  for (let index = 0; index < length; index++) {
    if (buffer[start + index] !== UNDIGESTED_PREFIX[index]) return true;
  }
  return false;
}

/**
 * The node digest from the CRC-32 over path and data, and from the Stat at `offset`: czxid, mzxid,
 * pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, as they are stored.
 */
export function nodeDigestOf(contentCrc: number, bytes: Uint8Array, offset: number): number {
  let crc = crc32(bytes, offset, offset + CTIME, contentCrc);
  crc = crc32(bytes, offset + PZXID, offset + STAT_END, crc);
  return crc32(bytes, offset + CTIME, offset + DATA_LENGTH, crc);
}

export class TreeDigest {
  /** Halves, uint32 each. */
  hi: number;
  lo: number;

  constructor() {
    this.hi = 0;
    this.lo = 0;
  }

  add(nodeDigest: number): void {
    const sum = this.lo + nodeDigest;
    this.lo = sum >>> 0;
    if (sum >= UINT32_SPAN) this.hi = (this.hi + 1) >>> 0;
  }

  subtract(nodeDigest: number): void {
    const difference = this.lo - nodeDigest;
    this.lo = difference >>> 0;
    if (difference < 0) this.hi = (this.hi - 1) >>> 0;
  }
}
