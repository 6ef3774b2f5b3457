/**
 * Clients that are kept across a planned hand-over, seen from one follower: what the new leader has
 * ordered for others before this follower came is no reason to let them go.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConnectResponse, OpCode, PacketType } from '@zabra/protocol';
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
  // Behind its last commit: the write was never ordered.
  bed.link.say(
    OwnPacket.HAND_OVER,
    bed.history.zxid,
    written((w) => w.number(2)),
  );
  bed.bed.run();
  assert.equal(client.closed, '');
  return { bed, client, session };
}

/** The follower comes when the new reign has ordered this already. */
function comeLate({ bed }: Scene, history: History, entry: Uint8Array): BedLink {
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
});
