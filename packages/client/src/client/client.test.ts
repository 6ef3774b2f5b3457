/**
 * The client over real sockets: sessions that come, break, come back and end; calls that are
 * answered, refused, lost or given up; watches as streams and callbacks; the words of errors.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  EventType,
  type JuteWriter,
  makeStat,
  OpCode,
  writeStat,
} from '@zabra/protocol';
import type { ZooKeeperClient } from './client.ts';
import { connect, open } from './connect.ts';
import { ConnectionLossError, isZooKeeperError, SessionExpiredError } from './errors.ts';
import type { WatchEvent } from './public-records.ts';
import { type Asked, ScriptedServer, stateOf } from './scripted-server.test-kit.ts';
import { WatchStream } from './watch-stream.ts';

const stat = {
  ...makeStat(),
  czxid: 0x100000002,
  version: 3,
  numChildren: 3,
  ephemeralOwnerLo: -1,
};

const dataBody = (w: JuteWriter): void => {
  w.bytes(Uint8Array.of(104, 105));
  writeStat(w, stat);
};

/** Answers every getData and sync, nothing else. */
function answering({ op, xid, connection }: Asked): void {
  if (op === OpCode.getData) connection.reply({ xid }, 8, ErrorCode.OK, dataBody);
  if (op === OpCode.sync) connection.reply({ xid }, 8, ErrorCode.OK, (w) => w.string('/'));
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it was not rejected'),
    (error: unknown) => error,
  );
}

test('connect resolves with a session whose numbers are bigints, and close ends it', async () => {
  await using server = await ScriptedServer.listen(answering);
  const client = await connect(server.address, { sessionTimeoutMs: 9000 });
  assert.equal(client.state, 'CONNECTED');
  assert.equal(client.sessionId, 77n);
  assert.equal(client.sessionTimeoutMs, 5000);
  assert.equal(server.connects[0]?.timeoutMs, 9000);
  const { data, stat: found } = await client.getData('/a');
  assert.equal(Buffer.from(data ?? []).toString(), 'hi');
  assert.equal(found.czxid, 0x100000002n);
  assert.equal(found.ephemeralOwner, 0xffffffffn);
  assert.equal(client.lastZxid, 8n);
  await client.close();
  assert.equal(client.state, 'CLOSED');
  assert.deepEqual(server.asked, [OpCode.getData, OpCode.closeSession]);
  const error = await rejection(client.getData('/a'));
  assert.ok(isZooKeeperError(error));
  assert.equal(error.message, 'Cannot read "/a": the client is closed');
});

test('connect takes a session over by its id and password', async () => {
  await using server = await ScriptedServer.listen();
  const session = { id: 77n, password: new Uint8Array(16).fill(9) };
  await using client = await connect(server.address, { session });
  assert.equal(client.sessionId, 77n);
  assert.equal(server.connects[0]?.sessionLo, 77);
  assert.deepEqual(server.connects[0]?.password, session.password);
});

test('connect gives up after its timeout with the reason, and at once by its signal', async () => {
  const server = await ScriptedServer.listen();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  const error = await rejection(connect(address, { connectTimeoutMs: 100 }));
  assert.ok(error instanceof ConnectionLossError);
  assert.equal(error.outcome, 'not-applied');
  assert.match(
    error.message,
    /^Cannot connect to "127\.0\.0\.1:\d+" within 100 ms: .*ECONNREFUSED/,
  );
  const controller = new AbortController();
  const attempt = rejection(connect(address, { signal: controller.signal }));
  controller.abort(new Error('enough'));
  assert.equal(((await attempt) as Error).message, 'enough');
});

test('calls of one turn of the event loop leave in one write', async () => {
  await using server = await ScriptedServer.listen(answering);
  await using client = await connect(server.address);
  const [connection] = server.connections;
  const before = connection?.chunkCount ?? 0;
  await Promise.all(Array.from({ length: 100 }, () => client.getData('/a')));
  assert.equal((connection?.chunkCount ?? 0) - before, 1);
});

test('a lost connection fails what was sent, keeps what waits, and is resumed', async () => {
  await using server = await ScriptedServer.listen();
  await using client = await connect(server.address);
  const states: string[] = [];
  client.onState((state) => states.push(state));
  const reached = new Promise<void>((resolve) => {
    server.script = () => resolve();
  });
  const sent = rejection(client.setData('/a', 'x'));
  await reached;
  const lost = stateOf(client, 'CONNECTING');
  server.script = answering;
  server.cut();
  await lost;
  const waiting = client.getData('/a');
  const error = await sent;
  assert.ok(error instanceof ConnectionLossError);
  assert.equal(error.outcome, 'unknown');
  assert.equal(error.zxid, null);
  assert.equal(
    error.message,
    'Cannot write "/a": the connection was lost before the reply arrived',
  );
  assert.ok(error.cause instanceof Error);
  await waiting;
  assert.deepEqual(states, ['CONNECTING', 'CONNECTED']);
  assert.equal(server.connects[1]?.sessionLo, 77);
});

