/**
 * OverlayDisk: the disk of `log/disk` for a rehearsal. Requests are carried out in memory over real
 * files, which stay as they are: reads see every change, the world sees none. It is meant for the
 * small changes of a recovery; a log or a snapshot is never written through it.
 *
 * A file that was changed is bytes in memory, or the beginning of a real file under any name.
 */

import { assert, EMPTY_BYTES, unreachable } from '@zabra/protocol';
import type { DiskDirectory, DiskReader, DiskRequest, ReadFile, WriteFile } from '../log/disk.ts';

/** Most bytes of a file that is written into. */
const WRITTEN_BYTES_MAX = 1 << 20;

/** `bytes` from 0 on; with `base`, instead, the first `length` bytes of that real file. */
interface Overlaid {
  readonly bytes: Uint8Array;
  readonly base: string | null;
  readonly length: number;
}

/** Null: the file is gone. */
type Overlay = Map<string, Overlaid | null>;

export class OverlayDisk implements DiskReader {
  readonly #base: DiskReader;
  readonly #overlays: Readonly<Record<DiskDirectory, Overlay>>;
  #done: { readonly token: number; readonly error: string | null }[] = [];
  /** Requests that changed something, in order. */
  readonly changes: DiskRequest[] = [];

  /** `isOneDirectory`: logs and snapshots lie in the same place. */
  constructor(base: DiskReader, isOneDirectory: boolean) {
    this.#base = base;
    const log: Overlay = new Map();
    this.#overlays = { log, snap: isOneDirectory ? log : new Map<string, Overlaid | null>() };
  }

  submit(request: DiskRequest): void {
    const { token } = request;
    const missing = this.#missingFile(request);
    const error = missing === null ? null : `Cannot ${request.kind} "${missing}": no such file`;
    if (error === null) this.#carryOut(request);
    this.#done.push({ token, error });
  }

  /** Reports the requests that came since the last call; false: there was none. */
  complete(onDone: (token: number, error: string | null) => void): boolean {
    const done = this.#done;
    this.#done = [];
    for (const { token, error } of done) onDone(token, error);
    return done.length > 0;
  }

  list(directory: DiskDirectory): string[] {
    const overlay = this.#overlays[directory];
    const untouched = this.#base.list(directory).filter((name) => !overlay.has(name));
    const present = [...overlay].flatMap(([name, file]) => (file === null ? [] : [name]));
    return [...untouched, ...present];
  }

  sizeBytes(directory: DiskDirectory, name: string): number {
    const file = this.#overlays[directory].get(name);
    if (file === undefined) return this.#base.sizeBytes(directory, name);
    return file === null ? -1 : file.length;
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    const file = this.#overlays[directory].get(name);
    if (file === undefined) {
      return this.#base.read(directory, name, position, target, offset, length);
    }
    assert(file !== null, `Cannot read "${name}": it is gone`);
    const count = Math.max(0, Math.min(length, file.length - position));
    if (file.base !== null) {
      return this.#base.read(directory, file.base, position, target, offset, count);
    }
    target.set(file.bytes.subarray(position, position + count), offset);
    return count;
  }

  #missingFile(request: DiskRequest): string | null {
    const { kind, directory } = request;
    if (kind === 'create' || kind === 'replace' || kind === 'remove') return null;
    return this.sizeBytes(directory, request.name) < 0 ? request.name : null;
  }

  #carryOut(request: DiskRequest): void {
    const overlay = this.#overlays[request.directory];
    switch (request.kind) {
      case 'sync':
        return;
      case 'read':
        request.bytesRead = this.#readAll(request);
        return;
      case 'remove':
        return this.#remove(request.directory, request.names, request);
      case 'truncate':
        overlay.set(request.name, this.#cut(request.directory, request.name, request.bytes));
        break;
      case 'finish':
        overlay.set(request.to, this.#find(request.directory, request.name));
        overlay.set(request.name, null);
        break;
      case 'replace':
        overlay.set(request.name, inMemory(request.bytes));
        break;
      case 'create':
        overlay.set(request.name, inMemory(padded(request.bytes, request.preallocateBytes)));
        break;
      case 'write':
        overlay.set(request.name, this.#write(request));
        break;
      default:
        unreachable(request);
    }
    this.changes.push(request);
  }

  #remove(directory: DiskDirectory, names: readonly string[], request: DiskRequest): void {
    const present = names.filter((name) => this.sizeBytes(directory, name) >= 0);
    for (const name of present) this.#overlays[directory].set(name, null);
    if (present.length > 0) this.changes.push(request);
  }

  #readAll({ directory, name, position, target }: ReadFile): number {
    return this.read(directory, name, position, target, 0, target.length);
  }

  #find(directory: DiskDirectory, name: string): Overlaid {
    const file = this.#overlays[directory].get(name);
    if (file !== undefined && file !== null) return file;
    return { bytes: EMPTY_BYTES, base: name, length: this.sizeBytes(directory, name) };
  }

  #cut(directory: DiskDirectory, name: string, length: number): Overlaid {
    const file = this.#find(directory, name);
    if (file.base === null) return inMemory(file.bytes.slice(0, length));
    return { ...file, length: Math.min(file.length, length) };
  }

  #write({ directory, name, position, pieces, growToBytes }: WriteFile): Overlaid {
    const old = Math.max(0, this.sizeBytes(directory, name));
    const end = pieces.reduce((sum, piece) => sum + piece.length, position);
    const bytes = new Uint8Array(Math.max(old, end, growToBytes));
    assert(bytes.length <= WRITTEN_BYTES_MAX, `Cannot rehearse a write to "${name}": it is large`);
    if (old > 0) this.read(directory, name, 0, bytes, 0, old);
    let at = position;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return inMemory(bytes);
  }
}

function inMemory(bytes: Uint8Array): Overlaid {
  return { bytes: bytes.slice(), base: null, length: bytes.length };
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(Math.max(bytes.length, length));
  whole.set(bytes);
  return whole;
}
