/**
 * MemoryDisk: a disk for the tests of this room. Requests wait until `completeOne`; each is carried
 * out in steps, and a crash stops in the middle of one, then keeps, loses or tears every sector and
 * every name that no sync has covered. It can also be filled from a directory of real files.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Prng } from '@zabra/protocol';
import type {
  CreateFile,
  DiskDirectory,
  DiskReader,
  DiskRequest,
  ReadFile,
  ReplaceFile,
  WriteFile,
} from './disk.ts';

const SECTOR_BYTES = 512;

class MemoryFile {
  content: Uint8Array = new Uint8Array(0);
  durable: Uint8Array = new Uint8Array(0);

  resize(bytes: number): void {
    const resized = new Uint8Array(bytes);
    resized.set(this.content.subarray(0, Math.min(bytes, this.content.length)));
    this.content = resized;
  }

  write(position: number, bytes: Uint8Array): void {
    if (position + bytes.length > this.content.length) this.resize(position + bytes.length);
    this.content.set(bytes, position);
  }

  sync(): void {
    this.durable = this.content.slice();
  }

  cutPower(prng: Prng): void {
    const survives = new Uint8Array(this.#sizeAfterCut(prng));
    survives.set(this.durable.subarray(0, Math.min(this.durable.length, survives.length)));
    for (let start = 0; start < survives.length; start += SECTOR_BYTES) {
      const end = Math.min(start + SECTOR_BYTES, survives.length);
      const [from, to] = keptPart(prng, start, end);
      survives.set(this.content.subarray(Math.min(from, this.content.length), to), from);
    }
    this.content = survives;
    this.durable = survives.slice();
  }

  #sizeAfterCut(prng: Prng): number {
    const sizes = [this.durable.length, this.content.length];
    const low = Math.min(...sizes);
    sizes.push(low + prng.below(Math.max(...sizes) - low + 1));
    return prng.pick(sizes);
  }
}

/** The part of a dirty sector that reaches the medium: all, none, its front or its back. */
function keptPart(prng: Prng, start: number, end: number): [number, number] {
  const cut = start + prng.below(end - start + 1);
  return prng.pick<[number, number]>([
    [start, end],
    [start, start],
    [start, cut],
    [cut, end],
  ]);
}

interface Channel {
  files: Map<string, MemoryFile>;
  durableFiles: Map<string, MemoryFile>;
  /** Undone or done, one by one, by a crash. */
  nameChanges: ((files: Map<string, MemoryFile>) => void)[];
  queue: DiskRequest[];
}

export class MemoryDisk implements DiskReader {
  readonly #channels: Record<DiskDirectory, Channel>;
  /** Kinds and names of all requests that were carried out, for assertions. */
  readonly done: string[] = [];
  /** Names of requests submitted so far. */
  submittedCount = 0;

  constructor() {
    this.#channels = { log: newChannel(), snap: newChannel() };
  }

  /** Everything in the directories becomes durable content; null: the directory stays empty. */
  static fromDirectories(logPath: string | null, snapPath: string | null): MemoryDisk {
    const disk = new MemoryDisk();
    const paths: [DiskDirectory, string | null][] = [
      ['log', logPath],
      ['snap', snapPath],
    ];
    for (const [directory, from] of paths) {
      if (from === null) continue;
      for (const name of fs.readdirSync(from)) {
        disk.put(directory, name, fs.readFileSync(path.join(from, name)));
      }
    }
    return disk;
  }

  put(directory: DiskDirectory, name: string, bytes: Uint8Array): void {
    const file = new MemoryFile();
    file.content = Uint8Array.from(bytes);
    file.sync();
    this.#channels[directory].files.set(name, file);
    this.#channels[directory].durableFiles.set(name, file);
  }

  delete(directory: DiskDirectory, name: string): void {
    this.#channels[directory].files.delete(name);
    this.#channels[directory].durableFiles.delete(name);
  }

  /** A copy, to be changed and put back. */
  bytes(directory: DiskDirectory, name: string): Uint8Array {
    const file = this.#channels[directory].files.get(name);
    assert.ok(file !== undefined, `no file "${name}"`);
    return file.content.slice();
  }

