/**
 * ZnodeRecords: the bytes of one znode in one block, so that a read costs one cache miss and not
 * seven objects (design decision 4). It makes, changes, copies and frees single records, and knows
 * neither the index nor what the links mean.
 *
 * Data lies behind the path where it fits, which is decided by its length alone; longer data has a
 * block, and above BLOCK_DATA_BYTES_MAX an extent. So a record never moves, and its ref is good for
 * the life of the znode.
 */

import {
  bytesEqual,
  copyInto,
  crc32,
  EMPTY_BYTES,
  type JuteWriter,
  utf8Decode,
} from '@zabra/protocol';
import type { AclTable } from './acl-table.ts';
import { CRC_UNKNOWN, isDigested, nodeDigestOf } from './digest.ts';
import { Extents } from './extents.ts';
import type { PathHash } from './path-hash.ts';
import type { PathHolder } from './path-index.ts';
import {
  DATA_LENGTH,
  PARENT,
  ACL_ID,
  PATH_BYTES,
  UNITS_AND_FLAGS,
  DATA,
  CONTENT_CRC,
  HEADER_BYTES,
  UNITS_MASK,
  FLAG_NULL_DATA,
  FLAG_DIGESTED,
  PATH_INLINE_BYTES_MAX,
  LONG_PATH,
  EXTENT_ID_BYTES,
  BLOCK_DATA_BYTES_MAX,
} from './record-layout.ts';
import { offsetOf, type SlabPool, Slabs, slabOf, UNIT_BYTES, unitsFor } from './slabs.ts';
import { copyWords, WORD_COPY_BYTES_MAX } from './word-copy.ts';

export class ZnodeRecords implements PathHolder {
  readonly slabs: Slabs;
  readonly views: DataView[];
  readonly arrays: Uint8Array[];
  readonly #acls: AclTable;
  readonly #extents: Extents;
  readonly #digestEnabled: boolean;
  /** Results of `#locatePath` and `#locateData`; no view for an extent. */
  #foundBytes: Uint8Array;
  #foundView: DataView | null;
  #foundStart: number;
  #foundEnd: number;

  constructor(acls: AclTable, digestEnabled: boolean, pool: SlabPool | null) {
    this.slabs = new Slabs(pool);
    this.views = this.slabs.views;
    this.arrays = this.slabs.arrays;
    this.#acls = acls;
    this.#extents = new Extents();
    this.#digestEnabled = digestEnabled;
    this.#foundBytes = EMPTY_BYTES;
    this.#foundView = null;
    this.#foundStart = 0;
    this.#foundEnd = 0;
  }

  get bytes(): number {
    return this.slabs.bytes + this.#extents.bytes;
  }

  // Fields.

  view(ref: number): DataView {
    return this.views[slabOf(ref)] as DataView;
  }

  /** Of a field behind the Stat, as a uint32. */
  word(ref: number, field: number): number {
    return this.view(ref).getUint32(offsetOf(ref) + field, true);
  }

  setWord(ref: number, field: number, value: number): void {
    this.view(ref).setUint32(offsetOf(ref) + field, value, true);
  }

  /** Of a field of the Stat, as an int32. */
  statInt(ref: number, field: number): number {
    return this.view(ref).getInt32(offsetOf(ref) + field);
  }

  setStatInt(ref: number, field: number, value: number): void {
    this.view(ref).setInt32(offsetOf(ref) + field, value);
  }

  setStatLong(ref: number, field: number, hi: number, lo: number): void {
    const view = this.view(ref);
    const offset = offsetOf(ref) + field;
    view.setInt32(offset, hi);
    view.setInt32(offset + 4, lo);
  }

  aclId(ref: number): number {
    return this.view(ref).getInt32(offsetOf(ref) + ACL_ID, true);
  }

