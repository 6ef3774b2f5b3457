/**
 * Local sessions on a follower and on a leader: what they cost, what they cannot do, how they
 * become global and how they end (quorum-protocol.md 11.4).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ConnectResponse,
  CreateMode,
  ErrorCode,
  errorName,
  JuteReader,
  makeZxid,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  PacketType,
  writeMultiRequest,
} from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { createBody, finish, follow, forward, lead } from './ensemble-script.test-kit.ts';
import { FollowerBed } from './follower-bed.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';

const LOCAL = { localSessionsEnabled: true };
const UPGRADING = { ...LOCAL, localSessionsUpgradingEnabled: true };

/** A client with a local session of that follower. */
function join(
  { bed }: FollowerBed,
  timeoutMs = 10_000,
): { client: BedClient; session: ConnectResponse } {
  const client = bed.connect();
  const session = client.handshake({ timeoutMs });
  assert.ok(session !== null);
  return { client, session };
}

function multi(client: BedClient, xid: number, flags: number): void {
  const create = (path: string, mode: number): MultiOp => ({
    type: OpCode.create,
    request: { path, data: null, acl: OPEN_ACL_UNSAFE, flags: mode },
  });
  const ops = [create('/m', CreateMode.PERSISTENT), create('/n', flags)];
  client.request(xid, OpCode.multi, (w) => writeMultiRequest(w, ops));
}

function codesOf(client: BedClient): [number, string][] {
  return client.replies().map(({ xid, err }) => [xid, err]);
}

/** What the leader proposes, in words; server 1 acknowledges it. */
function proposed(bed: MemberBed, link: BedLink): string[] {
  bed.run();
  const found: string[] = [];
  for (const { type, zxid, data } of link.packets()) {
    if (type !== PacketType.PROPOSAL || data === null) continue;
    link.say(PacketType.ACK, zxid);
    const r = new JuteReader().reset(data, 28, data.length);
    const opcode = r.int();
    found.push(opcode === OpCode.error ? errorName(r.int()) : String(opcode));
  }
  bed.run();
  return found;
}

describe('a local session of a follower', () => {
  it('costs no word to the leader, but for its writes', () => {
    const bed = new FollowerBed(UPGRADING);
    const { client, session } = join(bed);
    assert.equal(session.sessionHi >>> 24, 3);
    client.getData(1, '/');
    client.request(-2, OpCode.ping);
    assert.deepEqual(bed.heard(), []);
    assert.deepEqual(bed.touches(), []);
    client.create(2, '/a');
    assert.deepEqual(bed.heard(), ['REQUEST create']);
    const { localSessionCount, sessionCount } = bed.bed.peer.status();
    assert.deepEqual([localSessionCount, sessionCount], [1, 0]);
  });

  it('becomes global ahead of the first request that wants an ephemeral, under its id', () => {
    const wishes: ((client: BedClient) => void)[] = [
      (client) => client.create(1, '/e', null, CreateMode.EPHEMERAL),
      (client) => client.create(1, '/e-', null, CreateMode.EPHEMERAL_SEQUENTIAL),
      (client) => client.create(1, 'no path', null, CreateMode.EPHEMERAL),
      (client) => multi(client, 1, CreateMode.EPHEMERAL),
    ];
    for (const wish of wishes) {
      const bed = new FollowerBed(UPGRADING);
      const { client, session } = join(bed);
      wish(client);
      const [first, second, ...rest] = bed.heard();
      assert.deepEqual([first, rest], ['REQUEST createSession', []]);
      assert.notEqual(second, undefined);
      bed.order();
      assert.equal(client.replies().length, 1);
      assert.equal(bed.bed.peer.status().localSessionCount, 0);
      assert.equal(bed.history.state.core.sessions.has(session.sessionHi, session.sessionLo), true);
      client.create(2, '/f', null, CreateMode.EPHEMERAL);
      assert.deepEqual(bed.heard(), ['REQUEST create'], 'once is enough');
      bed.order();
      client.request(3, OpCode.closeSession);
      assert.deepEqual(bed.heard(), ['REQUEST closeSession']);
    }
  });

  it('stays local whatever else it creates', () => {
    const bed = new FollowerBed(UPGRADING);
    const { client } = join(bed);
    client.create(1, '/a');
    client.create(2, '/b-', null, CreateMode.PERSISTENT_SEQUENTIAL);
    client.create(3, '/c', null, 99);
    multi(client, 4, CreateMode.PERSISTENT);
    assert.equal(bed.heard().length, 4);
    assert.equal(bed.bed.peer.status().localSessionCount, 1);
  });

  it('is told why it gets no ephemeral where sessions stay what they are', () => {
    const bed = new FollowerBed(LOCAL);
    const { client, session } = join(bed);
    client.create(1, '/e', null, CreateMode.EPHEMERAL);
    client.create(2, '/a');
    assert.deepEqual(bed.heard(), ['REQUEST create', 'REQUEST create']);
    const { sessionHi, sessionLo } = session;
    for (const [xid, code] of [
      [1, ErrorCode.SESSIONEXPIRED],
      [2, ErrorCode.OK],
    ] as const) {
      const body = createBody(`/${xid}`);
      const txn = bed.history.nextOf(sessionHi, sessionLo, xid, OpCode.create, body, code);
      bed.link.say(PacketType.PROPOSAL, bed.history.zxid, txn);
      bed.link.say(PacketType.COMMIT, bed.history.zxid);
    }
    bed.bed.run();
    assert.deepEqual(codesOf(client), [
      [1, 'EPHEMERALONLOCALSESSION'],
      [2, 'OK'],
    ]);
  });

  it('is closed here, behind what it has asked for', () => {
    const bed = new FollowerBed(UPGRADING);
    const { client, session } = join(bed);
    client.create(1, '/a');
    client.request(2, OpCode.closeSession);
    assert.deepEqual(bed.heard(), ['REQUEST create']);
    assert.deepEqual([client.xids(), client.closed], [[], '']);
    bed.order();
    assert.deepEqual(codesOf(client), [
      [1, 'OK'],
      [2, 'OK'],
    ]);
    assert.equal(client.closed, 'gently');
    bed.bed.connect().greet({ session });
    assert.deepEqual(bed.heard(), ['REVALIDATE'], 'it is not ours any more');
  });

  it('expires here when nothing is heard of it, and lives on while something is', () => {
    const bed = new FollowerBed(UPGRADING);
    const [silent, alive] = [join(bed, 5000), join(bed, 5000)];
    for (let count = 0; count < 10; count++) {
      alive.client.request(-2, OpCode.ping);
      bed.bed.pass(1000);
      bed.link.say(PacketType.PING, makeZxid(1, 0));
    }
    assert.equal(silent.client.closed, 'cut');
    assert.equal(alive.client.closed, '');
    assert.equal(bed.bed.peer.status().localSessionCount, 1);
    assert.equal(bed.heard().includes('REQUEST closeSession'), false);
  });

  it('is resumed here without a question, by its password', () => {
    const bed = new FollowerBed(UPGRADING);
    const { client, session } = join(bed);
    const second = bed.bed.connect();
    assert.deepEqual(second.handshake({ session }), session);
    assert.equal(client.closed, 'cut');
    const third = bed.bed.connect();
    assert.equal(third.handshake({ session, password: new Uint8Array(16) })?.timeoutMs, 0);
    assert.deepEqual(bed.heard(), []);
  });

  it('outlives the role of its server', () => {
    const bed = new FollowerBed(UPGRADING);
    const { client, session } = join(bed);
    bed.bed.hangUp(bed.link);
    bed.bed.run();
    assert.equal(client.closed, 'cut');
    const link = follow(bed.bed, 2);
    link.say(PacketType.DIFF, 0);
    finish(bed.bed, link, 2);
    assert.deepEqual(bed.bed.connect().handshake({ session }), session);
  });

  it('of a server that stands alone does not exist', () => {
    const bed = new MemberBed({ ...UPGRADING, ensemble: null });
    bed.until(() => bed.peer.status().serving);
    const client = bed.connect();
    assert.equal(client.handshake()?.timeoutMs, 10_000);
    const { localSessionCount, sessionCount } = bed.peer.status();
    assert.deepEqual([localSessionCount, sessionCount], [0, 1]);
  });
});

