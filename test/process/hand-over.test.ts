/**
 * Planned hand-over between three real server processes, in each way that an operator has: SIGTERM
 * to the leader, the words, the command, and an epoch that runs out of zxids. Clients write without
 * pause through both followers meanwhile: no write fails, none is lost, and no connection breaks.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { zabra } from './recover-command.ts';
import type { ServerProcess } from './server-process.ts';
import { UnbrokenWriter } from './unbroken-writer.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs } from './writer.ts';

/** Of writes. On a loaded machine; an election in Apache's time would take longer in itself. */
const GAP_MS_MAX = 3000;
const PATIENCE_MS = 30_000;
const WRITES = 100;
/** 128 and the signal's number. */
const SIGTERM_EXIT = 143;
const ZXIDS_PER_EPOCH = 1000;

interface Scene {
  readonly ensemble: TestEnsemble;
  readonly leader: ServerProcess;
  readonly followers: readonly ServerProcess[];
  readonly writers: readonly UnbrokenWriter[];
  /** Of an idle client of the leader. */
  readonly guest: ZooKeeperClient;
}

/** Runs `act` under load, and judges what the clients saw of it. */
async function underLoad(
  act: (scene: Scene) => Promise<void>,
  extra: readonly string[] = [],
): Promise<void> {
  const ensemble = await TestEnsemble.create({
    kinds: ['zabra', 'zabra', 'zabra'],
    extra: ['4lw.commands.whitelist=*, rqld, ydld', ...extra],
  });
  let failed = true;
  try {
    await ensemble.start();
    const leader = await ensemble.leader();
    const followers = ensemble.servers.filter((server) => server !== leader);
    const guest = await connect(`127.0.0.1:${leader.clientPort}`);
    await guest.create('/guest', null, { ephemeral: true });
    const writers = await Promise.all(
      followers.map(({ clientPort }, n) => UnbrokenWriter.begin(clientPort, `/through-${n}`)),
    );
    for (const writer of writers) await writer.progress(WRITES);
    const sinceMs = performance.now();
    await act({ ensemble, leader, followers, writers, guest });
    for (const writer of writers) await writer.progress(WRITES);
    for (const writer of writers) await writer.end();
    for (const { acknowledgedMs } of writers) {
      const gapMs = longestGapMs(acknowledgedMs, sinceMs);
      assert.ok(gapMs <= GAP_MS_MAX, `writes stood still for ${gapMs} ms`);
    }
    failed = false;
  } finally {
    await ensemble.end(failed);
  }
}

/** Another one leads, and by a hand-over, not by an election. */
async function assertHandedOver({ ensemble, leader, followers }: Scene): Promise<ServerProcess> {
  const next = await ensemble.leader(PATIENCE_MS);
  assert.notEqual(next, leader);
  assert.match(leader.log(), /Leaving LEADING: handed over to \d/);
  for (const server of followers) {
    const port = ensemble.healthPorts[ensemble.servers.indexOf(server)];
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /^zabra_hand_overs 1(\.0)?$/m);
    assert.match(metrics, /^zabra_client_pause_ms_count 1(\.0)?$/m);
  }
  return next;
}

/** The client of the server that led is still there, by the connection that it had. */
async function assertGuestStayed({ guest }: Scene, states: readonly string[]): Promise<void> {
  assert.equal((await guest.exists('/guest'))?.ephemeralOwner, guest.sessionId);
  assert.deepEqual(states, []);
  await guest.close();
}

describe('SIGTERM to the leader of three', { concurrency: 1 }, () => {
  it('hands over first: nobody at a follower notices, and it ends with 143', async () => {
    await underLoad(async (scene) => {
      const { guest, leader, ensemble } = scene;
      const session = guest.sessionId;
      assert.equal(await leader.end('SIGTERM'), SIGTERM_EXIT);
      await assertHandedOver(scene);
      // Its own clients have to go elsewhere, with their sessions.
      guest.updateServerList(ensemble.connectString);
      const stat = await waitFor('the client of the old leader to be back', PATIENCE_MS, () =>
        guest.exists('/guest').catch(() => null),
      );
      assert.equal(stat.ephemeralOwner, session);
      assert.equal(guest.sessionId, session);
      await guest.close();
      leader.start();
      assert.equal(await leader.waitUntilServing(PATIENCE_MS), 'follower');
    });
  });
});

