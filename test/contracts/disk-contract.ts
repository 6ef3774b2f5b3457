/**
 * What every disk keeps, whatever it is made of: one suite that the simulated disk and the file
 * disk both pass. It knows only the requests, completions and reads of `log/disk`; how a disk is
 * made, driven and thrown away is the affair of the caller. What survives a power cut is not here,
 * because only the simulation can cut the power; `sim-disk.test.ts` has it.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DiskDirectory, DiskReader, DiskRequest, ReadFile } from 'zabra/dist/log/disk.js';

export interface DiskCompletion {
  readonly token: number;
  readonly error: string | null;
}

/** A disk on trial, with two empty directories at first. */
export interface DiskOnTrial {
  readonly reader: DiskReader;
  submit(request: DiskRequest): void;
  /** Waits until all that was submitted has completed; gives what came since the last call. */
  settle(): Promise<DiskCompletion[]>;
  /** The process ends and another one opens the same directories; `reader` is a new one then. */
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

type Wanted = DiskRequest extends infer Request
  ? Request extends DiskRequest
    ? Omit<Request, 'token'>
    : never
  : never;

class Trial {
  readonly disk: DiskOnTrial;
  #lastToken = 0;

  constructor(disk: DiskOnTrial) {
    this.disk = disk;
  }

  submit(wanted: Wanted): number {
    const token = ++this.#lastToken;
    this.disk.submit({ ...wanted, token } as DiskRequest);
    return token;
  }

  /** Submits one request, waits for it and wants it to succeed. */
  async done(wanted: Wanted): Promise<void> {
    const token = this.submit(wanted);
    assert.deepEqual(await this.disk.settle(), [{ token, error: null }]);
  }

  /** Submits one request and wants it to fail with a reason. */
  async refused(wanted: Wanted): Promise<void> {
    const token = this.submit(wanted);
    const completions = await this.disk.settle();
    assert.equal(completions.length, 1);
    assert.equal(completions[0]?.token, token);
    assert.ok((completions[0]?.error ?? '').length > 0, 'wanted a reason');
  }

  /** A read that is asked for, of up to `count` bytes; the request when it is complete. */
  async read(directory: DiskDirectory, name: string, at: number, count: number): Promise<ReadFile> {
    const target = new Uint8Array(count).fill(9);
    const token = ++this.#lastToken;
    const request: ReadFile = {
      kind: 'read',
      token,
      directory,
      name,
      position: at,
      target,
      bytesRead: 0,
    };
    this.disk.submit(request);
    assert.deepEqual(await this.disk.settle(), [{ token, error: null }]);
    return request;
  }

  contents(directory: DiskDirectory, name: string): number[] {
    const size = this.disk.reader.sizeBytes(directory, name);
    assert.ok(size >= 0, `wanted a file "${name}"`);
    const target = new Uint8Array(size);
    assert.equal(this.disk.reader.read(directory, name, 0, target, 0, size), size);
    return [...target];
  }

