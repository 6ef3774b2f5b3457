/**
 * Transactions and lists of reads: each result has the type of its operation, by its place, and an
 * answer that does not fit is none.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  makeStat,
  type MultiResult as WireResult,
  OpCode,
  readMultiRequest,
  writeMultiResponse,
} from '@zabra/protocol';
import { connect } from './connect.ts';
import { isZooKeeperError } from './errors.ts';
import { ScriptedServer } from './scripted-server.test-kit.ts';

const stat = { ...makeStat(), version: 3 };

/** Answers every multi with these results, and keeps what was asked. */
function answering(results: readonly WireResult[], types: number[] = []): Promise<ScriptedServer> {
  return ScriptedServer.listen(({ op, xid, body, connection }) => {
    for (const { type } of readMultiRequest(body, op) ?? []) types.push(type);
    connection.reply({ xid }, 9, ErrorCode.OK, (w) => writeMultiResponse(w, results));
  });
}

test('multi gives each operation the result that is its own', async () => {
  const types: number[] = [];
  const results: readonly WireResult[] = [
    { type: OpCode.create, path: '/app/a' },
    { type: OpCode.create2, path: '/app/b', stat },
    { type: OpCode.create2, path: '/app/c', stat },
    { type: OpCode.create2, path: '/app/t0000000001', stat },
    { type: OpCode.setData, stat },
    { type: OpCode.check },
    { type: OpCode.delete },
  ];
  await using server = await answering(results, types);
  await using client = await connect(`${server.address}/app`);
  const [plain, second, container, ttl, written, checked, deleted] = await client.multi([
    { op: 'create', path: '/a', data: 'x' },
    { op: 'create2', path: '/b', acl: [{ scheme: 'world', id: 'anyone', perms: 1 }] },
    { op: 'create', path: '/c', container: true },
    { op: 'create', path: '/t', ttlMs: 1000, sequential: true },
    { op: 'setData', path: '/b', data: 'y', version: 2 },
    { op: 'check', path: '/b', version: 3 },
    { op: 'delete', path: '/a' },
  ]);
  const { create, create2, createContainer, createTTL, setData, check } = OpCode;
  assert.deepEqual(types, [
    create,
    create2,
    createContainer,
    createTTL,
    setData,
    check,
    OpCode.delete,
  ]);
  assert.deepEqual(plain, { op: 'create', path: '/a', stat: null });
  assert.deepEqual([second.path, second.stat.version], ['/b', 3]);
  assert.deepEqual([container.path, container.stat?.version], ['/c', 3]);
  assert.deepEqual([ttl.path, ttl.stat?.version], ['/t0000000001', 3]);
  assert.equal(written.stat.version, 3);
  assert.deepEqual([checked, deleted], [{ op: 'check' }, { op: 'delete' }]);
});

test('multiRead gives what each read has found, or why it has not', async () => {
  const types: number[] = [];
  const results: readonly WireResult[] = [
    { type: OpCode.getData, data: Uint8Array.of(104, 105), stat },
    { type: OpCode.error, err: ErrorCode.NOAUTH },
    { type: OpCode.getChildren, children: ['b', 'a'] },
  ];
  await using server = await answering(results, types);
  await using client = await connect(`${server.address}/app`);
  const [data, refused, children] = await client.multiRead([
    { op: 'getData', path: '/a' },
    { op: 'getData', path: '/b' },
    { op: 'getChildren', path: '/' },
  ]);
  assert.deepEqual(server.asked, [OpCode.multiRead]);
  assert.deepEqual(types, [OpCode.getData, OpCode.getData, OpCode.getChildren]);
  assert.ok(data.op === 'getData' && data.stat.version === 3);
  assert.equal(Buffer.from(data.data ?? []).toString(), 'hi');
  assert.deepEqual(children, { op: 'getChildren', children: ['b', 'a'] });
  assert.ok(refused.op === 'error' && isZooKeeperError(refused.error));
  const { code, path, opIndex, zxid, message } = refused.error;
  assert.deepEqual([code, path, opIndex, zxid], ['NOAUTH', '/b', 1, 9n]);
  assert.equal(message, 'Cannot read "/b": this session lacks the permission');
});

const MISFITS: readonly [string, readonly WireResult[]][] = [
  ['too few results', []],
  ['too many results', [{ type: OpCode.delete }, { type: OpCode.delete }]],
  ['a result of another kind', [{ type: OpCode.setData, stat }]],
];

for (const [name, results] of MISFITS) {
  test(`multi takes ${name} for a malformed reply`, async () => {
    await using server = await answering(results);
    await using client = await connect(server.address);
    const error = await client.multi([{ op: 'delete', path: '/a' }]).catch((e: unknown) => e);
    assert.ok(isZooKeeperError(error));
    assert.deepEqual([error.code, error.outcome], ['CONNECTIONLOSS', 'unknown']);
    assert.match(String(error.cause), /malformed reply to xid 1/);
  });
}

test('multiRead of nothing, or of no path, is refused without asking a server', async () => {
  await using server = await answering([]);
  await using client = await connect(server.address);
  await assert.rejects(client.multiRead([]), { code: 'BADARGUMENTS' });
  await assert.rejects(client.multiRead([{ op: 'getData', path: 'a' }]), {
    message: 'Cannot read "a": path does not start with "/"',
  });
  assert.deepEqual(server.asked, []);
});