test('a call that no server has seen is certainly not applied', async () => {
  const server = await ScriptedServer.listen();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  const client = open(address);
  const error = await rejection(client.setData('/a', 'x'));
  assert.ok(error instanceof ConnectionLossError);
  assert.equal(error.outcome, 'not-applied');
  assert.equal(error.message, 'Cannot write "/a": no server could be reached');
  assert.ok(isZooKeeperError(await rejection(client.reached())));
  await client.close();
});

test('an expired session fails every call, ends every stream and says so', async () => {
  await using server = await ScriptedServer.listen(answering);
  const client = await connect(server.address);
  const stream = new WatchStream();
  await client.getData('/a', { watch: stream });
  server.timeoutMs = 0;
  const expired = stateOf(client, 'EXPIRED');
  const ended = stream.next();
  server.cut();
  await expired;
  assert.deepEqual(await ended, { done: true, value: undefined });
  const error = await rejection(client.getData('/a'));
  assert.ok(error instanceof SessionExpiredError);
  assert.equal(error.outcome, 'session-over');
  assert.ok((await rejection(client.connected())) instanceof SessionExpiredError);
  await client.close();
});

test('a signal ends the wait for an answer and takes back what was not sent', async () => {
  await using server = await ScriptedServer.listen();
  await using client = await connect(server.address);
  const reached = new Promise<void>((resolve) => {
    server.script = () => resolve();
  });
  const controller = new AbortController();
  const reason = new Error('too slow');
  const sent = rejection(client.setData('/a', 'x', { signal: controller.signal }));
  await reached;
  controller.abort(reason);
  assert.equal(await sent, reason);
  assert.equal(await rejection(client.sync('/', { signal: controller.signal })), reason);
  assert.deepEqual(server.asked, [OpCode.setData]);

  const lost = stateOf(client, 'CONNECTING');
  server.script = answering;
  server.cut();
  await lost;
  const second = new AbortController();
  const queued = rejection(client.setData('/b', 'x', { signal: second.signal }));
  const kept = client.getData('/a');
  second.abort(reason);
  assert.equal(await queued, reason);
  await kept;
  assert.deepEqual(server.asked, [OpCode.setData, OpCode.getData]);
});

test('a stream and a callback hear each event once, before the answer behind it', async () => {
  await using server = await ScriptedServer.listen(answering);
  await using client = await connect(server.address);
  await using stream = new WatchStream();
  const heard: (WatchEvent | string)[] = [];
  const watch = (event: WatchEvent) => heard.push(event);
  await client.getData('/a', { watch: stream });
  await client.getData('/a', { watch });
  await client.getData('/a', { watch });
  server.script = ({ xid, connection }) => {
    connection.notify(EventType.NODE_DATA_CHANGED, '/a', 9);
    connection.reply({ xid }, 9, ErrorCode.OK, (w) => writeStat(w, stat));
  };
  await client.setData('/a', 'new').then(() => heard.push('answer'));
  const event = { type: 'NodeDataChanged', path: '/a', zxid: 9n };
  assert.deepEqual(heard, [event, 'answer']);
  assert.deepEqual(await stream.next(), { done: false, value: event });
});

test('addWatch gives a stream that takes its watch off when it is left', async () => {
  await using server = await ScriptedServer.listen(({ op, xid, connection }) => {
    connection.reply({ xid }, 5, ErrorCode.OK, (w) => w.int(0));
    if (op !== OpCode.addWatch) return;
    connection.notify(EventType.NODE_CREATED, '/a/b', 6);
    connection.notify(EventType.NODE_DELETED, '/a/b', 7);
  });
  await using client = await connect(server.address);
  const seen: string[] = [];
  for await (const { type } of await client.addWatch('/a', { recursive: true })) {
    seen.push(type);
    if (type === 'NodeDeleted') break;
  }
  assert.deepEqual(seen, ['NodeCreated', 'NodeDeleted']);
  assert.deepEqual(server.asked, [OpCode.addWatch, OpCode.removeWatches]);
});

test('addAuth resolves when it is accepted; a refusal ends the session', async () => {
  await using server = await ScriptedServer.listen(({ body, xid, connection }) => {
    body.int();
    const isKnown = body.string() === 'digest';
    connection.reply({ xid }, 0, isKnown ? ErrorCode.OK : ErrorCode.AUTHFAILED);
  });
  const client = await connect(server.address);
  await client.addAuth('digest', 'bob:bob');
  const pending = rejection(client.sync());
  const error = await rejection(client.addAuth('nosuch', 'x'));
  assert.ok(isZooKeeperError(error));
  assert.equal(error.code, 'AUTHFAILED');
  assert.equal(client.state, 'AUTH_FAILED');
  await pending;
});

