/**
 * FuzzDisk: a disk in memory that never fails, for runs of a million transactions: files grow in
 * place, what is removed is gone, and it knows how much it holds. Requests complete when the bed
 * says so; the log may be stuck meanwhile.
 */

import type { DiskDirectory, DiskReader, DiskRequest } from 'zabra/dist/log/disk.js';
import type { LogTap } from './log-tap.ts';

interface MemoryFile {
  bytes: Uint8Array;
  length: number;
}

type Files = Map<string, MemoryFile>;

const CAPACITY_MIN = 4096;
const NO_BYTES = new Uint8Array(0);

export class FuzzDisk implements DiskReader {
  /** Hears of every transaction on the disk; null where nobody wants to know. */
  tap: LogTap | null;
  readonly #files: Record<DiskDirectory, Files>;
  #waiting: DiskRequest[];
  isLogStuck: boolean;

  constructor() {
    this.tap = null;
    this.#files = { log: new Map(), snap: new Map() };
    this.#waiting = [];
    this.isLogStuck = false;
  }

  /** Something waits that the next turn completes. */
  get isBusy(): boolean {
    return this.#waiting.some((request) => !this.#isHeld(request));
  }

  /** Memory of all files. */
  get heldBytes(): number {
    let total = 0;
    for (const files of [this.#files.log, this.#files.snap]) {
      for (const { bytes } of files.values()) total += bytes.length;
    }
    return total;
  }

  list(directory: DiskDirectory): string[] {
    return [...this.#files[directory].keys()];
  }

  sizeBytes(directory: DiskDirectory, name: string): number {
    return this.#files[directory].get(name)?.length ?? -1;
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    const file = this.#files[directory].get(name);
    if (file === undefined || position >= file.length) return 0;
    const part = file.bytes.subarray(position, Math.min(file.length, position + length));
    target.set(part, offset);
    return part.length;
  }

  submit(request: DiskRequest): void {
    this.#waiting.push(request);
  }

  /** Carries out what is not stuck, in order; returns the tokens that are complete. */
  complete(): number[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter((request) => !this.#isHeld(request));
    this.#waiting = this.#waiting.filter((request) => this.#isHeld(request));
    for (const request of due) {
      this.#carryOut(request);
      this.tap?.onStored(request);
    }
    return due.map(({ token }) => token);
  }

  #isHeld({ directory }: DiskRequest): boolean {
    return this.isLogStuck && directory === 'log';
  }

  #carryOut(request: DiskRequest): void {
    const files = this.#files[request.directory];
    switch (request.kind) {
      case 'create':
        files.set(request.name, { bytes: NO_BYTES, length: 0 });
        put(files, request.name, 0, request.bytes);
        return;
      case 'write': {
        let at = request.position;
        for (const piece of request.pieces) {
          put(files, request.name, at, piece);
          at += piece.length;
        }
        return;
      }
      case 'replace':
        files.set(request.name, { bytes: request.bytes.slice(), length: request.bytes.length });
        return;
      case 'finish': {
        const file = files.get(request.name);
        if (file !== undefined) files.set(request.to, file);
        files.delete(request.name);
        return;
      }
      case 'truncate': {
        const file = files.get(request.name);
        if (file === undefined) return;
        file.length = Math.min(file.length, request.bytes);
        file.bytes.fill(0, file.length);
        return;
      }
      case 'remove':
        for (const name of request.names) files.delete(name);
        return;
      case 'sync':
        return;
      case 'read': {
        const { directory, name, position, target } = request;
        request.bytesRead = this.read(directory, name, position, target, 0, target.length);
        return;
      }
    }
  }
}

function put(files: Files, name: string, at: number, bytes: Uint8Array): void {
  const file = files.get(name) ?? { bytes: NO_BYTES, length: 0 };
  const end = at + bytes.length;
  if (end > file.bytes.length) {
    const grown = new Uint8Array(Math.max(CAPACITY_MIN, end, file.bytes.length * 2));
    grown.set(file.bytes.subarray(0, file.length));
    file.bytes = grown;
  }
  file.bytes.set(bytes, at);
  file.length = Math.max(file.length, end);
  files.set(name, file);
}