  hasFlag(ref: number, flag: number): boolean {
    return (this.#unitsAndFlags(ref) & flag) !== 0;
  }

  setFlag(ref: number, flag: number): void {
    this.#setUnitsAndFlags(ref, this.#unitsAndFlags(ref) | flag);
  }

  blockBytes(ref: number): number {
    return (this.#unitsAndFlags(ref) & UNITS_MASK) * UNIT_BYTES;
  }

  /** Of the block and of data that stands elsewhere, bytes. */
  heldBytes(ref: number): number {
    const length = this.#dataLength(ref);
    return this.blockBytes(ref) + (length > this.#capacity(ref) ? length : 0);
  }

  // Life.

  /**
   * A record with this path and data, dataLength -1 for null; the Stat but its dataLength, the
   * links and the epochs are 0. The caller has retained `aclId` for it.
   */
  create(
    path: Uint8Array,
    pathStart: number,
    pathEnd: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
    aclId: number,
  ): number {
    const pathBytes = pathEnd - pathStart;
    const long = pathBytes > PATH_INLINE_BYTES_MAX;
    const inlineBytes = dataLength > BLOCK_DATA_BYTES_MAX ? 0 : Math.max(dataLength, 0);
    const units = unitsFor(HEADER_BYTES + (long ? EXTENT_ID_BYTES : pathBytes) + inlineBytes);
    const ref = this.slabs.alloc(units);
    const view = this.view(ref);
    const offset = offsetOf(ref);
    for (let at = 0; at < HEADER_BYTES; at += 4) view.setInt32(offset + at, 0);
    view.setInt32(offset + ACL_ID, aclId, true);
    view.setUint16(offset + PATH_BYTES, long ? LONG_PATH : pathBytes, true);
    const digested = this.#digestEnabled && isDigested(path, pathStart, pathEnd);
    view.setUint16(offset + UNITS_AND_FLAGS, digested ? units | FLAG_DIGESTED : units, true);
    if (long) {
      const extent = this.#extents.add(path, pathStart, pathEnd);
      view.setUint32(offset + HEADER_BYTES, extent, true);
    } else {
      copyInto(this.#slab(ref), offset + HEADER_BYTES, path, pathStart, pathEnd);
    }
    this.#place(ref, data, dataStart, dataLength, CRC_UNKNOWN);
    return ref;
  }

  /**
   * Replaces the data. Returns the bytes that only copies of the record hold from now on: those of
   * an extent that it shared with them.
   */
  setData(
    ref: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
    contentCrc: number,
  ): number {
    const length = this.#dataLength(ref);
    let left = 0;
    if (this.#hasExtent(ref, length)) {
      if (this.#extents.isShared(this.word(ref, DATA))) left = length;
    }
    this.#freeData(ref, length);
    this.#place(ref, data, dataStart, dataLength, contentCrc);
    return left;
  }

  /** A copy of Stat, ACL and data, without path and links; `parent` leads back to the record. */
  copy(ref: number): number {
    const length = this.#dataLength(ref);
    const long = this.#hasExtent(ref, length);
    const units = unitsFor(HEADER_BYTES + (long ? 0 : length));
    const copy = this.slabs.alloc(units);
    const view = this.view(copy);
    const offset = offsetOf(copy);
    copyWords(view, offset, this.view(ref), offsetOf(ref), HEADER_BYTES);
    view.setUint32(offset + PARENT, ref, true);
    view.setUint16(offset + PATH_BYTES, 0, true);
    const flags = this.#unitsAndFlags(ref) & ~UNITS_MASK;
    view.setUint16(offset + UNITS_AND_FLAGS, units | flags, true);
    this.#acls.retainId(this.aclId(ref));
    if (long) {
      this.#extents.retain(this.word(ref, DATA));
    } else if (length > 0) {
      this.#locateData(ref);
      const start = offset + HEADER_BYTES;
      copyInto(this.#slab(copy), start, this.#foundBytes, this.#foundStart, this.#foundEnd);
    }
    return copy;
  }

  free(ref: number): void {
    this.#acls.release(this.aclId(ref));
    this.#freeData(ref, this.#dataLength(ref));
    if (this.#pathField(ref) === LONG_PATH) this.#extents.release(this.word(ref, HEADER_BYTES));
    this.slabs.free(ref, this.#unitsAndFlags(ref) & UNITS_MASK);
  }

  // Path.

  pathEquals(ref: number, buffer: Uint8Array, start: number, end: number): boolean {
    const length = this.#pathField(ref);
    if (length === LONG_PATH) {
      const extent = this.#extents.get(this.word(ref, HEADER_BYTES));
      return bytesEqual(extent, 0, extent.length, buffer, start, end);
    }
    if (length !== end - start) return false;
    const slab = this.#slab(ref);
    const offset = offsetOf(ref) + HEADER_BYTES;
    for (let index = 0; index < length; index++) {
      if (slab[offset + index] !== buffer[start + index]) return false;
    }
    return true;
  }

  /** Bytes of the path; 0 for the root. */
  pathBytes(ref: number): number {
    const length = this.#pathField(ref);
    return length === LONG_PATH ? this.#extents.get(this.word(ref, HEADER_BYTES)).length : length;
  }

  /** The path from byte `from` on. */
  pathFrom(ref: number, from: number): string {
    this.#locatePath(ref);
    return utf8Decode(this.#foundBytes, this.#foundStart + from, this.#foundEnd);
  }

  /** The path from byte `from` on as a string of jute. */
  writePathFrom(ref: number, from: number, w: JuteWriter): void {
    this.#locatePath(ref);
    this.#writeFound(w, from);
  }

  pathHash(ref: number, hash: PathHash): number {
    this.#locatePath(ref);
    return hash.of(this.#foundBytes, this.#foundStart, this.#foundEnd);
  }

  // Data.

  /** -1 for null. */
  dataBytes(ref: number): number {
    return this.hasFlag(ref, FLAG_NULL_DATA) ? -1 : this.#dataLength(ref);
  }

  /** The data as a buffer of jute. */
  writeData(ref: number, w: JuteWriter): void {
    if (this.hasFlag(ref, FLAG_NULL_DATA)) {
      w.int(-1);
      return;
    }
    this.#locateData(ref);
    this.#writeFound(w, 0);
  }

  // Digest.

  /** 0 for a znode that does not count. */
  nodeDigest(ref: number): number {
    if (!this.hasFlag(ref, FLAG_DIGESTED)) return 0;
    return nodeDigestOf(this.word(ref, CONTENT_CRC), this.#slab(ref), offsetOf(ref));
  }

  #place(ref: number, data: Uint8Array, start: number, length: number, contentCrc: number): void {
    const bytes = Math.max(length, 0);
    this.setStatInt(ref, DATA_LENGTH, bytes);
    const flags = this.#unitsAndFlags(ref) & ~FLAG_NULL_DATA;
    this.#setUnitsAndFlags(ref, length < 0 ? flags | FLAG_NULL_DATA : flags);
    if (bytes > this.#capacity(ref)) {
      this.setWord(ref, DATA, this.#store(data, start, bytes));
    } else if (bytes > 0) {
      this.#locateData(ref);
      copyInto(this.#foundBytes, this.#foundStart, data, start, start + bytes);
    }
    if ((flags & FLAG_DIGESTED) === 0) return;
    const crc = contentCrc === CRC_UNKNOWN ? this.#crcOf(ref) : contentCrc;
    this.setWord(ref, CONTENT_CRC, crc);
  }

  /** The ref of a block, or the number of an extent, with the data. */
  #store(data: Uint8Array, start: number, bytes: number): number {
    if (bytes > BLOCK_DATA_BYTES_MAX) return this.#extents.add(data, start, start + bytes);
    const block = this.slabs.alloc(unitsFor(bytes));
    copyInto(this.#slab(block), offsetOf(block), data, start, start + bytes);
    return block;
  }

  #freeData(ref: number, length: number): void {
    if (length <= this.#capacity(ref)) return;
    const at = this.word(ref, DATA);
    if (length > BLOCK_DATA_BYTES_MAX) this.#extents.release(at);
    else this.slabs.free(at, unitsFor(length));
  }

  /** Over path and data. */
  #crcOf(ref: number): number {
    this.#locatePath(ref);
    const pathCrc = crc32(this.#foundBytes, this.#foundStart, this.#foundEnd);
    this.#locateData(ref);
    return crc32(this.#foundBytes, this.#foundStart, this.#foundEnd, pathCrc);
  }

  #locatePath(ref: number): void {
    const length = this.#pathField(ref);
    if (length === LONG_PATH) this.#foundExtent(this.word(ref, HEADER_BYTES));
    else this.#foundBlock(ref, HEADER_BYTES, length);
  }

  #locateData(ref: number): void {
    const length = this.#dataLength(ref);
    if (length <= this.#capacity(ref)) {
      this.#foundBlock(ref, HEADER_BYTES + this.#pathInlineBytes(ref), length);
    } else if (length > BLOCK_DATA_BYTES_MAX) {
      this.#foundExtent(this.word(ref, DATA));
    } else {
      this.#foundBlock(this.word(ref, DATA), 0, length);
    }
  }

  #foundBlock(ref: number, from: number, length: number): void {
    this.#foundBytes = this.#slab(ref);
    this.#foundView = this.view(ref);
    this.#foundStart = offsetOf(ref) + from;
    this.#foundEnd = this.#foundStart + length;
  }

  #foundExtent(id: number): void {
    this.#foundBytes = this.#extents.get(id);
    this.#foundView = null;
    this.#foundStart = 0;
    this.#foundEnd = this.#foundBytes.length;
  }

  /** What was located, from byte `from` of it on, behind its length. */
  #writeFound(w: JuteWriter, from: number): void {
    const start = this.#foundStart + from;
    const bytes = this.#foundEnd - start;
    w.int(bytes);
    if (this.#foundView !== null && bytes <= WORD_COPY_BYTES_MAX) {
      const position = w.reserve(bytes);
      copyWords(w.view, position, this.#foundView, start, bytes);
    } else {
      w.raw(this.#foundBytes, start, this.#foundEnd);
    }
  }

  #slab(ref: number): Uint8Array {
    return this.arrays[slabOf(ref)] as Uint8Array;
  }

  /** 0 for null data. */
  #dataLength(ref: number): number {
    return this.statInt(ref, DATA_LENGTH);
  }

  /** Room for data behind the path, bytes. */
  #capacity(ref: number): number {
    return this.blockBytes(ref) - HEADER_BYTES - this.#pathInlineBytes(ref);
  }

  #hasExtent(ref: number, length: number): boolean {
    return length > BLOCK_DATA_BYTES_MAX && length > this.#capacity(ref);
  }

  #pathInlineBytes(ref: number): number {
    const length = this.#pathField(ref);
    return length === LONG_PATH ? EXTENT_ID_BYTES : length;
  }

  #pathField(ref: number): number {
    return this.view(ref).getUint16(offsetOf(ref) + PATH_BYTES, true);
  }

  #unitsAndFlags(ref: number): number {
    return this.view(ref).getUint16(offsetOf(ref) + UNITS_AND_FLAGS, true);
  }

  #setUnitsAndFlags(ref: number, value: number): void {
    this.view(ref).setUint16(offsetOf(ref) + UNITS_AND_FLAGS, value, true);
  }
}
