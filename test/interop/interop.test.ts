/**
 * Real clients, unmodified, against an ensemble of ours: Apache's own shell, kazoo and
 * node-zookeeper-client, each through the death of a leader; and data directories that go from one
 * kind of server to the other and back. Everything it needs is installed by `install-peers.sh`; a
 * missing peer fails. `ZABRA_INTEROP_KIND=apache-3.9.5` runs the client scenarios against Apache's
 * server instead, which shows that the scenarios themselves are right.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { TestEnsemble } from '../process/ensemble.ts';
import { askSrvr } from '../process/four-letter-word.ts';
import { classPathOf, ROOT, ServerProcess } from '../process/server-process.ts';
import { runScript } from './client-script.ts';
import { CACHE, KIND, leaderKiller, withEnsemble } from './with-ensemble.ts';

const run = promisify(execFile);
const SCRIPT_TIMEOUT_MS = 180_000;
const SOURCES = join(ROOT, 'test/interop');

interface ShellResult {
  /** Both streams: the shell says "Created" on the second. */
  readonly text: string;
  readonly status: number;
}

/** Apache's own shell of Debian's package, one command. */
async function apacheShell(port: number, ...command: string[]): Promise<ShellResult> {
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const args = ['-cp', classPathOf('apache-3.8.0'), main, '-server', `127.0.0.1:${port}`];
  return await run('java', [...args, ...command], { timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ text: stdout + stderr, status: 0 }),
    (error: { stdout?: string; stderr?: string; code?: number }) => ({
      text: `${error.stdout ?? ''}${error.stderr ?? ''}`,
      status: error.code ?? -1,
    }),
  );
}

describe(`clients of others against three ${KIND} servers`, { concurrency: 1 }, () => {
  it('kazoo works, and outlives the death of a leader', async () => {
    await withEnsemble(3, async (ensemble) => {
      const kazoo = join(CACHE, 'kazoo-2.10.0');
      const { facts } = await runScript(
        'python3',
        [join(SOURCES, 'kazoo_scenario.py'), ensemble.connectString],
        { PYTHONPATH: kazoo },
        leaderKiller(ensemble),
        SCRIPT_TIMEOUT_MS,
      );
      assert.equal(facts.length, 8);
    });
  });

  it('node-zookeeper-client works, and outlives the death of a leader', async () => {
    await withEnsemble(3, async (ensemble) => {
      const { facts } = await runScript(
        process.execPath,
        [join(SOURCES, 'node-client-scenario.cjs'), ensemble.connectString, join(CACHE, 'node')],
        {},
        leaderKiller(ensemble),
        SCRIPT_TIMEOUT_MS,
      );
      assert.equal(facts.length, 6);
    });
  });

  it("Apache's shell creates, reads and watches across the death of a leader", async () => {
    await withEnsemble(3, async (ensemble) => {
      const [first, second] = ensemble.servers.map((server) => server.clientPort);
      const created = await apacheShell(first as number, 'create', '/shell', 'world');
      assert.match(created.text, /Created \/shell/);
      const got = await apacheShell(second as number, 'get', '-s', '/shell');
      assert.match(got.text, /^world$/m);
      assert.match(got.text, /^cZxid = 0x100000002$/m);
      assert.match(got.text, /^numChildren = 0$/m);
      const sequence = await apacheShell(first as number, 'create', '-s', '/shell/n-', 'x');
      assert.match(sequence.text, /Created \/shell\/n-0000000000/);
      const leader = await ensemble.leader();
      await leader.end('SIGKILL');
      const rest = ensemble.servers.filter((server) => server !== leader);
      await ensemble.leader();
      const port = (rest[0] as ServerProcess).clientPort;
      await (rest[0] as ServerProcess).waitUntilServing();
      assert.match((await apacheShell(port, 'ls', '-R', '/shell')).text, /n-0000000000/);
      const set = await apacheShell(port, 'set', '-s', '/shell', 'after');
      assert.match(set.text, /^dataVersion = 1$/m);
      assert.match((await apacheShell(port, 'deleteall', '/shell')).text, /^/);
      const gone = await apacheShell(port, 'get', '/shell');
      assert.notEqual(gone.status, 0);
    });
  });
});

describe('data directories go from one kind of server to the other', { concurrency: 1 }, () => {
  for (const apache of ['apache-3.8.0', 'apache-3.9.5'] as const) {
    it(`what a ${apache} server wrote is served by ours, and the other way round`, async () => {
      const ensemble = await TestEnsemble.create({
        kinds: [apache],
        extra: ['snapCount=40', 'preAllocSize=64'],
      });
      const [theirs] = ensemble.servers as [ServerProcess];
      const ours = new ServerProcess(
        'zabra',
        theirs.configFile,
        `${theirs.logFile}-zabra`,
        theirs.clientPort,
      );
      const port = theirs.clientPort;
      let failed = true;
      try {
        for (const [round, server] of [theirs, ours, theirs, ours].entries()) {
          server.start();
          await server.waitUntilServing();
          const before = await askSrvr(port, 'Zxid');
          for (let index = 0; index < round; index++) {
            const { text } = await apacheShell(port, 'get', `/round-${index}`);
            assert.match(text, new RegExp(`^data of round ${index}$`, 'm'));
          }
          await fill(port, round);
          const after = await askSrvr(port, 'Zxid');
          assert.notEqual(after, before);
          const nodes = await askSrvr(port, 'Node count');
          await server.end('SIGKILL');
          const next = server === theirs ? ours : theirs;
          next.start();
          await next.waitUntilServing();
          assert.equal(await askSrvr(port, 'Node count'), nodes);
          assert.equal(await askSrvr(port, 'Zxid'), after);
          await next.end('SIGKILL');
        }
        failed = false;
      } finally {
        await ours.end('SIGKILL');
        if (failed) process.stderr.write(ours.log());
        await ensemble.end(failed);
      }
    });
  }
});

/** Some history of every kind: enough to roll the log and take snapshots. */
async function fill(port: number, round: number): Promise<void> {
  await run('python3', [join(SOURCES, 'fill.py'), `127.0.0.1:${port}`, String(round)], {
    env: { ...process.env, PYTHONPATH: join(CACHE, 'kazoo-2.10.0') },
    timeout: 60_000,
  });
}