  names(directory: DiskDirectory): string[] {
    return this.disk.reader.list(directory).sort();
  }
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function diskContract(name: string, makeDisk: () => Promise<DiskOnTrial>): void {
  describe(`${name} keeps the contract of a disk`, () => {
    let trial: Trial;
    beforeEach(async () => {
      trial = new Trial(await makeDisk());
    });
    afterEach(() => trial.disk.dispose());
    creates(() => trial);
    writes(() => trial);
    longerWrites(() => trial);
    cutsAndRefusals(() => trial);
    replaces(() => trial);
    removes(() => trial);
    orders(() => trial);
    reads(() => trial);
    askedReads(() => trial);
  });
}

function creates(trial: () => Trial): void {
  it('create makes a file of the bytes, then zeros up to the preallocated size', async () => {
    const preallocateBytes = 16;
    await trial().done({
      kind: 'create',
      directory: 'log',
      name: 'log.1',
      preallocateBytes,
      bytes: bytes(1, 2, 3),
    });
    assert.deepEqual(trial().contents('log', 'log.1'), [1, 2, 3, ...Array(13).fill(0)]);
    assert.deepEqual(trial().names('snap'), []);
  });

  it('create without preallocation makes a file as long as its bytes', async () => {
    const made = { kind: 'create', directory: 'snap', name: 'a', preallocateBytes: 0 } as const;
    await trial().done({ ...made, bytes: bytes(1, 2, 3) });
    assert.deepEqual(trial().contents('snap', 'a'), [1, 2, 3]);
    await trial().done({ ...made, name: 'b', bytes: bytes() });
    assert.deepEqual(trial().contents('snap', 'b'), []);
  });

  it('create overwrites a file of the same name and leaves nothing of it', async () => {
    const made = { kind: 'create', directory: 'log', name: 'log.1' } as const;
    await trial().done({ ...made, preallocateBytes: 8, bytes: bytes(9, 9, 9, 9, 9) });
    await trial().done({ ...made, preallocateBytes: 4, bytes: bytes(1) });
    assert.deepEqual(trial().contents('log', 'log.1'), [1, 0, 0, 0]);
  });
}

const WRITE = { kind: 'write', directory: 'log', name: 'log.1', sync: true } as const;

async function withFile(trial: Trial, preallocateBytes: number): Promise<Trial> {
  const created = { kind: 'create', directory: 'log', name: 'log.1', preallocateBytes } as const;
  await trial.done({ ...created, bytes: bytes(7) });
  return trial;
}

function writes(trial: () => Trial): void {
  it('write puts the pieces one after another at the position', async () => {
    const t = await withFile(trial(), 8);
    await t.done({
      ...WRITE,
      position: 2,
      growToBytes: 0,
      pieces: [bytes(1, 2), bytes(), bytes(3)],
    });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 0, 1, 2, 3, 0, 0, 0]);
  });
}

function longerWrites(trial: () => Trial): void {
  it('write grows the file first, with zeros', async () => {
    const t = await withFile(trial(), 4);
    await t.done({ ...WRITE, position: 3, growToBytes: 8, pieces: [bytes(1, 2)] });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 0, 0, 1, 2, 0, 0, 0]);
  });

  it('write beyond the end makes the file as long as it takes', async () => {
    const t = await withFile(trial(), 0);
    await t.done({ ...WRITE, position: 3, growToBytes: 0, pieces: [bytes(1, 2)] });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 0, 0, 1, 2]);
  });

  it('write without sync is visible once it has completed, and sync completes', async () => {
    const t = await withFile(trial(), 0);
    await t.done({ ...WRITE, sync: false, position: 1, growToBytes: 0, pieces: [bytes(1)] });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 1]);
    await t.done({ kind: 'sync', directory: 'log', name: 'log.1' });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 1]);
  });
}

function cutsAndRefusals(trial: () => Trial): void {
  it('truncate cuts the file, and a write after it finds zeros behind the cut', async () => {
    const t = await withFile(trial(), 0);
    await t.done({ ...WRITE, position: 1, growToBytes: 0, pieces: [bytes(1, 2, 3, 4)] });
    await t.done({ kind: 'truncate', directory: 'log', name: 'log.1', bytes: 2 });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 1]);
    await t.done({ ...WRITE, position: 4, growToBytes: 0, pieces: [bytes(5)] });
    assert.deepEqual(t.contents('log', 'log.1'), [7, 1, 0, 0, 5]);
  });

  it('write, truncate, sync and finish fail with a reason when there is no file', async () => {
    const absent = { directory: 'log', name: 'absent' } as const;
    await trial().refused({
      ...absent,
      kind: 'write',
      position: 0,
      pieces: [bytes(1)],
      sync: true,
      growToBytes: 0,
    });
    await trial().refused({ ...absent, kind: 'truncate', bytes: 0 });
    await trial().refused({ ...absent, kind: 'sync' });
    await trial().refused({ ...absent, kind: 'finish', to: 'other' });
    assert.deepEqual(trial().names('log'), []);
  });
}

