/**
 * ClickHouse Keeper's extensions against the real thing on each side: ClickHouse as a client, by
 * the client of Keeper that chdb embeds, and Apache's servers as members and as readers of data
 * directories, which must find nothing there that is not Apache's.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from '../process/ensemble.ts';
import { freePorts } from '../process/free-ports.ts';
import { ROOT, type ServerKind, ServerProcess } from '../process/server-process.ts';
import { runScript } from './client-script.ts';
import { assertSameContents, contentsOf } from './member-contents.ts';
import { OpcodeTap } from './opcode-tap.ts';
import { CACHE, leaderKiller } from './with-ensemble.ts';

const ON = 'zabra.keeperExtensions=true';
const SCENARIO = join(ROOT, 'test/interop/clickhouse_scenario.py');
const CHDB = join(CACHE, 'chdb-core-26.9.0');
const SCRIPT_TIMEOUT_MS = 180_000;
const APACHE = 'apache-3.9.5';

function clickHouseConfig(ports: readonly number[]): string {
  const nodes = ports.map((port) => `<node><host>127.0.0.1</host><port>${port}</port></node>`);
  return [
    '<clickhouse>',
    `<zookeeper>${nodes.join('')}<session_timeout_ms>10000</session_timeout_ms></zookeeper>`,
    '<macros><shard>1</shard><replica>r1</replica></macros>',
    '<keeper_map_path_prefix>/keeper_map</keeper_map_path_prefix>',
    '<user_defined_zookeeper_path>/clickhouse/functions</user_defined_zookeeper_path>',
    '<workload_zookeeper_path>/clickhouse/workloads</workload_zookeeper_path>',
    '<named_collections_storage><type>zookeeper</type><path>/clickhouse/collections</path>',
    '<update_timeout_ms>1000</update_timeout_ms></named_collections_storage>',
    '</clickhouse>',
  ].join('\n');
}

/** Runs ClickHouse against the ensemble; returns what it asked for. */
async function runClickHouse(ensemble: TestEnsemble): Promise<ReadonlyMap<string, number>> {
  const ports = await freePorts(ensemble.servers.length);
  const taps: OpcodeTap[] = [];
  try {
    for (const [index, { clientPort }] of ensemble.servers.entries()) {
      taps.push(await OpcodeTap.open(ports[index] as number, clientPort));
    }
    const config = join(ensemble.directory, 'clickhouse.xml');
    writeFileSync(config, clickHouseConfig(ports));
    const { facts } = await runScript(
      'python3',
      [SCENARIO, config],
      { PYTHONPATH: CHDB },
      leaderKiller(ensemble),
      SCRIPT_TIMEOUT_MS,
    );
    assert.equal(facts.length, 5);
    const counts = new Map<string, number>();
    for (const tap of taps) {
      for (const [name, count] of tap.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    }
    return counts;
  } finally {
    for (const tap of taps) tap.close();
  }
}

const ZABRA: readonly ServerKind[] = ['zabra', 'zabra', 'zabra'];

describe('ClickHouse against three of our servers', { concurrency: 1 }, () => {
  it('finds the extensions where they are on, uses them, and outlives a leader', async () => {
    await TestEnsemble.run({ kinds: ZABRA, extra: [ON] }, async (ensemble) => {
      await ensemble.start();
      const counts = await runClickHouse(ensemble);
      for (const name of ['multi.createIfNotExists', 'removeRecursive', 'multiRead.getData']) {
        assert.ok((counts.get(name) ?? 0) > 0, `it never asked for ${name}`);
      }
    });
  });

  it('takes them for ZooKeeper where they are off, and does the same', async () => {
    await TestEnsemble.run({ kinds: ZABRA, extra: [] }, async (ensemble) => {
      await ensemble.start();
      const counts = await runClickHouse(ensemble);
      const names = [...counts.keys()];
      const foreign = /createIfNotExists|checkNotExists|removeRecursive|filteredList|multiRead/;
      assert.deepEqual(
        names.filter((name) => foreign.test(name)),
        [],
      );
      assert.ok(names.includes('multi.create'));
    });
  });
});

const to = (port: number): Promise<ZooKeeperClient> =>
  connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 10_000 });

/** What Apache's servers say of transactions that they cannot make sense of. */
const COMPLAINT = /Digests are not matching|digest mismatch|Failed to process|Ignoring processTxn/i;

