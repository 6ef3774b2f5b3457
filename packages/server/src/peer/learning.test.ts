/**
 * Clients of a follower: what leaves for the leader, what its answers do, and what a role that ends
 * leaves to them (quorum-protocol.md 9 to 11).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { int64Hex, makeZxid, OpCode, packetName, PacketType } from '@zabra/protocol';
import { eventsOf } from './bed-client.test-kit.ts';
import { finish, follow } from './ensemble-script.test-kit.ts';
import { FollowerBed } from './follower-bed.test-kit.ts';

describe('a client of a follower', () => {
  it('has a session when the leader has committed it', () => {
    const bed = new FollowerBed();
    const client = bed.bed.connect();
    client.greet({});
    assert.deepEqual(bed.heard(), ['REQUEST createSession']);
    assert.equal(client.response(), null);
    bed.order();
    const session = client.response();
    assert.equal((session?.sessionHi ?? 0) >>> 24, 3);
    assert.deepEqual(bed.touches(), [
      `${int64Hex(session?.sessionHi ?? 0, session?.sessionLo ?? 0)} 10000`,
    ]);
  });

  it('reads at once, and gets its writes answered when they are committed', () => {
    const bed = new FollowerBed();
    const { client } = bed.client();
    client.create(1, '/a');
    client.getData(2, '/a');
    assert.deepEqual(bed.heard(), ['REQUEST create']);
    assert.deepEqual(client.xids(), []);
    bed.order();
    assert.deepEqual(
      client.replies().map(({ xid, err }) => [xid, err]),
      [
        [1, 'OK'],
        [2, 'OK'],
      ],
    );
    client.getData(3, '/a', true);
    bed.bed.run();
    assert.deepEqual(client.xids(), [3]);
    // Somebody else changes it.
    const entry = bed.history.create('/a/b');
    bed.link.say(PacketType.PROPOSAL, bed.history.zxid, entry);
    bed.link.say(PacketType.COMMIT, bed.history.zxid);
    bed.bed.run();
    assert.deepEqual(client.replies(), []);
    client.setData(4, '/a', Uint8Array.of(1));
    bed.order();
    const replies = client.replies();
    assert.deepEqual(eventsOf(replies), ['3 /a']);
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [-1, 4],
    );
  });

  it('gets a sync answered behind all that was committed before it', () => {
    const bed = new FollowerBed();
    const { client } = bed.client();
    client.request(1, OpCode.sync, (w) => w.string('/'));
    client.getData(2, '/late');
    assert.deepEqual(bed.heard(), ['REQUEST sync']);
    const entry = bed.history.create('/late');
    bed.link.say(PacketType.PROPOSAL, bed.history.zxid, entry);
    bed.link.say(PacketType.COMMIT, bed.history.zxid);
    bed.link.say(PacketType.SYNC, 0);
    bed.bed.run();
    assert.deepEqual(
      client.replies().map(({ xid, err }) => [xid, err]),
      [
        [1, 'OK'],
        [2, 'OK'],
      ],
    );
  });

  it('comes back with its session when the leader says that it lives', () => {
    const bed = new FollowerBed();
    const { client, session } = bed.client();
    const second = bed.bed.connect();
    second.greet({ session });
    assert.deepEqual(bed.heard(), ['REVALIDATE']);
    assert.equal(client.closed, 'cut');
    assert.equal(second.response(), null);
    bed.revalidate(session, true);
    assert.deepEqual(second.response(), session);
    const third = bed.bed.connect();
    third.greet({ session });
    bed.heard();
    bed.revalidate(session, false);
    assert.equal(third.response()?.timeoutMs, 0);
    assert.equal(third.closed, 'gently');
  });

  it('may have seen what was lost before this epoch, and its start, and no more', () => {
    const bed = new FollowerBed();
    const { session } = bed.client();
    bed.bed.hangUp(bed.link);
    const link = follow(bed.bed, 2);
    link.say(PacketType.DIFF, makeZxid(1, 1));
    finish(bed.bed, link, 2);
    for (const [lastZxidSeen, isTaken] of [
      [makeZxid(2, 0), true],
      // By a read-only server, as in seed 722598.
      [makeZxid(1, 9), true],
      [makeZxid(2, 1), false],
      [makeZxid(3, 0), false],
    ] as const) {
      const client = bed.bed.connect();
      client.greet({ session, lastZxidSeen });
      bed.bed.run();
      const asked = link.packets().map(({ type }) => packetName(type));
      assert.equal(asked.includes('REVALIDATE'), isTaken);
      assert.equal(client.closed, isTaken ? '' : 'cut');
    }
  });

  it('is not asked about with a wrong password', () => {
    const bed = new FollowerBed();
    const { session } = bed.client();
    const other = bed.bed.connect();
    other.greet({ session, password: new Uint8Array(16) });
    assert.deepEqual(bed.heard(), []);
    assert.equal(other.response()?.timeoutMs, 0);
  });

  it('is closed without a frame when the leader closes its session', () => {
    const bed = new FollowerBed();
    const { client, session } = bed.client();
    const { sessionHi, sessionLo } = session;
    const none = new Uint8Array(0);
    const entry = bed.history.nextOf(sessionHi, sessionLo, 0, OpCode.closeSession, none);
    bed.link.say(PacketType.PROPOSAL, bed.history.zxid, entry);
    bed.link.say(PacketType.COMMIT, bed.history.zxid);
    bed.bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
  });

  it('is named to the leader once between two PINGs, whatever it sends', () => {
    const bed = new FollowerBed();
    const { client, session } = bed.client();
    const name = `${int64Hex(session.sessionHi, session.sessionLo)} 10000`;
    bed.touches();
    assert.deepEqual(bed.touches(), []);
    for (let xid = 1; xid < 5; xid++) client.getData(xid, '/');
    bed.bed.run();
    assert.deepEqual(bed.touches(), [name]);
    assert.deepEqual(bed.touches(), []);
  });

  it('is served while the leader is silent, and called out of step after two ticks of it', () => {
    const { bed, link, history } = new FollowerBed();
    // As configOf has them.
    const [tickTimeMs, syncLimitTicks] = [2000, 5];
    const states = (): boolean[] => [bed.peer.status().serving, bed.peer.status().inStep];
    bed.pass(2 * tickTimeMs);
    assert.deepEqual(states(), [true, true]);
    bed.pass(20);
    assert.deepEqual(states(), [true, false]);
    link.say(PacketType.PING, history.zxid);
    bed.run();
    assert.deepEqual(states(), [true, true]);
    bed.pass(syncLimitTicks * tickTimeMs + 40);
    assert.deepEqual(states(), [false, false]);
  });

  it('is closed when the leader is lost, and finds its session with the next one', () => {
    const bed = new FollowerBed();
    const { client, session } = bed.client();
    client.create(1, '/a');
    bed.heard();
    bed.bed.hangUp(bed.link);
    bed.bed.run();
    assert.equal(client.closed, 'cut');
    assert.deepEqual(client.replies(), []);
    assert.equal(bed.bed.peer.status().outstandingRequestCount, 0);
    bed.bed.voter = () => null;
    bed.bed.pass(500);
    const early = bed.bed.connect();
    assert.equal(early.handshake({ session }), null);
    assert.equal(early.closed, 'cut');
    const link = follow(bed.bed, 2);
    link.say(PacketType.DIFF, makeZxid(1, 1));
    finish(bed.bed, link, 2);
    link.packets();
    const late = bed.bed.connect();
    late.greet({ session });
    bed.bed.run();
    assert.deepEqual(
      link.packets().map(({ type }) => packetName(type)),
      ['REVALIDATE'],
    );
  });
});
