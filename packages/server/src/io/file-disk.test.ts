/**
 * What the file disk does beyond the contract of every disk, which `test/contracts` has: nothing
 * after a failure, no half-made file under a name that recovery reads, times of log writes.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DiskRequest, WriteFile } from '../log/disk.ts';
import { FileDisk } from './file-disk.ts';

let root = '';
let completions: { token: number; error: string | null }[] = [];
let logWrites: string[] = [];

function openDisk(): FileDisk {
  return new FileDisk({
    paths: { log: root, snap: root },
    writesDirectly: true,
    onDone: (token, error) => completions.push({ token, error }),
    onLogWrite: (elapsedMs, name) => logWrites.push(`${name} ${elapsedMs > 0}`),
  });
}

async function carryOut(...requests: DiskRequest[]): Promise<(string | null)[]> {
  completions = [];
  const disk = openDisk();
  for (const request of requests) disk.submit(request);
  await disk.close();
  assert.deepEqual(
    completions.map(({ token }) => token),
    requests.map(({ token }) => token),
  );
  return completions.map(({ error }) => error);
}

function write(token: number, name: string, text: string, sync = true): WriteFile {
  const pieces = [Buffer.from(text)];
  const position = 0;
  return { kind: 'write', directory: 'log', token, name, position, pieces, sync, growToBytes: 0 };
}

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-file-disk-'));
  logWrites = [];
});
afterEach(() => fs.rmSync(root, { recursive: true }));

describe('FileDisk, after a failure', () => {
  it('completes a failed request with its reason and carries out nothing after it', async () => {
    fs.symlinkSync('/dev/full', path.join(root, 'log.1'));
    fs.writeFileSync(path.join(root, 'log.2'), 'old');
    const [first, second] = await carryOut(write(1, 'log.1', 'x'), write(2, 'log.2', 'new'));
    assert.match(first ?? '', /^Cannot write "log\.1" in the log directory: ENOSPC/);
    assert.equal(second, first);
    assert.equal(fs.readFileSync(path.join(root, 'log.2'), 'utf8'), 'old');
  });

  it('fails one channel and not the other', async () => {
    completions = [];
    const disk = openDisk();
    disk.submit({ kind: 'sync', directory: 'log', token: 1, name: 'absent' });
    const bytes = Buffer.from('7');
    disk.submit({ kind: 'replace', directory: 'snap', token: 2, name: 'e', bytes });
    await disk.close();
    const failed = completions.filter(({ error }) => error !== null).map(({ token }) => token);
    assert.deepEqual(failed, [1]);
    assert.equal(fs.readFileSync(path.join(root, 'e'), 'utf8'), '7');
  });

  it('removes what a process left that ended while it created a file', () => {
    fs.writeFileSync(path.join(root, 'creating.log.5'), '');
    fs.writeFileSync(path.join(root, 'log.4'), 'kept');
    openDisk();
    assert.deepEqual(fs.readdirSync(root), ['log.4']);
  });

  it('leaves the old file when creating over it fails', async () => {
    fs.writeFileSync(path.join(root, 'log.1'), 'old');
    completions = [];
    const disk = openDisk();
    fs.symlinkSync('/dev/full', path.join(root, 'creating.log.1'));
    const bytes = Buffer.from('new');
    const create = { kind: 'create', directory: 'log', token: 1, name: 'log.1', bytes } as const;
    disk.submit({ ...create, preallocateBytes: 0 });
    await disk.close();
    assert.match(completions[0]?.error ?? '', /ENOSPC/);
    assert.equal(fs.readFileSync(path.join(root, 'log.1'), 'utf8'), 'old');
  });
});

describe('FileDisk, without a failure', () => {
  it('makes unsynced bytes durable with the synced ones that follow', async () => {
    fs.writeFileSync(path.join(root, 'log.1'), '');
    const errors = await carryOut(
      write(1, 'log.1', 'aa', false),
      { ...write(2, 'log.1', 'bb'), position: 2 },
      { ...write(3, 'log.1', 'cc'), position: 4 },
    );
    assert.deepEqual(errors, [null, null, null]);
    assert.equal(fs.readFileSync(path.join(root, 'log.1'), 'utf8'), 'aabbcc');
    assert.deepEqual(logWrites, ['log.1 true', 'log.1 true']);
  });

  it('goes on past the page cache where a preallocated file has room, and grows it', async () => {
    fs.writeFileSync(path.join(root, 'log.1'), 'head' + '\0'.repeat(8188));
    const long = 'x'.repeat(6000);
    const errors = await carryOut(
      { ...write(1, 'log.1', 'aa'), position: 4 },
      { ...write(2, 'log.1', long), position: 6 },
      { ...write(3, 'log.1', long), position: 6006, growToBytes: 16_384 },
      { ...write(4, 'log.1', 'bb', false), position: 12_006 },
      { ...write(5, 'log.1', 'cc'), position: 12_008 },
      { ...write(6, 'log.1', 'dd'), position: 12_010 },
    );
    assert.deepEqual(errors, [null, null, null, null, null, null]);
    const text = fs.readFileSync(path.join(root, 'log.1'), 'latin1');
    assert.equal(text.length, 16_384);
    assert.equal(text.replaceAll('\0', ''), `headaa${long}${long}bbccdd`);
  });

  it('writes more pieces than the system takes at once', async () => {
    fs.writeFileSync(path.join(root, 'log.1'), '');
    const pieces = Array.from({ length: 5000 }, (_, n) => Buffer.from(String(n % 10)));
    const errors = await carryOut({ ...write(1, 'log.1', ''), pieces });
    assert.deepEqual(errors, [null]);
    assert.equal(fs.readFileSync(path.join(root, 'log.1'), 'utf8'), '0123456789'.repeat(500));
  });

  it('reads the new file after a name was given to another one', async () => {
    fs.writeFileSync(path.join(root, 'e'), 'old');
    const disk = openDisk();
    const target = new Uint8Array(3);
    disk.reader.read('snap', 'e', 0, target, 0, 3);
    const bytes = Buffer.from('new');
    disk.submit({ kind: 'replace', directory: 'snap', token: 1, name: 'e', bytes });
    await disk.close();
    disk.reader.read('snap', 'e', 0, target, 0, 3);
    assert.equal(Buffer.from(target).toString(), 'new');
    disk.reader.close();
  });
});
