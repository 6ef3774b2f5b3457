/** Data directories at start: made, refused, and told apart (exit code 3). */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import { dataDirectories, hasHistory, openDataDirectories } from './data-directories.ts';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-data-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function refused(run: () => void, says: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 3);
    assert.match(error.message, says);
    return true;
  });
}

describe('openDataDirectories', () => {
  it('makes both directories', () => {
    const directories = dataDirectories(path.join(root, 'a/b'), path.join(root, 'c'));
    openDataDirectories(directories, true);
    openDataDirectories(directories, false);
    assert.ok(fs.statSync(path.join(root, 'a/b/version-2')).isDirectory());
    assert.ok(fs.statSync(path.join(root, 'c/version-2')).isDirectory());
    assert.equal(hasHistory(directories), false);
  });

  it('makes them with the group of the volume and the modes of the umask', () => {
    // A group that is not this process's own, where that can be had.
    if (process.getuid?.() === 0) fs.chownSync(root, 0, 12_345);
    fs.chmodSync(root, 0o2775);
    const umask = process.umask(0o022);
    openDataDirectories(dataDirectories(path.join(root, 'a/b'), path.join(root, 'a/b/log')), true);
    process.umask(umask);
    const { gid } = fs.statSync(root);
    for (const name of ['a', 'a/b', 'a/b/version-2', 'a/b/log', 'a/b/log/version-2']) {
      const made = fs.statSync(path.join(root, name));
      assert.deepEqual([made.mode & 0o7777, made.gid], [0o2755, gid], name);
    }
    assert.equal(fs.statSync(root).mode & 0o7777, 0o2775, 'the volume itself stays as it was');
  });

  it('comes to an end where nobody can make anything', () => {
    const nowhere = dataDirectories('/proc/data', '/proc/data');
    refused(() => openDataDirectories(nowhere, true), /cannot be created: ENOENT/);
  });

  it('refuses missing ones when it may not make them', () => {
    refused(() => openDataDirectories(dataDirectories(root, root), false), /does not exist/);
  });

  it('refuses what is no directory', () => {
    fs.writeFileSync(path.join(root, 'file'), '');
    const directories = dataDirectories(path.join(root, 'file'), path.join(root, 'file'));
    refused(() => openDataDirectories(directories, true), /cannot be created/);
    fs.mkdirSync(path.join(root, 'x'));
    fs.writeFileSync(path.join(root, 'x', 'version-2'), '');
    const x = path.join(root, 'x');
    refused(() => openDataDirectories(dataDirectories(x, x), true), /cannot be written/);
  });

  for (const [name, place, says] of [
    ['snapshot.0', 'log', /for transaction logs and holds "snapshot.0"/],
    ['log.1', 'snap', /for snapshots and holds "log.1"/],
  ] as const) {
    it(`refuses ${name} in the ${place} directory, unless both are one`, () => {
      const apart = dataDirectories(path.join(root, 'snap'), path.join(root, 'log'));
      openDataDirectories(apart, true);
      fs.writeFileSync(path.join(apart[place], name), '');
      assert.equal(hasHistory(apart), true);
      refused(() => openDataDirectories(apart, true), says);
      const same = dataDirectories(path.join(root, place), path.join(root, place));
      openDataDirectories(same, true);
    });
  }
});
