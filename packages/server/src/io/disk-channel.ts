/**
 * DiskChannel: carries out the requests of one directory on real files, one after another. Writes
 * that want a sync go through a descriptor opened with O_DSYNC: one trip to the thread pool
 * instead of two, and no turn of a busy loop between the bytes and their sync
 * (`docs/operating.md`). Those to a preallocated file pass by the page cache, see `direct-file`.
 * Where unsynced bytes are outstanding, or the system has no O_DSYNC, a write is followed by
 * fdatasync instead.
 *
 * After the first failure nothing more is carried out: whatever follows completes with the same
 * error, since order is a promise and a disk that failed once is not to be trusted again.
 */

import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { unreachable } from '@zabra/protocol';
import type { CreateFile, DiskChange, FinishFile, WriteFile } from '../log/disk.ts';
import type { ReplaceFile, TruncateFile } from '../log/disk.ts';
import { DirectFile, makeStage } from './direct-file.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const writev = promisify(fs.writev);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);
const fstat = promisify(fs.fstat);
const rename = promisify(fs.rename);
const unlink = promisify(fs.unlink);

const { O_CREAT, O_TRUNC, O_WRONLY } = fs.constants;
/** 0 where the system has no such flag. */
const O_DSYNC = fs.constants.O_DSYNC ?? 0;

/** A file that is being created has this before its name, which no reader of logs looks at. */
export const CREATING_PREFIX = 'creating.';
/** The log and the watermark beside it take turns: neither is opened anew for each write. */
const FILES_OPEN_MAX = 2;

/** A file that writes go to. */
interface OpenFile {
  readonly name: string;
  /** Descriptors without and with O_DSYNC; -1 while not needed. */
  plainFd: number;
  syncFd: number;
  /** Null while not in use; it may not be there for the next write. */
  direct: DirectFile | null;
  /** False once the file, or what lies below it, was found not to take such writes. */
  mayBeDirect: boolean;
}

export type OnRequestDone = (request: DiskChange, error: string | null, elapsedMs: number) => void;

export class DiskChannel {
  readonly #directoryPath: string;
  /** Null where nothing is written past the page cache. */
  readonly #stage: Uint8Array | null;
  readonly #onDone: OnRequestDone;
  readonly #waiting: DiskChange[] = [];
  #running: Promise<void> | null = null;
  #failure: string | null = null;
  /** The one used last is the last. */
  readonly #files: OpenFile[] = [];
  /** Names of files with bytes that no sync has covered, open or not. */
  readonly #dirty = new Set<string>();
  #directoryFd = -1;

  constructor(directoryPath: string, writesDirectly: boolean, onDone: OnRequestDone) {
    this.#directoryPath = directoryPath;
    this.#stage = writesDirectly ? makeStage() : null;
    this.#onDone = onDone;
  }

  submit(request: DiskChange): void {
    this.#waiting.push(request);
    this.#running ??= this.#run();
  }

  /** Waits for all that was submitted, then closes what is open. */
  async close(): Promise<void> {
    await this.#running;
    for (const file of this.#files.splice(0)) await closeFile(file);
    if (this.#directoryFd >= 0) await close(this.#directoryFd);
    this.#directoryFd = -1;
  }

  async #run(): Promise<void> {
    for (;;) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      const startMs = performance.now();
      await this.#attempt(request);
      this.#onDone(request, this.#failure, performance.now() - startMs);
    }
    this.#running = null;
  }

  async #attempt(request: DiskChange): Promise<void> {
    if (this.#failure !== null) return;
    try {
      await this.#carryOut(request);
    } catch (error) {
      this.#failure = describe(request, error);
    }
  }

