/**
 * FileDisk: the disk of `log/disk` on real files. Two channels, one per directory, are carried out
 * side by side and each in order; completions come back by `onDone` from the event loop. Reads are
 * the synchronous ones of `file-reader` and those of `file-reads`, which are asked for. It knows
 * nothing of what the bytes mean.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { DiskChange, DiskDirectory, DiskRequest } from '../log/disk.ts';
import { CREATING_PREFIX, DiskChannel } from './disk-channel.ts';
import { FileReader } from './file-reader.ts';
import { FileReads } from './file-reads.ts';

export interface FileDiskOptions {
  /** Existing directories; both may be the same one. */
  readonly paths: Readonly<Record<DiskDirectory, string>>;
  /** Synced writes to preallocated logs pass by the page cache where the file system can. */
  readonly writesDirectly: boolean;
  readonly onDone: (token: number, error: string | null) => void;
  /** A synced write to the log took this long. */
  readonly onLogWrite?: (elapsedMs: number, name: string) => void;
}

export class FileDisk {
  readonly reader: FileReader;
  readonly #options: FileDiskOptions;
  readonly #log: DiskChannel;
  readonly #snap: DiskChannel;
  readonly #reads: FileReads;

  constructor(options: FileDiskOptions) {
    this.#options = options;
    this.reader = new FileReader(options.paths);
    this.#reads = new FileReads(options.paths, options.onDone);
    const onDone = (request: DiskChange, error: string | null, elapsedMs: number) =>
      this.#onRequestDone(request, error, elapsedMs);
    this.#log = new DiskChannel(options.paths.log, options.writesDirectly, onDone);
    this.#snap = new DiskChannel(options.paths.snap, false, onDone);
    removeUnfinished(options.paths.log);
    removeUnfinished(options.paths.snap);
  }

  submit(request: DiskRequest): void {
    if (request.kind === 'read') {
      this.#reads.submit(request);
      return;
    }
    const channel = request.directory === 'log' ? this.#log : this.#snap;
    channel.submit(request);
  }

  /** Waits for all that was submitted, then closes every file. */
  async close(): Promise<void> {
    await this.#log.close();
    await this.#snap.close();
    await this.#reads.close();
    this.reader.close();
  }

  #onRequestDone(request: DiskChange, error: string | null, elapsedMs: number): void {
    const { kind, directory } = request;
    if (kind !== 'write' && kind !== 'sync') this.reader.forget(directory);
    if (kind === 'write' && directory === 'log' && request.sync) {
      this.#options.onLogWrite?.(elapsedMs, request.name);
    }
    this.#options.onDone(request.token, error);
  }
}

/** A process that ended while it created a file has left a part of it. */
function removeUnfinished(directoryPath: string): void {
  for (const name of fs.readdirSync(directoryPath)) {
    if (name.startsWith(CREATING_PREFIX)) fs.rmSync(path.join(directoryPath, name));
  }
}
