/** Configurations on real files: each request whole or not at all, in order, and reported once. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { StoreConfig } from '../peer/ready.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import { ConfigFiles } from './config-files.ts';

const LINES = ['server.1=a:2888:3888:participant;0.0.0.0:2181', 'server.2=b:2888:3888:observer'];
const SECRET = 'ssl.quorum.keyStore.password=x';

let root = '';
let file = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-config-files-'));
  file = path.join(root, 'zoo.cfg');
  fs.writeFileSync(file, ['clientPort=2181', SECRET, ...LINES].join('\n'), { mode: 0o600 });
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function versionOf(version: string): EnsembleConfig {
  return parseEnsembleText([...LINES, `version=${version}`].join('\n')).config as EnsembleConfig;
}

/** Carries the requests out and returns what became of each. */
function store(...requests: readonly Omit<StoreConfig, 'token'>[]): Promise<(string | null)[]> {
  return new Promise((resolve) => {
    const results: (string | null)[] = [];
    const files = new ConfigFiles(file, 1, (token, error) => {
      assert.equal(token, results.length + 1);
      results.push(error);
      if (results.length === requests.length) resolve(results);
    });
    for (const [index, request] of requests.entries()) {
      files.submit({ ...request, token: index + 1 });
    }
  });
}

function names(): string[] {
  return fs.readdirSync(root).sort();
}

describe('ConfigFiles', () => {
  it('keeps a proposed configuration until it is committed', async () => {
    const config = versionOf('100000002');
    assert.deepEqual(await store({ kind: 'proposed', config, isSettled: false }), [null]);
    const next = path.join(root, 'zoo.cfg.dynamic.next');
    assert.equal(fs.readFileSync(next, 'latin1'), [...LINES, 'version=100000002'].join('\n'));
    await store({ kind: 'committed', config, isSettled: true });
    assert.deepEqual(names(), ['zoo.cfg', 'zoo.cfg.dynamic.100000002']);
    const dynamic = path.join(root, 'zoo.cfg.dynamic.100000002');
    assert.equal(fs.readFileSync(dynamic, 'latin1'), LINES.join('\n'));
    assert.equal(fs.readFileSync(file, 'latin1'), `${SECRET}\ndynamicConfigFile=${dynamic}\n`);
  });

  it('keeps what is proposed beyond what is committed, and forgets what is withdrawn', async () => {
    const [older, newer] = [versionOf('1'), versionOf('2')];
    await store(
      { kind: 'proposed', config: newer, isSettled: false },
      { kind: 'committed', config: older, isSettled: false },
    );
    assert.ok(names().includes('zoo.cfg.dynamic.next'));
    await store({ kind: 'withdrawn', config: newer, isSettled: true });
    assert.deepEqual(names(), ['zoo.cfg', 'zoo.cfg.dynamic.1']);
  });

  it('shows a password in zoo.cfg to nobody who could not see it before', async () => {
    await new ConfigFiles(file, 1, () => {}).backUp();
    await store({ kind: 'committed', config: versionOf('1'), isSettled: true });
    for (const name of ['zoo.cfg', 'zoo.cfg.bak']) {
      assert.equal(fs.statSync(path.join(root, name)).mode & 0o777, 0o600, name);
    }
    assert.match(fs.readFileSync(`${file}.bak`, 'latin1'), /^clientPort=2181\n.*\nserver.1=/);
  });

  it('does what an operator wrote meanwhile no harm', async () => {
    await store({ kind: 'committed', config: versionOf('1'), isSettled: true });
    fs.appendFileSync(file, '# mine\nautopurge.purgeInterval=1\n');
    await store({ kind: 'committed', config: versionOf('2'), isSettled: true });
    const dynamic = path.join(root, 'zoo.cfg.dynamic.2');
    const text = `${SECRET}\n# mine\nautopurge.purgeInterval=1\ndynamicConfigFile=${dynamic}\n`;
    assert.equal(fs.readFileSync(file, 'latin1'), text);
  });

  it('reports what failed and goes on', async () => {
    const config = versionOf('1');
    fs.mkdirSync(path.join(root, 'zoo.cfg.dynamic.next'));
    const [failed, done] = await store(
      { kind: 'proposed', config, isSettled: false },
      { kind: 'committed', config, isSettled: false },
    );
    assert.match(failed ?? '', /^Cannot store the proposed configuration beside ".*zoo.cfg": /);
    assert.equal(done, null);
  });
});