  async #carryOut(request: DiskChange): Promise<void> {
    switch (request.kind) {
      case 'create':
        return this.#create(request);
      case 'write':
        return this.#write(request);
      case 'replace':
        return this.#replace(request);
      case 'finish':
        return this.#finish(request);
      case 'truncate':
        return this.#truncate(request);
      case 'remove':
        return this.#remove(request.names);
      case 'sync':
        await this.#sync(request.name);
        return this.#syncDirectory();
      default:
        return unreachable(request);
    }
  }

  /** The name appears when the first bytes are there: no log of 0 bytes is ever left behind. */
  async #create(request: CreateFile): Promise<void> {
    await this.#release(request.name);
    const temporary = CREATING_PREFIX + request.name;
    await this.#writeWhole(temporary, request.bytes, request.preallocateBytes);
    await rename(this.#path(temporary), this.#path(request.name));
    await this.#syncDirectory();
  }

  /** The suffix is the one whose leftover Apache's server accepts for `currentEpoch`. */
  async #replace(request: ReplaceFile): Promise<void> {
    await this.#release(request.name);
    const temporary = `${request.name}.tmp`;
    await this.#writeWhole(temporary, request.bytes, 0);
    await rename(this.#path(temporary), this.#path(request.name));
    await this.#syncDirectory();
  }

  async #write(request: WriteFile): Promise<void> {
    // No await before the system call in the usual case: it is made while `submit` runs, and the
    // disk is at work while the rest of the turn goes on.
    const last = this.#files.at(-1);
    const file = last?.name === request.name ? last : await this.#open(request.name);
    if (request.growToBytes > 0) await this.#grow(file, request.growToBytes);
    const pieces = request.pieces.filter((piece) => piece.length > 0);
    if (request.sync && O_DSYNC !== 0 && !this.#dirty.has(file.name)) {
      const stage = file.mayBeDirect ? this.#stage : null;
      if (stage !== null && (await this.#writeDirect(file, pieces, request.position, stage)))
        return;
      if (file.syncFd < 0) file.syncFd = await open(this.#path(file.name), O_WRONLY | O_DSYNC);
      await writeAll(file.syncFd, pieces, request.position);
      return;
    }
    const fd = await this.#plainFd(file);
    this.#dirty.add(file.name);
    await writeAll(fd, pieces, request.position);
    if (!request.sync) return;
    await fdatasync(fd);
    this.#dirty.delete(file.name);
  }

  /** False when the bytes must go the usual way. */
  async #writeDirect(
    file: OpenFile,
    pieces: Uint8Array[],
    position: number,
    stage: Uint8Array,
  ): Promise<boolean> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (file.direct?.takes(position, bytes) !== true) {
      await this.#closeDirect(file);
      file.direct = await DirectFile.open(this.#path(file.name), position, stage);
      if (file.direct === null) file.mayBeDirect = false;
    }
    if (file.direct?.takes(position, bytes) !== true) return false;
    if (await file.direct.write(pieces, position)) return true;
    await this.#closeDirect(file);
    file.mayBeDirect = false;
    return false;
  }

  async #closeDirect(file: OpenFile): Promise<void> {
    const { direct } = file;
    file.direct = null;
    if (direct !== null) await direct.close();
  }

  async #finish(request: FinishFile): Promise<void> {
    await this.#sync(request.name);
    await this.#release(request.name);
    await this.#release(request.to);
    await rename(this.#path(request.name), this.#path(request.to));
    await this.#syncDirectory();
  }

  async #truncate(request: TruncateFile): Promise<void> {
    const file = await this.#open(request.name);
    const fd = await this.#plainFd(file);
    await ftruncate(fd, request.bytes);
    await fsync(fd);
    this.#dirty.delete(file.name);
  }

  async #sync(name: string): Promise<void> {
    const file = await this.#open(name);
    await fsync(await this.#plainFd(file));
    this.#dirty.delete(file.name);
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#release(name);
      try {
        await unlink(this.#path(name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    await this.#syncDirectory();
  }

  async #writeWhole(name: string, bytes: Uint8Array, preallocateBytes: number): Promise<void> {
    const fd = await open(this.#path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644);
    try {
      if (bytes.length > 0) await writeAll(fd, [bytes], 0);
      if (preallocateBytes > bytes.length) await ftruncate(fd, preallocateBytes);
      await fsync(fd);
    } finally {
      await close(fd);
    }
  }

  async #grow(file: OpenFile, bytes: number): Promise<void> {
    const fd = await this.#plainFd(file);
    const { size } = await fstat(fd);
    if (size < bytes) await ftruncate(fd, bytes);
    file.direct?.onGrown(Math.max(size, bytes));
  }

  async #open(name: string): Promise<OpenFile> {
    const index = this.#files.findIndex((file) => file.name === name);
    const [found] = index >= 0 ? this.#files.splice(index, 1) : [];
    const file = found ?? { name, plainFd: -1, syncFd: -1, direct: null, mayBeDirect: true };
    for (const other of this.#files.splice(0, this.#files.length - FILES_OPEN_MAX + 1)) {
      await closeFile(other);
    }
    this.#files.push(file);
    return file;
  }

  async #plainFd(file: OpenFile): Promise<number> {
    if (file.plainFd < 0) file.plainFd = await open(this.#path(file.name), O_WRONLY);
    return file.plainFd;
  }

  /** The name is about to stand for another file, or for none. */
  async #release(name: string): Promise<void> {
    this.#dirty.delete(name);
    const index = this.#files.findIndex((file) => file.name === name);
    const [file] = index >= 0 ? this.#files.splice(index, 1) : [];
    if (file !== undefined) await closeFile(file);
  }

  async #syncDirectory(): Promise<void> {
    if (this.#directoryFd < 0) this.#directoryFd = await open(this.#directoryPath, 'r');
    await fsync(this.#directoryFd);
  }

  #path(name: string): string {
    return path.join(this.#directoryPath, name);
  }
}

async function closeFile({ plainFd, syncFd, direct }: OpenFile): Promise<void> {
  if (direct !== null) await direct.close();
  if (plainFd >= 0) await close(plainFd);
  if (syncFd >= 0) await close(syncFd);
}

/** Writes the pieces one after another; the system may take fewer bytes than it is given. */
async function writeAll(fd: number, pieces: Uint8Array[], position: number): Promise<void> {
  let rest = pieces;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await writev(fd, rest, at);
    at += bytesWritten;
    rest = after(rest, bytesWritten);
  }
}

/** What remains of the pieces behind the first `count` bytes. */
function after(pieces: Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] as Uint8Array;
    if (skipped + piece.length > count) {
      return [piece.subarray(count - skipped), ...pieces.slice(index + 1)];
    }
    skipped += piece.length;
  }
  return [];
}

function describe(request: DiskChange, error: unknown): string {
  const what = 'name' in request ? request.name : request.names.join(', ');
  const reason = error instanceof Error ? error.message : String(error);
  return `Cannot ${request.kind} "${what}" in the ${request.directory} directory: ${reason}`;
}
