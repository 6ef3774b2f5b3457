/**
 * The planned stop of a leader of ours whom servers of Apache follow. They know of no hand-over:
 * the leader takes nothing more, commits what it has proposed, and closes the links behind the last
 * COMMIT; then the others elect. So nothing is left in its log that nobody else has.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import type { EnsembleOptions } from '../process/ensemble.ts';
import { askWord } from '../process/four-letter-word.ts';
import { waitFor } from '../process/wait-for.ts';
import { MixedEnsemble } from './mixed-ensemble.ts';

const PATIENCE_MS = 60_000;
/** 128 and the signal's number. */
const SIGTERM_EXIT = 143;
/** Steps of the end have limits of their own, 3.5 s in all; the machine may be busy. */
const END_MS_MAX = 8000;
const WRITES = 500;

const PAIRINGS: readonly (EnsembleOptions & { name: string; leader: number })[] = [
  {
    name: 'whom two servers of 3.9.5 follow',
    kinds: ['apache-3.9.5', 'apache-3.9.5', 'zabra'],
    leader: 3,
  },
  {
    name: 'whom Zabra and 3.9.5 follow',
    kinds: ['apache-3.9.5', 'zabra', 'zabra'],
    leader: 3,
  },
];

describe('SIGTERM to a leader of ours', { concurrency: 1 }, () => {
  for (const { name, ...options } of PAIRINGS) {
    it(`${name}, under writes, leaves nothing that the others have not`, async () => {
      const extra = ['4lw.commands.whitelist=*, ydld'];
      await MixedEnsemble.run({ ...options, extra }, async (ensemble) => {
        const leader = await ensemble.leader();
        const answer = await askWord(leader.clientPort, 'ydld');
        assert.equal(answer, 'Failed to send yield leadership request to leader.');
        const survivors = ensemble.servers.filter((server) => server !== leader);
        const writers = await Promise.all(
          ensemble.servers.map(({ clientPort }) => Burst.begin(clientPort)),
        );
        await Promise.all(writers.map((writer) => writer.progress()));
        const sinceMs = performance.now();
        assert.equal(await leader.end('SIGTERM'), SIGTERM_EXIT);
        const tookMs = performance.now() - sinceMs;
        assert.ok(tookMs <= END_MS_MAX, `its end took ${tookMs} ms`);
        assert.match(leader.log(), /Leaving LEADING: drained/);
        await ensemble.leader();
        const acknowledged = (await Promise.all(writers.map((writer) => writer.end()))).flat();
        for (const server of survivors) await ensemble.writeThrough(server);
        await ensemble.rejoin(leader, 'DIFF');
        await assertPresent(leader.clientPort, acknowledged);
        await ensemble.assertEqual();
      });
    });
  }
});

/** Many writes at once through one server, as long as its connection lasts. */
class Burst {
  readonly #writes: Promise<string | null>[] = [];
  readonly #zk: ZooKeeperClient;
  #count = 0;

  private constructor(zk: ZooKeeperClient) {
    this.#zk = zk;
  }

  static async begin(port: number): Promise<Burst> {
    const zk = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 20_000 });
    const root = `/burst-${port}`;
    await zk.create(root);
    const burst = new Burst(zk);
    for (let n = 0; n < WRITES; n++) {
      const path = `${root}/n-${n}`;
      const write = zk.create(path).then(
        () => {
          burst.#count++;
          return path;
        },
        () => null,
      );
      burst.#writes.push(write);
    }
    return burst;
  }

  /** Some are acknowledged, and others are still on their way. */
  async progress(): Promise<void> {
    await waitFor('writes', PATIENCE_MS, () => this.#count >= 5, 1);
  }

  /** The paths that were acknowledged. */
  async end(): Promise<string[]> {
    const paths = await Promise.all(this.#writes);
    this.#zk.abandon();
    return paths.filter((path) => path !== null);
  }
}

async function assertPresent(port: number, paths: readonly string[]): Promise<void> {
  const zk = await connect(`127.0.0.1:${port}`);
  await zk.sync('/');
  const missing = await Promise.all(
    paths.map(async (path) => ((await zk.exists(path)) === null ? path : null)),
  );
  await zk.close();
  assert.deepEqual(
    missing.filter((path) => path !== null),
    [],
  );
}