function replaces(trial: () => Trial): void {
  it('replace makes a small file, then changes it, and leaves no other file', async () => {
    const replace = { kind: 'replace', directory: 'snap', name: 'currentEpoch' } as const;
    await trial().done({ ...replace, bytes: bytes(49, 50) });
    assert.deepEqual(trial().contents('snap', 'currentEpoch'), [49, 50]);
    await trial().done({ ...replace, bytes: bytes(51) });
    assert.deepEqual(trial().contents('snap', 'currentEpoch'), [51]);
    assert.deepEqual(trial().names('snap'), ['currentEpoch']);
  });

  it('finish gives a file written in parts its name, over an older one of that name', async () => {
    const create = { kind: 'create', directory: 'snap', preallocateBytes: 0 } as const;
    await trial().done({ ...create, name: 'snapshot.5', bytes: bytes(9, 9, 9, 9) });
    await trial().done({ ...create, name: 'part', bytes: bytes(1) });
    await trial().done({
      kind: 'write',
      directory: 'snap',
      name: 'part',
      position: 1,
      pieces: [bytes(2)],
      sync: false,
      growToBytes: 0,
    });
    await trial().done({ kind: 'finish', directory: 'snap', name: 'part', to: 'snapshot.5' });
    assert.deepEqual(trial().names('snap'), ['snapshot.5']);
    assert.deepEqual(trial().contents('snap', 'snapshot.5'), [1, 2]);
  });
}

function removes(trial: () => Trial): void {
  it('remove takes away the files it names and does not mind missing ones', async () => {
    const create = { kind: 'create', directory: 'log', preallocateBytes: 0 } as const;
    for (const name of ['a', 'b', 'c']) await trial().done({ ...create, name, bytes: bytes(1) });
    await trial().done({ kind: 'remove', directory: 'log', names: ['a', 'absent', 'c'] });
    assert.deepEqual(trial().names('log'), ['b']);
    assert.equal(trial().disk.reader.sizeBytes('log', 'a'), -1);
    await trial().done({ kind: 'remove', directory: 'log', names: [] });
  });
}

function orders(trial: () => Trial): void {
  it('completes the requests of one directory in the order of submission', async () => {
    const tokens = [
      trial().submit({
        kind: 'create',
        directory: 'log',
        name: 'log.1',
        preallocateBytes: 64,
        bytes: bytes(1),
      }),
    ];
    for (let position = 1; position < 32; position++) {
      const write = { kind: 'write', directory: 'log', name: 'log.1', growToBytes: 0 } as const;
      const sync = position % 3 === 0;
      const pieces = [bytes(position, position)];
      tokens.push(trial().submit({ ...write, position, pieces, sync }));
    }
    const completions = await trial().disk.settle();
    assert.deepEqual(
      completions,
      tokens.map((token) => ({ token, error: null })),
    );
    const expected = [...Array(32).keys()].slice(1);
    assert.deepEqual(trial().contents('log', 'log.1').slice(0, 33), [1, ...expected, 31]);
  });

  it('completes requests of both directories, each in its own order', async () => {
    const created = { kind: 'create', preallocateBytes: 0 } as const;
    const byDirectory = { log: [] as number[], snap: [] as number[] };
    for (let index = 0; index < 12; index++) {
      const directory = index % 3 === 0 ? 'snap' : 'log';
      const request = { ...created, directory, name: `f${index}`, bytes: bytes(index) } as const;
      byDirectory[directory].push(trial().submit(request));
    }
    const completions = await trial().disk.settle();
    const arrived = completions.map(({ token }) => token);
    for (const tokens of [byDirectory.log, byDirectory.snap]) {
      assert.deepEqual(
        arrived.filter((token) => tokens.includes(token)),
        tokens,
      );
    }
    assert.equal(arrived.length, 12);
  });

  it('keeps all that has completed when the process ends and another one opens it', async () => {
    const created = { directory: 'log', name: 'log.1', preallocateBytes: 4 } as const;
    await trial().done({ ...created, kind: 'create', bytes: bytes(1, 2) });
    await trial().done({ kind: 'replace', directory: 'snap', name: 'e', bytes: bytes(5) });
    await trial().disk.reopen();
    assert.deepEqual(trial().contents('log', 'log.1'), [1, 2, 0, 0]);
    assert.deepEqual(trial().contents('snap', 'e'), [5]);
    await trial().done({ kind: 'remove', directory: 'log', names: ['log.1'] });
    assert.deepEqual(trial().names('log'), []);
  });
}

