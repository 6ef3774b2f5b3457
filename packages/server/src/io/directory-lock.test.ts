/** One process at a time works in a directory; a holder that was killed holds nothing. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DirectoryLock, LOCK_FILE, lockHolder } from './directory-lock.ts';

const MODULE = path.join(import.meta.dirname, 'directory-lock.js');
let root = '';

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-lock-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

async function take(directory = root): Promise<DirectoryLock> {
  const outcome = await DirectoryLock.take(directory);
  assert.equal(outcome.kind, 'taken');
  return outcome.kind === 'taken' ? outcome.lock : assert.fail();
}

/** Another process that holds the lock until it is killed. */
async function holder(directory: string): Promise<{ pid: number; kill: () => Promise<void> }> {
  const script =
    `import { DirectoryLock } from ${JSON.stringify(MODULE)};` +
    `const { kind } = await DirectoryLock.take(${JSON.stringify(directory)});` +
    'console.log(kind); setInterval(() => {}, 1000);';
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  assert.equal(said, 'taken\n');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { pid: child.pid ?? -1, kill };
}

describe('DirectoryLock', () => {
  it('is had once, and again when it was released', async () => {
    const first = await take();
    assert.deepEqual(await DirectoryLock.take(root), { kind: 'held', holder: `${process.pid}` });
    assert.equal(await lockHolder(root), `${process.pid}`);
    await first.release();
    assert.equal(await lockHolder(root), null);
    assert.deepEqual(fs.readdirSync(root), []);
    await (await take()).release();
  });

  it('names the process that holds it, and is free once that was killed', async () => {
    const other = await holder(root);
    try {
      assert.deepEqual(await DirectoryLock.take(root), { kind: 'held', holder: `${other.pid}` });
    } finally {
      await other.kill();
    }
    assert.deepEqual(fs.readdirSync(root), [LOCK_FILE]);
    const mine = await take();
    assert.deepEqual(fs.readdirSync(root), [LOCK_FILE]);
    await mine.release();
  });

  it('works however long the path is', async () => {
    const deep = path.join(root, 'a'.repeat(100), 'b'.repeat(100));
    fs.mkdirSync(deep, { recursive: true });
    const outcome = await DirectoryLock.take(deep);
    if (process.platform !== 'linux') return assert.equal(outcome.kind, 'impossible');
    assert.equal(outcome.kind, 'taken');
    assert.deepEqual(await DirectoryLock.take(deep), { kind: 'held', holder: `${process.pid}` });
    if (outcome.kind === 'taken') await outcome.lock.release();
    assert.deepEqual(fs.readdirSync(deep), []);
  });

  it('counts as held by whoever listens and says nothing', async () => {
    const server = net.createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(path.join(root, LOCK_FILE), resolve));
    assert.deepEqual(await DirectoryLock.take(root), { kind: 'held', holder: '' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('names a holder of a later version that says more', async () => {
    const server = net.createServer((socket) => socket.end('4711\nformat 9\n'));
    await new Promise<void>((resolve) => server.listen(path.join(root, LOCK_FILE), resolve));
    assert.deepEqual(await DirectoryLock.take(root), { kind: 'held', holder: '4711' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('is had where rubbish stands in its place: nobody listens there', async () => {
    fs.writeFileSync(path.join(root, LOCK_FILE), 'Lorem ipsum dolor sit amet');
    await (await take()).release();
    assert.deepEqual(fs.readdirSync(root), []);
  });

  it('says why there can be none', async () => {
    const outcome = await DirectoryLock.take(path.join(root, 'absent'));
    assert.equal(outcome.kind, 'impossible');
  });
});
