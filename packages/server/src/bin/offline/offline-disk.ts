/**
 * The two disks of offline commands: the real one, and a rehearsal over it that changes nothing.
 * Both are driven step by step, without an event loop of their own.
 */

import { FileDisk } from '../../io/file-disk.ts';
import { FileReader } from '../../io/file-reader.ts';
import { FrozenReader } from '../../io/frozen-reader.ts';
import { OverlayDisk } from '../../io/overlay-disk.ts';
import type { DiskDirectory, DiskReader, DiskRequest } from '../../log/disk.ts';
import { isSegmentName } from '../../log/file-names.ts';

export type OnCompletion = (token: number, error: string | null) => void;
export type DirectoryPaths = Readonly<Record<DiskDirectory, string>>;

export interface OfflineDisk {
  readonly reader: DiskReader;
  submit(request: DiskRequest): void;
  /** Reports completions; waits for one when requests are under way and none is complete. */
  next(onDone: OnCompletion): Promise<void>;
  close(): Promise<void>;
}

/** Nothing on disk changes; `changes` is what would. */
export class RehearsalDisk implements OfflineDisk {
  readonly #files: FileReader;
  readonly reader: OverlayDisk;

  /** `isLive`: a server may write there meanwhile; what it writes from now on is not seen. */
  constructor(paths: DirectoryPaths, isLive = false) {
    this.#files = new FileReader(paths);
    const reader = isLive ? new FrozenReader(this.#files, isSegmentName) : this.#files;
    this.reader = new OverlayDisk(reader, paths.log === paths.snap);
  }

  get changes(): readonly DiskRequest[] {
    return this.reader.changes;
  }

  submit(request: DiskRequest): void {
    this.reader.submit(request);
  }

  next(onDone: OnCompletion): Promise<void> {
    this.reader.complete(onDone);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#files.close();
    return Promise.resolve();
  }
}

/** The directories must be locked. */
export class RealDisk implements OfflineDisk {
  readonly #disk: FileDisk;
  #done: { readonly token: number; readonly error: string | null }[] = [];
  #wake: (() => void) | null = null;

  constructor(paths: DirectoryPaths) {
    const onDone = (token: number, error: string | null): void => {
      this.#done.push({ token, error });
      this.#wake?.();
    };
    this.#disk = new FileDisk({ paths, writesDirectly: false, onDone });
  }

  get reader(): DiskReader {
    return this.#disk.reader;
  }

  submit(request: DiskRequest): void {
    this.#disk.submit(request);
  }

  async next(onDone: OnCompletion): Promise<void> {
    if (this.#done.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const done = this.#done;
    this.#done = [];
    for (const { token, error } of done) onDone(token, error);
  }

  async close(): Promise<void> {
    await this.#disk.close();
  }
}
