/**
 * What Kubernetes does to a set of three: pods that start before their names are known, and an
 * update that goes through them from the highest ordinal to the lowest, one after another.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { type EnsembleOptions, TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { readQuorum } from './health.ts';
import { namedBy, writeNames } from './test-names.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

const THREE = ['zabra', 'zabra', 'zabra'] as const;
const SESSION_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 30_000;
/** From an empty start to readiness, and from names to a leader. */
const START_MS_MAX = 3000;
/** A pod's grace is 30 s; the server wants less than this of it. */
const END_MS_MAX = 5000;
const CHANGES_MAX = 2;

async function withServers(
  options: Partial<EnsembleOptions>,
  use: (ensemble: TestEnsemble) => Promise<void>,
): Promise<void> {
  await TestEnsemble.run({ kinds: THREE, ...options }, use);
}

async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
}

describe('three pods that start', { concurrency: 1 }, () => {
  it('answer ruok alone, and are ready together, within 3 s of an empty start', async () => {
    await withServers({}, async (ensemble) => {
      const [first, ...others] = ensemble.servers;
      assert.ok(first !== undefined);
      const aloneMs = performance.now();
      first.start();
      const { clientPort } = first;
      await waitFor('imok', PATIENCE_MS, async () => {
        return (await askWord(clientPort, 'ruok')) === 'imok';
      });
      assert.ok(performance.now() - aloneMs < START_MS_MAX, 'one alone');
      const togetherMs = performance.now();
      for (const server of others) server.start();
      for (const port of ensemble.healthPorts) {
        await waitFor('a server that is ready', PATIENCE_MS, () => isReady(port));
      }
      assert.ok(performance.now() - togetherMs < START_MS_MAX, 'all three');
    });
  });

  it('have a leader within 3 s of the moment that a majority resolves', async () => {
    const hostsOf = (sid: number): readonly string[] => [`zk-${sid - 1}.test`];
    await withServers({ hostsOf }, async (ensemble) => {
      const [first, second] = ensemble.servers;
      assert.ok(first !== undefined && second !== undefined);
      const files = ensemble.servers.map((server, index) => {
        const file = join(ensemble.directory, `names-${index}`);
        writeNames(file, { [`zk-${index}.test`]: '127.0.0.1' });
        Object.assign(server.environment, namedBy(file));
        server.start();
        return file;
      });
      // Long enough that everybody waits as long between two attempts as they ever will.
      const sinceMs = performance.now();
      await waitFor(
        'pauses that have grown',
        PATIENCE_MS,
        () => performance.now() - sinceMs > 8000,
      );
      const majority = { 'zk-0.test': '127.0.0.1', 'zk-1.test': '127.0.0.1' };
      for (const file of files.slice(0, 2)) writeNames(file, majority);
      const resolvedMs = performance.now();
      await Promise.all([first, second].map((server) => server.waitUntilServing(PATIENCE_MS)));
      const tookMs = performance.now() - resolvedMs;
      assert.ok(tookMs < START_MS_MAX, `it took ${tookMs} ms`);
    });
  });
});

describe('an update that rolls through three pods', { concurrency: 1 }, () => {
  for (const ordinal of [0, 1, 2]) {
    it(`changes the leader twice at most and keeps a session, zk-${ordinal} leading`, async () => {
      const extra = ['4lw.commands.whitelist=*,rqld'];
      await withServers({ extra }, async (ensemble) => {
        await ensemble.start();
        await makeLeader(ensemble, ordinal);
        const client = await connect(ensemble.connectString, {
          sessionTimeoutMs: SESSION_TIMEOUT_MS,
        });
        const session = client.sessionId;
        await client.create('/roll');
        const writer = new Writer(client, '/roll');
        const startedMs = performance.now();
        writer.start(20);
        const changes = await roll(ensemble, (count) => {
          return waitFor(`${count} more writes`, PATIENCE_MS, () => {
            return writer.acknowledged.length > count;
          });
        });
        await writer.stop();
        assert.ok(changes <= CHANGES_MAX, `the leader changed ${changes} times`);
        assert.equal(client.sessionId, session);
        const { children } = await client.getChildren('/roll');
        const found = new Set(children);
        for (const number of writer.acknowledged) assert.ok(found.has(`n-${number}`));
        assert.ok(longestGapMs(writer.acknowledgedMs, startedMs) < SESSION_TIMEOUT_MS);
        await client.close();
      });
    });
  }
});

async function makeLeader(ensemble: TestEnsemble, ordinal: number): Promise<void> {
  const server = ensemble.servers[ordinal];
  assert.ok(server !== undefined);
  for (const port of ensemble.healthPorts) {
    await waitFor('a server that is ready', PATIENCE_MS, () => isReady(port));
  }
  await waitFor('the leader that was asked for', PATIENCE_MS, async () => {
    if ((await server.mode()) === 'leader') return true;
    await askWord(server.clientPort, 'rqld');
    return false;
  });
}

/** In the order of a StatefulSet; how many leaders there were beyond the first. */
async function roll(
  ensemble: TestEnsemble,
  progress: (count: number) => Promise<unknown>,
): Promise<number> {
  const before = await epochOf(ensemble);
  let count = 0;
  for (const ordinal of [2, 1, 0]) {
    const server = ensemble.servers[ordinal];
    const port = ensemble.healthPorts[ordinal];
    assert.ok(server !== undefined && port !== undefined);
    const sinceMs = performance.now();
    assert.equal(await server.end('SIGTERM'), 143);
    assert.ok(performance.now() - sinceMs < END_MS_MAX, 'a pod that ends');
    server.start();
    await waitFor('the pod to be ready again', PATIENCE_MS, () => isReady(port));
    count += 10;
    await progress(count);
  }
  return (await epochOf(ensemble)) - before;
}

/** Of the reign that all members follow; each leader has its own. */
async function epochOf(ensemble: TestEnsemble): Promise<number> {
  return await waitFor('one epoch', PATIENCE_MS, async () => {
    const views = await Promise.all(ensemble.healthPorts.map(readQuorum));
    const [first] = views;
    const isOne = views.every((view) => view.serving && view.currentEpoch === first?.currentEpoch);
    return isOne ? first?.currentEpoch : null;
  });
}
