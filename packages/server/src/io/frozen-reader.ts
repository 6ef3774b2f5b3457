/**
 * FrozenReader: data directories as they are at one moment, read while a server goes on writing.
 * Files that come later are not seen, nor what is appended. A log is lengthened with zeros in
 * advance, so that its size says nothing: its end is where the zeros begin, looked for from behind,
 * since what is written meanwhile lies behind what was found.
 *
 * A file that the server purges meanwhile cannot be read any more; that is an error of the system.
 */

import type { DiskDirectory, DiskReader } from '../log/disk.ts';

const CHUNK_BYTES = 1 << 20;

export class FrozenReader implements DiskReader {
  readonly #base: DiskReader;
  /** Names and sizes at the moment. */
  readonly #sizes: Readonly<Record<DiskDirectory, ReadonlyMap<string, number>>>;

  /** `isGrowing`: names of files in the directory of logs whose end is to be looked for. */
  constructor(base: DiskReader, isGrowing: (name: string) => boolean) {
    this.#base = base;
    const sizesOf = (directory: DiskDirectory) => {
      const names = base.list(directory);
      return new Map(names.map((name) => [name, base.sizeBytes(directory, name)]));
    };
    this.#sizes = { log: sizesOf('log'), snap: sizesOf('snap') };
    for (const [name, size] of this.#sizes.log) {
      if (isGrowing(name))
        (this.#sizes.log as Map<string, number>).set(name, this.#end(name, size));
    }
  }

  list(directory: DiskDirectory): string[] {
    return [...this.#sizes[directory].keys()];
  }

  sizeBytes(directory: DiskDirectory, name: string): number {
    return this.#sizes[directory].get(name) ?? -1;
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    const count = Math.min(length, this.sizeBytes(directory, name) - position);
    if (count <= 0) return 0;
    return this.#base.read(directory, name, position, target, offset, count);
  }

  /** Behind the last byte that is not zero. */
  #end(name: string, size: number): number {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const got = this.#base.read('log', name, start, chunk, 0, end - start);
      const last = chunk.subarray(0, got).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return start + last + 1;
      end = start;
    }
    return 0;
  }
}