/** Every kind of transaction that the extensions leave in a log. */
async function leaveTransactions(zk: ZooKeeperClient, base: string): Promise<void> {
  const { keeper } = zk;
  for (let round = 0; round < 3; round++) await keeper.createIfNotExists(base, 'x');
  for (const path of ['a', 'a/b', 'a/b/c', 'd']) await keeper.createIfNotExists(`${base}/${path}`);
  await zk.create(`${base}/a/e`, 'x', { ephemeral: true });
  await zk.multi([
    { op: 'checkNotExists', path: `${base}/f` },
    { op: 'createIfNotExists', path: `${base}/f` },
    { op: 'createIfNotExists', path: `${base}/f` },
    { op: 'removeRecursive', path: `${base}/a/b` },
    { op: 'removeRecursive', path: `${base}/none` },
    { op: 'setData', path: `${base}/d`, data: 'y' },
  ]);
  await assert.rejects(
    zk.multi([
      { op: 'removeRecursive', path: `${base}/a` },
      { op: 'checkNotExists', path: `${base}/d` },
      { op: 'delete', path: `${base}/d` },
    ]),
    (error) => isZooKeeperError(error) && error.code === 'NODEEXISTS',
  );
  await assert.rejects(keeper.removeRecursive(base, { nodesMax: 1 }));
  await keeper.removeRecursive(`${base}/a`);
  await keeper.removeRecursive(`${base}/none`);
}

describe("Apache's servers", { concurrency: 1 }, () => {
  it('follow a leader of ours that orders them, and hold the same, restarted too', async () => {
    await TestEnsemble.run({ kinds: [APACHE, 'zabra', APACHE], extra: [ON] }, async (ensemble) => {
      const [first, ours, third] = ensemble.servers as [
        ServerProcess,
        ServerProcess,
        ServerProcess,
      ];
      first.start();
      ours.start();
      assert.equal(await ours.waitUntilServing(60_000), 'leader');
      third.start();
      await Promise.all([first, third].map((server) => server.waitUntilServing(60_000)));
      await using zk = await to(ours.clientPort);
      assert.ok((await zk.keeper.features()).has('REMOVE_RECURSIVE'));
      await leaveTransactions(zk, '/k');
      const ports = ensemble.servers.map(({ clientPort }) => clientPort);
      assert.ok((await assertSameContents(ports)) > 6);
      await zk.create('/k/last');
      await Promise.all(ensemble.servers.map((server) => server.end('SIGKILL')));
      zk.abandon();
      first.start();
      third.start();
      await Promise.all([first, third].map((server) => server.waitUntilServing(60_000)));
      assert.ok((await assertSameContents([first.clientPort, third.clientPort])) > 7);
      for (const server of [first, third]) assert.doesNotMatch(server.log(), COMPLAINT);
    });
  });

  it('lead a server of ours that sends them none, and says so to its clients', async () => {
    await TestEnsemble.run({ kinds: ['zabra', APACHE, APACHE], extra: [ON] }, async (ensemble) => {
      const [ours, second, third] = ensemble.servers as [
        ServerProcess,
        ServerProcess,
        ServerProcess,
      ];
      for (const server of [second, third]) server.start();
      await Promise.all([second, third].map((server) => server.waitUntilServing(60_000)));
      ours.start();
      assert.equal(await ours.waitUntilServing(60_000), 'follower');
      await using zk = await to(ours.clientPort);
      const features = await zk.keeper.features();
      assert.ok(features.has('FILTERED_LIST') && !features.has('CREATE_IF_NOT_EXISTS'));
      for (const call of [
        () => zk.keeper.createIfNotExists('/k'),
        () => zk.keeper.removeRecursive('/k'),
      ]) {
        await assert.rejects(
          call(),
          (error) => isZooKeeperError(error) && error.code === 'UNIMPLEMENTED',
        );
      }
      await assert.rejects(
        zk.multi([{ op: 'checkNotExists', path: '/k' }]),
        (error) => isZooKeeperError(error) && error.code === 'MARSHALLINGERROR',
      );
      // The connection is still there, and nothing behind the refusals waits for a leader.
      await zk.create('/k', 'x');
      const { children } = await zk.keeper.getChildrenWithData('/', { kind: 'persistent' });
      assert.ok(children.some(({ name, data }) => name === 'k' && data?.length === 1));
    });
  });

  it('read a data directory that they have left, and the other way round', async () => {
    await TestEnsemble.run({ kinds: ['zabra'], extra: [ON] }, async (ensemble) => {
      const [ours] = ensemble.servers as [ServerProcess];
      const { configFile, logFile, clientPort } = ours;
      const theirs = new ServerProcess(APACHE, configFile, `${logFile}-apache`, clientPort);
      try {
        for (const round of [0, 1]) {
          ours.start();
          await ours.waitUntilServing();
          const zk = await to(clientPort);
          await leaveTransactions(zk, `/round-${round}`);
          await zk.close();
          const contents = await contentsOf(clientPort);
          await ours.end('SIGKILL');
          theirs.start();
          await theirs.waitUntilServing();
          assert.deepEqual(await contentsOf(clientPort), contents);
          assert.doesNotMatch(theirs.log(), COMPLAINT);
          const other = await to(clientPort);
          await other.create(`/apache-${round}`, 'x');
          await other.close();
          await theirs.end('SIGKILL');
        }
        ours.start();
        await ours.waitUntilServing();
        const found = await contentsOf(clientPort);
        for (const path of ['/round-0/f', '/apache-0', '/round-1/f', '/apache-1']) {
          assert.ok(found.has(path), path);
        }
      } finally {
        await theirs.end('SIGKILL');
      }
    });
  });
});
