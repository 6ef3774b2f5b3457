/** What clients see against the ledger: states that go back, stale reads, lost writes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CreateRequest,
  ExistsRequest,
  GetChildrenRequest,
  GetDataRequest,
  type Request,
  SetDataRequest,
} from '@zabra/client/session';
import { CreateMode, ErrorCode, OPEN_ACL_UNSAFE, OpCode, utf8Encode } from '@zabra/protocol';
import type { LocalSessionsPlan } from '../plan.ts';
import type { SimClient } from '../sim-client.ts';
import { votersOf } from './configurations.test-kit.ts';
import type { DurableHistory } from './durable-history.ts';
import { Ledger } from './ledger.ts';
import { Sessions } from './sessions.ts';
import { clientStat } from './tree-model.ts';
import { SESSION, type TxnSketch, txnBytes } from './txn.test-kit.ts';

const DATA = utf8Encode('x');

class Bench {
  readonly ledger: Ledger;
  readonly sessions: Sessions;
  readonly client = { id: 1, machine: { session: { hi: 0, lo: 1 } } } as unknown as SimClient;
  #xid = 0;

  constructor(localSessions: LocalSessionsPlan = 'none') {
    this.ledger = new Ledger(
      votersOf(1),
      (session, cxid) => this.sessions.find(session, cxid),
      (txn) => this.sessions.onCommitted(txn),
      localSessions,
    );
    this.sessions = new Sessions(this.ledger);
    this.sessions.add(this.client);
    this.sessions.onConnected(this.client);
    if (localSessions === 'none') this.commit(SESSION);
  }

  propose(sketch: TxnSketch): void {
    const bytes = txnBytes(sketch);
    this.ledger.onSeen(bytes, 0, bytes.length);
  }

  commit(sketch: TxnSketch): this {
    this.propose(sketch);
    const nothing = { lastZxidBefore: () => 0 } as unknown as DurableHistory;
    this.ledger.onApplied(1, sketch.zxid, nothing);
    return this;
  }

  ask<R extends Request>(request: R): R {
    this.sessions.onSubmitted(this.client, request);
    request.xid = ++this.#xid;
    request.wasSent = true;
    return request;
  }

  answer(request: Request, zxid: number, code: number, reply: unknown = null): void {
    request.zxid = zxid;
    request.code = code;
    request.reply = reply;
    this.sessions.onReply(this.client, request);
  }

  create(path: string, zxid: number, value: number): this {
    const op = OpCode.create2;
    const request = new CreateRequest(op, path, DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    this.ask(request);
    const type = OpCode.create;
    this.commit({ zxid, type, cxid: request.xid, path, data: DATA, value });
    this.answer(request, zxid, ErrorCode.OK, { path, stat: this.stat(path) });
    return this;
  }

  stat(path: string) {
    return clientStat(this.ledger.model.get(path));
  }
}

describe('Sessions', () => {
  it('accepts writes and reads of the states that they name', () => {
    const bench = new Bench().create('/a', 2, 1);
    const old = bench.stat('/a');
    bench.commit({ zxid: 3, type: OpCode.setData, session: 9, path: '/a', value: 1 });
    bench.answer(bench.ask(new GetDataRequest('/a')), 2, ErrorCode.OK, { data: DATA, stat: old });
    const stat = bench.stat('/a');
    bench.answer(bench.ask(new GetDataRequest('/a')), 3, ErrorCode.OK, { data: null, stat });
    bench.answer(bench.ask(new ExistsRequest('/b')), 3, ErrorCode.NONODE);
    assert.deepEqual([bench.sessions.replyCount, bench.sessions.successCount], [4, 3]);
  });

  it('objects to a state that goes back, and to one that nobody has committed', () => {
    const bench = new Bench().create('/a', 2, 1).create('/b', 3, 2);
    const reply = { data: DATA, stat: bench.stat('/a') };
    const ask = () => bench.ask(new GetDataRequest('/a'));
    assert.throws(() => bench.answer(ask(), 2, ErrorCode.OK, reply), /never sees an older/);
    assert.throws(() => bench.answer(ask(), 4, ErrorCode.OK, reply), /names a committed state/);
  });

  it('takes what was committed in the turn in which a server stops (seed 50099)', () => {
    for (const endsService of [false, true]) {
      const bench = new Bench().create('/a', 2, 1);
      const request = bench.ask(new SetDataRequest('/a', DATA, -1));
      bench.propose({
        zxid: 3,
        type: OpCode.setData,
        cxid: request.xid,
        path: '/a',
        data: DATA,
        value: 1,
      });
      const disk = { has: (zxid: number) => zxid <= 3 } as unknown as DurableHistory;
      if (endsService) bench.ledger.onServiceEnded(1, disk);
      const stat = { ...bench.stat('/a'), version: 1, mzxid: 3 };
      const answer = () => bench.answer(request, 3, ErrorCode.OK, stat);
      if (endsService) answer();
      else assert.throws(answer, /names a committed state/);
    }
  });

  it('objects to reads that are not the state that they name', () => {
    const bench = new Bench().create('/a', 2, 1);
    const stat = bench.stat('/a');
    const read = /A read returns the state/;
    const ask = (request: Request) => bench.ask(request);
    const data = { data: utf8Encode('y'), stat };
    assert.throws(() => bench.answer(ask(new GetDataRequest('/a')), 2, 0, data), read);
    const other = { data: DATA, stat: { ...stat, version: 7 } };
    assert.throws(() => bench.answer(ask(new GetDataRequest('/a')), 2, 0, other), read);
    const children = { children: ['zookeeper'], stat: bench.stat('/') };
    assert.throws(() => bench.answer(ask(new GetChildrenRequest('/')), 2, 0, children), read);
    assert.throws(() => bench.answer(ask(new ExistsRequest('/b')), 2, 0, stat), read);
    assert.throws(() => bench.answer(ask(new ExistsRequest('/a')), 2, ErrorCode.NONODE), read);
  });

  it('objects to an acknowledged write that is in no transaction, or in another', () => {
    const bench = new Bench().create('/a', 2, 1);
    const lost = bench.ask(new SetDataRequest('/a', DATA, -1));
    const stat = bench.stat('/a');
    assert.throws(() => bench.answer(lost, 2, ErrorCode.OK, stat), /An acknowledged write/);
    const refused = bench.ask(new SetDataRequest('/a', DATA, 5));
    const { BADVERSION } = ErrorCode;
    bench.commit({ zxid: 3, type: OpCode.error, cxid: refused.xid, value: BADVERSION });
    assert.throws(
      () => bench.answer(refused, 3, ErrorCode.OK, stat),
      /A write returns what it did/,
    );
    const done = bench.ask(new SetDataRequest('/a', DATA, -1));
    const type = OpCode.setData;
    bench.commit({ zxid: 4, type, cxid: done.xid, path: '/a', data: DATA, value: 1 });
    assert.throws(() => bench.answer(done, 4, ErrorCode.OK, stat), /A write returns what it did/);
  });

  it('objects to a write before what its client knew, and to one that takes effect twice', () => {
    const bench = new Bench().create('/a', 3 - 1, 1);
    bench.commit({ zxid: 3, type: OpCode.setData, session: 9, path: '/a', value: 1 });
    const request = bench.ask(new SetDataRequest('/a', DATA, -1));
    const issued = bench.sessions.find('0:1', request.xid);
    assert.equal(issued?.seenZxid, 2);
    const twice = { type: OpCode.setData, cxid: request.xid, path: '/a', data: DATA };
    bench.commit({ ...twice, zxid: 4, value: 2 });
    assert.throws(() => bench.commit({ ...twice, zxid: 5, value: 3 }), /at most once/);
  });

  it('lets a server in read-only mode refuse writes, which then have no effect', () => {
    const bench = new Bench().create('/a', 2, 1);
    const { NOTREADONLY } = ErrorCode;
    const early = bench.ask(new SetDataRequest('/a', DATA, -1));
    assert.throws(() => bench.answer(early, 2, NOTREADONLY), /takes no writes/);
    bench.sessions.onConnected(bench.client, true);
    const write = bench.ask(new SetDataRequest('/a', DATA, -1));
    bench.answer(write, 2, NOTREADONLY);
    const stat = bench.stat('/a');
    bench.answer(bench.ask(new ExistsRequest('/a')), 2, ErrorCode.OK, stat);
    assert.equal(bench.sessions.readOnlyReplyCount, 2);
    const read = bench.ask(new ExistsRequest('/a'));
    assert.throws(() => bench.answer(read, 2, NOTREADONLY), /takes no writes/);
    const type = OpCode.setData;
    const late = { zxid: 3, type, cxid: write.xid, path: '/a', data: DATA, value: 1 };
    assert.throws(() => bench.commit(late), /takes no writes/);
  });

  it('lets a server in read-only mode show what may never be committed, but no other past', () => {
    const bench = new Bench().create('/a', 2, 1);
    bench.sessions.onConnected(bench.client, true);
    const stat = bench.stat('/a');
    const wrong = { ...stat, version: 7 };
    const ask = () => bench.ask(new ExistsRequest('/a'));
    assert.throws(() => bench.answer(ask(), 2, ErrorCode.OK, wrong), /A read returns the state/);
    bench.answer(ask(), 3, ErrorCode.OK, wrong);
    assert.throws(() => bench.answer(ask(), 2, ErrorCode.OK, stat), /never sees an older/);
    const empty = new Bench();
    empty.sessions.onConnected(empty.client, true);
    empty.answer(empty.ask(new ExistsRequest('/a')), 0, ErrorCode.NONODE);
    assert.equal(empty.sessions.replyCount, 1, 'a server without history answers at zxid 0');
  });

  it('wants a reason for a session that becomes known to all', () => {
    const ephemeral = (bench: Bench) => {
      const mode = CreateMode.EPHEMERAL;
      return bench.ask(new CreateRequest(OpCode.create, '/e', DATA, OPEN_ACL_UNSAFE, mode));
    };
    const unknown = /becomes known to all for an ephemeral/;
    assert.throws(() => new Bench('upgrading').commit(SESSION), unknown);
    const fixed = new Bench('fixed');
    ephemeral(fixed);
    assert.throws(() => fixed.commit(SESSION), unknown);
    const bench = new Bench('upgrading');
    ephemeral(bench);
    bench.commit(SESSION);
    assert.equal(bench.sessions.upgradeCount, 1);
    const other = new Bench('fixed').create('/a', 1, 1);
    const late = ephemeral(other);
    const { SESSIONEXPIRED, EPHEMERALONLOCALSESSION } = ErrorCode;
    other.commit({ zxid: 2, type: OpCode.error, cxid: late.xid, value: SESSIONEXPIRED });
    other.answer(late, 2, EPHEMERALONLOCALSESSION);
  });

  it('lets a request whose connection was lost take effect or not, but not an unsent one', () => {
    const bench = new Bench().create('/a', 2, 1);
    const lost = bench.ask(new SetDataRequest('/a', DATA, -1));
    bench.answer(lost, 0, ErrorCode.CONNECTIONLOSS);
    const type = OpCode.setData;
    bench.commit({ zxid: 3, type, cxid: lost.xid, path: '/a', data: DATA, value: 1 });
    const unsent = bench.ask(new SetDataRequest('/a', DATA, -1));
    bench.commit({ zxid: 4, type, cxid: unsent.xid, path: '/a', data: DATA, value: 2 });
    unsent.wasSent = false;
    const fail = () => bench.answer(unsent, 0, ErrorCode.CONNECTIONLOSS);
    assert.throws(fail, /never sent has no effect/);
  });
});
