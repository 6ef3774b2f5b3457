/**
 * ItemSizes: how long a record of a snapshot's body is, found by its lengths alone before anything
 * of it is believed. The answer is a number of bytes, `INCOMPLETE` when what is there does not tell
 * or does not suffice, or `INVALID`, with the reason in `error`.
 */

import { STAT_PERSISTED_BYTES } from '@zabra/protocol';

export const INCOMPLETE = 0;
export const INVALID = -1;

const COUNT_BYTES = 4;
const SESSION_BYTES = 12;
const ACL_ID_BYTES = 8;
const PERMS_BYTES = 4;

/** What follows the data of a znode. */
export const NODE_TAIL_BYTES = { aclId: ACL_ID_BYTES, stat: STAT_PERSISTED_BYTES } as const;

/** Longest ACL of the table, bytes: Java has no bound, but what is held must have one. */
const ACL_BYTES_MAX = 64 * 1024 * 1024;
const ACL_ENTRY_BYTES_MIN = 12;

export class ItemSizes {
  error: string | null;
  readonly #bytesMax: number;
  /** End of the last length-prefixed field that `#field` stepped over. */
  #fieldEnd: number;

  /** `bytesMax` bounds each string and buffer. */
  constructor(bytesMax: number) {
    this.error = null;
    this.#bytesMax = bytesMax;
    this.#fieldEnd = 0;
  }

  count(start: number, end: number): number {
    return end - start < COUNT_BYTES ? INCOMPLETE : COUNT_BYTES;
  }

  session(start: number, end: number): number {
    return end - start < SESSION_BYTES ? INCOMPLETE : SESSION_BYTES;
  }

  acl(view: DataView, start: number, end: number): number {
    let position = start + ACL_ID_BYTES;
    if (position + COUNT_BYTES > end) return INCOMPLETE;
    const count = view.getInt32(position);
    position += COUNT_BYTES;
    if (count * ACL_ENTRY_BYTES_MIN > ACL_BYTES_MAX) {
      return this.#refuse(`An ACL of ${count} entries`);
    }
    for (let index = 0; index < count; index++) {
      for (let field = 0; field < 2; field++) {
        const from = field === 0 ? position + PERMS_BYTES : position;
        const found = this.#field(view, from, end);
        if (found <= INCOMPLETE) return found;
        position = this.#fieldEnd;
      }
      if (position - start > ACL_BYTES_MAX) return this.#refuse('An ACL that is too long');
    }
    return position > end ? INCOMPLETE : position - start;
  }

  /** The terminator is a path alone. */
  node(view: DataView, start: number, end: number): number {
    const path = this.#field(view, start, end);
    if (path <= INCOMPLETE) return path;
    const pathEnd = this.#fieldEnd;
    if (view.getInt32(start) < 0) return this.#refuse('A znode without a path');
    if (pathEnd > end) return INCOMPLETE;
    if (pathEnd - start === COUNT_BYTES + 1 && view.getUint8(start + COUNT_BYTES) === 0x2f) {
      return pathEnd - start;
    }
    const data = this.#field(view, pathEnd, end);
    if (data <= INCOMPLETE) return data;
    const nodeEnd = this.#fieldEnd + NODE_TAIL_BYTES.aclId + NODE_TAIL_BYTES.stat;
    return nodeEnd > end ? INCOMPLETE : nodeEnd - start;
  }

  /** Steps over a string or buffer, which may end beyond `end`; positive when it is in order. */
  #field(view: DataView, start: number, end: number): number {
    if (start + COUNT_BYTES > end) return INCOMPLETE;
    const length = view.getInt32(start);
    if (length < -1 || length > this.#bytesMax) return this.#refuse(`A length of ${length}`);
    this.#fieldEnd = start + COUNT_BYTES + Math.max(length, 0);
    return COUNT_BYTES;
  }

  #refuse(reason: string): number {
    this.error = `${reason} in a snapshot`;
    return INVALID;
  }
}
