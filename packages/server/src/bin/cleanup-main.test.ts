/** `bin/zkCleanup.sh`: which files go, what is printed, what is refused. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeDirectory, SCRIPTS } from './program.test-kit.ts';

const GOLDEN = path.resolve(SCRIPTS, '../test/golden/apache-3.8.0/split-dirs');

let root = '';
beforeEach(() => {
  root = makeDirectory();
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function cleanup(...args: readonly string[]): ReturnType<typeof spawnSync> {
  return spawnSync(path.join(SCRIPTS, 'zkCleanup.sh'), args, {
    encoding: 'utf8',
    env: { ...process.env, ZOOCFGDIR: root, TZ: 'UTC' },
  });
}

/** A snapshot of the same content at each of the zxids, and a log that begins before each. */
function fill(zxids: readonly string[]): void {
  const found = fs.readdirSync(GOLDEN, { recursive: true }).map(String);
  const snapshot = found.find((name) => /snapshot\.[0-9a-f]+$/.test(name)) ?? '';
  assert.notEqual(snapshot, '', 'the golden directory has a snapshot');
  for (const directory of ['data', 'logs']) {
    fs.mkdirSync(path.join(root, directory, 'version-2'), { recursive: true });
  }
  for (const zxid of zxids) {
    const to = path.join(root, 'data', 'version-2', `snapshot.${zxid}`);
    fs.copyFileSync(path.join(GOLDEN, snapshot), to);
    fs.writeFileSync(path.join(root, 'logs', 'version-2', `log.${zxid}`), '');
  }
  const config = `dataDir=${root}/data\ndataLogDir=${root}/logs\nclientPort=1\n`;
  fs.writeFileSync(path.join(root, 'zoo.cfg'), config);
}

function left(): readonly string[] {
  const names = (name: string) => fs.readdirSync(path.join(root, name, 'version-2'));
  return [...names('data'), ...names('logs')].toSorted();
}

describe('zkCleanup.sh', () => {
  it('removes what purging would, in the directories of zoo.cfg, and prints it', () => {
    fill(['1', '2', '3', '4', '5']);
    const { status, stdout, stderr } = cleanup('-n', '3');
    assert.deepEqual([status, stderr], [0, '']);
    const kept = ['3', '4', '5'].flatMap((zxid) => [`log.${zxid}`, `snapshot.${zxid}`]);
    assert.deepEqual(left(), kept.toSorted());
    const lines = String(stdout).trimEnd().split('\n');
    assert.equal(lines.length, 4);
    const date = '\\w{3} \\w{3} \\d\\d \\d\\d:\\d\\d:\\d\\d UTC \\d{4}';
    const file = path.join(root, 'data', 'version-2', 'snapshot.1');
    assert.match(lines[0] ?? '', new RegExp(`^Removing file: ${date}\t${file}$`));
  });

  it('takes the directories from its arguments', () => {
    fill(['1', '2', '3', '4']);
    fs.rmSync(path.join(root, 'zoo.cfg'));
    const { status } = cleanup(path.join(root, 'logs'), path.join(root, 'data'), '-n', '3');
    assert.equal(status, 0);
    assert.equal(left().length, 6);
  });

  it('refuses a count below 3, other words and directories that are not there', () => {
    fill(['1', '2', '3', '4']);
    for (const args of [[], ['-n'], ['-n', '2'], ['-n', 'x'], ['a', 'b', 'c', '-n', '3']]) {
      const { status, stderr } = cleanup(...args);
      assert.equal(status, 1);
      assert.match(String(stderr), /^Usage:\n/);
    }
    const { status, stderr } = cleanup('/nowhere', '-n', '3');
    assert.equal(status, 1);
    assert.match(String(stderr), /^Cannot clean up "\/nowhere" and "\/nowhere": ENOENT/);
    assert.equal(left().length, 8);
  });
});
