/**
 * The file disk keeps the contract of a disk, on directories of its own below the system's
 * temporary one: with a log past the page cache, where that file system can, and without.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DiskReader, DiskRequest } from 'zabra/dist/log/disk.js';
import { FileDisk } from 'zabra/dist/io/file-disk.js';
import { type DiskCompletion, type DiskOnTrial, diskContract } from './disk-contract.ts';

class FileDiskOnTrial implements DiskOnTrial {
  readonly #root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-disk-'));
  readonly #paths = { log: path.join(this.#root, 'log'), snap: path.join(this.#root, 'snap') };
  #completions: DiskCompletion[] = [];
  readonly #writesDirectly: boolean;
  #disk: FileDisk;

  constructor(writesDirectly: boolean) {
    this.#writesDirectly = writesDirectly;
    fs.mkdirSync(this.#paths.log);
    fs.mkdirSync(this.#paths.snap);
    this.#disk = this.#open();
  }

  get reader(): DiskReader {
    return this.#disk.reader;
  }

  submit(request: DiskRequest): void {
    this.#disk.submit(request);
  }

  async settle(): Promise<DiskCompletion[]> {
    await this.#disk.close();
    const completions = this.#completions;
    this.#completions = [];
    return completions;
  }

  async reopen(): Promise<void> {
    await this.#disk.close();
    this.#disk = this.#open();
  }

  async dispose(): Promise<void> {
    await this.#disk.close();
    fs.rmSync(this.#root, { recursive: true });
  }

  #open(): FileDisk {
    return new FileDisk({
      paths: this.#paths,
      writesDirectly: this.#writesDirectly,
      onDone: (token, error) => this.#completions.push({ token, error }),
    });
  }
}

diskContract('FileDisk', async () => new FileDiskOnTrial(true));
diskContract('FileDisk through the page cache', async () => new FileDiskOnTrial(false));
