/**
 * AclMemo: reads vectors of ACLs and remembers the last one. Nearly all creates of a client bring
 * the same few bytes, so the memo compares them instead of decoding, and gives the same list object
 * again, by which others notice that nothing is new. Jute is prefix-free: equal bytes at the cursor
 * are the whole vector. The lists are shared and must not be changed.
 */

import {
  type Acl,
  bytesEqual,
  copyBytes,
  EMPTY_BYTES,
  type JuteReader,
  type JuteWriter,
  readAclVector,
  writeAclVector,
} from '@zabra/protocol';

/** Longer vectors are not worth comparing, bytes. */
const MEMO_BYTES_MAX = 256;
const ACL_BYTES_MIN = 12;

/** Steps over a vector without decoding its entries; the count of them, -1 for a null one. */
export function skipAcl(r: JuteReader): number {
  const count = r.count(ACL_BYTES_MIN);
  for (let index = 0; index < count && !r.failed; index++) {
    r.int();
    r.range();
    r.range();
  }
  return count;
}

export class AclMemo {
  #bytes: Uint8Array;
  #acl: readonly Acl[];

  constructor() {
    this.#bytes = EMPTY_BYTES;
    this.#acl = [];
  }

  /** As `readAclVector`. */
  read(r: JuteReader): readonly Acl[] | null {
    const length = this.#bytes.length;
    const start = r.position;
    if (length > 0 && r.remaining() >= length && this.#isAt(r.buffer, start, length)) {
      r.skip(length);
      return this.#acl;
    }
    const acl = readAclVector(r);
    if (acl === null || r.failed || r.position - start > MEMO_BYTES_MAX) return acl;
    this.#bytes = copyBytes(r.buffer, start, r.position);
    this.#acl = acl;
    return acl;
  }

  /** As `writeAclVector`, in one copy when it is the list just read. */
  write(w: JuteWriter, acl: readonly Acl[]): void {
    if (acl === this.#acl) w.raw(this.#bytes, 0, this.#bytes.length);
    else writeAclVector(w, acl);
  }

  #isAt(buffer: Uint8Array, start: number, length: number): boolean {
    return bytesEqual(buffer, start, start + length, this.#bytes, 0, length);
  }
}
