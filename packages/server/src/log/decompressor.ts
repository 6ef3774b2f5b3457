/**
 * The shape of a decompressor, by which compressed snapshots are read. Synchronous and bounded per
 * call, so that recovery stays sliced and the same everywhere. `decompressors.ts` has ones of our
 * own for both formats that Apache writes; a driver may hand in faster ones by
 * `StorageOptions.openDecompressor`.
 */

export type Compression = 'none' | 'gz' | 'snappy';

export type OpenDecompressor = (compression: 'gz' | 'snappy') => Decompressor;

export interface Decompressor {
  /** The next compressed bytes; only when `read` has nothing more to give. Not kept. */
  push(buffer: Uint8Array, start: number, end: number): void;
  /** Writes up to `length` plain bytes at `offset`; 0: push more, or it is over. */
  read(target: Uint8Array, offset: number, length: number): number;
  /** The stream is complete, or could be: it is cut off when the file ends while this is false. */
  readonly ended: boolean;
  readonly error: string | null;
}
