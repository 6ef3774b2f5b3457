/**
 * Three real server processes on loopback, with real kills: what an operator is promised. Every
 * wait has a deadline; every process is ended by its own pid.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askSrvr, askWord } from './four-letter-word.ts';
import { readQuorum } from './health.ts';
import type { ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

const SESSION_TIMEOUT_MS = 10_000;

async function withEnsemble(
  use: (ensemble: TestEnsemble) => Promise<void>,
  options: { tickTimeMs?: number; syncLimit?: number } = {},
): Promise<void> {
  const kinds = ['zabra', 'zabra', 'zabra'] as const;
  await TestEnsemble.run({ kinds, ...options }, async (ensemble) => {
    await ensemble.start();
    await use(ensemble);
  });
}

async function withClient<T>(
  servers: string,
  use: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const client = await connect(servers, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** All running members at the same zxid with the same tree. */
async function waitUntilEqual(ensemble: TestEnsemble, timeoutMs = 20_000): Promise<void> {
  await waitFor('equal trees on all members', timeoutMs, async () => {
    const views = await Promise.all(ensemble.healthPorts.map(readQuorum));
    const [first] = views;
    return views.every(
      (view) => view.serving && view.zxid === first?.zxid && view.digest === first?.digest,
    );
  });
}

describe('an ensemble of three processes', { concurrency: 1 }, () => {
  it('starts a new history at zxid 0x100000001', async () => {
    await withEnsemble(async (ensemble) => {
      await withClient(ensemble.connectString, async (client) => {
        const { stat } = await client.create2('/hello', 'world');
        assert.equal(stat.czxid, 0x1_0000_0002n);
      });
      await waitUntilEqual(ensemble);
    });
  });

  it('keeps values and zxids when all three are killed and started again', async () => {
    await withEnsemble(async (ensemble) => {
      const before = await withClient(ensemble.connectString, async (client) => {
        await client.create('/hello', 'world');
        for (let index = 0; index < 50; index++) await client.setData('/hello', `world ${index}`);
        return await client.getData('/hello');
      });
      await Promise.all(ensemble.servers.map((server) => server.end('SIGKILL')));
      await ensemble.start();
      const after = await withClient(ensemble.connectString, (client) => client.getData('/hello'));
      assert.deepEqual(after, before);
      await waitUntilEqual(ensemble);
    });
  });
});

describe('three processes without their leader', { concurrency: 1 }, () => {
  it('loses nothing when the leader is killed under a writer, and resumes within 2 s', async () => {
    await withEnsemble(async (ensemble) => {
      const client = await connect(ensemble.connectString, {
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      });
      const session = client.sessionId;
      const states: string[] = [];
      client.onState((state) => states.push(String(state)));
      await client.create('/writes');
      await client.create('/alive', '', { ephemeral: true });
      const writer = new Writer(client, '/writes');
      writer.start(200);
      await waitFor('200 writes', 20_000, () => writer.acknowledged.length >= 200);
      const leader = await ensemble.leader();
      const killedMs = performance.now();
      await leader.end('SIGKILL');
      const soFar = writer.acknowledged.length;
      await waitFor(
        'writes after the kill',
        20_000,
        () => writer.acknowledged.length > soFar + 200,
      );
      await writer.stop();
      const gapMs = longestGapMs(writer.acknowledgedMs, killedMs);
      assert.ok(gapMs <= 2000, `writes stood still for ${gapMs} ms`);
      assert.equal(client.sessionId, session);
      assert.ok(!states.includes('expired'), states.join(' '));
      const { children } = await client.getChildren('/writes');
      const present = new Set(children);
      const lost = writer.acknowledged.filter((n) => !present.has(`n-${n}`));
      assert.deepEqual(lost, []);
      assert.equal((await client.exists('/alive'))?.ephemeralOwner, session);
      leader.start();
      await leader.waitUntilServing();
      await waitUntilEqual(ensemble);
      await client.close();
    });
  });
});

describe('three processes without a quorum', { concurrency: 1 }, () => {
  it('acknowledges nothing, lets its clients go, and resumes with the same sessions', async () => {
    const tickTimeMs = 500;
    const syncLimit = 4;
    await withEnsemble(
      async (ensemble) => {
        const [first, second, third] = ensemble.servers as [
          ServerProcess,
          ServerProcess,
          ServerProcess,
        ];
        const client = await connect(`127.0.0.1:${first.clientPort}`, {
          sessionTimeoutMs: SESSION_TIMEOUT_MS,
        });
        const session = client.sessionId;
        await client.create('/kept', 'kept', { ephemeral: true });
        await Promise.all([second.end('SIGKILL'), third.end('SIGKILL')]);
        const lonelySinceMs = performance.now();
        const failed = client.create('/refused').then(
          () => 'acknowledged',
          (error: unknown) => (isZooKeeperError(error) ? error.code : String(error)),
        );
        await waitFor('the lonely server to let its clients go', 20_000, async () => {
          assert.equal(await askWord(first.clientPort, 'ruok'), 'imok');
          const text = await askWord(first.clientPort, 'srvr');
          return text.includes('not currently serving');
        });
        const tookMs = performance.now() - lonelySinceMs;
        assert.ok(tookMs <= (syncLimit + 1) * tickTimeMs + 500, `it took ${tookMs} ms`);
        assert.equal(await failed, 'CONNECTIONLOSS');
        assert.equal(await askWord(first.clientPort, 'ruok'), 'imok');
        second.start();
        await waitFor('service to resume', 20_000, () => askSrvr(first.clientPort, 'Mode'));
        const stat = await waitFor('the session to be back', 20_000, () =>
          client.exists('/kept').catch(() => null),
        );
        assert.equal(stat.ephemeralOwner, session);
        assert.equal(client.sessionId, session);
        await client.create('/accepted');
        await client.close();
      },
      { tickTimeMs, syncLimit },
    );
  });
});

describe('a member that was away', { concurrency: 1 }, () => {
  it('hands over to a killed member the history that it missed', async () => {
    await withEnsemble(async (ensemble) => {
      const leader = await ensemble.leader();
      const follower = ensemble.servers.find((server) => server !== leader) as ServerProcess;
      await withClient(`127.0.0.1:${leader.clientPort}`, async (client) => {
        await client.create('/many');
        await follower.end('SIGKILL');
        // More than the committed log holds: a snapshot has to do.
        for (let index = 0; index < 700; index++) await client.create(`/many/n-${index}`, 'x');
        follower.start();
        await follower.waitUntilServing();
        await waitUntilEqual(ensemble);
        await follower.end('SIGKILL');
        for (let index = 700; index < 750; index++) await client.create(`/many/n-${index}`, 'x');
        follower.start();
        await follower.waitUntilServing();
        await waitUntilEqual(ensemble);
      });
    });
  });
});
