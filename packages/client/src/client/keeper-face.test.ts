/**
 * ClickHouse Keeper's operations as a program calls them: what is sent for each, what comes of the
 * answers, and the words of the errors.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeKeeperFeatures,
  ErrorCode,
  EventType,
  type JuteWriter,
  makeStat,
  OpCode,
  readCreateRequest,
  readFilteredListRequest,
  readGetDataRequest,
  readListWithDataRequest,
  readMultiRequest,
  readPathVersionRequest,
  readRemoveRecursiveRequest,
  utf8Encode,
  writeGetChildren2Response,
  writeGetDataResponse,
  writeListWithDataResponse,
  writeMultiResponse,
} from '@zabra/protocol';
import { connect } from './connect.ts';
import { isZooKeeperError, type ZooKeeperError } from './errors.ts';
import type { WatchEvent } from './public-records.ts';
import { type Asked, ScriptedServer } from './scripted-server.test-kit.ts';

const stat = { ...makeStat(), version: 3 };
const LIST = {
  children: ['a', 'b'],
  stat,
  stats: [
    { ...stat, version: 1 },
    { ...stat, version: 2 },
  ],
  data: [utf8Encode('x'), null],
};

/** What was asked, as records. */
type Seen = unknown[];

function answer(seen: Seen, { op, xid, body, connection }: Asked): void {
  const ok = (write: (w: JuteWriter) => void = () => {}) =>
    connection.reply({ xid }, 9, ErrorCode.OK, write);
  switch (op) {
    case OpCode.createIfNotExists: {
      const request = readCreateRequest(body);
      seen.push(request);
      return ok((w) => w.string(request.path));
    }
    case OpCode.removeRecursive:
      seen.push(readRemoveRecursiveRequest(body));
      return ok();
    case OpCode.checkNotExists:
      seen.push(readPathVersionRequest(body));
      return ok();
    case OpCode.filteredList:
      seen.push(readFilteredListRequest(body));
      return ok((w) => writeGetChildren2Response(w, LIST));
    case OpCode.filteredListWithStatsAndData:
      seen.push(readListWithDataRequest(body));
      return ok((w) => writeListWithDataResponse(w, LIST));
    case OpCode.getData: {
      seen.push(readGetDataRequest(body));
      const data = encodeKeeperFeatures(['MULTI_READ', 'LIST_WITH_STAT_AND_DATA']);
      return ok((w) => writeGetDataResponse(w, { data, stat }));
    }
    default:
  }
}

async function rejection(promise: Promise<unknown>): Promise<ZooKeeperError> {
  const error = await promise.then(
    () => assert.fail('it was not rejected'),
    (reason: unknown) => reason,
  );
  assert.ok(isZooKeeperError(error), String(error));
  return error;
}

test('each call sends its record with the chroot before the path, and takes it off', async () => {
  const seen: Seen = [];
  await using server = await ScriptedServer.listen((asked) => answer(seen, asked));
  await using client = await connect(`${server.address}/app`);
  const { keeper } = client;
  const acl = [{ scheme: 'world', id: 'anyone', perms: 1 }];
  assert.equal(await keeper.createIfNotExists('/a', 'x', { ephemeral: true, acl }), '/a');
  await keeper.removeRecursive('/a', { nodesMax: 0xffffffff });
  await keeper.removeRecursive('/');
  await keeper.checkNotExists('/a', { version: 4 });
  await keeper.checkNotExists('/a');
  const some = await keeper.getFilteredChildren('/p', { kind: 'persistent' });
  assert.deepEqual(some.children, ['a', 'b']);
  assert.equal(some.stat.version, 3);
  const whole = await keeper.getChildrenWithData('/p', { kind: 'ephemeral' });
  assert.deepEqual(
    whole.children.map(({ name, data, stat: own }) => [name, data, own.version]),
    [
      ['a', utf8Encode('x'), 1],
      ['b', null, 2],
    ],
  );
  assert.deepEqual([...(await keeper.features())], ['MULTI_READ', 'LIST_WITH_STAT_AND_DATA']);
  assert.deepEqual(seen, [
    { path: '/app/a', data: utf8Encode('x'), acl, flags: 1 },
    { path: '/app/a', nodesMax: 0xffffffff },
    // The root of a chroot cannot be removed through it.
    { path: '/', nodesMax: 100 },
    { path: '/app/a', version: 4 },
    { path: '/app/a', version: -1 },
    { path: '/app/p', watch: false, listType: 1 },
    { path: '/app/p', watch: false, listType: 2, withStat: true, withData: true },
    { path: '/keeper/feature_flags', watch: false },
  ]);
});

test('a watch of a list is a child watch, whatever the list leaves out', async () => {
  await using server = await ScriptedServer.listen((asked) => answer([], asked));
  await using client = await connect(server.address);
  const events: WatchEvent[] = [];
  const watch = (event: WatchEvent): number => events.push(event);
  await client.keeper.getFilteredChildren('/p', { watch });
  await client.keeper.getChildrenWithData('/q', { watch });
  const [connection] = server.connections;
  connection?.notify(EventType.NODE_CHILDREN_CHANGED, '/p', 10);
  connection?.notify(EventType.NODE_DELETED, '/q', 11);
  connection?.notify(EventType.NODE_CHILDREN_CHANGED, '/p', 12);
  await client.keeper.checkNotExists('/after');
  assert.deepEqual(
    events.map(({ type, path, zxid }) => `${type} ${path} ${zxid}`),
    ['NodeChildrenChanged /p 10', 'NodeDeleted /q 11'],
  );
});

