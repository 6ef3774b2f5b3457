/**
 * What clients see of local sessions, as a drill that members of any kind have to stand: run
 * against our servers, against Apache's, and against ensembles of both. From quorum-protocol.md
 * 11.4.
 */

import assert from 'node:assert/strict';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askSrvr, askWord } from './four-letter-word.ts';
import { RawClient } from './raw-client.ts';
import type { ServerKind, ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const SESSION_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 30_000;
/** The least that the servers grant. */
const SHORT_TIMEOUT_MS = 2000;

/** One leader and its followers, by the words that they answer. */
interface Roles {
  readonly leader: ServerProcess;
  readonly followers: readonly ServerProcess[];
}

/** Runs both drills: sessions that can become global, and those that cannot. */
export async function drillLocalSessions(kinds: readonly ServerKind[]): Promise<void> {
  for (const upgrading of [true, false]) {
    const extra = ['localSessionsEnabled=true', `localSessionsUpgradingEnabled=${upgrading}`];
    const ensemble = await TestEnsemble.create({ kinds, tickTimeMs: 1000, extra });
    let failed = true;
    try {
      await ensemble.start();
      const leader = await ensemble.leader();
      const roles = { leader, followers: ensemble.servers.filter((server) => server !== leader) };
      for (const server of [...roles.followers, leader]) {
        await drillCommon(server, roles);
        if (upgrading) await drillUpgrade(server, roles);
        else await drillRefusal(server, roles);
      }
      if (upgrading) await Promise.all(ensemble.servers.map(drillExpiry));
      failed = false;
    } finally {
      await ensemble.end(failed);
    }
  }
}

/** What does not depend on whether sessions can become global. */
async function drillCommon(server: ServerProcess, { leader, followers }: Roles): Promise<void> {
  const path = `/common-${server.clientPort}`;
  const first = await join(server);
  // What others have done before must be known here.
  await first.sync();
  const zxid = await askSrvr(server.clientPort, 'Zxid');
  await first.close();
  const zk = await join(server);
  assert.deepEqual(await sessionCounts(server), { local: 1, global: 0 });
  assert.equal(await askSrvr(server.clientPort, 'Zxid'), zxid, 'it costs no transaction');
  await zk.create(path, 'x');
  await zk.setData(path, 'y');
  await zk.multi([{ op: 'create', path: `${path}/m` }]);
  await zk.sync();
  const written = await askSrvr(server.clientPort, 'Zxid');
  // Nobody else knows it.
  for (const other of [leader, ...followers]) {
    if (other !== server) await assertExpired(join(other, zk));
  }
  zk.abandon();
  const back = await join(server, zk);
  assert.equal(back.sessionId, zk.sessionId);
  await back.close();
  await assertExpired(join(server, back));
  assert.equal(await askSrvr(server.clientPort, 'Zxid'), written);
}

/** A session ends on its server when nothing is heard of it. */
async function drillExpiry(server: ServerProcess): Promise<void> {
  const silent = await RawClient.withSession(server.clientPort, SHORT_TIMEOUT_MS);
  assert.deepEqual(await sessionCounts(server), { local: 1, global: 0 });
  silent.close();
  await waitFor('the end of the session that nobody pings', PATIENCE_MS, async () => {
    return (await sessionCounts(server)).local === 0;
  });
}

async function drillUpgrade(server: ServerProcess, { leader, followers }: Roles): Promise<void> {
  const path = `/ephemeral-${server.clientPort}`;
  const other = [leader, ...followers].find((one) => one !== server) as ServerProcess;
  for (const create of [
    (zk: ZooKeeperClient) => zk.create(path, null, { ephemeral: true }),
    (zk: ZooKeeperClient) => zk.multi([{ op: 'create', path, ephemeral: true }]),
  ]) {
    const zk = await join(server);
    const { sessionId } = zk;
    await create(zk);
    assert.equal(zk.sessionId, sessionId);
    assert.deepEqual(await sessionCounts(server), { local: 0, global: 1 });
    zk.abandon();
    const moved = await join(other, zk);
    assert.equal(moved.sessionId, sessionId);
    await moved.sync();
    assert.equal((await moved.exists(path))?.ephemeralOwner, sessionId);
    await moved.close();
    const watcher = await join(server);
    await watcher.sync();
    assert.equal(await watcher.exists(path), null);
    await watcher.close();
  }
}

async function drillRefusal(server: ServerProcess, { leader }: Roles): Promise<void> {
  const path = `/refused-${server.clientPort}`;
  const zk = await join(server);
  assert.equal(await codeOf(zk.create(path, null, { ephemeral: true })), 'EPHEMERALONLOCALSESSION');
  const batch = zk.multi([
    { op: 'create', path: `${path}-plain` },
    { op: 'create', path, ephemeral: true },
  ]);
  // In a multi the leader's own words are the answer, and it knows only the sessions of its own.
  const wanted = server === leader ? 'EPHEMERALONLOCALSESSION' : 'SESSIONEXPIRED';
  assert.equal(await codeOf(batch), wanted);
  await zk.create(path, 'not ephemeral');
  assert.deepEqual(await sessionCounts(server), { local: 1, global: 0 });
  await zk.close();
}

/** On that server alone; `from` is whose session is taken over. */
function join({ clientPort }: ServerProcess, from?: ZooKeeperClient): Promise<ZooKeeperClient> {
  return connect(`127.0.0.1:${clientPort}`, {
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    ...(from && { session: { id: from.sessionId, password: from.sessionPassword } }),
  });
}

async function sessionCounts({
  clientPort,
}: ServerProcess): Promise<{ local: number; global: number }> {
  const mntr = await askWord(clientPort, 'mntr');
  const count = (name: string): number => {
    const match = new RegExp(`^zk_${name}_sessions\t(\\d+)$`, 'm').exec(mntr);
    return Number(match?.[1]);
  };
  return { local: count('local'), global: count('global') };
}

async function assertExpired(attempt: Promise<ZooKeeperClient>): Promise<void> {
  assert.equal(await codeOf(attempt), 'SESSIONEXPIRED');
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  return isZooKeeperError(error) ? error.code : String(error);
}
