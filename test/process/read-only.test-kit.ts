/**
 * What clients see of a member that has lost its quorum and serves reads, as a drill that servers
 * of any kind have to stand. From client-protocol.md 16 and 18.
 */

import assert from 'node:assert/strict';
import { connect, isZooKeeperError, WatchStream, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askSrvr, askWord } from './four-letter-word.ts';
import type { ServerKind, ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const SESSION_TIMEOUT_MS = 20_000;
const PATIENCE_MS = 40_000;
/** How long a client tries that a read-only server must not take. */
const REFUSAL_MS = 1500;

/** The first of the servers is the one that is left alone. */
export async function drillReadOnly(kinds: readonly ServerKind[]): Promise<void> {
  // The servers inherit it: ours read the first, a JVM reads the second.
  process.env['SERVER_JVMFLAGS'] = '-Dreadonlymode.enabled=true';
  process.env['JDK_JAVA_OPTIONS'] = '-Dreadonlymode.enabled=true';
  const extra = ['localSessionsEnabled=true', 'localSessionsUpgradingEnabled=true'];
  const ensemble = await TestEnsemble.create({ kinds, tickTimeMs: 1000, extra });
  let failed = true;
  try {
    await ensemble.start();
    await drill(ensemble);
    failed = false;
  } finally {
    delete process.env['JDK_JAVA_OPTIONS'];
    delete process.env['SERVER_JVMFLAGS'];
    await ensemble.end(failed);
  }
}

async function drill(ensemble: TestEnsemble): Promise<void> {
  const { connectString } = ensemble;
  const [alone, ...others] = ensemble.servers as [ServerProcess, ...ServerProcess[]];
  const writer = await connect(`127.0.0.1:${alone.clientPort}`, {
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
  });
  await writer.create('/kept', 'x');
  await writer.create('/mine', null, { ephemeral: true });
  await writer.sync();
  await Promise.all(others.map((server) => server.end('SIGKILL')));
  await waitFor('read-only mode', PATIENCE_MS, async () => {
    return (await askWord(alone.clientPort, 'isro')) === 'ro';
  });
  await assertWords(alone);
  await assertRefused(alone, {});
  await assertRefused(alone, { readOnly: true, session: credentialsOf(writer) });

  const zk = await connect(connectString, { readOnly: true, sessionTimeoutMs: SESSION_TIMEOUT_MS });
  await using changes = new WatchStream();
  await assertReadsOnly(zk, changes);

  const writable = stateOf(zk, 'CONNECTED');
  const back = stateOf(writer, 'CONNECTED');
  for (const server of others) server.start();
  await Promise.all([writable, back]);
  assert.equal((await zk.setData('/kept', 'y')).version, 1);
  const { value } = await changes.next();
  assert.deepEqual([value?.type, value?.path], ['NodeDataChanged', '/kept']);
  await zk.sync();
  assert.equal((await zk.exists('/mine'))?.ephemeralOwner, writer.sessionId);
  await zk.close();
  await writer.close();
}

async function assertWords({ clientPort }: ServerProcess): Promise<void> {
  assert.equal(await askSrvr(clientPort, 'Mode'), 'read-only');
  const [, second] = (await askWord(clientPort, 'srvr')).split('\n');
  assert.equal(second, 'READ-ONLY mode; serving only read-only clients');
  const mntr = await askWord(clientPort, 'mntr');
  assert.match(mntr, /^zk_server_state\tread-only$/m);
  assert.doesNotMatch(mntr, /^zk_(?:peer_state|quorum_size)\t/m);
}

/** The server takes no such client. */
async function assertRefused({ clientPort }: ServerProcess, options: object): Promise<void> {
  const attempt = connect(`127.0.0.1:${clientPort}`, {
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    connectTimeoutMs: REFUSAL_MS,
    ...options,
  });
  assert.equal(await codeOf(attempt), 'CONNECTIONLOSS');
}

async function assertReadsOnly(zk: ZooKeeperClient, changes: WatchStream): Promise<void> {
  assert.equal(zk.state, 'CONNECTEDREADONLY');
  const { data } = await zk.getData('/kept', { watch: changes });
  assert.equal(Buffer.from(data ?? []).toString(), 'x');
  assert.notEqual(await zk.exists('/mine'), null);
  for (const write of [
    () => zk.create('/new'),
    () => zk.create('/new', null, { ephemeral: true }),
    () => zk.setData('/kept', 'z'),
    () => zk.delete('/kept'),
    () => zk.multi([{ op: 'check', path: '/kept', version: 0 }]),
    () => zk.sync(),
  ]) {
    assert.equal(await codeOf(write()), 'NOTREADONLY');
  }
  assert.equal((await zk.getData('/kept')).stat.version, 0);
  assert.equal(zk.state, 'CONNECTEDREADONLY');
}

function credentialsOf({ sessionId, sessionPassword }: ZooKeeperClient) {
  return { id: sessionId, password: sessionPassword };
}

/** At once if it is in that state already. */
function stateOf(client: ZooKeeperClient, wanted: string): Promise<unknown> {
  return waitFor(`a client that is ${wanted}`, PATIENCE_MS, () => client.state === wanted);
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  return isZooKeeperError(error) ? error.code : String(error);
}
