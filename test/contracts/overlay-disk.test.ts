/**
 * The disk of rehearsals keeps the contract of a disk, over real directories of which nothing
 * changes whatever is asked of it.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DiskRequest } from 'zabra/dist/log/disk.js';
import { FileReader } from 'zabra/dist/io/file-reader.js';
import { OverlayDisk } from 'zabra/dist/io/overlay-disk.js';
import { type DiskCompletion, type DiskOnTrial, diskContract } from './disk-contract.ts';

class OverlayDiskOnTrial implements DiskOnTrial {
  readonly #root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-overlay-'));
  readonly reader = new OverlayDisk(new FileReader(this.#makePaths()), false);

  submit(request: DiskRequest): void {
    this.reader.submit(request);
  }

  async settle(): Promise<DiskCompletion[]> {
    const completions: DiskCompletion[] = [];
    this.reader.complete((token, error) => completions.push({ token, error }));
    return completions;
  }

  /** There is nothing to open again: what was rehearsed is in memory. */
  async reopen(): Promise<void> {}

  async dispose(): Promise<void> {
    assert.deepEqual(fs.readdirSync(path.join(this.#root, 'log')), []);
    assert.deepEqual(fs.readdirSync(path.join(this.#root, 'snap')), []);
    fs.rmSync(this.#root, { recursive: true });
  }

  #makePaths(): { log: string; snap: string } {
    const paths = { log: path.join(this.#root, 'log'), snap: path.join(this.#root, 'snap') };
    fs.mkdirSync(paths.log);
    fs.mkdirSync(paths.snap);
    return paths;
  }
}

diskContract('OverlayDisk', async () => new OverlayDiskOnTrial());