interface Way {
  readonly name: string;
  readonly act: (leader: ServerProcess, follower: ServerProcess) => Promise<void>;
  /** The follower that `act` is given is to lead then. */
  readonly isToFollower: boolean;
}

const WAYS: readonly Way[] = [
  {
    name: 'ydld to the leader',
    isToFollower: false,
    act: async ({ clientPort }) => {
      const answer = await askWord(clientPort, 'ydld');
      assert.equal(answer, 'Sent yield leadership request to leader.');
    },
  },
  {
    name: 'rqld to a follower',
    isToFollower: true,
    act: async (_leader, { clientPort }) => {
      assert.equal(await askWord(clientPort, 'rqld'), 'Sent leadership request to leader.');
    },
  },
  {
    name: 'zabra hand-over, away from the leader',
    isToFollower: false,
    act: async ({ clientPort }) => {
      const { code, text } = await zabra('hand-over', `127.0.0.1:${clientPort}`);
      assert.deepEqual([code, text], [0, `127.0.0.1:${clientPort} is follower now\n`]);
    },
  },
  {
    name: 'zabra hand-over --to a follower',
    isToFollower: true,
    act: async (_leader, { clientPort }) => {
      const { code, text } = await zabra('hand-over', '--to', `127.0.0.1:${clientPort}`);
      assert.deepEqual([code, text], [0, `127.0.0.1:${clientPort} is leader now\n`]);
    },
  },
];

describe('the leadership of three moves without an end of any', { concurrency: 1 }, () => {
  for (const { name, act, isToFollower } of WAYS) {
    it(`by ${name}, and no client notices`, async () => {
      await underLoad(async (scene) => {
        const { ensemble, leader, followers, guest } = scene;
        const states: string[] = [];
        guest.onState((state) => states.push(String(state)));
        // Left to itself the leader chooses the largest sid of those that are up to date.
        const [first] = followers as [ServerProcess];
        await act(leader, first);
        await waitFor('another leader', PATIENCE_MS, async () => {
          return (await ensemble.leader()) !== leader;
        });
        const next = await assertHandedOver(scene);
        if (isToFollower) assert.equal(next, first);
        await assertGuestStayed(scene, states);
      });
    });
  }

  it('not where nobody asks for it by name: the command says what is missing', async () => {
    await underLoad(
      async ({ ensemble, leader, guest }) => {
        const { code, text } = await zabra('hand-over', `127.0.0.1:${leader.clientPort}`);
        assert.equal(code, 1);
        assert.match(text, /does not hand over: ydld is not executed because it is not in the/);
        assert.equal(await ensemble.leader(), leader);
        await guest.close();
      },
      ['4lw.commands.whitelist=*'],
    );
  });
});

describe('an epoch of three that runs out of zxids', { concurrency: 1 }, () => {
  it('ends by a hand-over of the leader to itself, and no client notices', async () => {
    await underLoad(
      async (scene) => {
        const { ensemble, leader, writers, guest } = scene;
        const states: string[] = [];
        guest.onState((state) => states.push(String(state)));
        await waitFor('a new epoch', PATIENCE_MS, () => /Leading epoch 2 from/.test(leader.log()));
        for (const writer of writers) await writer.progress(WRITES);
        assert.match(leader.log(), /2\d\d zxids of this epoch are left: a new epoch begins/);
        assert.match(leader.log(), /Leaving LEADING: handed over to \d/);
        assert.equal(await ensemble.leader(), leader);
        const port = ensemble.healthPorts[ensemble.servers.indexOf(leader)];
        const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const left = Number(/^zabra_zxids_left ([\d.]+)$/m.exec(metrics)?.[1]);
        assert.ok(left > 0 && left <= ZXIDS_PER_EPOCH, metrics);
        await assertGuestStayed(scene, states);
      },
      [`zabra.zxidsPerEpoch=${ZXIDS_PER_EPOCH}`],
    );
  });
});
