/**
 * The disk of one simulated server: the requests of `log/disk`, carried out in steps as an
 * operating system would, with the faults written down here and no others.
 *
 * - A request that has completed with all it promises survives everything: bytes of a `write` with
 *   sync, of `create`, `replace`, `finish`, `sync`, `truncate`, and the names they made or removed.
 * - The process ends (`kill`): what the operating system was told stays, synced or not. Of the
 *   request under way in each directory some first steps happened, the last one perhaps in part;
 *   those behind it never began.
 * - The power goes (`cutPower`): as above, and then each unsynced sector is kept, lost or torn and
 *   each unsynced change of a name is kept or undone (`disk-file`, `disk-names`).
 * - A sync fails: the request completes with an error without its later steps, and all that was
 *   not durable in that directory is as after a power cut, and read so. Requests behind it never
 *   complete; the process is to end.
 * - A read fails, and that is all that fails.
 * - Requests take time, now and then very long.
 *
 * Each directory is a channel of its own; reads that are asked for stand beside them. Reads see
 * what completed requests left; a request under way shows nothing. Knows nothing of what the bytes
 * mean.
 */

import { type Prng, assert } from '@zabra/protocol';
import type { DiskChange, DiskDirectory, DiskReader, DiskRequest, ReadFile } from '../log/disk.ts';
import type { CutCounts, DiskFile } from './disk-file.ts';
import { DiskNames } from './disk-names.ts';
import type { Planned, SimClock } from './sim-clock.ts';

export interface DiskOptions {
  /** A request without sync takes up to this, microseconds. */
  readonly writeUsMax: number;
  readonly syncUsMin: number;
  readonly syncUsMax: number;
  /** One sync in this many takes up to `stallUsMax`; 0 is never. */
  readonly stallOneIn: number;
  readonly stallUsMax: number;
  /** One sync in this many fails; 0 is never. */
  readonly failOneIn: number;
  /** One read that is asked for in this many fails; 0 is never. */
  readonly readFailOneIn: number;
}

export interface DiskCounts extends CutCounts {
  syncCount: number;
  failedSyncCount: number;
  undoneNameCount: number;
}

export type OnDiskCompletion = (request: DiskRequest, error: string | null) => void;

interface Channel {
  readonly directory: DiskDirectory;
  readonly names: DiskNames;
  /** Invariant: the first one is under way whenever `completion` is not null. */
  queue: DiskChange[];
  completion: Planned | null;
}

