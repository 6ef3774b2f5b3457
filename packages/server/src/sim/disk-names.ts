/**
 * One directory of the simulated disk: which names lead to which files, now and after a power cut.
 * Until the directory is synced, each creation, renaming and removal may or may not have happened,
 * one by one; a renaming happens whole or not at all. Knows the files only as things to be named.
 */

import type { Prng } from '@zabra/protocol';
import { DiskFile } from './disk-file.ts';

interface Change {
  /** Name that goes away, or null. */
  readonly from: string | null;
  /** Name that comes, or null. */
  readonly to: string | null;
  readonly file: DiskFile | null;
}

export class DiskNames {
  /** Insertion order, which depends on the requests alone. */
  readonly files: Map<string, DiskFile>;
  #durable: Map<string, DiskFile>;
  #unsynced: Change[];

  constructor() {
    this.files = new Map();
    this.#durable = new Map();
    this.#unsynced = [];
  }

  /** The names that a power cut that keeps nothing unsynced would leave. */
  get durableFiles(): ReadonlyMap<string, DiskFile> {
    return this.#durable;
  }

  /** An existing file of that name is emptied and stays the same file. */
  create(name: string): DiskFile {
    const found = this.files.get(name);
    if (found !== undefined) {
      found.truncate(0);
      return found;
    }
    const file = new DiskFile();
    this.#change({ from: null, to: name, file });
    return file;
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from);
    if (file !== undefined) this.#change({ from, to, file });
  }

  remove(name: string): void {
    if (this.files.has(name)) this.#change({ from: name, to: null, file: null });
  }

  sync(): void {
    if (this.#unsynced.length === 0) return;
    this.#unsynced = [];
    this.#durable = new Map(this.files);
  }

  /** Returns how many changes of names were undone. */
  cutPower(prng: Prng): number {
    let undoneCount = 0;
    for (const change of this.#unsynced) {
      if (prng.chance(1, 2)) carryOut(this.#durable, change);
      else undoneCount++;
    }
    this.#unsynced = [];
    this.files.clear();
    for (const [name, file] of this.#durable) this.files.set(name, file);
    return undoneCount;
  }

  #change(change: Change): void {
    this.#unsynced.push(change);
    carryOut(this.files, change);
  }
}

function carryOut(files: Map<string, DiskFile>, { from, to, file }: Change): void {
  if (from !== null) files.delete(from);
  if (to !== null && file !== null) files.set(to, file);
}
