/**
 * ConfigFiles: carries out what the machine wants kept of configurations, one request after
 * another, each by a file written aside, synced and renamed. What is in the files is
 * `config/dynamic-files`'s. A request that fails does not stop those that follow: the machine knows
 * which of them it can do without.
 */

import fs from 'node:fs/promises';
import path from 'node:path';
import {
  backupPath,
  dynamicPath,
  dynamicText,
  nextPath,
  staticText,
} from '../config/dynamic-files.ts';
import type { StoreConfig } from '../peer/ready.ts';

const MODE_BITS = 0o777;
/** Of files that hold server lines only. */
const PUBLIC_MODE = 0o644;

export class ConfigFiles {
  readonly #configFile: string;
  readonly #sid: number;
  readonly #onDone: (token: number, error: string | null) => void;
  #running: Promise<void>;

  /** `configFile` is the path of zoo.cfg, absolute; `sid` is this server's. */
  constructor(
    configFile: string,
    sid: number,
    onDone: (token: number, error: string | null) => void,
  ) {
    this.#configFile = configFile;
    this.#sid = sid;
    this.#onDone = onDone;
    this.#running = Promise.resolve();
  }

  /** Keeps zoo.cfg as it is now, before the first change of it. */
  async backUp(): Promise<void> {
    const text = await fs.readFile(this.#configFile, 'latin1');
    await replaceFile(backupPath(this.#configFile), text, await this.#mode());
  }

  submit(request: StoreConfig): void {
    this.#running = this.#runAfter(this.#running, request);
  }

  async #runAfter(running: Promise<void>, request: StoreConfig): Promise<void> {
    await running;
    this.#onDone(request.token, await this.#attempt(request));
  }

  async #attempt(request: StoreConfig): Promise<string | null> {
    try {
      await this.#carryOut(request);
      return null;
    } catch (error) {
      const what = `the ${request.kind} configuration beside "${this.#configFile}"`;
      return `Cannot store ${what}: ${(error as Error).message}`;
    }
  }

  async #carryOut({ kind, config, isSettled }: StoreConfig): Promise<void> {
    const next = nextPath(this.#configFile);
    if (kind === 'proposed') {
      await replaceFile(next, dynamicText(config, true), PUBLIC_MODE);
      return;
    }
    if (kind === 'committed') {
      const file = dynamicPath(this.#configFile, config.version);
      await replaceFile(file, dynamicText(config, false), PUBLIC_MODE);
      // Read anew each time: whoever edits it while the server runs is not undone.
      const text = await fs.readFile(this.#configFile, 'latin1');
      const edited = staticText(text, file, this.#sid, config);
      await replaceFile(this.#configFile, edited, await this.#mode());
    }
    if (!isSettled) return;
    await fs.rm(next, { force: true });
    await syncDirectory(path.dirname(next));
  }

  /**
   * Permissions of zoo.cfg, which may hold passwords: nobody else gets to see them by our doing.
   */
  async #mode(): Promise<number> {
    return (await fs.stat(this.#configFile)).mode & MODE_BITS;
  }
}

/** Either all of the new content is there afterwards, on stable storage, or all of the old. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await fs.open(temporary, 'w', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text, 'latin1');
    await handle.sync();
  } finally {
    await handle.close();
  }
  await fs.rename(temporary, file);
  await syncDirectory(path.dirname(file));
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
