/** A bad configuration is one clear line and a status that is not zero. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from './server-process.ts';

interface BadConfig {
  readonly name: string;
  readonly lines: readonly string[];
  /** Null for none. */
  readonly myid: string | null;
  /** What the one line must say. */
  readonly reason: RegExp;
}

const TWO = ['server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4'];

const CASES: readonly BadConfig[] = [
  { name: 'an own id that is not in the list', lines: TWO, myid: '3', reason: /\b3\b/ },
  { name: 'a missing myid', lines: TWO, myid: null, reason: /myid/ },
  { name: 'a myid that is no number', lines: TWO, myid: 'one', reason: /one/ },
  { name: 'a bad number', lines: ['clientPort=21x81'], myid: null, reason: /21x81/ },
  {
    name: 'a malformed server line',
    lines: ['server.1=127.0.0.1', 'server.2=127.0.0.1:3:4'],
    myid: '1',
    reason: /server\.1|127/,
  },
  {
    name: 'an address without a client port',
    lines: ['clientPortAddress=127.0.0.1'],
    myid: null,
    reason: /clientPort/,
  },
];

function startForeground(file: string): { status: number | null; stderr: string } {
  const script = join(ROOT, 'bin/zkServer.sh');
  return spawnSync('bash', [script, 'start-foreground', file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
}

describe('a server under a bad configuration', () => {
  for (const { name, lines, myid, reason } of CASES) {
    it(`ends with one clear line on ${name}`, () => {
      const directory = mkdtempSync(join(tmpdir(), 'zabra-test-'));
      try {
        if (myid !== null) writeFileSync(join(directory, 'myid'), myid);
        const file = join(directory, 'zoo.cfg');
        const text = [`dataDir=${directory}`, 'initLimit=5', 'syncLimit=2', ...lines].join('\n');
        writeFileSync(file, `${text}\n`);
        const { status, stderr } = startForeground(file);
        assert.notEqual(status, 0);
        assert.notEqual(status, null);
        assert.equal(stderr.split('\n').filter((line) => reason.test(line)).length, 1, stderr);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  }

  it('ends with a clear line when there is no such file', () => {
    const { status, stderr } = startForeground('/nonexistent.cfg');
    assert.notEqual(status, 0);
    assert.match(stderr, /nonexistent\.cfg/);
  });
});
