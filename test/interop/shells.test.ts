/**
 * Two shells, line by line: Apache's of 3.9.5 and ours read the same script, each against a fresh
 * server of Apache's, and Apache's once more against one of ours. All three print the same on both
 * channels and end with the same code.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TestEnsemble } from '../process/ensemble.ts';
import { classPathOf, ROOT, type ServerKind } from '../process/server-process.ts';

const SCRIPT = readFileSync(join(ROOT, 'test/interop/shell-lines.txt'), 'utf8');

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** What the other shell may print in another way, or what no two runs have in common. */
const NORMAL: readonly (readonly [RegExp, string])[] = [
  // Events come from a thread of their own: where they stand is chance.
  [/\nWATCHER::\n\nWatchedEvent [^\n]*\n/g, ''],
  // Without a terminal one shell shows prompts and the other says that it does not.
  [/\[zk: [^\]]*\] /g, ''],
  [/^(?:JLine|SLF4J).*\n/gm, ''],
  [/([cm]time) = .*/g, '$1 = T'],
  [/(ephemeralOwner) = 0x[0-9a-f]{8,}/g, '$1 = S'],
  [/127\.0\.0\.1:\d+/g, 'H:P'],
  [/(CLI version): .*/g, '$1: V'],
];

function normal(text: string): string {
  const plain = NORMAL.reduce((done, [pattern, by]) => done.replaceAll(pattern, by), text);
  // Ephemerals and identities have no order.
  const sorted = plain.replaceAll(/(?<=Auth scheme: User\n)(?:\w+: .*\n)+/g, (lines) => {
    return lines
      .split(/(?<=\n)/)
      .toSorted()
      .join('');
  });
  return sorted.replaceAll(/\[(\/[^\]]*)\]/g, (_, list: string) => {
    return `[${list.split(', ').toSorted().join(', ')}]`;
  });
}

/** Events that were told, in no order. */
function eventsIn(text: string): string[] {
  return [...text.matchAll(/WatchedEvent .*/g)].map(([event]) => event).toSorted();
}

async function run(command: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(command, args, { cwd: ROOT, timeout: 120_000 });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(SCRIPT);
  const status = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { stdout, stderr, status };
}

function apacheShell(server: string): Promise<Outcome> {
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const args = ['-Xmx128m', '-Duser.timezone=UTC', '-cp', classPathOf('apache-3.9.5'), main];
  return run('java', [...args, '-server', server, '-waitforconnection']);
}

function ourShell(server: string): Promise<Outcome> {
  return run(join(ROOT, 'bin/zkCli.sh'), ['-server', server, '-waitforconnection']);
}

describe('the shells', { concurrency: 1 }, () => {
  const kinds: readonly ServerKind[] = ['apache-3.9.5', 'apache-3.9.5', 'zabra'];
  let ensembles: TestEnsemble[] = [];
  let outcomes: Outcome[] = [];

  before(async () => {
    const extra = ['extendedTypesEnabled=true'];
    ensembles = await Promise.all(
      kinds.map((kind) => TestEnsemble.create({ kinds: [kind], extra })),
    );
    await Promise.all(ensembles.map((ensemble) => ensemble.start()));
    const [first, second, third] = ensembles.map(({ connectString }) => connectString);
    outcomes = await Promise.all([
      apacheShell(String(first)),
      ourShell(String(second)),
      apacheShell(String(third)),
    ]);
  });
  after(async () => {
    await Promise.all(ensembles.map((ensemble) => ensemble.end()));
  });

  it('print the same for every line of the script', () => {
    const [theirs, ours, onOurServer] = outcomes;
    assert.ok(theirs !== undefined && ours !== undefined && onOurServer !== undefined);
    assert.ok(normal(theirs.stdout).split('\n').length > 100, theirs.stdout + theirs.stderr);
    assert.equal(normal(ours.stdout), normal(theirs.stdout));
    assert.equal(normal(ours.stderr), normal(theirs.stderr));
    assert.equal(ours.status, theirs.status);
    assert.equal(normal(onOurServer.stdout), normal(theirs.stdout));
    assert.equal(normal(onOurServer.stderr), normal(theirs.stderr));
    assert.equal(onOurServer.status, theirs.status);
  });

  it('tell of the same events', () => {
    const [theirs, ours, onOurServer] = outcomes.map(({ stdout }) => eventsIn(stdout));
    assert.ok((theirs?.length ?? 0) >= 5, String(theirs));
    assert.deepEqual(ours, theirs);
    assert.deepEqual(onOurServer, theirs);
  });

  it('list the same commands', () => {
    const usages = outcomes.map(
      ({ stderr }) => /^ZooKeeper -server[^]*?\n(?!\t)/m.exec(stderr)?.[0],
    );
    assert.match(usages[0] ?? '', /\twhoami/);
    assert.equal(usages[1], usages[0]);
  });
});
