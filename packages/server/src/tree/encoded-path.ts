/**
 * EncodedPath: the UTF-8 of one path at a time, in a buffer that is used again. Index and tables
 * are keyed by bytes; operations that have a string come through here.
 */

import { utf8Write } from '@zabra/protocol';

const SLASH = 0x2f;
const UNIT_BYTES_MAX = 3;
const INITIAL_BYTES = 4096;

export class EncodedPath {
  /** The path is bytes[0, length), until the next `set`. */
  bytes: Uint8Array;
  length: number;

  constructor() {
    this.bytes = new Uint8Array(INITIAL_BYTES);
    this.length = 0;
  }

  set(path: string): this {
    const bytesMax = path.length * UNIT_BYTES_MAX;
    if (bytesMax > this.bytes.length) this.bytes = new Uint8Array(bytesMax);
    this.length = utf8Write(this.bytes, 0, path);
    return this;
  }

  /** Offset of the last slash before `end`; -1 when there is none. */
  lastSlash(end: number): number {
    let index = end - 1;
    while (index >= 0 && this.bytes[index] !== SLASH) index--;
    return index;
  }
}