function reads(trial: () => Trial): void {
  it('reads at a position into a target at an offset, no further than the end', async () => {
    const created = { kind: 'create', directory: 'log', name: 'log.1' } as const;
    await trial().done({ ...created, preallocateBytes: 0, bytes: bytes(1, 2, 3, 4, 5) });
    const { reader } = trial().disk;
    const target = new Uint8Array(6).fill(9);
    assert.equal(reader.read('log', 'log.1', 1, target, 2, 2), 2);
    assert.deepEqual([...target], [9, 9, 2, 3, 9, 9]);
    assert.equal(reader.read('log', 'log.1', 3, target, 0, 6), 2);
    assert.deepEqual([...target], [4, 5, 2, 3, 9, 9]);
    assert.equal(reader.read('log', 'log.1', 5, target, 0, 6), 0);
    assert.equal(reader.read('log', 'log.1', 50, target, 0, 6), 0);
  });

  it('gives -1 for the size of a file that is not there, and its names without order', async () => {
    assert.equal(trial().disk.reader.sizeBytes('log', 'absent'), -1);
    assert.deepEqual(trial().names('log'), []);
    const create = { kind: 'create', directory: 'log', preallocateBytes: 0 } as const;
    await trial().done({ ...create, name: 'b', bytes: bytes() });
    await trial().done({ ...create, name: 'a', bytes: bytes() });
    assert.deepEqual(trial().names('log'), ['a', 'b']);
  });
}

function askedReads(trial: () => Trial): void {
  it('reads what is asked for as far as the file goes', async () => {
    const created = { kind: 'create', directory: 'log', name: 'log.1' } as const;
    await trial().done({ ...created, preallocateBytes: 0, bytes: bytes(1, 2, 3, 4, 5) });
    const rows: [at: number, count: number, target: number[], bytesRead: number][] = [
      [0, 5, [1, 2, 3, 4, 5], 5],
      [1, 2, [2, 3], 2],
      [3, 6, [4, 5, 9, 9, 9, 9], 2],
      [5, 2, [9, 9], 0],
      [50, 2, [9, 9], 0],
    ];
    for (const [at, count, wanted, bytesRead] of rows) {
      const request = await trial().read('log', 'log.1', at, count);
      assert.deepEqual([...request.target], wanted);
      assert.equal(request.bytesRead, bytesRead);
    }
  });

  it('reads what completed writes left', async () => {
    const created = { kind: 'create', directory: 'log', name: 'log.1' } as const;
    await trial().done({ ...created, preallocateBytes: 4096, bytes: bytes(1) });
    const write = { kind: 'write', directory: 'log', name: 'log.1', growToBytes: 0 } as const;
    const found = async () => [...(await trial().read('log', 'log.1', 0, 6)).target];
    await trial().done({ ...write, position: 1, pieces: [bytes(2), bytes(3)], sync: true });
    assert.deepEqual(await found(), [1, 2, 3, 0, 0, 0]);
    await trial().done({ ...write, position: 3, pieces: [bytes(4)], sync: true });
    assert.deepEqual(await found(), [1, 2, 3, 4, 0, 0]);
    await trial().done({ ...write, position: 4, pieces: [bytes(5)], sync: false });
    assert.deepEqual(await found(), [1, 2, 3, 4, 5, 0]);
    await trial().done({ ...write, position: 5, pieces: [bytes(6)], sync: true });
    assert.deepEqual(await found(), [1, 2, 3, 4, 5, 6]);
  });

  it('refuses to read a file that is not there, and goes on', async () => {
    const target = new Uint8Array(4);
    const absent = { kind: 'read', directory: 'log', name: 'log.9', position: 0 } as const;
    await trial().refused({ ...absent, target, bytesRead: 0 });
    const created = { kind: 'create', directory: 'log', name: 'log.1' } as const;
    await trial().done({ ...created, preallocateBytes: 0, bytes: bytes(1, 2) });
    assert.deepEqual([...(await trial().read('log', 'log.1', 0, 2)).target], [1, 2]);
  });
}
