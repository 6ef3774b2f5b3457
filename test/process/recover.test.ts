/**
 * Two servers of three are lost for good: `zabra recover` on the third, with real processes. It
 * goes on alone, or with empty members beside it; what the others had and have not given up is
 * refused when it comes back, or replaced.
 */

import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askSrvr } from './four-letter-word.ts';
import { readQuorum } from './health.ts';
import { dataOf, recover, zabra } from './recover-command.ts';
import type { ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const SESSION_TIMEOUT_MS = 20_000;

async function withClient<T>(
  servers: readonly ServerProcess[],
  use: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const hosts = servers.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
  const client = await connect(hosts, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

type Three = readonly [ServerProcess, ServerProcess, ServerProcess];

async function withThree(
  use: (ensemble: TestEnsemble, all: Three) => Promise<void>,
): Promise<void> {
  await TestEnsemble.run({ kinds: ['zabra', 'zabra', 'zabra'] }, async (ensemble) => {
    await ensemble.start();
    await use(ensemble, ensemble.servers as unknown as Three);
  });
}

async function waitUntilEqual(ports: readonly number[]): Promise<void> {
  await waitFor('equal trees on all members', 30_000, async () => {
    const views = await Promise.all(ports.map(readQuorum));
    return views.every(({ serving, zxid, digest }) => {
      return serving && zxid === views[0]?.zxid && digest === views[0]?.digest;
    });
  });
}

/** True when it is written: also when that was said over a connection that was lost. */
async function write(client: ZooKeeperClient, path: string): Promise<boolean> {
  try {
    await client.create(path, 'lost');
    return true;
  } catch (error) {
    return isZooKeeperError(error) && error.code === 'NODEEXISTS';
  }
}

/** What a server has written since a moment, for what it must not have done meanwhile. */
function logSince(server: ServerProcess, length: number): string {
  return server.log().slice(length);
}

describe('a server whose two fellows are lost for good', { concurrency: 1 }, () => {
  it('goes on alone with the same sessions, and an old member serves nobody', async () => {
    await withThree(async (ensemble, [first, second, third]) => {
      const client = await connect(ensemble.connectString, {
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      });
      await client.create('/kept', 'kept');
      await client.create('/mine', '', { ephemeral: true });
      await waitUntilEqual(ensemble.healthPorts);
      const refused = await zabra('recover', '--yes', 'anything', first.configFile);
      assert.equal(refused.code, 1);
      assert.match(refused.text, new RegExp(`process ${first.pid} runs on ".*"; stop it first`));

      for (const server of [second, third, first]) await server.end('SIGKILL');
      const before = readdirSync(dataOf(first));
      const text = await recover(first);
      assert.match(text, /^given up +2, 3$/m);
      const copies = readdirSync(dirname(dataOf(first))).filter((name) => /recovery/.test(name));
      const [copy = '', record = ''] = copies.sort();
      const copied = readdirSync(join(dirname(dataOf(first)), copy, 'version-2'));
      assert.deepEqual(copied.sort(), before.filter((name) => name !== 'zabra.lock').sort());
      const told = JSON.parse(readFileSync(join(dirname(dataOf(first)), record), 'utf8')) as {
        givenUp: number[];
      };
      assert.deepEqual(told.givenUp, [2, 3]);

      first.start();
      assert.equal(await first.waitUntilServing(), 'standalone');
      // A client that was connected to whichever of the three is taken with its session.
      const stat = await waitFor('the session to be back', 20_000, () =>
        client.exists('/mine').catch(() => null),
      );
      assert.equal(stat.ephemeralOwner, client.sessionId);
      await client.create('/after', 'after');

      const start = second.log().length;
      second.start();
      await waitFor('the old member to ask around', 20_000, () =>
        logSince(second, start).includes('LOOKING'),
      );
      for (let index = 0; index < 50; index++) await client.create(`/n-${index}`);
      assert.equal(await askSrvr(second.clientPort, 'Mode'), null);
      assert.doesNotMatch(logSince(second, start), /FOLLOWING|LEADING/);
      assert.equal(await askSrvr(first.clientPort, 'Mode'), 'standalone');
      await client.close();
    });
  });

  it('leads empty members by a snapshot, and an old disk that comes back is replaced', async () => {
    await withThree(async (ensemble, [first, second, third]) => {
      const lasting = await connect(ensemble.connectString, {
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      });
      await lasting.create('/kept', 'kept');
      await waitUntilEqual(ensemble.healthPorts);
      await first.end('SIGKILL');
      // What the survivor does not know is lost, and must stay so.
      for (let index = 0; index < 20; index++) {
        await waitFor('a write without the survivor', 20_000, () =>
          write(lasting, `/lost-${index}`),
        );
      }
      for (const server of [second, third]) await server.end('SIGKILL');
      const oldDisk = `${dataOf(second)}-old`;
      renameSync(dataOf(second), oldDisk);
      rmSync(dataOf(third), { recursive: true });
      const text = await recover(first, '--keep', '1,2,3');
      assert.match(text, /Then start 2, 3, each with the new server list/);
      for (const server of [second, third]) {
        appendFileSync(server.configFile, 'zabra.emptyNeedsAllVoters=true\n');
      }

      // Two empty members are a majority, and wait all the same for the one that has the data.
      const start = second.log().length;
      second.start();
      third.start();
      await waitFor('empty members to ask around', 20_000, () =>
        logSince(second, start).includes('LOOKING'),
      );
      first.start();
      for (const server of [first, second, third]) await server.waitUntilServing(60_000);
      assert.equal(await first.mode(), 'leader');
      assert.match(logSince(second, start), /Up to date in epoch \d+ by SNAP/);
      // A client that has seen more than the survivor had goes on all the same.
      const { sessionId } = lasting;
      await waitFor('the client to be taken', 20_000, () =>
        lasting.create('/still-mine', 'mine').catch(() => null),
      );
      assert.equal(lasting.sessionId, sessionId);
      await lasting.close();
      await withClient([second], async (client) => {
        const { data } = await client.getData('/kept');
        assert.equal(Buffer.from(data ?? []).toString(), 'kept');
        assert.equal(await client.exists('/lost-0'), null);
        await client.create('/after', 'after');
      });
      await waitUntilEqual(ensemble.healthPorts);

      await second.end('SIGKILL');
      rmSync(dataOf(second), { recursive: true });
      cpSync(oldDisk, dataOf(second), {
        recursive: true,
        filter: (name) => !name.endsWith('zabra.lock'),
      });
      const again = second.log().length;
      second.start();
      await second.waitUntilServing();
      assert.match(logSince(second, again), /Up to date in epoch \d+ by SNAP/);
      await waitUntilEqual(ensemble.healthPorts);
      await withClient([second], async (client) => {
        assert.equal(await client.exists('/lost-19'), null);
        assert.ok((await client.exists('/after')) !== null);
      });
      assert.equal(await first.mode(), 'leader');
    });
  });
});