/** One step of a request; the steps of a request are taken in order. */
type Step =
  | { readonly kind: 'make'; readonly name: string }
  | { readonly kind: 'put'; readonly name: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'grow' | 'cut'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'sync-file' | 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  | { readonly kind: 'sync-names' };

const FAILED_SYNC = 'EIO: i/o error, fsync';
const FAILED_READ = 'EIO: i/o error, read';

export class SimDisk {
  readonly counts: DiskCounts;
  readonly #clock: SimClock;
  readonly #prng: Prng;
  readonly #log: Channel;
  readonly #snap: Channel;
  readonly #reads: Set<Planned>;
  #options: DiskOptions;
  #onCompletion: OnDiskCompletion;
  /** A sync has failed since the process began: nothing completes any more. */
  #isFailed: boolean;

  constructor(clock: SimClock, prng: Prng, options: DiskOptions) {
    this.counts = {
      sectorsKept: 0,
      sectorsLost: 0,
      sectorsTorn: 0,
      syncCount: 0,
      failedSyncCount: 0,
      undoneNameCount: 0,
    };
    this.#clock = clock;
    this.#prng = prng;
    this.#log = { directory: 'log', names: new DiskNames(), queue: [], completion: null };
    this.#snap = { directory: 'snap', names: new DiskNames(), queue: [], completion: null };
    this.#reads = new Set();
    this.#options = options;
    this.#onCompletion = () => undefined;
    this.#isFailed = false;
  }

  /** A process opens the disk; completions go to it from now on. */
  open(onCompletion: OnDiskCompletion): DiskReader {
    assert(this.#isIdle(), 'A process opened the disk of another one');
    this.#onCompletion = onCompletion;
    this.#isFailed = false;
    return {
      list: (directory) => [...this.#channel(directory).names.files.keys()],
      sizeBytes: (directory, name) => this.file(directory, name)?.sizeBytes ?? -1,
      read: (directory, name, position, target, offset, length) =>
        this.file(directory, name)?.read(position, target, offset, length) ?? 0,
    };
  }

  /** From now on requests take other times and meet other faults. */
  setOptions(options: DiskOptions): void {
    this.#options = options;
  }

  submit(request: DiskRequest): void {
    if (request.kind === 'read') {
      this.#beginRead(request);
      return;
    }
    const channel = this.#channel(request.directory);
    channel.queue.push(request);
    if (channel.completion === null) this.#begin(channel);
  }

  /** The process ends; the operating system lives on. */
  kill(): void {
    for (const planned of this.#reads) this.#clock.cancel(planned);
    this.#reads.clear();
    for (const channel of [this.#log, this.#snap]) {
      this.#clock.cancel(channel.completion);
      channel.completion = null;
      const underWay = channel.queue[0];
      channel.queue = [];
      if (underWay !== undefined && !this.#isFailed) this.#carryOutInPart(channel, underWay);
    }
    this.#onCompletion = () => undefined;
  }

  /** The machine loses power; the process ends with it. */
  cutPower(): void {
    this.kill();
    for (const { names } of [this.#log, this.#snap]) this.#cut(names);
  }

  file(directory: DiskDirectory, name: string): DiskFile | null {
    return this.#channel(directory).names.files.get(name) ?? null;
  }

  /** What is certain to survive: the durable names and files of a directory. */
  durableFiles(directory: DiskDirectory): ReadonlyMap<string, DiskFile> {
    return this.#channel(directory).names.durableFiles;
  }

  #channel(directory: DiskDirectory): Channel {
    return directory === 'log' ? this.#log : this.#snap;
  }

  #isIdle(): boolean {
    return this.#log.queue.length === 0 && this.#snap.queue.length === 0;
  }

  #begin(channel: Channel): void {
    const request = channel.queue[0];
    if (request === undefined || this.#isFailed) return;
    channel.completion = this.#clock.after(this.#durationUs(request), () => {
      channel.completion = null;
      this.#complete(channel, request);
    });
  }

  #beginRead(request: ReadFile): void {
    const { readFailOneIn } = this.#options;
    const isFailing = readFailOneIn > 0 && this.#prng.chance(1, readFailOneIn);
    const planned = this.#clock.after(this.#readUs(), () => {
      this.#reads.delete(planned);
      if (this.#isFailed) return;
      const file = this.file(request.directory, request.name);
      const { position, target } = request;
      if (file !== null) request.bytesRead = file.read(position, target, 0, target.length);
      const missing = file === null ? `ENOENT: no such file, read "${request.name}"` : null;
      this.#onCompletion(request, isFailing ? FAILED_READ : missing);
    });
    this.#reads.add(planned);
  }

  #readUs(): number {
    const { writeUsMax, stallOneIn, stallUsMax } = this.#options;
    if (stallOneIn > 0 && this.#prng.chance(1, stallOneIn)) return this.#prng.below(stallUsMax) + 1;
    return this.#prng.below(writeUsMax) + 1;
  }

  #complete(channel: Channel, request: DiskChange): void {
    if (this.#isFailed) return;
    const error = this.#carryOut(channel, request);
    channel.queue.shift();
    if (error !== null && error === FAILED_SYNC) this.#isFailed = true;
    this.#begin(channel);
    this.#onCompletion(request, error);
  }

  #durationUs(request: DiskChange): number {
    const { writeUsMax, syncUsMin, syncUsMax, stallOneIn, stallUsMax } = this.#options;
    const writeUs = this.#prng.below(writeUsMax) + 1;
    if (request.kind === 'write' && !request.sync) return writeUs;
    if (stallOneIn > 0 && this.#prng.chance(1, stallOneIn)) return this.#prng.below(stallUsMax) + 1;
    return writeUs + syncUsMin + this.#prng.below(syncUsMax - syncUsMin + 1);
  }

  /** The error with which the request completes, or null. */
  #carryOut(channel: Channel, request: DiskChange): string | null {
    const missing = missingFile(channel.names, request);
    if (missing !== null) return `ENOENT: no such file, ${request.kind} "${missing}"`;
    const steps = stepsOf(request);
    const syncIndexes = [...steps.keys()].filter((index) => isSync(steps[index] as Step));
    if (syncIndexes.length > 0) this.counts.syncCount++;
    const { failOneIn } = this.#options;
    if (syncIndexes.length > 0 && failOneIn > 0 && this.#prng.chance(1, failOneIn)) {
      this.counts.failedSyncCount++;
      const failed = this.#prng.pick(syncIndexes);
      for (const step of steps.slice(0, failed)) take(channel.names, step);
      this.#cut(channel.names);
      return FAILED_SYNC;
    }
    for (const step of steps) take(channel.names, step);
    return null;
  }

  #carryOutInPart(channel: Channel, request: DiskChange): void {
    if (missingFile(channel.names, request) !== null) return;
    const steps = stepsOf(request);
    const wholeSteps = this.#prng.below(steps.length + 1);
    for (let index = 0; index < wholeSteps; index++) take(channel.names, steps[index] as Step);
    const step = steps[wholeSteps];
    if (step?.kind !== 'put' || step.bytes.length === 0) return;
    const bytes = step.bytes.subarray(0, this.#prng.below(step.bytes.length));
    take(channel.names, { ...step, bytes });
  }

  #cut(names: DiskNames): void {
    const files = new Set([...names.files.values(), ...names.durableFiles.values()]);
    for (const file of files) file.cutPower(this.#prng, this.counts);
    this.counts.undoneNameCount += names.cutPower(this.#prng);
  }
}

/** The name of a file that the request needs and does not find, or null. */
function missingFile(names: DiskNames, request: DiskChange): string | null {
  const { kind } = request;
  if (kind === 'create' || kind === 'replace' || kind === 'remove') return null;
  return names.files.has(request.name) ? null : request.name;
}

function stepsOf(request: DiskChange): Step[] {
  switch (request.kind) {
    case 'create':
      return [
        { kind: 'make', name: request.name },
        { kind: 'put', name: request.name, at: 0, bytes: request.bytes },
        { kind: 'grow', name: request.name, bytes: request.preallocateBytes },
        { kind: 'sync-file', name: request.name },
        { kind: 'sync-names' },
      ];
    case 'write':
      return writeSteps(request.name, request.position, request.pieces, request);
    case 'replace': {
      const name = `${request.name}.tmp`;
      return [
        { kind: 'make', name },
        { kind: 'put', name, at: 0, bytes: request.bytes },
        { kind: 'sync-file', name },
        { kind: 'rename', name, to: request.name },
        { kind: 'sync-names' },
      ];
    }
    case 'finish':
      return [
        { kind: 'sync-file', name: request.name },
        { kind: 'rename', name: request.name, to: request.to },
        { kind: 'sync-names' },
      ];
    case 'truncate':
      return [
        { kind: 'cut', name: request.name, bytes: request.bytes },
        { kind: 'sync-file', name: request.name },
      ];
    case 'remove': {
      const unlinks: Step[] = request.names.map((name) => ({ kind: 'unlink', name }));
      return [...unlinks, { kind: 'sync-names' }];
    }
    case 'sync':
      return [{ kind: 'sync-file', name: request.name }, { kind: 'sync-names' }];
  }
}

function writeSteps(
  name: string,
  position: number,
  pieces: readonly Uint8Array[],
  { growToBytes, sync }: { readonly growToBytes: number; readonly sync: boolean },
): Step[] {
  const steps: Step[] = [{ kind: 'grow', name, bytes: growToBytes }];
  let at = position;
  for (const bytes of pieces) {
    steps.push({ kind: 'put', name, at, bytes });
    at += bytes.length;
  }
  if (sync) steps.push({ kind: 'sync-file', name });
  return steps;
}

function isSync({ kind }: Step): boolean {
  return kind === 'sync-file' || kind === 'sync-names';
}

function take(names: DiskNames, step: Step): void {
  switch (step.kind) {
    case 'make':
      names.create(step.name);
      break;
    case 'put':
      names.files.get(step.name)?.write(step.at, step.bytes);
      break;
    case 'grow':
      names.files.get(step.name)?.grow(step.bytes);
      break;
    case 'cut':
      names.files.get(step.name)?.truncate(step.bytes);
      break;
    case 'sync-file':
      names.files.get(step.name)?.sync();
      break;
    case 'unlink':
      names.remove(step.name);
      break;
    case 'rename':
      names.rename(step.name, step.to);
      break;
    case 'sync-names':
      names.sync();
      break;
  }
}
