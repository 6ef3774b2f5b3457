/**
 * The client's watches, one kind after the other, against real servers: what each tells, once or
 * lastingly, and how each is looked for and taken off. For the tests of the client's methods.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  isZooKeeperError,
  type WatchEvent,
  WatchStream,
  type ZooKeeperClient,
} from '@zabra/client';
import { type ClientBed, rejection } from './client-bed.test-kit.ts';

/** Type and path of the next events, in their order. */
async function nextOf(stream: WatchStream, count: number): Promise<string[]> {
  const heard: string[] = [];
  while (heard.length < count) {
    const { value } = await stream.next();
    heard.push(value === undefined ? 'the end' : `${value.type} ${value.path}`);
  }
  return heard;
}

export function watchMethods(bed: () => ClientBed): void {
  /** One client watches what the other one does. */
  let zk: ZooKeeperClient;
  let other: ZooKeeperClient;
  before(async () => {
    zk = await bed().connect();
    other = await bed().connect();
    await other.create('/watches');
    await zk.sync();
  });
  after(async () => {
    await Promise.all([zk.close(), other.close()]);
  });
  describe('watches', { concurrency: 1 }, () => {
    const clients = (): { zk: ZooKeeperClient; other: ZooKeeperClient } => ({ zk, other });
    oneShotWatches(clients);
    lastingWatches(clients);
    removals(clients);
    configWatch(() => zk);
  });
}

type Clients = () => { zk: ZooKeeperClient; other: ZooKeeperClient };

function oneShotWatches(clients: Clients): void {
  it('a watch of a read hears of one change, with its zxid', async () => {
    const { zk, other } = clients();
    const path = '/watches/one';
    await using stream = new WatchStream();
    assert.equal(await zk.exists(path, { watch: stream }), null);
    const { stat } = await other.create2(path, 'x');
    const { value } = await stream.next();
    assert.deepEqual(value, { type: 'NodeCreated', path, zxid: stat.czxid });
    const heard: WatchEvent[] = [];
    const watch = (event: WatchEvent): void => {
      heard.push(event);
    };
    await zk.getData(path, { watch });
    await zk.getData(path, { watch });
    await zk.getChildren(path, { watch: stream });
    await other.setData(path, 'y');
    await other.setData(path, 'z');
    await other.create(`${path}/child`);
    assert.deepEqual(await nextOf(stream, 1), [`NodeChildrenChanged ${path}`]);
    assert.deepEqual(
      heard.map(({ type }) => type),
      ['NodeDataChanged'],
    );
    await zk.exists(path, { watch });
    await zk.exists(`${path}/child`, { watch: stream });
    await other.delete(`${path}/child`);
    await other.delete(path);
    assert.deepEqual(await nextOf(stream, 1), [`NodeDeleted ${path}/child`]);
    await zk.sync();
    assert.deepEqual(
      heard.map(({ type }) => type),
      ['NodeDataChanged', 'NodeDeleted'],
    );
  });

  it('an event comes before the answer that shows what it tells of', async () => {
    const { zk } = clients();
    await zk.create('/watches/order');
    const heard: string[] = [];
    await zk.getData('/watches/order', { watch: ({ type }) => heard.push(type) });
    await zk.setData('/watches/order', 'x').then(() => heard.push('answer'));
    assert.deepEqual(heard, ['NodeDataChanged', 'answer']);
  });
}

function lastingWatches(clients: Clients): void {
  it('addWatch tells of every change of the znode and of its children', async () => {
    const { zk, other } = clients();
    const path = '/watches/lasting';
    await using stream = await zk.addWatch(path);
    await other.create(path);
    await other.setData(path, 'x');
    await other.create(`${path}/a`);
    await other.setData(`${path}/a`, 'not told');
    await other.delete(`${path}/a`);
    await other.delete(path);
    assert.deepEqual(await nextOf(stream, 5), [
      `NodeCreated ${path}`,
      `NodeDataChanged ${path}`,
      `NodeChildrenChanged ${path}`,
      `NodeChildrenChanged ${path}`,
      `NodeDeleted ${path}`,
    ]);
  });

  it('addWatch that is recursive tells of the whole subtree', async () => {
    const { zk, other } = clients();
    const path = '/watches/whole';
    await using stream = await zk.addWatch(path, { recursive: true });
    await other.create(path);
    await other.create(`${path}/a`);
    await other.create(`${path}/a/b`, 'x');
    await other.setData(`${path}/a/b`, 'y');
    await other.create('/watches/whole-other');
    await other.delete(`${path}/a/b`);
    assert.deepEqual(await nextOf(stream, 5), [
      `NodeCreated ${path}`,
      `NodeCreated ${path}/a`,
      `NodeCreated ${path}/a/b`,
      `NodeDataChanged ${path}/a/b`,
      `NodeDeleted ${path}/a/b`,
    ]);
    await stream.close();
    assert.equal(await zk.checkWatches(path), false);
  });
}

const TYPES = ['children', 'data', 'persistent', 'persistent-recursive', 'any'] as const;

function removals(clients: Clients): void {
  for (const type of TYPES) {
    it(`checkWatches and removeWatches know watches of type ${type}`, async () => {
      const { zk, other } = clients();
      const path = `/watches/removed-${type}`;
      await zk.create(path);
      assert.equal(await zk.checkWatches(path, { type }), false);
      await using stream = new WatchStream();
      if (type === 'children') await zk.getChildren(path, { watch: stream });
      else if (type === 'persistent') await zk.addWatchTo(path, stream);
      else if (type === 'persistent-recursive') {
        await zk.addWatchTo(path, stream, { recursive: true });
      } else await zk.getData(path, { watch: stream });
      for (const asked of TYPES) {
        const isThere = asked === type || asked === 'any' || (type === 'any' && asked === 'data');
        assert.equal(await zk.checkWatches(path, { type: asked }), isThere, asked);
      }
      await zk.removeWatches(path, { type });
      assert.equal(await zk.checkWatches(path), false);
      const [removed] = await nextOf(stream, 1);
      assert.match(removed ?? '', new RegExp(`^\\w+WatchRemoved ${path}$`));
      await other.create(`${path}/child`);
      await other.setData(path, 'y');
      // Their servers may differ, and this one may not have heard of the change yet.
      await zk.sync(path);
      await zk.exists(path, { watch: stream });
      await other.delete(`${path}/child`);
      await other.delete(path);
      assert.deepEqual(await nextOf(stream, 1), [`NodeDeleted ${path}`]);
      const error = await rejection(zk.removeWatches(path, { type }));
      assert.ok(isZooKeeperError(error) && error.code === 'NOWATCHER', String(error));
      assert.equal(
        error.message,
        `Cannot remove the watches of "${path}": no such watcher is registered`,
      );
    });
  }
}

function configWatch(client: () => ZooKeeperClient): void {
  it('getConfig sets a watch on the configuration, under every chroot', async () => {
    const zk = client();
    const watch = (): void => {};
    await zk.getConfig({ watch });
    assert.equal(await zk.checkWatches('/zookeeper/config', { type: 'data' }), true);
    await zk.removeWatches('/zookeeper/config', { type: 'data', watch });
    assert.equal(await zk.checkWatches('/zookeeper/config'), false);
  });
}