describe('a local session of the leader', () => {
  it('is made, used and closed like one of a follower', () => {
    const bed = new MemberBed(UPGRADING);
    const link = lead(bed, 0, 0);
    const client = bed.connect();
    assert.notEqual(client.handshake(), null);
    client.create(1, '/a');
    assert.deepEqual(proposed(bed, link), [String(OpCode.create)]);
    client.request(2, OpCode.closeSession);
    assert.deepEqual(proposed(bed, link), []);
    assert.deepEqual(codesOf(client), [
      [1, 'OK'],
      [2, 'OK'],
    ]);
    assert.equal(bed.peer.status().localSessionCount, 0);
  });

  it('becomes global for an ephemeral, or hears that it cannot have one', () => {
    for (const [changes, wanted, code] of [
      [UPGRADING, [String(OpCode.createSession), String(OpCode.create)], 'OK'],
      [LOCAL, ['EPHEMERALONLOCALSESSION'], 'EPHEMERALONLOCALSESSION'],
    ] as const) {
      const bed = new MemberBed(changes);
      const link = lead(bed, 0, 0);
      const client = bed.connect();
      client.handshake();
      client.create(1, '/e', null, CreateMode.EPHEMERAL);
      assert.deepEqual(proposed(bed, link), wanted);
      assert.deepEqual(codesOf(client), [[1, code]]);
    }
  });
});

describe('a leader', () => {
  const outcome = (changes: object, sessionHi: number, flags: number): string[] => {
    const bed = new MemberBed(changes);
    const link = lead(bed, 0, 0);
    forward(link, sessionHi, 1, OpCode.create, createBody('/a', flags));
    return proposed(bed, link);
  };

  it('takes writes of sessions that only its learners know, where there are such', () => {
    const create = [String(OpCode.create)];
    const expired = ['SESSIONEXPIRED'];
    assert.deepEqual(outcome(LOCAL, 0x01000000, CreateMode.PERSISTENT), create);
    assert.deepEqual(outcome(LOCAL, 0x01000000, CreateMode.EPHEMERAL), expired);
    assert.deepEqual(outcome(LOCAL, 0x03000000, CreateMode.PERSISTENT), expired, 'it was our own');
    assert.deepEqual(outcome({}, 0x01000000, CreateMode.PERSISTENT), expired);
  });

  it('takes none of a session that is over', () => {
    const bed = new MemberBed(LOCAL);
    const link = lead(bed, 0, 0);
    const HI = 0x01000000;
    forward(link, HI, 1, OpCode.createSession, new Uint8Array([0, 0, 0x20, 0]));
    assert.deepEqual(proposed(bed, link), [String(OpCode.createSession)]);
    forward(link, HI, 1, OpCode.closeSession, new Uint8Array(0));
    forward(link, HI, 1, OpCode.create, createBody('/a'));
    assert.deepEqual(proposed(bed, link), [String(OpCode.closeSession), 'SESSIONEXPIRED']);
    // Its end is committed, and a request comes that was long under way (seed 1081751274682).
    forward(link, HI, 1, OpCode.create, createBody('/a'));
    assert.deepEqual(proposed(bed, link), ['SESSIONEXPIRED']);
  });
});
