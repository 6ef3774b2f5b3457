/**
 * ClickHouse Keeper's writes inside a multi: their results stand where they were asked for,
 * whatever number of transactions they became, and a server without the extensions refuses them as
 * Apache refuses what it cannot decode.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, type MultiOp, OpCode, Perms, readMultiResponse } from '@zabra/protocol';
import { keeperBed, txnText } from './keeper-bed.test-kit.ts';
import { MultiForm } from './multi-form.ts';
import {
  BOB,
  createBody,
  EXPIRED,
  multiBody,
  type Prepared,
  reader,
  type Reply,
  StateBed,
  worldAcl,
} from './state-bed.test-kit.ts';

const OPEN = worldAcl(31);

const create = (path: string, flags = 0): MultiOp => ({
  type: OpCode.create,
  request: { path, data: null, acl: OPEN, flags },
});
const createIf = (path: string, flags = 0): MultiOp => ({
  type: OpCode.createIfNotExists,
  request: { path, data: null, acl: OPEN, flags },
});
const checkNot = (path: string, version = -1): MultiOp => ({
  type: OpCode.checkNotExists,
  request: { path, version },
});
const remove = (path: string, nodesMax = 100): MultiOp => ({
  type: OpCode.removeRecursive,
  request: { path, nodesMax },
});
const set = (path: string): MultiOp => ({
  type: OpCode.setData,
  request: { path, data: new Uint8Array(3), version: -1 },
});

/** Results as text: "502 /a", "error -101". */
function results(reply: Reply): string[] {
  assert.equal(reply.err, 'OK');
  const r = reader(reply);
  const found = readMultiResponse(r) ?? assert.fail('the reply cannot be decoded');
  assert.equal(r.remaining(), 0);
  return found.map((result) => {
    if (result.type === OpCode.error) return `error ${result.err}`;
    return 'path' in result ? `${result.type} ${result.path}` : String(result.type);
  });
}

function multi(bed: StateBed, ...ops: MultiOp[]): Prepared {
  return bed.prepare(OpCode.multi, multiBody(ops));
}

test('each operation has its result in its place, with the number it was asked by', () => {
  const bed = keeperBed();
  for (const path of ['/r', '/r/a', '/r/a/b', '/s']) bed.create(path);
  const prepared = multi(
    bed,
    checkNot('/new'),
    createIf('/new'),
    createIf('/new'),
    remove('/r'),
    create('/r'),
    remove('/missing'),
    set('/s'),
    createIf('/box', 4),
    remove('/r'),
    checkNot('/r'),
    checkNot('/s', 7),
  );
  assert.equal(
    txnText(prepared.entry),
    'multi 13 /new, 1 /new, 13 /new, 2 /r/a/b, 2 /r/a, 2 /r, 1 /r, 13 /missing, 5 /s, 19 /box, ' +
      '2 /r, 13 /r, 13 /s',
  );
  assert.deepEqual(results(bed.commit(prepared)), [
    '501',
    '502 /new',
    '502 /new',
    '503',
    '1 /r',
    '503',
    '5',
    '502 /box',
    '503',
    '501',
    '501',
  ]);
  assert.deepEqual(
    ['/r', '/new', '/box'].map((path) => bed.stat(path) === null),
    [true, false, false],
  );
});

test('a removal sees what the multi has created before it, pending or not', () => {
  const bed = keeperBed();
  bed.create('/r');
  const first = bed.prepare(OpCode.create, createBody('/r/pending'));
  const prepared = multi(bed, create('/r/own'), create('/r/own/deep'), remove('/r'));
  assert.equal(
    txnText(prepared.entry),
    'multi 1 /r/own, 1 /r/own/deep, 2 /r/pending, 2 /r/own/deep, 2 /r/own, 2 /r',
  );
  bed.commit(first);
  assert.deepEqual(results(bed.commit(prepared)), ['1 /r/own', '1 /r/own/deep', '503']);
  assert.equal(bed.stat('/r'), null);
  assert.equal(bed.state.pendingCount, 0);
});

