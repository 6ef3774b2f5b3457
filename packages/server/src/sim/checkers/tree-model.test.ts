/** The model of the state: known digests, the effects of transactions, and what it refuses. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, utf8Encode } from '@zabra/protocol';
import { clientStat, TreeModel } from './tree-model.ts';
import { makeTxn, SESSION, type TxnSketch } from './txn.test-kit.ts';
import { Violation } from './violation.ts';

const CREATE_A: TxnSketch = {
  zxid: 2,
  type: OpCode.create,
  path: '/a',
  data: utf8Encode('one'),
  value: 1,
};

function modelOf(...sketches: readonly TxnSketch[]): TreeModel {
  const model = new TreeModel();
  for (const sketch of sketches) model.apply(makeTxn(sketch));
  return model;
}

describe('TreeModel', () => {
  it('begins with the digest of a new tree that ZooKeeper has', () => {
    assert.equal(new TreeModel().digest.toString(16), '51c6d660');
  });

  it('counts creations, children and versions as clients see them', () => {
    const model = modelOf(
      SESSION,
      CREATE_A,
      { zxid: 3, type: OpCode.create, path: '/a/b', value: 1, isEphemeral: true },
      { zxid: 4, type: OpCode.setData, path: '/a', value: 1 },
      { zxid: 5, type: OpCode.delete, path: '/a/b' },
    );
    const stat = clientStat(model.get('/a'));
    assert.deepEqual(
      [stat?.czxid, stat?.mzxid, stat?.pzxid, stat?.version, stat?.cversion, stat?.numChildren],
      [2, 4, 5, 1, 2, 0],
    );
    assert.deepEqual(clientStat(model.get('/'))?.cversion, 0);
    assert.equal(model.ephemeralsOf('0:1').size, 0);
  });

  it('keeps the past of every path', () => {
    const model = modelOf(
      SESSION,
      CREATE_A,
      { zxid: 4, type: OpCode.setData, path: '/a', value: 1 },
      { zxid: 6, type: OpCode.delete, path: '/a' },
    );
    const { history } = model;
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7].map((zxid) => history.at('/a', zxid)?.stat.version ?? null),
      [null, 0, 0, 1, 1, null, null],
    );
    assert.deepEqual([...history.childrenAt('/', 5)].sort(), ['a', 'zookeeper']);
    assert.deepEqual([...history.childrenAt('/', 6)], ['zookeeper']);
    assert.equal(history.firstTrigger('/a', ['changed', 'deleted'], 2)?.zxid, 4);
    assert.equal(history.firstTrigger('/a', ['changed', 'deleted'], 4)?.kind, 'deleted');
    assert.equal(history.firstTrigger('/', ['children'], 2)?.zxid, 6);
    assert.equal(history.firstTrigger('/a', ['deleted'], 6), null);
  });

  it('takes the ephemerals of a session away with it', () => {
    const model = modelOf(
      SESSION,
      { ...CREATE_A, isEphemeral: true },
      { zxid: 3, type: OpCode.closeSession, paths: ['/a'] },
    );
    assert.equal(model.get('/a'), null);
    assert.equal(model.sessions.size, 0);
    assert.equal(
      model.digest,
      modelOf(SESSION, CREATE_A, { zxid: 3, type: OpCode.delete, path: '/a' }).digest,
    );
  });

  const impossible: readonly [string, RegExp, readonly TxnSketch[]][] = [
    ['a create below nothing', /needs "\/x"/, [{ ...CREATE_A, path: '/x/y' }]],
    ['a create of what is there', /which is there/, [CREATE_A, { ...CREATE_A, zxid: 3, value: 2 }]],
    ['a create with a wrong place', /as child 7/, [{ ...CREATE_A, value: 7 }]],
    ['an ephemeral of nobody', /session that is over/, [{ ...CREATE_A, isEphemeral: true }]],
    ['a delete of nothing', /needs "\/a"/, [{ zxid: 2, type: OpCode.delete, path: '/a' }]],
    [
      'a delete above children',
      /has children/,
      [
        CREATE_A,
        { ...CREATE_A, zxid: 3, path: '/a/b' },
        { zxid: 4, type: OpCode.delete, path: '/a' },
      ],
    ],
    ['a session that begins twice', /begins session 0:1 again/, [SESSION, { ...SESSION, zxid: 2 }]],
    ['the end of no session', /never was/, [{ zxid: 1, type: OpCode.closeSession }]],
    [
      'the end of a session without its ephemerals',
      /wanted \[\/a\]/,
      [SESSION, { ...CREATE_A, isEphemeral: true }, { zxid: 3, type: OpCode.closeSession }],
    ],
    ['a digest of another state', /carries 7/, [{ ...CREATE_A, digest: 7 }]],
  ];
  for (const [name, message, sketches] of impossible) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => modelOf(...sketches),
        (error) => error instanceof Violation && message.test(error.message),
      );
    });
  }
});
