/**
 * ClickHouse Keeper's extensions on real servers, by the client: three of ours that are told to
 * speak them, one that is not, and what the first have logged read by one that is not.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { readQuorum } from './health.ts';
import type { ServerProcess } from './server-process.ts';

const ON = ['zabra.keeperExtensions=true', 'zabra.keeperAvailabilityZone=zone-a'];

async function withEnsemble(
  size: number,
  extra: readonly string[],
  use: (ensemble: TestEnsemble) => Promise<void>,
): Promise<void> {
  const kinds = Array.from({ length: size }, () => 'zabra' as const);
  await TestEnsemble.run({ kinds, extra }, async (ensemble) => {
    await ensemble.start();
    await use(ensemble);
  });
}

const to = ({ clientPort }: ServerProcess): Promise<ZooKeeperClient> =>
  connect(`127.0.0.1:${clientPort}`, { sessionTimeoutMs: 10_000 });

/** Everything that the extensions can do, once; leaves some of it below /k. */
async function work(zk: ZooKeeperClient): Promise<void> {
  assert.equal(await zk.keeper.createIfNotExists('/k'), '/k');
  assert.equal(await zk.keeper.createIfNotExists('/k', 'ignored'), '/k');
  await zk.multi([
    { op: 'checkNotExists', path: '/k/lock' },
    { op: 'create', path: '/k/lock', ephemeral: true },
    { op: 'createIfNotExists', path: '/k/part', data: 'x' },
    { op: 'create', path: '/k/part/deep', data: 'y' },
  ]);
  await assert.rejects(
    zk.multi([
      { op: 'removeRecursive', path: '/k/part' },
      { op: 'checkNotExists', path: '/k/lock' },
    ]),
    (error) => isZooKeeperError(error) && error.code === 'NODEEXISTS' && error.opIndex === 1,
  );
  const { children } = await zk.keeper.getFilteredChildren('/k', { kind: 'ephemeral' });
  assert.deepEqual(children, ['lock']);
  const whole = await zk.keeper.getChildrenWithData('/k', { kind: 'persistent' });
  assert.deepEqual(
    whole.children.map(({ name, data, stat }) => [
      name,
      String(Buffer.from(data ?? [])),
      stat.version,
    ]),
    [['part', 'x', 0]],
  );
  const [found, list, missing] = await zk.multiRead([
    { op: 'exists', path: '/k/part' },
    { op: 'getFilteredChildren', path: '/k', kind: 'persistent' },
    { op: 'getData', path: '/k/none' },
  ]);
  assert.ok(found.op === 'exists' && found.stat.numChildren === 1);
  assert.ok(list.op === 'getFilteredChildren' && list.children[0] === 'part');
  assert.ok(missing.op === 'error' && missing.error.code === 'NONODE');
  await assert.rejects(
    zk.keeper.removeRecursive('/k/part', { nodesMax: 1 }),
    (error) => isZooKeeperError(error) && error.code === 'NOTEMPTY',
  );
  await zk.multi([
    { op: 'removeRecursive', path: '/k/part' },
    { op: 'removeRecursive', path: '/k/none' },
    { op: 'create', path: '/k/kept', data: 'z' },
  ]);
  await zk.keeper.checkNotExists('/k/part');
  assert.equal(await zk.exists('/k/part'), null);
}

it('three servers speak them on every member, and after the death of a leader', async () => {
  await withEnsemble(3, ON, async (ensemble) => {
    for (const server of ensemble.servers) {
      await using zk = await to(server);
      const features = await zk.keeper.features();
      assert.ok(features.has('REMOVE_RECURSIVE') && features.has('LIST_WITH_STAT_AND_DATA'));
      assert.ok(!features.has('CHECK_STAT') && !features.has('TRY_REMOVE'));
      const zone = await zk.getData('/keeper/availability_zone');
      assert.equal(String(Buffer.from(zone.data ?? [])), 'zone-a');
      await work(zk);
      await zk.keeper.removeRecursive('/k');
    }
    const leader = await ensemble.leader();
    await leader.end('SIGKILL');
    await ensemble.leader();
    const [left] = ensemble.servers.filter((server) => server !== leader);
    assert.ok(left !== undefined);
    await left.waitUntilServing();
    await using zk = await to(left);
    await work(zk);
  });
});

it('one that is not told to closes on them, and reads what one that was has logged', async () => {
  await withEnsemble(1, ON, async (ensemble) => {
    const [server] = ensemble.servers as [ServerProcess];
    await using zk = await to(server);
    await work(zk);
    const [healthPort = 0] = ensemble.healthPorts;
    const { zxid, digest } = await readQuorum(healthPort);
    await server.end('SIGKILL');
    zk.abandon();
    const config = readFileSync(server.configFile, 'utf8');
    writeFileSync(server.configFile, config.replaceAll(/^zabra\.keeper.*\n/gm, ''));
    server.start();
    await server.waitUntilServing();
    const after = await readQuorum(healthPort);
    assert.deepEqual([after.zxid, after.digest], [zxid, digest]);
    await using plain = await to(server);
    assert.deepEqual([...(await plain.keeper.features())], []);
    const { data } = await plain.getData('/k/kept');
    assert.equal(String(Buffer.from(data ?? [])), 'z');
    await plain.create('/keeper', 'mine');
    assert.equal(String(Buffer.from((await plain.getData('/keeper')).data ?? [])), 'mine');
    await assert.rejects(
      plain.multi([{ op: 'checkNotExists', path: '/none' }]),
      (error) => isZooKeeperError(error) && error.code === 'MARSHALLINGERROR',
    );
    await assert.rejects(
      plain.keeper.removeRecursive('/k'),
      (error) => isZooKeeperError(error) && error.code === 'UNIMPLEMENTED',
    );
    // The connection is gone with that.
    await using again = await to(server);
    assert.notEqual(await again.exists('/k/kept'), null);
  });
});
