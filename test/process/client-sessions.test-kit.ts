/**
 * The client's sessions against real servers: chroots, sessions that are handed over, identities by
 * SASL and by certificate, lists of servers, and servers that are killed under it. For the tests of
 * the client's methods.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Acl,
  ConnectionLossError,
  isZooKeeperError,
  SessionExpiredError,
  WatchStream,
} from '@zabra/client';
import { type ClientBed, rejection, stateOf } from './client-bed.test-kit.ts';

const SASL = { username: 'bob', password: 'bobsecret' };

const aclOf = (scheme: string, id: string): readonly Acl[] => [{ scheme, id, perms: 31 }];

export function sessionMethods(bed: () => ClientBed): void {
  describe('sessions', { concurrency: 1 }, () => {
    chroots(bed);
    handovers(bed);
    identities(bed);
    servers(bed);
    manyWatches(bed);
    losses(bed);
  });
}

function chroots(bed: () => ClientBed): void {
  it('a chroot is the root of its client', async () => {
    await using whole = await bed().connect();
    await using zk = await bed().connect({}, '/chroot/app');
    const early = await rejection(zk.create('/a'));
    assert.ok(isZooKeeperError(early) && early.code === 'NONODE');
    assert.equal(early.message, 'Cannot create "/a": its parent does not exist');
    await whole.create('/chroot');
    await whole.create('/chroot/app');
    assert.equal(await zk.create('/s-', null, { sequential: true }), '/s-0000000000');
    const [made] = await zk.multi([{ op: 'create', path: '/m' }]);
    assert.equal(made.path, '/m');
    assert.deepEqual((await zk.getChildren('/')).children.toSorted(), ['m', 's-0000000000']);
    assert.equal((await zk.create2('/e', null, { ephemeral: true })).path, '/e');
    assert.deepEqual(await zk.getEphemerals('/'), ['/chroot/app/e'], 'as the server names them');
    await using stream = await zk.addWatch('/', { recursive: true });
    await whole.create('/chroot/app/new');
    assert.equal((await stream.next()).value?.path, '/new');
    const [found] = await zk.multiRead([{ op: 'getChildren', path: '/' }]);
    assert.equal(found.op === 'getChildren' && found.children.length, 4);
    const error = await rejection(zk.multi([{ op: 'delete', path: '/none' }]));
    assert.ok(isZooKeeperError(error) && error.path === '/none');
    assert.equal(await zk.getAllChildrenNumber('/'), 4);
    await zk.sync('/');
    assert.ok(isZooKeeperError(await rejection(zk.delete('/'))));
    assert.ok((await zk.getConfig()).data !== null);
  });
}

function handovers(bed: () => ClientBed): void {
  it('a session goes over to whoever has its id and password', async () => {
    const first = await bed().connect();
    await first.create('/handed-over', null, { ephemeral: true });
    const session = { id: first.sessionId, password: first.sessionPassword };
    first.abandon();
    await using second = await bed().connect({ session });
    assert.equal(second.sessionId, session.id);
    assert.deepEqual(second.sessionPassword, session.password);
    const stat = await second.exists('/handed-over');
    assert.equal(stat?.ephemeralOwner, session.id);
    await second.close();
    await using third = await bed().connect();
    await third.sync();
    assert.equal(await third.exists('/handed-over'), null);
  });

  it('a session that is over, or a wrong password, is an expired session', async () => {
    const first = await bed().connect();
    const session = { id: first.sessionId, password: first.sessionPassword };
    const forged = { ...session, password: new Uint8Array(16) };
    const error = await rejection(bed().connect({ session: forged }));
    assert.ok(error instanceof SessionExpiredError, String(error));
    await first.close();
    const late = await rejection(bed().connect({ session }));
    assert.ok(late instanceof SessionExpiredError, String(late));
  });
}

function identities(bed: () => ClientBed): void {
  it('SASL DIGEST-MD5 makes a session an identity, and keeps others off', async () => {
    await using bob = await bed().connect({ sasl: SASL });
    const known = (await bob.whoAmI()).map(({ authScheme, user }) => `${authScheme} ${user}`);
    assert.deepEqual(known.toSorted(), ['ip 127.0.0.1', 'sasl bob']);
    await bob.create('/sasl', 'his', { acl: aclOf('sasl', 'bob') });
    await using nobody = await bed().connect();
    await nobody.sync();
    const refused = await rejection(nobody.getData('/sasl'));
    assert.ok(isZooKeeperError(refused) && refused.code === 'NOAUTH');
    const wrong = { sasl: { ...SASL, password: 'wrong' } };
    const error = await rejection(bed().connect(wrong));
    assert.ok(isZooKeeperError(error), String(error));
    assert.equal(error.message, 'Cannot connect: the server refused the SASL login (AUTHFAILED)');
    assert.deepEqual([error.code, error.outcome], ['AUTHFAILED', 'session-over']);
  });

  it('a certificate makes a session an identity, over TLS', async () => {
    await using alice = await bed().connect({ tls: bed().as('alice') });
    const known = (await alice.whoAmI()).map(({ authScheme, user }) => `${authScheme} ${user}`);
    assert.deepEqual(known.toSorted(), ['ip 127.0.0.1', 'x509 CN=alice']);
    await alice.create('/x509', 'hers', { acl: aclOf('x509', 'CN=alice') });
    await using both = await bed().connect({ tls: bed().as('bob'), sasl: SASL });
    await both.sync();
    assert.equal((await both.whoAmI()).length, 3);
    const refused = await rejection(both.getData('/x509'));
    assert.ok(isZooKeeperError(refused) && refused.code === 'NOAUTH');
    await using admin = await bed().connect({ tls: bed().as('admin') });
    assert.equal(Buffer.from((await admin.getData('/x509')).data ?? []).toString(), 'hers');
  });
}

function servers(bed: () => ClientBed): void {
  it('updateServerList moves a session with its ephemerals and watches', async () => {
    const [first, second] = bed().ensemble.servers.map((one) => `127.0.0.1:${one.clientPort}`);
    await using zk = await bed().connect({}, '', first);
    assert.equal(zk.server, first);
    const { sessionId } = zk;
    await zk.create('/moved', null, { ephemeral: true });
    await using stream = new WatchStream();
    await zk.getData('/moved', { watch: stream });
    const left = stateOf(zk, 'CONNECTING');
    zk.updateServerList(String(second));
    const answers = Promise.all(Array.from({ length: 20 }, () => zk.exists('/moved')));
    await left;
    assert.ok((await answers).every((stat) => stat?.ephemeralOwner === sessionId));
    assert.equal(zk.server, second);
    assert.equal(zk.sessionId, sessionId);
    await zk.setData('/moved', 'x');
    assert.equal((await stream.next()).value?.type, 'NodeDataChanged');
    zk.updateServerList(String(second));
    await zk.sync();
    assert.equal(zk.server, second);
  });
}

function manyWatches(bed: () => ClientBed): void {
  it('more watches than one request may carry are all set again on another server', async () => {
    const [first, second] = bed().ensemble.servers.map((one) => `127.0.0.1:${one.clientPort}`);
    await using zk = await bed().connect({}, '', first);
    await zk.create('/many');
    const paths = Array.from({ length: 200 }, (_, index) => `/many/${index}-`.padEnd(1000, 'x'));
    await Promise.all(paths.map((path) => zk.create(path)));
    const heard = new Set<string>();
    const watch = ({ path }: { path: string }): void => {
      heard.add(path);
    };
    await Promise.all(paths.map((path) => zk.getData(path, { watch })));
    const left = stateOf(zk, 'CONNECTING');
    zk.updateServerList(String(second));
    await left;
    await zk.connected();
    assert.equal(zk.server, second);
    await Promise.all(paths.map((path) => zk.setData(path, 'x')));
    assert.deepEqual([...heard].toSorted(), paths.toSorted());
  });
}

function losses(bed: () => ClientBed): void {
  it('a server that dies takes no session, watch, identity or order with it', async () => {
    await using other = await bed().connect();
    await using zk = await bed().connect({ sasl: SASL });
    await zk.addAuth('digest', 'carl:secret');
    await zk.create('/lost');
    await zk.create('/lost/own', '', { acl: [...aclOf('sasl', 'bob'), ...aclOf('auth', '')] });
    await using once = new WatchStream();
    await using lasting = await zk.addWatch('/lost', { recursive: true });
    await zk.getChildren('/lost', { watch: once });
    await zk.exists('/lost/later', { watch: once });
    const server = bed().serverOf(zk);
    const lost = stateOf(zk, 'CONNECTING');
    const calls = Array.from({ length: 2000 }, () => zk.setData('/lost/own', 'x'));
    const outcomes = Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
    await calls[0];
    await server.end('SIGKILL');
    await lost;
    const settled = await outcomes;
    const firstLost = settled.findIndex((one) => one instanceof Error);
    // What was answered stands before what was not.
    if (firstLost >= 0) {
      for (const one of settled.slice(firstLost)) {
        assert.ok(one instanceof ConnectionLossError, String(one));
        assert.equal(one.outcome, 'unknown');
      }
    }
    await other.connected();
    await eventually(() => other.create('/lost/later'));
    await zk.connected();
    assert.notEqual(zk.server, `127.0.0.1:${server.clientPort}`);
    const heard = [(await once.next()).value, (await once.next()).value];
    const told = heard.map((event) => `${event?.type} ${event?.path}`).toSorted();
    assert.deepEqual(told, ['NodeChildrenChanged /lost', 'NodeCreated /lost/later']);
    await zk.sync();
    const { stat } = await zk.getData('/lost/own');
    const answered = firstLost < 0 ? settled.length : firstLost;
    assert.ok(stat.version >= answered && stat.version <= settled.length);
    await zk.setData('/lost', 'seen');
    for (;;) {
      const { value } = await lasting.next();
      if (value?.type === 'NodeDataChanged' && value.path === '/lost') break;
    }
    assert.equal((await zk.whoAmI()).length, 3);
    server.start();
    await server.waitUntilServing();
  });
}

/** A write that a change of leader may have cut off is tried again. */
async function eventually(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const error = await write().then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error === null) return;
    if (isZooKeeperError(error) && error.code === 'NODEEXISTS') return;
    if (!(error instanceof ConnectionLossError)) throw error;
  }
}