const REFUSALS: readonly [string, (client: ZooKeeperClient) => Promise<unknown>, number, string][] =
  [
    ['delete', (c) => c.delete('/a'), ErrorCode.NOTEMPTY, 'Cannot delete "/a": it has 3 children'],
    [
      'delete',
      (c) => c.delete('/a', { version: 7 }),
      ErrorCode.BADVERSION,
      'Cannot delete "/a": its version is not 7',
    ],
    [
      'setACL',
      (c) => c.setACL('/a', [{ scheme: 'world', id: 'anyone', perms: 1 }], { version: 2 }),
      ErrorCode.BADVERSION,
      'Cannot set the ACL of "/a": its ACL version is not 2',
    ],
    [
      'create',
      (c) => c.create('/a/b'),
      ErrorCode.NONODE,
      'Cannot create "/a/b": its parent does not exist',
    ],
    [
      'create2',
      (c) => c.create2('/a'),
      ErrorCode.NODEEXISTS,
      'Cannot create "/a": it exists already',
    ],
    ['getData', (c) => c.getData('/a'), ErrorCode.NONODE, 'Cannot read "/a": it does not exist'],
    [
      'getChildren',
      (c) => c.getChildren('/a'),
      ErrorCode.NOAUTH,
      'Cannot list the children of "/a": this session lacks the permission',
    ],
  ];

for (const [op, call, code, message] of REFUSALS) {
  test(`a refused ${op} says: ${message}`, async () => {
    await using server = await ScriptedServer.listen(({ op: asked, xid, connection }) => {
      if (asked === OpCode.exists) connection.reply({ xid }, 9, 0, (w) => writeStat(w, stat));
      else connection.reply({ xid }, 9, code);
    });
    await using client = await connect(server.address);
    const error = await rejection(call(client));
    assert.ok(isZooKeeperError(error));
    assert.equal(error.message, message);
    assert.equal(error.zxid, 9n);
    assert.equal(error.outcome, 'not-applied');
    assert.equal(error.op, op === 'create2' ? 'create' : op);
  });
}

test('a failed multi names the operation at fault', async () => {
  await using server = await ScriptedServer.listen(({ xid, connection }) => {
    connection.reply({ xid }, 9, ErrorCode.OK, (w) => {
      for (const err of [ErrorCode.OK, ErrorCode.NOTEMPTY]) {
        w.int(-1);
        w.bool(false);
        w.int(err);
        w.int(err);
      }
      w.int(-1);
      w.bool(true);
      w.int(-1);
    });
  });
  await using client = await connect(server.address);
  const error = await rejection(
    client.multi([
      { op: 'create', path: '/a' },
      { op: 'delete', path: '/b' },
    ]),
  );
  assert.ok(isZooKeeperError(error));
  assert.equal(
    error.message,
    'Cannot run the multi: operation 2 of 2: cannot delete "/b": it has children',
  );
  assert.deepEqual([error.code, error.opIndex, error.path], ['NOTEMPTY', 1, '/b']);
});

const UNSENDABLE: readonly [string, (client: ZooKeeperClient) => Promise<unknown>][] = [
  ['Cannot create "a": path does not start with "/"', (c) => c.create('a')],
  ['Cannot create "/a": the ACL is empty', (c) => c.create('/a', null, { acl: [] })],
  [
    'Cannot create "/a": the time to live is 0 ms, wanted 1 to 1099511627775',
    (c) => c.create('/a', null, { ttlMs: 0 }),
  ],
  [
    'Cannot create "/a": an ephemeral has no time to live',
    (c) => c.create('/a', null, { ttlMs: 1, ephemeral: true }),
  ],
  [
    'Cannot create "/a": a container cannot be ephemeral or sequential or have a time to live',
    (c) => c.create('/a', null, { container: true, sequential: true }),
  ],
  ['Cannot run the multi: it has no operations', (c) => c.multi([])],
  ['Cannot delete "/a/": path ends with "/"', (c) => c.multi([{ op: 'delete', path: '/a/' }])],
  [
    'Cannot create "/a": the request has 249 bytes, the limit is 200',
    (c) => c.create('/a', 'x'.repeat(200)),
  ],
];

test('what no server would accept is refused without asking one', async () => {
  await using server = await ScriptedServer.listen();
  await using client = await connect(server.address, { requestBytesMax: 200 });
  for (const [message, call] of UNSENDABLE) {
    const error = await rejection(call(client));
    assert.ok(isZooKeeperError(error));
    assert.equal(error.message, message);
    assert.equal(error.outcome, 'not-applied');
  }
  assert.deepEqual(server.asked, []);
  const text = 'a b:1';
  const error = await rejection(connect(text));
  assert.equal((error as Error).message, 'Cannot connect to "a b:1": "a b:1" is not host:port');
});
