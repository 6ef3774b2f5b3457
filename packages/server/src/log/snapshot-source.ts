/**
 * SnapshotSource: the plain bytes of one snapshot file, in order, whatever way it is compressed.
 * Knows nothing of what they mean. Also the quick test, which looks at a few bytes of the file.
 */

import type { Decompressor, OpenDecompressor } from './decompressor.ts';
import type { DiskReader } from './disk.ts';
import { compressionOfName } from './file-names.ts';
import { isPlausible, QUICK_TEST_BYTES } from './snapshot-format.ts';

/** Compressed bytes that are read at a time. */
const COMPRESSED_READ_BYTES = 64 * 1024;

export class SnapshotSource {
  readonly #reader: DiskReader;
  readonly #name: string;
  readonly #decompressor: Decompressor | null;
  readonly #compressed: Uint8Array;
  #position: number;
  /** Null while all is well. */
  error: string | null;

  constructor(reader: DiskReader, name: string, openDecompressor: OpenDecompressor) {
    const compression = compressionOfName(name);
    this.#reader = reader;
    this.#name = name;
    this.#decompressor = compression === 'none' ? null : openDecompressor(compression);
    this.#compressed = new Uint8Array(this.#decompressor === null ? 0 : COMPRESSED_READ_BYTES);
    this.#position = 0;
    this.error = null;
  }

  /** Writes up to `length` plain bytes, at most 1 MiB, at `offset`; 0 at the end or in error. */
  read(target: Uint8Array, offset: number, length: number): number {
    const decompressor = this.#decompressor;
    if (decompressor === null) return this.#readFile(target, offset, length);
    while (this.error === null) {
      const got = decompressor.read(target, offset, length);
      if (got > 0) return got;
      this.error = decompressor.error;
      const compressedBytes = this.#readFile(this.#compressed, 0, COMPRESSED_READ_BYTES);
      if (compressedBytes === 0) {
        if (!decompressor.ended) this.error ??= 'the compressed stream is cut off';
        return 0;
      }
      decompressor.push(this.#compressed, 0, compressedBytes);
    }
    return 0;
  }

  #readFile(target: Uint8Array, offset: number, length: number): number {
    const got = this.#reader.read('snap', this.#name, this.#position, target, offset, length);
    this.#position += got;
    return got;
  }
}

/** Apache's test whether a file is worth loading, and whether purge counts it. */
export function passesQuickTest(reader: DiskReader, name: string): boolean {
  const sizeBytes = reader.sizeBytes('snap', name);
  const first = new Uint8Array(QUICK_TEST_BYTES);
  const last = new Uint8Array(QUICK_TEST_BYTES);
  const lastPosition = Math.max(0, sizeBytes - QUICK_TEST_BYTES);
  const firstBytes = reader.read('snap', name, 0, first, 0, QUICK_TEST_BYTES);
  const lastBytes = reader.read('snap', name, lastPosition, last, 0, QUICK_TEST_BYTES);
  return isPlausible(
    compressionOfName(name),
    sizeBytes,
    first.subarray(0, Math.max(0, firstBytes)),
    last.subarray(0, Math.max(0, lastBytes)),
  );
}
