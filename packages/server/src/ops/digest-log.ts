/**
 * DigestLog: the digest of the tree after every 128th zxid, for the word `hash`, by which operators
 * compare servers (storage-and-config.md 7, operations.md 1.4; ZooKeeper's `DataTree.digestLog`).
 */

import { int64Decimal, zxidToHex } from '@zabra/protocol';

const INTERVAL = 128;
const ENTRIES_MAX = 1024;

interface ZxidDigest {
  readonly zxid: number;
  readonly hi: number;
  readonly lo: number;
}

export class DigestLog {
  #entries: ZxidDigest[];

  constructor() {
    this.#entries = [];
  }

  /** The tree after that transaction, which nothing may have been ahead of. */
  onApplied(zxid: number, hi: number, lo: number): void {
    if (zxid % INTERVAL !== 0) return;
    this.#entries.push({ zxid, hi, lo });
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift();
  }

  /** Another tree begins. */
  clear(): void {
    this.#entries = [];
  }

  /** A line for each, the oldest first; empty when there is none. */
  text(): string {
    return this.#entries
      .map(({ zxid, hi, lo }) => `${zxidToHex(zxid)}: ${int64Decimal(hi | 0, lo | 0)}\n`)
      .join('');
  }
}
