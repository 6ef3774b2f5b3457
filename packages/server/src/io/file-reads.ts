/**
 * FileReads: carries out the reads that a serving machine asks for, beside the two channels. One is
 * under way at a time, so that they take no more than one thread of the pool, where the syncs of
 * the log have to find another. Each opens its file anew: names may come and go between two reads.
 */

import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { assert } from '@zabra/protocol';
import type { DiskDirectory, ReadFile } from '../log/disk.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const read = promisify(fs.read);

/** Most bytes of one read; see `DiskReader`. */
const READ_BYTES_MAX = 1 << 20;

export class FileReads {
  readonly #paths: Readonly<Record<DiskDirectory, string>>;
  readonly #onDone: (token: number, error: string | null) => void;
  readonly #waiting: ReadFile[] = [];
  #running: Promise<void> | null = null;

  constructor(
    paths: Readonly<Record<DiskDirectory, string>>,
    onDone: (token: number, error: string | null) => void,
  ) {
    this.#paths = paths;
    this.#onDone = onDone;
  }

  submit(request: ReadFile): void {
    assert(request.target.length <= READ_BYTES_MAX, 'No read exceeds 1 MiB');
    this.#waiting.push(request);
    this.#running ??= this.#run();
  }

  /** Waits for all that was submitted. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      this.#onDone(request.token, await this.#attempt(request));
    }
    this.#running = null;
  }

  async #attempt(request: ReadFile): Promise<string | null> {
    const { directory, name } = request;
    try {
      const fd = await open(path.join(this.#paths[directory], name), 'r');
      try {
        await fill(fd, request);
      } finally {
        await close(fd);
      }
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `Cannot read "${name}" in the ${directory} directory: ${reason}`;
    }
  }
}

/** The system may give fewer bytes than it is asked for, before the end of the file too. */
async function fill(fd: number, request: ReadFile): Promise<void> {
  const { target, position } = request;
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await read(fd, target, done, target.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  request.bytesRead = done;
}
