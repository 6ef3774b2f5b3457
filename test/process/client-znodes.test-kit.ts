/**
 * The client's methods on znodes, one after the other, against real servers: what each gives, and
 * how each is refused. For the tests of the client's methods.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isZooKeeperError, Perms, READ_ACL_UNSAFE, type ZooKeeperClient } from '@zabra/client';
import { type ClientBed, rejection } from './client-bed.test-kit.ts';

export function znodeMethods(bed: () => ClientBed): void {
  let zk: ZooKeeperClient;
  before(async () => {
    zk = await bed().connect();
    await zk.create('/znodes');
  });
  after(() => zk.close());
  describe('znodes', { concurrency: 1 }, () => {
    createMethods(() => zk);
    dataMethods(() => zk);
    permissionMethods(bed, () => zk);
    quotaMethods(() => zk);
  });
}

function createMethods(client: () => ZooKeeperClient): void {
  it('create makes znodes of every kind', async () => {
    const zk = client();
    await zk.create('/znodes/kinds');
    const at = (name: string): string => `/znodes/kinds/${name}`;
    assert.equal(await zk.create(at('plain'), 'x'), at('plain'));
    assert.equal(await zk.create(at('s-'), 'x', { sequential: true }), at('s-0000000001'));
    assert.equal(await zk.create(at('e'), null, { ephemeral: true }), at('e'));
    const both = { ephemeral: true, sequential: true };
    assert.equal(await zk.create(at('es-'), '', both), at('es-0000000003'));
    assert.equal(await zk.create(at('c'), null, { container: true }), at('c'));
    assert.equal(await zk.create(at('t'), null, { ttlMs: 600_000 }), at('t'));
    const kept = { ttlMs: 600_000, sequential: true };
    assert.equal(await zk.create(at('ts-'), null, kept), at('ts-0000000006'));
    const owners = new Map<string, bigint>();
    for (const name of (await zk.getChildren('/znodes/kinds')).children) {
      owners.set(name, (await zk.exists(at(name)))?.ephemeralOwner ?? -1n);
    }
    assert.deepEqual([...owners.entries()].toSorted(), [
      ['c', 0n],
      ['e', zk.sessionId],
      ['es-0000000003', zk.sessionId],
      ['plain', 0n],
      ['s-0000000001', 0n],
      ['t', 0n],
      ['ts-0000000006', 0n],
    ]);
    const ephemerals = await zk.getEphemerals('/znodes/kinds');
    assert.deepEqual(ephemerals.toSorted(), [at('e'), at('es-0000000003')]);
    assert.equal(await zk.getAllChildrenNumber('/znodes/kinds'), 7);
  });

  it('create2 gives the Stat of what it has made', async () => {
    const zk = client();
    const made = await zk.create2('/znodes/made', 'four', { acl: READ_ACL_UNSAFE });
    assert.equal(made.path, '/znodes/made');
    assert.deepEqual(made.stat, await zk.exists('/znodes/made'));
    const { stat } = made;
    assert.equal(stat.czxid, zk.lastZxid);
    assert.deepEqual([stat.mzxid, stat.pzxid], [stat.czxid, stat.czxid]);
    assert.deepEqual([stat.dataLength, stat.numChildren, stat.version], [4, 0, 0]);
    assert.ok(Math.abs(stat.ctimeMs - Date.now()) < 60_000 && stat.mtimeMs === stat.ctimeMs);
    const held = await zk.create2('/znodes/held', null, { container: true });
    assert.equal(held.stat.ephemeralOwner, 0n, 'a container is owned by no session');
  });

  const REFUSALS: readonly [string, (zk: ZooKeeperClient) => Promise<unknown>, string, string][] = [
    ['NODEEXISTS', (zk) => zk.create('/znodes'), '/znodes', 'it exists already'],
    ['NONODE', (zk) => zk.create('/no/a'), '/no/a', 'its parent does not exist'],
    [
      'NOCHILDRENFOREPHEMERALS',
      (zk) => zk.create('/znodes/kinds/e/a'),
      '/znodes/kinds/e/a',
      'its parent is ephemeral',
    ],
    [
      'INVALIDACL',
      (zk) => zk.create('/znodes/x', null, { acl: [{ scheme: 'no', id: 'x', perms: 31 }] }),
      '/znodes/x',
      'the ACL is not acceptable',
    ],
  ];
  for (const [code, call, path, reason] of REFUSALS) {
    it(`create is refused with ${code}`, async () => {
      const error = await rejection(call(client()));
      assert.ok(isZooKeeperError(error), String(error));
      assert.equal(error.message, `Cannot create "${path}": ${reason}`);
      assert.deepEqual([error.code, error.op, error.path], [code, 'create', path]);
      assert.equal(error.outcome, 'not-applied');
      assert.equal(error.zxid, client().lastZxid);
    });
  }
}

function dataMethods(client: () => ZooKeeperClient): void {
  it('getData, setData and exists keep data, versions, and null apart from empty', async () => {
    const zk = client();
    await zk.create('/znodes/data');
    assert.equal(await zk.exists('/znodes/none'), null);
    assert.equal((await zk.getData('/znodes/data')).data, null);
    const first = await zk.setData('/znodes/data', '');
    assert.deepEqual(await zk.getData('/znodes/data'), { data: new Uint8Array(0), stat: first });
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const second = await zk.setData('/znodes/data', bytes, { version: 1 });
    const { data, stat } = await zk.getData('/znodes/data');
    assert.deepEqual([...(data ?? [])], [...bytes]);
    assert.deepEqual(stat, second);
    assert.deepEqual([stat.version, stat.dataLength], [2, 256]);
    const error = await rejection(zk.setData('/znodes/data', 'x', { version: 1 }));
    assert.ok(isZooKeeperError(error) && error.code === 'BADVERSION');
    assert.equal(error.message, 'Cannot write "/znodes/data": its version is not 1');
    const big = new Uint8Array(1_000_000).fill(7);
    await zk.setData('/znodes/data', big);
    assert.deepEqual((await zk.getData('/znodes/data')).data?.length, big.length);
  });

  it('getChildren gives the names, with the Stat of that moment', async () => {
    const zk = client();
    await zk.create('/znodes/parent');
    for (const name of ['b', 'a', 'ä']) await zk.create(`/znodes/parent/${name}`);
    const { children, stat } = await zk.getChildren('/znodes/parent');
    assert.deepEqual(children.toSorted(), ['a', 'b', 'ä']);
    assert.deepEqual([stat.numChildren, stat.cversion], [3, 3]);
    assert.deepEqual((await zk.getChildren('/znodes/parent/a')).children, []);
    const error = await rejection(zk.getChildren('/znodes/none'));
    assert.ok(isZooKeeperError(error) && error.code === 'NONODE');
  });

  it('delete minds versions and children', async () => {
    const zk = client();
    await zk.create('/znodes/doomed');
    await zk.create('/znodes/doomed/a');
    const full = await rejection(zk.delete('/znodes/doomed'));
    assert.ok(isZooKeeperError(full) && full.code === 'NOTEMPTY');
    assert.equal(full.message, 'Cannot delete "/znodes/doomed": it has 1 child');
    const stale = await rejection(zk.delete('/znodes/doomed/a', { version: 3 }));
    assert.ok(isZooKeeperError(stale) && stale.code === 'BADVERSION');
    await zk.delete('/znodes/doomed/a', { version: 0 });
    await zk.delete('/znodes/doomed');
    const gone = await rejection(zk.delete('/znodes/doomed'));
    assert.ok(isZooKeeperError(gone) && gone.code === 'NONODE');
    assert.equal(gone.zxid, zk.lastZxid);
  });

  it('sync resolves, and getConfig gives the members', async () => {
    const zk = client();
    await zk.sync();
    await zk.sync('/znodes/none');
    const { data, stat } = await zk.getConfig();
    const lines = Buffer.from(data ?? [])
      .toString()
      .split('\n');
    assert.equal(lines.filter((line) => /^server\.\d=127\.0\.0\.1:/.test(line)).length, 3);
    assert.match(lines.at(-1) ?? '', /^version=[0-9a-f]+$/);
    assert.equal(stat.version, -1);
  });

  it('multi applies all or nothing, and every operation has its result', async () => {
    const zk = client();
    const [plain, made, held, timed, written, checked, deleted] = await zk.multi([
      { op: 'create', path: '/znodes/m' },
      { op: 'create2', path: '/znodes/m/a-', data: 'x', sequential: true },
      { op: 'create', path: '/znodes/m/c', container: true },
      { op: 'create', path: '/znodes/m/t', ttlMs: 600_000 },
      { op: 'setData', path: '/znodes/m', data: 'y', version: 0 },
      { op: 'check', path: '/znodes/m', version: 1 },
      { op: 'delete', path: '/znodes/m/c' },
    ]);
    assert.deepEqual(plain, { op: 'create', path: '/znodes/m', stat: null });
    assert.deepEqual([made.path, made.stat.dataLength], ['/znodes/m/a-0000000000', 1]);
    assert.equal(held.stat?.pzxid, zk.lastZxid);
    assert.equal(timed.stat?.czxid, zk.lastZxid);
    assert.deepEqual([written.stat.version, written.stat.numChildren], [1, 3]);
    assert.deepEqual([checked, deleted], [{ op: 'check' }, { op: 'delete' }]);
    const error = await rejection(
      zk.multi([
        { op: 'create', path: '/znodes/m/x' },
        { op: 'check', path: '/znodes/m', version: 7 },
        { op: 'delete', path: '/znodes/m/t' },
      ]),
    );
    assert.ok(isZooKeeperError(error), String(error));
    assert.deepEqual([error.code, error.opIndex, error.op], ['BADVERSION', 1, 'check']);
    assert.equal(
      error.message,
      'Cannot run the multi: operation 2 of 3: cannot check "/znodes/m": its version is not 7',
    );
    assert.equal(await zk.exists('/znodes/m/x'), null);
  });

  it('multiRead gives each read its own result', async () => {
    const zk = client();
    await zk.create('/znodes/r', 'data');
    await zk.create('/znodes/r/child');
    const [data, children, missing] = await zk.multiRead([
      { op: 'getData', path: '/znodes/r' },
      { op: 'getChildren', path: '/znodes/r' },
      { op: 'getData', path: '/znodes/none' },
    ]);
    assert.ok(data.op === 'getData');
    assert.deepEqual({ data: data.data, stat: data.stat }, await zk.getData('/znodes/r'));
    assert.deepEqual(children, { op: 'getChildren', children: ['child'] });
    assert.ok(missing.op === 'error' && missing.error.code === 'NONODE');
  });
}

function permissionMethods(bed: () => ClientBed, client: () => ZooKeeperClient): void {
  it('getACL, setACL and addAuth keep others off', async () => {
    const zk = client();
    await using bob = await bed().connect({ auth: [{ scheme: 'digest', auth: 'bob:secret' }] });
    await bob.create('/znodes/bob', 'his', { acl: [{ scheme: 'auth', id: '', perms: Perms.ALL }] });
    const { acl, stat } = await bob.getACL('/znodes/bob');
    assert.deepEqual([acl.length, acl[0]?.scheme, acl[0]?.perms], [1, 'digest', Perms.ALL]);
    assert.match(acl[0]?.id ?? '', /^bob:[\w+/]{27}=$/);
    assert.deepEqual(stat, await bob.exists('/znodes/bob'));
    const refused = await rejection(zk.getData('/znodes/bob'));
    assert.ok(isZooKeeperError(refused) && refused.code === 'NOAUTH');
    assert.equal(refused.message, 'Cannot read "/znodes/bob": this session lacks the permission');
    const shared = [...acl, ...READ_ACL_UNSAFE];
    const changed = await bob.setACL('/znodes/bob', shared, { version: 0 });
    assert.deepEqual([changed.aversion, changed.version], [1, 0]);
    await zk.sync();
    assert.equal(Buffer.from((await zk.getData('/znodes/bob')).data ?? []).toString(), 'his');
    assert.equal((await zk.getACL('/znodes/bob')).acl[0]?.id, 'bob:x');
    const stale = await rejection(bob.setACL('/znodes/bob', shared, { version: 0 }));
    assert.ok(isZooKeeperError(stale) && stale.code === 'BADVERSION');
    assert.match(stale.message, /its ACL version is not 0$/);
    const known = (await bob.whoAmI()).map(({ authScheme, user }) => `${authScheme} ${user}`);
    assert.deepEqual(known.toSorted(), ['digest bob', 'ip 127.0.0.1']);
    await bob.addAuth('digest', 'other:secret');
    assert.equal((await bob.whoAmI()).length, 3);
  });

  it('addAuth by a scheme that does not exist ends the session', async () => {
    const eve = await bed().connect();
    const error = await rejection(eve.addAuth('nosuch', 'x'));
    assert.ok(isZooKeeperError(error) && error.code === 'AUTHFAILED');
    assert.equal(
      error.message,
      'Cannot authenticate: the server refused the authentication by scheme "nosuch"',
    );
    assert.equal(eve.state, 'AUTH_FAILED');
    await eve.close();
  });
}

function quotaMethods(client: () => ZooKeeperClient): void {
  it('a hard quota refuses with QUOTAEXCEEDED', async () => {
    const zk = client();
    await zk.create('/znodes/q');
    const quota = '/zookeeper/quota/znodes';
    await zk.create(quota);
    await zk.create(`${quota}/q`);
    const limits = 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2';
    await zk.create(`${quota}/q/zookeeper_limits`, limits);
    await zk.create(`${quota}/q/zookeeper_stats`, 'count=0,bytes=0');
    await zk.create('/znodes/q/1');
    const error = await rejection(zk.create('/znodes/q/2'));
    assert.ok(isZooKeeperError(error) && error.code === 'QUOTAEXCEEDED', String(error));
    assert.equal(error.message, 'Cannot create "/znodes/q/2": a quota would be exceeded');
  });
}