  list(directory: DiskDirectory): string[] {
    return [...this.#channels[directory].files.keys()];
  }

  sizeBytes(directory: DiskDirectory, name: string): number {
    return this.#channels[directory].files.get(name)?.content.length ?? -1;
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    assert.ok(length <= 1 << 20, 'no read exceeds 1 MiB');
    const content = this.#channels[directory].files.get(name)?.content ?? new Uint8Array(0);
    const part = content.subarray(position, Math.min(position + length, content.length));
    target.set(part, offset);
    return part.length;
  }

  submit(request: DiskRequest): void {
    this.submittedCount++;
    this.#channels[request.directory].queue.push(request);
  }

  get pendingCount(): number {
    return this.#channels.log.queue.length + this.#channels.snap.queue.length;
  }

  /** Carries out the next request of one of the directories; its token, or 0 when none waits. */
  completeOne(prng: Prng): number {
    const busy = [this.#channels.log, this.#channels.snap].filter(({ queue }) => queue.length > 0);
    if (busy.length === 0) return 0;
    const channel = prng.pick(busy);
    const request = channel.queue.shift() as DiskRequest;
    if (request.kind === 'read') this.#carryOutRead(request);
    else for (const step of stepsOf(request, channel)) step();
    const name = 'name' in request ? request.name : request.names.join(' ');
    this.done.push(`${request.kind} ${name}`);
    return request.token;
  }

  #carryOutRead(request: ReadFile): void {
    const { directory, name, position, target } = request;
    request.bytesRead = this.read(directory, name, position, target, 0, target.length);
  }

  /** The power goes while the requests are under way. */
  cutPower(prng: Prng): void {
    this.killProcess(prng);
    for (const channel of Object.values(this.#channels)) {
      for (const change of channel.nameChanges) if (prng.chance(1, 2)) change(channel.durableFiles);
      channel.files = new Map(channel.durableFiles);
      for (const file of channel.files.values()) file.cutPower(prng);
      channel.nameChanges = [];
    }
  }

  /**
   * The process goes: what the system was told stays. Some requests were carried out and nobody has
   * heard of it any more, the next one in part.
   */
  killProcess(prng: Prng): void {
    for (const channel of Object.values(this.#channels)) {
      const wholeCount = prng.below(channel.queue.length + 1);
      channel.queue.slice(0, wholeCount).forEach((request) => {
        for (const step of stepsOf(request, channel)) step();
      });
      const request = channel.queue[wholeCount];
      const steps = request === undefined ? [] : stepsOf(request, channel);
      for (const step of steps.slice(0, prng.below(steps.length + 1))) step();
      channel.queue = [];
    }
  }
}

function newChannel(): Channel {
  return { files: new Map(), durableFiles: new Map(), nameChanges: [], queue: [] };
}

function stepsOf(request: DiskRequest, channel: Channel): (() => void)[] {
  const steps = new Steps(channel);
  switch (request.kind) {
    case 'create':
      return steps.create(request);
    case 'write':
      return steps.write(request);
    case 'replace':
      return steps.replace(request);
    case 'finish':
      return [steps.sync(request.name), steps.rename(request.name, request.to), steps.syncNames()];
    case 'truncate':
      return [steps.resize(request.name, request.bytes), steps.sync(request.name)];
    case 'remove':
      return [...request.names.map((name) => steps.unlink(name)), steps.syncNames()];
    case 'sync':
      return [steps.sync(request.name)];
    case 'read':
      return [];
  }
}

/** What requests are made of; each step is a function, to be called or not. */
class Steps {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  create({ name, bytes, preallocateBytes }: CreateFile): (() => void)[] {
    const grow = this.resize(name, Math.max(bytes.length, preallocateBytes));
    return [this.make(name), grow, this.put(name, 0, bytes), this.sync(name), this.syncNames()];
  }

  write({ name, position, pieces, sync, growToBytes }: WriteFile): (() => void)[] {
    const steps = [
      () => {
        const file = this.#file(name);
        file.resize(Math.max(growToBytes, file.content.length));
      },
    ];
    let at = position;
    for (const piece of pieces) {
      steps.push(this.put(name, at, piece));
      at += piece.length;
    }
    return sync ? [...steps, this.sync(name)] : steps;
  }

  replace({ name, bytes }: ReplaceFile): (() => void)[] {
    const temporary = `${name}.tmp`;
    const put = this.put(temporary, 0, bytes);
    const rename = this.rename(temporary, name);
    return [this.make(temporary), put, this.sync(temporary), rename, this.syncNames()];
  }

  make(name: string): () => void {
    return () => {
      const made = this.#channel.files.get(name) ?? new MemoryFile();
      made.resize(0);
      this.#change((files) => files.set(name, made));
    };
  }

  put(name: string, position: number, bytes: Uint8Array): () => void {
    return () => this.#file(name).write(position, bytes);
  }

  resize(name: string, bytes: number): () => void {
    return () => this.#file(name).resize(bytes);
  }

  sync(name: string): () => void {
    return () => this.#file(name).sync();
  }

  rename(from: string, to: string): () => void {
    return () => {
      const moved = this.#file(from);
      this.#change((files) => {
        files.delete(from);
        files.set(to, moved);
      });
    };
  }

  unlink(name: string): () => void {
    return () => this.#change((files) => files.delete(name));
  }

  syncNames(): () => void {
    return () => {
      this.#channel.durableFiles = new Map(this.#channel.files);
      this.#channel.nameChanges = [];
    };
  }

  #file(name: string): MemoryFile {
    const file = this.#channel.files.get(name);
    assert.ok(file !== undefined, `no file "${name}"`);
    return file;
  }

  #change(change: (files: Map<string, MemoryFile>) => void): void {
    change(this.#channel.files);
    this.#channel.nameChanges.push(change);
  }
}