test('transactions and lists of reads take them too, each with its own result', async () => {
  const asked: unknown[] = [];
  await using server = await ScriptedServer.listen(({ op, xid, body, connection }) => {
    asked.push(readMultiRequest(body, op)?.map(({ type }) => type));
    connection.reply({ xid }, 9, ErrorCode.OK, (w) =>
      writeMultiResponse(
        w,
        op === OpCode.multi
          ? [
              { type: OpCode.checkNotExists },
              { type: OpCode.createIfNotExists, path: '/app/a' },
              { type: OpCode.removeRecursive },
            ]
          : [
              { type: OpCode.exists, stat },
              { type: OpCode.getChildren2, children: ['a'], stat },
              { type: OpCode.filteredListWithStatsAndData, ...LIST },
              { type: OpCode.error, err: ErrorCode.NONODE },
            ],
      ),
    );
  });
  await using client = await connect(`${server.address}/app`);
  const [absent, created, removed] = await client.multi([
    { op: 'checkNotExists', path: '/a' },
    { op: 'createIfNotExists', path: '/a', data: 'x', ephemeral: true },
    { op: 'removeRecursive', path: '/b', nodesMax: 3 },
  ]);
  assert.deepEqual(
    [absent.op, created.path, removed.op],
    ['checkNotExists', '/a', 'removeRecursive'],
  );
  const [found, some, whole, missing] = await client.multiRead([
    { op: 'exists', path: '/a' },
    { op: 'getFilteredChildren', path: '/a', kind: 'persistent' },
    { op: 'getChildrenWithData', path: '/a' },
    { op: 'exists', path: '/b' },
  ]);
  assert.ok(found.op === 'exists' && found.stat.version === 3);
  assert.ok(some.op === 'getFilteredChildren' && some.children[0] === 'a');
  assert.ok(whole.op === 'getChildrenWithData' && whole.children[1]?.stat.version === 2);
  assert.ok(missing.op === 'error');
  assert.equal(missing.error.message, 'Cannot look for "/b": it does not exist');
  assert.deepEqual(asked, [
    [501, 502, 503],
    [3, 500, 506, 3],
  ]);
});

test('a list whose Stats or data do not go with its names is no answer', async () => {
  await using server = await ScriptedServer.listen(({ xid, connection }) => {
    connection.reply({ xid }, 9, ErrorCode.OK, (w) =>
      writeListWithDataResponse(w, { ...LIST, data: [] }),
    );
  });
  await using client = await connect(server.address);
  const { code } = await rejection(client.keeper.getChildrenWithData('/p'));
  assert.equal(code, 'CONNECTIONLOSS');
});

test('errors say what was attempted and what was found', async () => {
  let err: number = ErrorCode.OK;
  await using server = await ScriptedServer.listen(({ xid, connection }) =>
    connection.reply({ xid }, 9, err),
  );
  await using client = await connect(server.address);
  const { keeper } = client;
  const rows: readonly [number, () => Promise<unknown>, string][] = [
    [
      ErrorCode.NONODE,
      () => keeper.createIfNotExists('/a/b'),
      'Cannot create "/a/b": its parent does not exist',
    ],
    [
      ErrorCode.NOTEMPTY,
      () => keeper.removeRecursive('/a'),
      'Cannot remove "/a": it and what is below it are more than may go at once',
    ],
    [
      ErrorCode.NODEEXISTS,
      () => keeper.checkNotExists('/a'),
      'Cannot rely on the absence of "/a": it exists already',
    ],
    [
      ErrorCode.NOAUTH,
      () => keeper.getFilteredChildren('/a'),
      'Cannot list children of "/a": this session lacks the permission',
    ],
    [
      ErrorCode.UNIMPLEMENTED,
      () => keeper.getChildrenWithData('/a'),
      'Cannot read the children of "/a": the server does not offer this operation',
    ],
    [ErrorCode.NOAUTH, () => keeper.features(), 'Cannot read "/keeper/feature_flags": '],
  ];
  for (const [code, call, message] of rows) {
    err = code;
    const error = await rejection(call());
    assert.ok(error.message.startsWith(message), error.message);
  }
  err = ErrorCode.NONODE;
  assert.deepEqual(await keeper.features(), new Set());
});

test('what no server would take is not sent', async () => {
  await using server = await ScriptedServer.listen();
  await using client = await connect(server.address);
  const { keeper } = client;
  const rows: readonly [Promise<unknown>, string][] = [
    [keeper.createIfNotExists('a'), 'BADARGUMENTS'],
    [keeper.createIfNotExists('/a', null, { acl: [] }), 'INVALIDACL'],
    [keeper.removeRecursive('/a/'), 'BADARGUMENTS'],
    [keeper.removeRecursive('/a', { nodesMax: -1 }), 'BADARGUMENTS'],
    [keeper.removeRecursive('/a', { nodesMax: 2 ** 32 }), 'BADARGUMENTS'],
    [keeper.checkNotExists(''), 'BADARGUMENTS'],
    [keeper.getFilteredChildren('x'), 'BADARGUMENTS'],
    [keeper.getChildrenWithData('x'), 'BADARGUMENTS'],
    [client.multi([{ op: 'removeRecursive', path: '/a', nodesMax: 0.5 }]), 'BADARGUMENTS'],
    [client.multi([{ op: 'createIfNotExists', path: '/a', acl: [] }]), 'INVALIDACL'],
    [client.multiRead([{ op: 'exists', path: 'a' }]), 'BADARGUMENTS'],
  ];
  for (const [promise, code] of rows) assert.equal((await rejection(promise)).code, code);
  assert.deepEqual(server.asked, []);
});
