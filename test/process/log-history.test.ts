/**
 * A follower that was away for longer than memory remembers, and comes back: its leader sends what
 * it lacks out of its own log files, while clients go on writing, and all members are the same.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { readQuorum } from './health.ts';
import type { ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';
import { Writer } from './writer.ts';

const PATIENCE_MS = 60_000;
const SESSION_TIMEOUT_MS = 10_000;
/** `commitLogCount` has no smaller value than 500. */
const MORE_THAN_MEMORY_HOLDS = 4000;
const DATA = 'x'.repeat(500);
/** Log files of any size; they roll every half megabyte, so that several are read. */
const LOG_FILES = ['snapshotSizeFactor=0', 'txnLogSizeLimitInKb=512', 'preAllocSize=64'];

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} ([\\d.]+)$`, 'm').exec(text)?.[1]);
}

interface Stage {
  readonly ensemble: TestEnsemble;
  readonly leader: ServerProcess;
  readonly leaderPort: number;
  readonly away: ServerProcess;
  readonly zk: ZooKeeperClient;
}

/** Three members, one of which is down while the others write more than memory holds. */
async function withOneBehind(
  extra: readonly string[],
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const kinds = ['zabra', 'zabra', 'zabra'] as const;
  await TestEnsemble.run({ kinds, extra }, async (ensemble) => {
    await ensemble.start();
    const leader = await ensemble.leader();
    const away = ensemble.servers.find((server) => server !== leader);
    assert.ok(away !== undefined);
    const others = ensemble.servers.filter((server) => server !== away);
    const where = others.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
    const zk = await connect(where, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
    try {
      await zk.create('/n', null);
      await away.end('SIGKILL');
      await writeMany(zk);
      const leaderPort = ensemble.healthPorts[ensemble.servers.indexOf(leader)] as number;
      await use({ ensemble, leader, leaderPort, away, zk });
    } finally {
      await zk.close();
    }
  });
}

async function writeMany(zk: ZooKeeperClient): Promise<void> {
  for (let from = 0; from < MORE_THAN_MEMORY_HOLDS; from += 200) {
    const writes = Array.from({ length: 200 }, (_, index) => zk.create(`/n/${from + index}`, DATA));
    await Promise.all(writes);
  }
}

/** How a member was brought in step since its log was so long. */
async function howItCame(server: ServerProcess, from: number): Promise<string> {
  return await waitFor('the member to be up to date', PATIENCE_MS, () => {
    return /Up to date in epoch \d+ by (\w+)/.exec(server.log().slice(from))?.[1] ?? null;
  });
}

async function assertSame(ensemble: TestEnsemble): Promise<void> {
  await waitFor('one state', PATIENCE_MS, async () => {
    const views = await Promise.all(ensemble.healthPorts.map(readQuorum));
    const [first] = views;
    return views.every(({ zxid, digest }) => zxid === first?.zxid && digest === first?.digest);
  });
}

describe('a follower that was away for longer than memory remembers', { concurrency: 1 }, () => {
  it('comes back by DIFF out of the log files, while clients write', async () => {
    await withOneBehind(LOG_FILES, async ({ ensemble, leader, leaderPort, away, zk }) => {
      const writer = new Writer(zk, '/n');
      writer.start(200);
      const from = away.log().length;
      away.start();
      assert.equal(await howItCame(away, from), 'DIFF');
      await away.waitUntilServing(PATIENCE_MS);
      await writer.stop();
      assert.match(leader.log(), /Synchronising \d at 0x\w+: DIFF out of the log files/);
      assert.equal(await metric(leaderPort, 'zabra_log_diffs'), 1);
      await assertSame(ensemble);
      const behind = await connect(`127.0.0.1:${away.clientPort}`, {
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      });
      await behind.sync('/');
      const { children } = await behind.getChildren('/n');
      assert.equal(children.length, MORE_THAN_MEMORY_HOLDS + writer.acknowledged.length);
      await behind.close();
    });
  });

  it('gets the whole state when the log files are too long for it, as by default', async () => {
    await withOneBehind(LOG_FILES.slice(1), async ({ ensemble, leaderPort, away }) => {
      const from = away.log().length;
      away.start();
      assert.equal(await howItCame(away, from), 'SNAP');
      assert.equal(await metric(leaderPort, 'zabra_log_diffs'), 0);
      await assertSame(ensemble);
    });
  });

  it('gets the whole state after all when a log file is rotten', async () => {
    await withOneBehind(LOG_FILES, async ({ ensemble, leader, away }) => {
      rot(leader, '/n/1500');
      const from = away.log().length;
      away.start();
      assert.equal(await howItCame(away, from), 'SNAP');
      assert.match(leader.log(), /Closing learner \d .*Cannot read on in "log\.\w+": the checksum/);
      await assertSame(ensemble);
    });
  });
});

/** A bit of that path turns in the log of a server, which runs on. */
function rot({ configFile }: ServerProcess, znode: string): void {
  const directory = join(dirname(configFile), 'data', 'version-2');
  const names = readdirSync(directory).filter((name) => name.startsWith('log.'));
  for (const name of names) {
    const bytes = readFileSync(join(directory, name));
    const at = bytes.indexOf(znode);
    if (at < 0) continue;
    bytes[at + 1] = (bytes[at + 1] as number) ^ 1;
    writeFileSync(join(directory, name), bytes, { flag: 'r+' });
    return;
  }
  assert.fail(`no log has "${znode}"`);
}
