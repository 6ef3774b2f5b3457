/**
 * Apache Curator against three servers: see CuratorSmoke.java, which is compiled here. It reads
 * `/zookeeper/config`, too, and connects to what stands there, so a configuration in a wrong form
 * breaks it.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runScript } from '../interop/client-script.ts';
import { CACHE, KIND, leaderKiller, withEnsemble } from '../interop/with-ensemble.ts';
import { ROOT } from '../process/server-process.ts';

const run = promisify(execFile);
const JARS = join(CACHE, 'curator-5.9.0/lib/*');
const SOURCE = join(ROOT, 'test/third-party/CuratorSmoke.java');
const COMPILE_TIMEOUT_MS = 120_000;
const SCRIPT_TIMEOUT_MS = 180_000;
const FACTS = 9;

describe(`Curator against three ${KIND} servers`, () => {
  it('uses its recipes, and they outlive the death of a leader', async () => {
    const classes = mkdtempSync(join(tmpdir(), 'zabra-curator-'));
    try {
      await run('javac', ['-d', classes, '-cp', JARS, SOURCE], { timeout: COMPILE_TIMEOUT_MS });
      await withEnsemble(3, async (ensemble) => {
        const { facts } = await runScript(
          'java',
          ['-Xmx256m', '-cp', `${classes}:${JARS}`, 'CuratorSmoke', ensemble.connectString],
          {},
          leaderKiller(ensemble),
          SCRIPT_TIMEOUT_MS,
        );
        assert.equal(facts.length, FACTS, facts.join('\n'));
      });
    } finally {
      rmSync(classes, { recursive: true, force: true });
    }
  });
});
