/**
 * The order of writes on a learner: which transaction answers which request, and what the leader is
 * told of sessions (quorum-protocol.md 10: C4 and C6, 11.2 and 11.3).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, JuteReader, JuteWriter, OpCode } from '@zabra/protocol';
import type { OpRequest } from '../ops/request.ts';
import type { Learner } from '../zab/learner.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientSession } from './client-session.ts';
import { createBody, written } from './ensemble-script.test-kit.ts';
import { LearnerOrder } from './learner-order.ts';
import { PendingRequest } from './pending-request.ts';
import type { OrderClient } from './request-order.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const HI = 0x01000000;
const NOBODY = null as unknown as ClientConnection;

/** What the leader and the client port see of the order. */
class OrderBed implements OrderClient {
  readonly server: ServerBed;
  readonly order: LearnerOrder;
  readonly said: string[];
  #zxid: number;

  constructor() {
    this.server = new ServerBed();
    this.said = [];
    this.#zxid = 0;
    const learner = {
      forward: (_hi: number, lo: number, cxid: number, opcode: number, ...rest: unknown[]) =>
        this.said.push(`forward ${lo}:${cxid} op ${opcode}${rest[3] === null ? ' bare' : ''}`),
      revalidate: (_hi: number, lo: number, timeoutMs: number) =>
        this.said.push(`revalidate ${lo} ${timeoutMs}`),
    };
    this.order = new LearnerOrder(this.server.core, this, learner as unknown as Learner, true);
  }

  take(): string[] {
    return this.said.splice(0);
  }

  /** A client's request is forwarded. */
  submit(lo: number, cxid: number, opcode: number): void {
    const request = requestOf(lo, cxid, opcode, new Uint8Array(4));
    const pending = new PendingRequest(NOBODY, 'order', request, new Uint8Array(0), 0);
    if (opcode === OpCode.sync) this.order.sync(pending, request);
    else this.order.submit(pending, request);
    this.take();
  }

