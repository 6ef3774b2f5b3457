/**
 * delete, setData, setACL, check and deleteContainer: the order of the checks and the effects
 * (client-protocol.md 7.4, 7.5, 8.2 to 8.6; traps 26, 29, 34, 35).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateMode, type ErrorName, OpCode, readMultiResponse, readStat } from '@zabra/protocol';
import {
  ALICE,
  type Body,
  EXPIRED,
  MOVED,
  multiBody,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  reader,
  setAclBody,
  setDataBody,
  StateBed,
  TestWatcher,
  type Who,
  worldAcl,
} from './state-bed.test-kit.ts';

type Row = readonly [string, ErrorName, Body, Who?];

/** Every row changes nothing: its first failing check gives the code. */
function checkRows(bed: StateBed, opcode: number, rows: readonly Row[]): void {
  for (const [name, expected, body, who] of rows) {
    const before = bed.dump();
    assert.equal(bed.write(opcode, body, who).err, expected, name);
    assert.deepEqual(bed.dump(), before, `${name} changed the tree`);
  }
}

test('the first check of delete that fails decides the code', () => {
  const bed = new StateBed();
  bed.create('/locked');
  bed.create('/locked/child');
  bed.write(OpCode.setACL, setAclBody('/locked', worldAcl(1 | 2 | 4 | 16)));
  bed.create('/open');
  bed.create('/open/child');
  checkRows(bed, OpCode.delete, [
    ['session', 'SESSIONEXPIRED', pathVersionBody(null, 9), EXPIRED],
    ['session moved', 'SESSIONMOVED', pathVersionBody('noslash', 9), MOVED],
    ['null path', 'MARSHALLINGERROR', pathVersionBody(null, 9)],
    ['no slash', 'BADARGUMENTS', pathVersionBody('noslash', 9)],
    ['NUL', 'BADARGUMENTS', pathVersionBody('/missing/\0', 9)],
    ['root', 'BADARGUMENTS', pathVersionBody('/', 9)],
    ['empty', 'BADARGUMENTS', pathVersionBody('', 9)],
    ['/zookeeper', 'BADARGUMENTS', pathVersionBody('/zookeeper', 9)],
    ['quota', 'BADARGUMENTS', pathVersionBody('/zookeeper/quota', 9)],
    ['config', 'BADARGUMENTS', pathVersionBody('/zookeeper/config', 9)],
    ['parent', 'NONODE', pathVersionBody('/missing/x', 9)],
    ['permission on the parent', 'NOAUTH', pathVersionBody('/locked/missing', 9)],
    ['permission before version', 'NOAUTH', pathVersionBody('/locked/child', 9)],
    ['node', 'NONODE', pathVersionBody('/open/missing', 9)],
    ['trailing slash', 'NONODE', pathVersionBody('/open/', 9)],
    ['version', 'BADVERSION', pathVersionBody('/open', 9)],
    ['negative version', 'BADVERSION', pathVersionBody('/open', -2)],
    ['children', 'NOTEMPTY', pathVersionBody('/open', 0)],
  ]);
});

test('trap 34: permission to delete is on the parent, and nothing on the znode matters', () => {
  const bed = new StateBed();
  bed.create('/p', { acl: worldAcl(31) });
  bed.create('/p/c', { acl: worldAcl(0) });
  bed.create('/p/d', { acl: worldAcl(31) });
  bed.delete('/p/c');
  assert.equal(bed.stat('/p/c'), null);
  bed.write(OpCode.setACL, setAclBody('/p', worldAcl(31 - 8)));
  assert.equal(bed.write(OpCode.delete, pathVersionBody('/p/d', -1)).err, 'NOAUTH');
});

