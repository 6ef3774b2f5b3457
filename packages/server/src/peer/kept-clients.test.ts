/**
 * Clients that are kept across a planned hand-over, seen from one follower: what the new leader has
 * ordered for others before this follower came is no reason to let them go.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConnectResponse, CreateMode, OpCode, opName, PacketType } from '@zabra/protocol';
import { declare } from '../zab/declaration.ts';
import { OwnPacket } from '../zab/own-packets.ts';
import { type BedClient, eventsOf } from './bed-client.test-kit.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { finish, follow, History, written } from './ensemble-script.test-kit.ts';
import { FollowerBed } from './follower-bed.test-kit.ts';

/** What a leader of our own kind says of itself. */
const OUR_LEADER = written((w) => {
  w.int(0x10000);
  declare(w);
});

interface Scene {
  readonly bed: FollowerBed;
  readonly client: BedClient;
  readonly session: ConnectResponse;
}

/** A follower whose leader hands over to itself while a client watches /late and writes /mine. */
function handOver(): Scene {
  const bed = new FollowerBed({}, OUR_LEADER);
  const { client, session } = bed.client();
  client.request(1, OpCode.exists, (w) => {
    w.string('/late');
    w.bool(true);
  });
  bed.bed.run();
  assert.deepEqual(client.xids(), [1]);
  client.create(2, '/mine');
  assert.deepEqual(bed.heard(), ['REQUEST create']);
  sayHandOver(bed);
  assert.equal(client.closed, '');
  return { bed, client, session };
}

/** Behind its last commit: what it has not ordered by then never was. */
function sayHandOver(bed: FollowerBed): void {
  bed.link.say(
    OwnPacket.HAND_OVER,
    bed.history.zxid,
    written((w) => w.number(2)),
  );
  bed.bed.run();
}

/** The follower comes when the new reign has ordered this already. */
function comeLate({ bed }: Pick<Scene, 'bed'>, history: History, entry: Uint8Array): BedLink {
  const link = follow(bed.bed, 2, OUR_LEADER);
  link.say(PacketType.DIFF, history.zxid);
  link.say(PacketType.PROPOSAL, history.zxid, entry);
  link.say(PacketType.COMMIT, history.zxid);
  finish(bed.bed, link, 2);
  return link;
}

describe('a client that is kept across a hand-over', () => {
  it('stays when the next leader has ordered the writes of others, and hears of them', () => {
    const scene = handOver();
    const history = new History(2);
    const link = comeLate(scene, history, history.create('/late'));
    assert.equal(scene.client.closed, '');
    assert.deepEqual(eventsOf(scene.client.replies()), ['1 /late']);
    assert.equal(link.heard().filter((packet) => packet.startsWith('REQUEST')).length, 1);
  });

  it('is closed when the next leader has closed its session', () => {
    const scene = handOver();
    const { sessionHi, sessionLo } = scene.session;
    const history = new History(2);
    const entry = history.nextOf(sessionHi, sessionLo, 0, OpCode.closeSession, new Uint8Array(0));
    const link = comeLate(scene, history, entry);
    assert.equal(scene.client.closed, 'cut');
    assert.deepEqual(
      link.heard().filter((packet) => packet.startsWith('REQUEST')),
      [],
    );
  });

  it('whose session was to become global finds it, although it was away (seed 702129)', () => {
    const upgrading = { localSessionsEnabled: true, localSessionsUpgradingEnabled: true };
    const bed = new FollowerBed(upgrading, OUR_LEADER);
    const client = bed.bed.connect();
    assert.ok(client.handshake({ timeoutMs: 10_000 }) !== null);
    client.create(1, '/e', null, CreateMode.EPHEMERAL);
    client.request(2, OpCode.closeSession);
    assert.deepEqual(bed.heard(), [
      'REQUEST createSession',
      'REQUEST create',
      'REQUEST closeSession',
    ]);
    client.hangUp();
    sayHandOver(bed);
    const history = new History(2);
    const link = comeLate({ bed }, history, history.create('/late'));
    const asked = link.packets().filter(({ type }) => type === PacketType.REQUEST);
    const names = asked.map(({ data }) => {
      assert.ok(data !== null);
      return opName(new DataView(data.buffer, data.byteOffset).getInt32(12));
    });
    assert.deepEqual(names, ['createSession', 'closeSession']);
  });
});