  /** A transaction is committed. */
  commit(lo: number, cxid: number, opcode: number, body: Uint8Array, code = 0): void {
    this.#zxid++;
    const entry = new JuteWriter();
    const { state } = this.server.core;
    state.prepare(requestOf(lo, cxid, opcode, body), code, this.#zxid, 1, entry);
    const bytes = entry.toBytes();
    this.order.onCommitted({ zxid: this.#zxid, buffer: bytes, start: 0, end: bytes.length });
  }

  create(lo: number, cxid: number, path: string, code = 0): void {
    this.commit(lo, cxid, OpCode.create, createBody(path), code);
  }

  onApplied(pending: PendingRequest, result: { readonly code: number }): void {
    this.said.push(`answer ${pending.sessionLo}:${pending.cxid} code ${result.code}`);
  }

  onSynced(pending: PendingRequest): void {
    this.said.push(`synced ${pending.cxid}`);
  }

  onRevalidated(
    connection: ClientConnection,
    _hi: number,
    lo: number,
    timeoutMs: number,
    valid: boolean,
  ): void {
    this.said.push(`revalidated ${lo} ${timeoutMs} ${valid} ${connection === NOBODY}`);
  }

  onSessionMoved(): void {}

  onSessionClosed(_hi: number, lo: number): void {
    this.said.push(`closed ${lo}`);
  }
}

function requestOf(lo: number, cxid: number, opcode: number, body: Uint8Array): OpRequest {
  return {
    sessionHi: HI,
    sessionLo: lo,
    cxid,
    opcode,
    buffer: body,
    start: 0,
    end: body.length,
    identities: [],
  };
}

/** The touch table as `lo timeout`. */
function touchesOf(bytes: Uint8Array): string[] {
  const r = new JuteReader().reset(bytes, 0, bytes.length);
  const found: string[] = [];
  while (r.remaining() > 0) {
    r.long();
    found.push(`${r.lo} ${r.int()}`);
  }
  return found;
}

describe('a committed transaction', () => {
  it('answers the oldest request forwarded when it is of its session and cxid', () => {
    const bed = new OrderBed();
    bed.submit(1, 7, OpCode.create);
    bed.submit(2, 7, OpCode.create);
    bed.create(3, 7, '/of-another-learner');
    bed.create(1, 8, '/of-another-request');
    bed.create(2, 7, '/second-in-line');
    assert.deepEqual(bed.take(), [], 'nobody was next in line');
    bed.create(1, 7, '/a');
    bed.create(2, 7, '/b');
    assert.deepEqual(bed.take(), ['answer 1:7 code 0', 'answer 2:7 code 0']);
    bed.create(1, 7, '/c');
    assert.deepEqual(bed.take(), [], 'a request is answered once');
  });

  it('that refuses a request answers it, too', () => {
    const bed = new OrderBed();
    bed.submit(1, 1, OpCode.create);
    bed.submit(1, 2, OpCode.create);
    bed.create(1, 1, '/a', ErrorCode.SESSIONMOVED);
    bed.create(1, 2, '/nowhere/a');
    assert.deepEqual(bed.take(), [
      `answer 1:1 code ${ErrorCode.SESSIONMOVED}`,
      `answer 1:2 code ${ErrorCode.NONODE}`,
    ]);
  });

  it('of a closeSession that the leader made by itself answers no other request', () => {
    const bed = new OrderBed();
    bed.submit(1, 0, OpCode.create);
    bed.commit(1, 0, OpCode.closeSession, new Uint8Array(0));
    assert.deepEqual(bed.take(), ['closed 1']);
    bed.create(1, 0, '/a', ErrorCode.SESSIONEXPIRED);
    assert.deepEqual(bed.take(), [`answer 1:0 code ${ErrorCode.SESSIONEXPIRED}`]);
  });

  it('of a createSession that nobody waits for answers no request, whatever its xid', () => {
    const bed = new OrderBed();
    const body = written((w) => w.int(30_000));
    bed.order.upgrade(requestOf(1, 0, OpCode.createSession, body), 30_000);
    bed.submit(1, 0, OpCode.create);
    bed.commit(1, 0, OpCode.createSession, body);
    assert.deepEqual(bed.take(), []);
    bed.create(1, 0, '/a');
    assert.deepEqual(bed.take(), ['answer 1:0 code 0']);
  });

  it('of a closeSession answers whoever asked for it before the session is over', () => {
    const bed = new OrderBed();
    bed.submit(1, 9, OpCode.closeSession);
    bed.commit(1, 9, OpCode.closeSession, new Uint8Array(0));
    assert.deepEqual(bed.take(), ['answer 1:9 code 0', 'closed 1']);
  });

  it('that refuses a closeSession, as another leader might, lets the queue go on', () => {
    const bed = new OrderBed();
    bed.submit(1, 9, OpCode.closeSession);
    bed.submit(2, 1, OpCode.create);
    bed.create(1, 9, '/a', ErrorCode.SESSIONEXPIRED);
    bed.create(2, 1, '/b');
    assert.deepEqual(bed.take(), [
      `answer 1:9 code ${ErrorCode.SESSIONEXPIRED}`,
      'answer 2:1 code 0',
    ]);
  });
});

describe('what is forwarded', () => {
  it('carries identities, but for what the servers ask among themselves', () => {
    const bed = new OrderBed();
    const rows: [opcode: number, said: string][] = [
      [OpCode.create, 'forward 1:1 op 1'],
      [OpCode.createSession, 'forward 1:1 op -10 bare'],
      [OpCode.closeSession, 'forward 1:1 op -11 bare'],
    ];
    for (const [opcode, said] of rows) {
      const request = requestOf(1, 1, opcode, new Uint8Array(4));
      const pending = new PendingRequest(NOBODY, 'order', request, new Uint8Array(0), 0);
      bed.order.submit(pending, request);
      assert.deepEqual(bed.take(), [said]);
    }
  });

  it('begins with the session where a local one becomes global', () => {
    const bed = new OrderBed();
    const creation = requestOf(1, 0, OpCode.createSession, new Uint8Array(4));
    bed.order.upgrade(creation, 30_000);
    assert.deepEqual(bed.take(), ['forward 1:0 op -10 bare']);
  });

  it('syncs are answered in order, and an answer that nobody waits for is nothing', () => {
    const bed = new OrderBed();
    bed.submit(1, 1, OpCode.sync);
    bed.submit(2, 2, OpCode.sync);
    for (let count = 0; count < 3; count++) bed.order.onSyncAnswer();
    assert.deepEqual(bed.take(), ['synced 1', 'synced 2']);
  });

  it('revalidations are answered in order, by session', () => {
    const bed = new OrderBed();
    bed.order.revalidate(NOBODY, HI, 1, 4000);
    bed.order.revalidate(NOBODY, HI, 2, 5000);
    bed.order.onRevalidated(HI, 7, true);
    bed.order.onRevalidated(HI, 1, true);
    bed.order.onRevalidated(HI, 2, false);
    assert.deepEqual(bed.take(), [
      'revalidate 1 4000',
      'revalidate 2 5000',
      'revalidated 1 4000 true true',
      'revalidated 2 5000 false true',
    ]);
  });
});

describe('what observers of ours ask', () => {
  it('is answered in its turn among what our own clients ask', () => {
    const bed = new OrderBed();
    bed.submit(1, 1, OpCode.sync);
    bed.order.awaitSync(() => bed.said.push('observer synced'));
    bed.submit(2, 2, OpCode.sync);
    for (let count = 0; count < 3; count++) bed.order.onSyncAnswer();
    assert.deepEqual(bed.take(), ['synced 1', 'observer synced', 'synced 2']);
    bed.order.revalidateFor(HI, 1, 4000, (valid) => bed.said.push(`observer's ${valid}`));
    bed.order.revalidate(NOBODY, HI, 1, 4000);
    bed.take();
    bed.order.onRevalidated(HI, 1, true);
    bed.order.onRevalidated(HI, 1, true);
    assert.deepEqual(bed.take(), ["observer's true", 'revalidated 1 4000 true true']);
  });

  it('is not for us to ask again', () => {
    const bed = new OrderBed();
    bed.order.awaitSync(() => undefined);
    bed.order.revalidateFor(HI, 1, 4000, () => undefined);
    bed.submit(2, 2, OpCode.sync);
    bed.order.revalidate(NOBODY, HI, 2, 4000);
    const { syncs, revalidations } = bed.order.takeUnanswered();
    assert.deepEqual(
      [syncs.map(({ cxid }) => cxid), revalidations.map(({ lo }) => lo)],
      [[2], [2]],
    );
  });

  it('keeps their sessions alive', () => {
    const bed = new OrderBed();
    bed.order.touchFor(HI, 5, 4000);
    assert.deepEqual(touchesOf(bed.order.takeTouches()), ['5 4000']);
  });
});

describe('the touch table', () => {
  it('names each session heard of once, and begins empty after each PING', () => {
    const bed = new OrderBed();
    const [first, second] = [new ClientSession(HI, 1, 4000), new ClientSession(HI, 2, 5000)];
    for (const session of [first, second, first, first]) bed.order.touch(session);
    assert.deepEqual(touchesOf(bed.order.takeTouches()), ['1 4000', '2 5000']);
    assert.equal(bed.order.takeTouches().length, 0);
    bed.order.touch(second);
    assert.deepEqual(touchesOf(bed.order.takeTouches()), ['2 5000']);
  });

  it('names a new session on every learner, whoever made it (T22)', () => {
    const bed = new OrderBed();
    bed.commit(
      9,
      0,
      OpCode.createSession,
      written((w) => w.int(30_000)),
    );
    assert.deepEqual(touchesOf(bed.order.takeTouches()), ['9 30000']);
  });

  it('is not emptied by what an earlier reign had heard', () => {
    const bed = new OrderBed();
    const { sessions } = bed.server.port;
    const connection = bed.server.connect().connection;
    const session = sessions.bind(HI, 1, 4000, connection);
    bed.order.touch(session);
    const later = new OrderBed();
    later.order.touch(sessions.bind(HI, 1, 4000, connection));
    assert.deepEqual(touchesOf(later.order.takeTouches()), ['1 4000']);
  });
});