test('a delete raises the pzxid of the parent and its displayed cversion, nothing else', () => {
  const bed = new StateBed();
  bed.create('/p');
  bed.create('/p/c');
  const before = bed.mustStat('/p');
  const reply = bed.write(OpCode.delete, pathVersionBody('/p/c', 0));
  assert.deepEqual([reply.err, reply.body.length], ['OK', 0]);
  assert.deepEqual(bed.mustStat('/p'), { ...before, pzxid: 3, cversion: 2, numChildren: 0 });
});

test('the first check of setData that fails decides the code', () => {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/locked', { acl: worldAcl(1) });
  bed.create('/full', { data: '12345' });
  bed.create('/zookeeper/quota/full');
  bed.create('/zookeeper/quota/full/zookeeper_limits', { data: 'byteHardLimit=5' });
  bed.create('/zookeeper/quota/full/zookeeper_stats');
  checkRows(bed, OpCode.setData, [
    ['session', 'SESSIONEXPIRED', setDataBody(null, 'x', 9), EXPIRED],
    ['session moved', 'SESSIONMOVED', setDataBody('', 'x', 9), MOVED],
    ['null path', 'BADARGUMENTS', setDataBody(null, 'x', 9)],
    ['empty path', 'BADARGUMENTS', setDataBody('', 'x', 9)],
    ['no slash', 'BADARGUMENTS', setDataBody('full', 'x', 9)],
    ['trailing slash', 'BADARGUMENTS', setDataBody('/full/', 'x', 9)],
    ['dot', 'BADARGUMENTS', setDataBody('/full/./x', 'x', 9)],
    ['node', 'NONODE', setDataBody('/missing', 'x', 9)],
    ['permission', 'NOAUTH', setDataBody('/locked', 'x', 9)],
    ['quota before version', 'QUOTAEXCEEDED', setDataBody('/full', '123456', 9)],
    ['version', 'BADVERSION', setDataBody('/full', '54321', 9)],
    ['negative version', 'BADVERSION', setDataBody('/full', '54321', -2)],
  ]);
});

test('setData changes data, version, mzxid and mtime only, and replies with the Stat', () => {
  const bed = new StateBed();
  bed.create('/p');
  bed.create('/p/n', { data: 'old' });
  const before = bed.mustStat('/p/n');
  const parent = bed.mustStat('/p');
  const stat = bed.setData('/p/n', 'newer', 0);
  assert.deepEqual(stat, { ...before, version: 1, mzxid: 3, mtimeMs: 1030, dataLength: 5 });
  assert.deepEqual(bed.mustStat('/p'), parent);
  assert.equal(bed.data('/p/n'), 'newer');
  assert.equal(bed.write(OpCode.setData, setDataBody('/p/n', null)).err, 'OK');
  assert.equal(bed.data('/p/n'), null);
  assert.equal(bed.mustStat('/p/n').dataLength, 0);
});

test('trap 26: a version wraps at 32 bits, through -1 as in 3.9, where -1 still means any', () => {
  const bed = new StateBed();
  bed.create('/n');
  const { tree } = bed.state.core;
  const data = new Uint8Array(0);
  tree.setData('/n', data, 0, 0, 0x7fffffff, 1, 1);
  const first = bed.prepare(OpCode.setData, setDataBody('/n', '', 0x7fffffff));
  const second = bed.prepare(OpCode.setData, setDataBody('/n', '', -0x80000000));
  for (const one of [first, second]) assert.equal(bed.commit(one).err, 'OK');
  assert.equal(bed.mustStat('/n').version, -0x7fffffff);
  tree.setData('/n', data, 0, 0, -2, 1, 1);
  assert.equal(bed.write(OpCode.setData, setDataBody('/n', '', 5)).err, 'BADVERSION');
  assert.equal(bed.setData('/n', '', -2).version, -1);
  assert.equal(bed.setData('/n', '', -1).version, 0);
  assert.equal(bed.setData('/n', '', -1).version, 1, '-1 matches any version');
});

