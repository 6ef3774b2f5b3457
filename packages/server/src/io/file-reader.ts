/**
 * FileReader: the synchronous, bounded reads of `log/disk` on real files. Recovery reads one file
 * from end to end in slices, so the file read last stays open; whoever changes names in a
 * directory calls `forget`, because an open file keeps its contents under a name that is gone.
 */

import fs from 'node:fs';
import path from 'node:path';
import { assert } from '@zabra/protocol';
import type { DiskDirectory, DiskReader } from '../log/disk.ts';

/** Most bytes of one read: a longer one would hold up the loop on a slow disk. */
const READ_BYTES_MAX = 1 << 20;

export class FileReader implements DiskReader {
  readonly #paths: Readonly<Record<DiskDirectory, string>>;
  #openDirectory: DiskDirectory | null = null;
  #openName = '';
  /** Invariant: -1 exactly when no file is open. */
  #fd = -1;

  constructor(paths: Readonly<Record<DiskDirectory, string>>) {
    this.#paths = paths;
  }

  list(directory: DiskDirectory): string[] {
    const entries = fs.readdirSync(this.#paths[directory], { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  }

  sizeBytes(directory: DiskDirectory, name: string): number {
    const stat = fs.statSync(this.#path(directory, name), { throwIfNoEntry: false });
    return stat === undefined ? -1 : stat.size;
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    assert(length <= READ_BYTES_MAX, `Cannot read ${length} bytes at once`);
    if (this.#fd < 0 || this.#openDirectory !== directory || this.#openName !== name) {
      this.close();
      this.#fd = fs.openSync(this.#path(directory, name), 'r');
      this.#openDirectory = directory;
      this.#openName = name;
    }
    let done = 0;
    while (done < length) {
      const got = fs.readSync(this.#fd, target, offset + done, length - done, position + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  /** Names of the directory have changed. */
  forget(directory: DiskDirectory): void {
    if (this.#openDirectory === directory) this.close();
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
    this.#openDirectory = null;
  }

  #path(directory: DiskDirectory, name: string): string {
    return path.join(this.#paths[directory], name);
  }
}
