/** What a write must lead to, by examples of right and wrong transactions. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CreateRequest,
  DeleteRequest,
  MultiRequest,
  type Request,
  SetDataRequest,
} from '@zabra/client/session';
import { CreateMode, ErrorCode, OPEN_ACL_UNSAFE, OpCode, utf8Encode } from '@zabra/protocol';
import { TreeModel } from './tree-model.ts';
import { makeTxn, SESSION, type TxnSketch } from './txn.test-kit.ts';
import { judgeWrite } from './write-judge.ts';

const DATA = utf8Encode('x');
const BEFORE: readonly TxnSketch[] = [
  SESSION,
  { zxid: 2, type: OpCode.create, path: '/a', data: DATA, value: 1 },
  { zxid: 3, type: OpCode.create, path: '/a/e', data: DATA, value: 1, isEphemeral: true },
];

function create(path: string, flags: number = CreateMode.PERSISTENT): Request {
  return new CreateRequest(OpCode.create, path, DATA, OPEN_ACL_UNSAFE, flags);
}

function created(path: string, value: number, isEphemeral = false): TxnSketch {
  return { zxid: 4, type: OpCode.create, path, data: DATA, value, isEphemeral };
}

function refused(value: number): TxnSketch {
  return { zxid: 4, type: OpCode.error, value };
}

const { NONODE, NODEEXISTS, BADVERSION, NOTEMPTY, NOCHILDRENFOREPHEMERALS } = ErrorCode;
const EPHEMERAL_SEQUENTIAL = CreateMode.EPHEMERAL_SEQUENTIAL;
const CHECK_GONE = { type: OpCode.check, request: { path: '/gone', version: -1 } } as const;

/** Request, the transaction that is right, and one that is wrong. */
const rows: readonly [string, Request, TxnSketch, TxnSketch][] = [
  ['a create', create('/b'), created('/b', 2), created('/c', 2)],
  ['its place among the children', create('/b'), created('/b', 2), created('/b', 3)],
  ['its kind', create('/b', CreateMode.EPHEMERAL), created('/b', 2, true), created('/b', 2)],
  [
    'a sequential create',
    create('/a/s-', EPHEMERAL_SEQUENTIAL),
    created('/a/s-0000000001', 2, true),
    created('/a/s-0000000002', 2, true),
  ],
  ['a create that exists', create('/a'), refused(NODEEXISTS), created('/a', 2)],
  ['a create below nothing', create('/x/y'), refused(NONODE), refused(NODEEXISTS)],
  [
    'a create below an ephemeral',
    create('/a/e/x'),
    refused(NOCHILDRENFOREPHEMERALS),
    created('/a/e/x', 1),
  ],
  [
    'a setData',
    new SetDataRequest('/a', DATA, 0),
    { zxid: 4, type: OpCode.setData, path: '/a', data: DATA, value: 1 },
    { zxid: 4, type: OpCode.setData, path: '/a', data: DATA, value: 2 },
  ],
  [
    'a setData of an old version',
    new SetDataRequest('/a', DATA, 3),
    refused(BADVERSION),
    { zxid: 4, type: OpCode.setData, path: '/a', data: DATA, value: 1 },
  ],
  [
    'a delete above children',
    new DeleteRequest('/a', -1),
    refused(NOTEMPTY),
    { zxid: 4, type: OpCode.delete, path: '/a' },
  ],
  ['a delete of nothing', new DeleteRequest('/gone', -1), refused(NONODE), refused(NOTEMPTY)],
];

describe('judgeWrite', () => {
  const model = new TreeModel();
  for (const sketch of BEFORE) model.apply(makeTxn(sketch));

  for (const [name, request, right, wrong] of rows) {
    it(`judges ${name}`, () => {
      judgeWrite(model, request, makeTxn(right));
      assert.throws(() => judgeWrite(model, request, makeTxn(wrong)), /Writes are linearizable/);
    });
  }

  it('judges the operations of a multi on top of one another, and its codes', () => {
    const make = { path: '/m', data: DATA, acl: OPEN_ACL_UNSAFE, flags: CreateMode.PERSISTENT };
    const below = { ...make, path: '/m/n' };
    const request = new MultiRequest([
      { type: OpCode.create, request: make },
      { type: OpCode.create, request: below },
      { type: OpCode.delete, request: { path: '/m', version: -1 } },
    ]);
    const failed = { ...makeTxn(refused(NOTEMPTY)), errs: [0, 0, NOTEMPTY] };
    judgeWrite(model, request, failed);
    assert.throws(() => judgeWrite(model, request, { ...failed, errs: [0, NOTEMPTY, -2] }));
    const first = new MultiRequest([CHECK_GONE, { type: OpCode.create, request: make }]);
    judgeWrite(model, first, { ...makeTxn(refused(NONODE)), errs: [NONODE, -2] });
  });

  it('lets a write be refused because its session moved, or is over', () => {
    judgeWrite(model, create('/b'), makeTxn(refused(ErrorCode.SESSIONMOVED)));
    judgeWrite(model, create('/b'), makeTxn({ ...refused(ErrorCode.SESSIONEXPIRED), session: 9 }));
    const expired = makeTxn(refused(ErrorCode.SESSIONEXPIRED));
    assert.throws(() => judgeWrite(model, create('/b'), expired));
    const late = makeTxn({ ...created('/b', 2), session: 9 });
    assert.throws(() => judgeWrite(model, create('/b'), late));
  });

  it('lets a session that no transaction has made write, but own nothing', () => {
    const local = { session: 9 };
    const made = makeTxn({ ...created('/b', 2), ...local });
    const expired = makeTxn({ ...refused(ErrorCode.SESSIONEXPIRED), ...local });
    const told = makeTxn({ ...refused(ErrorCode.EPHEMERALONLOCALSESSION), ...local });
    judgeWrite(model, create('/b'), made, 'upgrading');
    judgeWrite(model, create('/b'), made, 'fixed');
    for (const txn of [expired, told]) {
      assert.throws(() => judgeWrite(model, create('/b'), txn, 'fixed'), /linearizable/);
      judgeWrite(model, create('/b', CreateMode.EPHEMERAL), txn, 'fixed');
      const upgraded = () =>
        judgeWrite(model, create('/b', CreateMode.EPHEMERAL), txn, 'upgrading');
      assert.throws(upgraded, /owns no ephemeral/);
    }
    const owner = () => judgeWrite(model, create('/b', CreateMode.EPHEMERAL), made, 'fixed');
    assert.throws(owner, /owns no ephemeral/);
    const over = new TreeModel();
    for (const sketch of BEFORE) over.apply(makeTxn(sketch));
    over.apply(makeTxn({ zxid: 9, type: OpCode.closeSession, paths: ['/a/e'] }));
    const late = () => judgeWrite(over, create('/b'), makeTxn(created('/b', 2)), 'upgrading');
    assert.throws(late, /after its session/);
  });
});
