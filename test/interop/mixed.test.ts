/**
 * Ensembles of servers of both kinds: every member takes writes, the leader is killed and comes
 * back, and at the end all members hold the same znodes.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from '../process/ensemble.ts';
import type { ServerKind } from '../process/server-process.ts';

const ENSEMBLES: readonly (readonly ServerKind[])[] = [
  ['zabra', 'apache-3.9.5', 'apache-3.9.5'],
  ['apache-3.9.5', 'apache-3.9.5', 'zabra'],
  ['apache-3.9.5', 'zabra', 'zabra'],
  ['apache-3.8.0', 'zabra', 'apache-3.9.5'],
];
const WRITES_AFTER_KILL = 20;

async function namesAt(port: number): Promise<string[]> {
  const client = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 10_000 });
  await client.sync('/');
  const { children } = await client.getChildren('/');
  await client.close();
  return [...children].sort();
}

async function drill(ensemble: TestEnsemble): Promise<void> {
  await ensemble.start();
  for (const { clientPort } of ensemble.servers) {
    const client = await connect(`127.0.0.1:${clientPort}`, { sessionTimeoutMs: 10_000 });
    await client.create(`/through-${clientPort}`, 'x');
    await client.close();
  }
  const killed = await ensemble.leader();
  await killed.end('SIGKILL');
  const leader = await ensemble.leader();
  const client = await connect(`127.0.0.1:${leader.clientPort}`, { sessionTimeoutMs: 10_000 });
  for (let n = 0; n < WRITES_AFTER_KILL; n++) await client.create(`/after-${n}`, 'y');
  killed.start();
  await killed.waitUntilServing();
  await client.close();
  const [first, ...others] = await Promise.all(
    ensemble.servers.map(({ clientPort }) => namesAt(clientPort)),
  );
  assert.equal(first?.length, ensemble.servers.length + WRITES_AFTER_KILL + 1);
  for (const other of others) assert.deepEqual(other, first);
}

describe('ensembles of servers of both kinds', { concurrency: 1 }, () => {
  for (const kinds of ENSEMBLES) {
    it(`${kinds.join(', ')} agree`, async () => {
      const ensemble = await TestEnsemble.create({ kinds });
      let failed = true;
      try {
        await drill(ensemble);
        failed = false;
      } finally {
        await ensemble.end(failed);
      }
    });
  }
});