test('what fails fails alone, and undoes everything', () => {
  const bed = keeperBed();
  for (const path of ['/r', '/r/a', '/s', '/s/a']) bed.create(path);
  bed.create('/locked', { acl: worldAcl(Perms.WRITE) });
  bed.create('/closed', { acl: worldAcl(Perms.READ) });
  bed.create('/e', { flags: 1 });
  const rows: readonly [MultiOp, number][] = [
    [checkNot('/s'), ErrorCode.NODEEXISTS],
    [checkNot('/e', 0), ErrorCode.NODEEXISTS],
    [checkNot('/locked'), ErrorCode.NOAUTH],
    [checkNot('/locked', 5), ErrorCode.NOAUTH],
    [checkNot('//'), ErrorCode.BADARGUMENTS],
    [createIf('/missing/c'), ErrorCode.NONODE],
    [createIf('/closed/c'), ErrorCode.NOAUTH],
    [createIf('/e/c'), ErrorCode.NOCHILDRENFOREPHEMERALS],
    [createIf('/n', 2), ErrorCode.BADARGUMENTS],
    [createIf('/n', 9), ErrorCode.BADARGUMENTS],
    [remove('/s', 1), ErrorCode.NOTEMPTY],
    [remove('/closed/c'), ErrorCode.NOAUTH],
    [remove('/'), ErrorCode.BADARGUMENTS],
    [remove('/zookeeper', 9), ErrorCode.BADARGUMENTS],
  ];
  const before = bed.dump();
  for (const [op, code] of rows) {
    const plain = multi(bed, set('/s'), op, set('/s'));
    assert.deepEqual(results(bed.commit(plain)), ['error 0', `error ${code}`, 'error -2']);
    assert.equal(txnText(plain.entry), `multi 5 /s, -1 ${code}, -1 -2`);
    // Two deletes before the refusal: one part for each operation all the same.
    const behind = multi(bed, remove('/r'), createIf('/s'), op, set('/s'));
    const expected = ['error 0', 'error 0', `error ${code}`, 'error -2'];
    assert.deepEqual(results(bed.commit(behind)), expected);
    assert.equal(txnText(behind.entry), `multi -1 0, -1 0, -1 ${code}, -1 -2`);
  }
  assert.deepEqual(bed.dump(), before);
  const late = bed.prepare(OpCode.multi, multiBody([remove('/r')]), EXPIRED);
  assert.deepEqual(results(bed.commit(late)), ['error -112']);
});

test('a multi that a removal makes too long for a transaction is refused, and nothing goes', () => {
  const bed = keeperBed({ txnBytesMax: 4400 });
  bed.create('/r');
  for (let index = 0; index < 12; index++) bed.create(`/r/${'x'.repeat(200)}${index}`);
  const before = bed.dump();
  const data = new Uint8Array(1000);
  const big: MultiOp = { type: OpCode.setData, request: { path: '/r', data, version: -1 } };
  const alone = multi(bed, remove('/r'), checkNot('/r'));
  bed.state.discardPending();
  assert.equal(alone.code, ErrorCode.OK);
  const both = multi(bed, big, remove('/r'));
  assert.deepEqual(results(bed.commit(both)), ['error 0', 'error -111']);
  assert.deepEqual(bed.dump(), before);
});

test('a server without the extensions has a multi with one of them refused, by any leader', () => {
  const off = new StateBed();
  const on = keeperBed();
  for (const op of [checkNot('/a'), createIf('/a'), remove('/a')]) {
    const body = multiBody([create('/b'), op]);
    assert.equal(off.state.form(off.request(OpCode.multi, body)), MultiForm.LOGGED_FAULT);
    assert.equal(on.state.form(on.request(OpCode.multi, body)), MultiForm.SOUND);
    // What it forwards in place of such a body.
    const prepared = on.prepare(OpCode.multi, () => undefined);
    assert.equal(txnText(prepared.entry), 'error -5');
    assert.equal(on.commit(prepared).err, 'MARSHALLINGERROR');
  }
});

test('a multi of another session does not see the ephemerals of this one as its own', () => {
  const bed = keeperBed();
  bed.create('/r');
  const ours = bed.prepare(OpCode.multi, multiBody([createIf('/r/e', 1)]));
  const theirs = bed.prepare(OpCode.multi, multiBody([createIf('/r/e', 1), remove('/r')]), BOB);
  assert.deepEqual(results(bed.commit(ours)), ['502 /r/e']);
  assert.deepEqual(results(bed.commit(theirs)), ['502 /r/e', '503']);
  assert.equal(bed.stat('/r'), null);
});