test('the first check of setACL that fails decides the code', () => {
  const bed = new StateBed();
  bed.create('/locked', { acl: worldAcl(15) });
  bed.create('/open');
  const open = worldAcl(31);
  checkRows(bed, OpCode.setACL, [
    ['session', 'SESSIONEXPIRED', setAclBody(null, [], 9), EXPIRED],
    ['null path', 'BADARGUMENTS', setAclBody(null, [], 9)],
    ['path', 'BADARGUMENTS', setAclBody('/open/', [], 9)],
    ['ACL before existence', 'INVALIDACL', setAclBody('/missing', [], 9)],
    ['null ACL', 'INVALIDACL', setAclBody('/missing', null, 9)],
    ['node', 'NONODE', setAclBody('/missing', open, 9)],
    ['permission', 'NOAUTH', setAclBody('/locked', open, 9)],
    ['aversion', 'BADVERSION', setAclBody('/open', open, 9)],
  ]);
});

test('trap 35: setACL changes the aversion alone, which is the version it asks for', () => {
  const bed = new StateBed();
  bed.create('/n');
  bed.setData('/n', 'x');
  const before = bed.mustStat('/n');
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  bed.read(OpCode.getData, pathWatchBody('/n', true), ALICE, watcher);
  const reply = bed.write(OpCode.setACL, setAclBody('/n', worldAcl(17), 0));
  assert.deepEqual(watcher.take(), []);
  assert.deepEqual(readStat(reader(reply)), { ...before, aversion: 1 });
  assert.deepEqual(bed.mustStat('/n'), { ...before, aversion: 1 });
  assert.equal(bed.write(OpCode.setACL, setAclBody('/n', worldAcl(31), 0)).err, 'BADVERSION');
  assert.equal(bed.write(OpCode.setData, setDataBody('/n', 'y')).err, 'NOAUTH');
});

test('the first check of check that fails decides the code', () => {
  const bed = new StateBed();
  bed.create('/locked', { acl: worldAcl(30) });
  bed.create('/open');
  const rows: readonly [string, number, string | null, number, Who?][] = [
    ['session', -112, '/open/', 9, EXPIRED],
    ['path', -8, '/open/', 9],
    ['node', -101, '/missing', 9],
    ['permission', -102, '/locked', 9],
    ['version', -103, '/open', 9],
    ['nothing', 0, '/open', -1],
    ['nothing, by version', 0, '/open', 0],
  ];
  for (const [name, code, path, version, who] of rows) {
    const body = multiBody([{ type: OpCode.check, request: { path, version } }]);
    const reply = bed.write(OpCode.multi, body, who);
    const [result] = readMultiResponse(reader(reply)) ?? [];
    assert.equal(result?.type === OpCode.error ? result.err : 0, code, name);
  }
});

test('deleteContainer takes away empty containers and TTL znodes, and nothing else', () => {
  const bed = new StateBed({ extendedTypes: true });
  bed.create('/c', { opcode: OpCode.createContainer });
  bed.create('/full', { opcode: OpCode.createContainer });
  bed.create('/full/x');
  bed.create('/t', { opcode: OpCode.createTTL, flags: CreateMode.PERSISTENT_WITH_TTL, ttlMs: 5 });
  bed.create('/e', { flags: CreateMode.EPHEMERAL });
  bed.create('/p');
  checkRows(bed, OpCode.deleteContainer, [
    ['path', 'BADARGUMENTS', pathBody('/')],
    ['null path', 'MARSHALLINGERROR', pathBody(null)],
    ['node', 'NONODE', pathBody('/missing')],
    ['children', 'NOTEMPTY', pathBody('/full')],
    ['ephemeral', 'BADVERSION', pathBody('/e')],
    ['persistent', 'BADVERSION', pathBody('/p')],
  ]);
  for (const path of ['/c', '/t']) {
    assert.equal(bed.write(OpCode.deleteContainer, pathBody(path)).err, 'OK', path);
    assert.equal(bed.stat(path), null);
  }
});
