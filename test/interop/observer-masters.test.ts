/**
 * Observers that go to followers instead of the leader, where either is of either kind
 * (`observerMasterPort`): writes and syncs through them, a session that moves between an observer
 * and its master, the master killed and another found, and an observer that was away. Every member
 * has an address of its own, since all masters listen at one port.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { freePorts } from '../process/free-ports.ts';
import { figure } from '../process/observer-masters.test-kit.ts';
import type { ServerKind, ServerProcess } from '../process/server-process.ts';
import { waitFor } from '../process/wait-for.ts';
import { MixedEnsemble } from './mixed-ensemble.ts';

const PATIENCE_MS = 60_000;
const LEADER = 3;

interface MasterCase {
  readonly name: string;
  readonly kinds: readonly ServerKind[];
  readonly observers: readonly number[];
}

const CASES: readonly MasterCase[] = [
  {
    name: 'Apache observes at followers of ours',
    kinds: ['zabra', 'zabra', 'zabra', 'apache-3.9.5'],
    observers: [4],
  },
  {
    name: "we observe at Apache's followers",
    kinds: ['apache-3.9.5', 'apache-3.9.5', 'apache-3.9.5', 'zabra'],
    observers: [4],
  },
  {
    name: 'both observe at followers of ours, which Apache leads',
    kinds: ['zabra', 'zabra', 'apache-3.9.5', 'apache-3.9.5', 'zabra'],
    observers: [4, 5],
  },
  {
    name: 'we observe at followers of both kinds, which one of ours leads',
    kinds: ['apache-3.9.5', 'zabra', 'zabra', 'zabra'],
    observers: [4],
  },
];

/** The sid of the follower that an observer has found, once it serves its clients. */
async function masterOf(observer: ServerProcess, notSid: number): Promise<number> {
  return await waitFor('a master', PATIENCE_MS, async () => {
    if ((await observer.mode()) !== 'observer') return null;
    const sid = await figure(observer, 'observer_master_id');
    return sid === null || sid < 1 || sid === notSid ? null : sid;
  });
}

/** A session with an ephemeral that its observer's end moves to the master, and back again. */
async function moveSession(ensemble: MixedEnsemble, observer: ServerProcess): Promise<void> {
  const master = ensemble.server(await masterOf(observer, LEADER));
  const ports = [observer, master].map(({ clientPort }) => `127.0.0.1:${clientPort}`);
  const zk = await connect(ports.join(','), { sessionTimeoutMs: 20_000 });
  const session = zk.sessionId;
  const path = `/moves-${observer.clientPort}`;
  await zk.create(path, null, { ephemeral: true });
  for (const server of [observer, master]) {
    await server.end('SIGKILL');
    await waitFor('the session at the other server', PATIENCE_MS, () =>
      zk.setData(path, 'moved').then(
        () => true,
        () => false,
      ),
    );
    await zk.sync(path);
    assert.equal((await zk.getData(path)).stat.ephemeralOwner, session);
    server.start();
    await server.waitUntilServing(PATIENCE_MS);
  }
  assert.equal(zk.sessionId, session);
  await zk.close();
}

async function assertMasters(ensemble: MixedEnsemble, observers: readonly number[]): Promise<void> {
  for (const sid of observers) {
    const master = await masterOf(ensemble.server(sid), -1);
    assert.notEqual(master, LEADER, `observer ${sid} is at the leader`);
    await waitFor('the master to count its observers', PATIENCE_MS, async () => {
      return ((await figure(ensemble.server(master), 'synced_observers')) ?? 0) >= 1;
    });
  }
  assert.equal(await figure(ensemble.server(LEADER), 'synced_observers'), 0);
}

/** What an idle session of an observer lives by travels over two connections. */
async function idleThrough(observer: ServerProcess): Promise<void> {
  const zk = await connect(`127.0.0.1:${observer.clientPort}`, { sessionTimeoutMs: 4000 });
  const path = `/idle-${observer.clientPort}`;
  await zk.create(path, null, { ephemeral: true });
  const untilMs = performance.now() + 9000;
  await waitFor('twice the timeout to pass', PATIENCE_MS, () => performance.now() > untilMs);
  assert.notEqual(await zk.exists(path), null);
  await zk.close();
}

describe('observers at followers', { concurrency: 1 }, () => {
  let port = 0;
  before(async () => {
    [port = 0] = await freePorts(1);
  });

  for (const { name, kinds, observers } of CASES) {
    it(name, async () => {
      const options = {
        kinds,
        observers,
        leader: LEADER,
        hostsOf: (sid: number) => [`127.0.0.${sid}`],
        extra: [`observerMasterPort=${port}`],
      };
      await MixedEnsemble.run(options, async (ensemble) => {
        await assertMasters(ensemble, observers);
        await ensemble.writeThroughAll();
        const first = ensemble.server(observers[0] ?? 0);
        await idleThrough(first);
        const master = await masterOf(first, -1);
        await ensemble.server(master).end('SIGKILL');
        await masterOf(first, master);
        await ensemble.writeThroughAll();
        await ensemble.start(master);
        await first.end('SIGKILL');
        await ensemble.writeOften(ensemble.server(LEADER), 100);
        await ensemble.rejoin(first, 'DIFF');
        await ensemble.writeThrough(first);
        await moveSession(ensemble, first);
        await ensemble.writeThroughAll();
        await ensemble.assertEqual();
        await assertMasters(ensemble, observers);
      });
    });
  }
});
