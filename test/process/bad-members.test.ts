/**
 * Members that are none, or not what they say, at an ensemble of real servers that works: each is
 * refused by name in the log, its leader stays, and a client that writes all the time loses nothing
 * and notices nothing (quorum-protocol.md 25).
 */

import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { ackEpoch, converse, followerInfo, initOf, refusedBytes } from './bad-peer.ts';
import { TestEnsemble } from './ensemble.ts';
import { foreignData, lineOf, withImpostor } from './impostor.ts';
import { portOf, waitForLine } from './quorum-security.test-kit.ts';
import type { ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

const WRITES_PER_SECOND = 100;
/** Far below what an election or a lost connection takes. */
const GAP_MS_MAX = 2000;
const TICK_TIME_MS = 500;
const LEADER = 3;

let ensemble: TestEnsemble;
let failed = true;

function server(sid: number): ServerProcess {
  return ensemble.servers[sid - 1] ?? assert.fail(`There is no server ${sid}`);
}

function port(sid: number, which: 'quorum' | 'election'): number {
  return portOf(server(sid), sid, which);
}

function dataOf({ configFile }: ServerProcess): string {
  return join(dirname(configFile), 'data');
}

function reigns(): number {
  return [
    ...server(LEADER)
      .log()
      .matchAll(/Leading epoch/g),
  ].length;
}

/** Runs `use` while a client writes: nothing may happen to it, nor to the leader. */
async function undisturbed(use: () => Promise<void>): Promise<void> {
  const zk = await connect(`127.0.0.1:${server(2).clientPort}`, { sessionTimeoutMs: 10_000 });
  const states: string[] = [];
  zk.onState((state) => states.push(state));
  const root = await zk.create('/load-', '', { sequential: true });
  const writer = new Writer(zk, root);
  const startMs = performance.now();
  writer.start(WRITES_PER_SECOND);
  const reignCount = reigns();
  const progress = async (): Promise<void> => {
    const wanted = writer.acknowledged.length + 20;
    await waitFor('writes', 10_000, () => writer.acknowledged.length >= wanted);
  };
  await progress();
  await use();
  await progress();
  await writer.stop();
  const gapMs = longestGapMs(writer.acknowledgedMs, startMs);
  assert.ok(gapMs < GAP_MS_MAX, `no write was acknowledged for ${gapMs} ms`);
  assert.deepEqual(states, []);
  const present = new Set((await zk.getChildren(root)).children);
  assert.equal(present.size, writer.acknowledged.length);
  await zk.close();
  assert.equal(reigns(), reignCount);
  assert.equal(await server(LEADER).mode(), 'leader');
}

before(async () => {
  const kinds = ['zabra', 'zabra', 'zabra'] as const;
  ensemble = await TestEnsemble.create({ kinds, tickTimeMs: TICK_TIME_MS });
  await ensemble.start();
  if ((await ensemble.leader()) !== server(LEADER)) {
    const leader = await ensemble.leader();
    await leader.end('SIGTERM');
    await waitFor('another leader', 30_000, async () => (await server(LEADER).mode()) === 'leader');
    leader.start();
    await leader.waitUntilServing();
  }
});
after(async () => await ensemble.end(failed));

describe('a member that is none', { concurrency: 1 }, () => {
  it('of a wrong id ends before it speaks to anybody', async () => {
    await undisturbed(async () => {
      await withImpostor(
        ensemble,
        9,
        () => [],
        async (impostor) => {
          assert.equal(await impostor.waitForExit(), 1);
          assert.match(impostor.log(), /My id 9 is not in the server list/);
        },
      );
    });
  });

  it('that says it is whom it speaks to, or nobody, is refused', async () => {
    await undisturbed(async () => {
      for (const sid of [1, 2, LEADER]) {
        await converse(port(sid, 'election'), [initOf(sid)]);
        await waitForLine(server(sid), new RegExp(`127\\.0\\.0\\.1:\\d+ says that it is ${sid}`));
      }
      await converse(port(LEADER, 'quorum'), [followerInfo(LEADER, 1)]);
      await waitForLine(server(LEADER), /Closing learner 3 .*: its sid is ours/);
    });
  });

  it('of a duplicate id is named with the one whose id it has', async () => {
    await undisturbed(async () => {
      await withImpostor(
        ensemble,
        1,
        (own) => [lineOf(1, own)],
        async () => {
          await waitForLine(server(LEADER), /Closing learner 1 .*: it connected anew from \S+:\d+/);
        },
      );
    });
    await server(1).waitUntilServing();
  });

  it('that speaks garbage at either port is cut with a line', async () => {
    await undisturbed(async () => {
      for (const sid of [1, 2, LEADER]) {
        for (const bytes of refusedBytes()) await converse(port(sid, 'election'), [bytes]);
        await waitForLine(
          server(sid),
          /Closing the connection of 99: it sent a frame of 2147483647/,
        );
      }
      for (const bytes of refusedBytes()) await converse(port(LEADER, 'quorum'), [bytes]);
      await waitForLine(server(LEADER), /A quorum packet of 127/);
    });
  });
});

describe('a member that claims to be ahead', { concurrency: 1 }, () => {
  it('and is of another ensemble stays outside, and its history too', async () => {
    await foreignData(5, async (data) => {
      await undisturbed(async () => {
        await server(1).end('SIGTERM');
        rmSync(join(dataOf(server(1)), 'version-2'), { recursive: true });
        cpSync(data, join(dataOf(server(1)), 'version-2'), { recursive: true });
        server(1).start();
        await waitForLine(
          server(LEADER),
          /Closing learner 1 .*: its history of epoch 5 is not of this ensemble/,
        );
        // Longer than the leader waits for a member that has only promised too much.
        await waitFor('initLimit to pass', 20_000, () => {
          const times = [
            ...server(LEADER)
              .log()
              .matchAll(/its history of epoch 5/g),
          ].length;
          return times >= 8;
        });
        assert.equal(await server(1).mode(), null);
      });
    });
    await server(1).end('SIGTERM');
    rmSync(join(dataOf(server(1)), 'version-2'), { recursive: true });
    server(1).start();
    await server(1).waitUntilServing();
    const zk = await connect(`127.0.0.1:${server(1).clientPort}`);
    assert.equal(await zk.exists('/of-another-ensemble'), null);
    await zk.close();
  });

  it('and is empty is refused whatever epoch it claims', async () => {
    await undisturbed(async () => {
      const quorum = port(LEADER, 'quorum');
      await converse(quorum, [followerInfo(1, 0x7f_ffff)]);
      await waitForLine(server(LEADER), /A quorum packet of .* has the impossible epoch 8388607/);
      await converse(quorum, [followerInfo(1, 0x10_0000)]);
      await waitForLine(server(LEADER), /Closing learner 1 .*its accepted epoch 1048576 is far/);
      await converse(quorum, [followerInfo(1, 1), ackEpoch(0x1000, 7)]);
      await waitForLine(server(LEADER), /Closing learner 1 .*its history of epoch 4096 is not/);
    });
    failed = false;
  });
});
