/**
 * MemoryDisk: two directories in memory, for the tests of this room. A request is carried out when
 * it completes, and it completes when the test says so; nothing ever fails or tears. What disks do
 * wrong is the affair of `log` and `sim`.
 */

import type { DiskDirectory, DiskReader, DiskRequest } from '../log/disk.ts';

type Files = Map<string, Uint8Array>;

export class MemoryDisk implements DiskReader {
  readonly #files: Record<DiskDirectory, Files>;
  #waiting: DiskRequest[];
  /** Requests of that directory wait until it is false again; those of the other go on. */
  isLogStuck: boolean;
  isSnapStuck: boolean;

  constructor() {
    this.#files = { log: new Map(), snap: new Map() };
    this.#waiting = [];
    this.isLogStuck = false;
    this.isSnapStuck = false;
  }

  /** A disk with the same files, for the next process. */
  copy(): MemoryDisk {
    const other = new MemoryDisk();
    for (const directory of ['log', 'snap'] as const) {
      for (const [name, bytes] of this.#files[directory]) {
        other.#files[directory].set(name, bytes.slice());
      }
    }
    return other;
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
    const content = this.#files[directory].get(name) ?? new Uint8Array(0);
    const part = content.subarray(position, position + length);
    target.set(part, offset);
    return part.length;
  }

  submit(request: DiskRequest): void {
    this.#waiting.push(request);
  }

  /** Carries out what waits, in order; returns the tokens that are complete. */
  complete(): number[] {
    const isHeld = ({ directory }: DiskRequest): boolean =>
      directory === 'log' ? this.isLogStuck : this.isSnapStuck;
    const due = this.#waiting.filter((request) => !isHeld(request));
    this.#waiting = this.#waiting.filter(isHeld);
    for (const request of due) this.#carryOut(request);
    return due.map(({ token }) => token);
  }

  #carryOut(request: DiskRequest): void {
    const files = this.#files[request.directory];
    switch (request.kind) {
      case 'create':
        files.set(request.name, new Uint8Array(0));
        put(files, request.name, 0, request.bytes, request.preallocateBytes);
        return;
      case 'write': {
        let at = request.position;
        put(files, request.name, at, new Uint8Array(0), request.growToBytes);
        for (const piece of request.pieces) {
          put(files, request.name, at, piece, 0);
          at += piece.length;
        }
        return;
      }
      case 'replace':
        files.set(request.name, request.bytes.slice());
        return;
      case 'finish':
        files.set(request.to, files.get(request.name) ?? new Uint8Array(0));
        files.delete(request.name);
        return;
      case 'truncate':
        files.set(
          request.name,
          (files.get(request.name) ?? new Uint8Array(0)).slice(0, request.bytes),
        );
        return;
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

function put(files: Files, name: string, at: number, bytes: Uint8Array, bytesMin: number): void {
  const old = files.get(name) ?? new Uint8Array(0);
  const whole = new Uint8Array(Math.max(old.length, at + bytes.length, bytesMin));
  whole.set(old);
  whole.set(bytes, at);
  files.set(name, whole);
}
