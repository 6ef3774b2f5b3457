/**
 * What a change of the ensemble does to a member's role and to its ports, and how a leader carries
 * one out (quorum-protocol.md 15.5).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  JuteReader,
  OpCode,
  PacketType,
  readGetDataResponse,
  SID_NONE,
  utf8Decode,
} from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import {
  change,
  followerOf,
  ON,
  ONE,
  reconfig,
  sidBytes,
  stored,
  textOf,
  THREE,
  TWO,
  z,
} from './ensemble-change.test-kit.ts';
import { forwardCreate, hello, joinLate, lead } from './ensemble-script.test-kit.ts';
import { ledBy2, MemberBed } from './member-bed.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';

const { PROPOSAL, COMMITANDACTIVATE, ACK } = PacketType;

/** A client with a session, which takes the first transaction of the epoch. */
function connected(bed: MemberBed, ...links: readonly BedLink[]): BedClient {
  const client = bed.connect();
  client.greet({});
  bed.run();
  for (const link of links) link.say(ACK, z(1, 1));
  bed.run();
  assert.notEqual(client.response(), null);
  return client;
}

function request(client: BedClient, joining: string | null, leaving: string | null): void {
  client.request(1, OpCode.reconfig, (w) => {
    w.string(joining);
    w.string(leaving);
    w.string(null);
    w.number(-1);
  });
}

describe('a change of roles', () => {
  it('makes us lead without an election when we are named', () => {
    const [bed, link] = followerOf();
    bed.voter = () => null;
    change(bed, link, 3, ONE, THREE);
    assert.equal(link.closed, 'by us');
    assert.equal(bed.peer.status().role, 'leader');
    assert.ok(bed.ports.has('quorum:2888'));
    const follower = hello(bed, 1, 1);
    assert.equal(follower.heard().at(-1), 'LEADERINFO 200000000');
  });

  it('makes us follow whoever is named, without an election', () => {
    const [bed, link] = followerOf();
    bed.voter = () => null;
    change(bed, link, 1, ONE, THREE);
    assert.equal(link.closed, 'by us');
    assert.deepEqual([bed.peer.status().role, bed.peer.status().leaderSid], ['follower', 1]);
    assert.deepEqual(bed.link.heard(), ['FOLLOWERINFO 100000000']);
  });

  it('makes an observer of a follower, of the same leader', () => {
    const [bed, link] = followerOf();
    bed.voter = () => null;
    change(bed, link, 2, ONE, TWO, THREE.replace('participant', 'observer'));
    assert.equal(bed.peer.status().role, 'observer');
    assert.deepEqual(bed.link.heard(), ['OBSERVERINFO 100000000']);
  });

  it('leaves who is removed where it is, as a follower that does not vote', () => {
    const [bed, link] = followerOf();
    change(bed, link, 2, ONE, TWO);
    assert.deepEqual([bed.peer.status().role, link.closed], ['follower', '']);
    link.say(PROPOSAL, z(1, 2), reconfig(z(1, 2), ONE, TWO));
    bed.run();
    assert.equal(link.heard().at(-1), 'ACK 100000002');
    bed.voter = () => null;
    bed.hangUp(link);
    const told: number[] = [];
    bed.voter = (sid, heard) => {
      told.push(sid);
      return heard.leader === SID_NONE ? ledBy2(1)(sid, heard) : null;
    };
    bed.until(() => bed.peer.status().leaderSid === 2);
    assert.ok(!told.includes(3));
  });

  it('looks for a leader when the one that was named does not lead', () => {
    const [bed, link] = followerOf();
    bed.voter = () => null;
    change(bed, link, 1, ONE, THREE);
    bed.hangUp(bed.link);
    bed.until(() => bed.peer.status().role === 'looking', 30_000);
    assert.equal(bed.peer.status().configVersion, z(1, 1));
  });
});

describe('a change of ports', () => {
  it('moves the client port and keeps those who came in by the old one', () => {
    const [bed, link] = followerOf();
    assert.ok(bed.ports.has('client:2181'));
    const client = bed.connect();
    client.greet({});
    bed.run();
    change(bed, link, 2, ONE, TWO, `${THREE};0.0.0.0:2199`);
    assert.deepEqual([bed.ports.has('client:2181'), bed.ports.has('client:2199')], [false, true]);
    assert.equal(client.closed, '');
    bed.peer.onListenFailed('client', '0.0.0.0', 2199, 'EADDRINUSE');
    bed.ports.delete('client:2199');
    bed.run();
    assert.equal(bed.exit, null, 'a server without that port is still of use');
    bed.pass(1100);
    assert.ok(bed.ports.has('client:2199'), 'it is tried again');
  });

  it('moves the election port', () => {
    const [bed, link] = followerOf();
    change(bed, link, 2, ONE, TWO, THREE.replace('3888', '3999'));
    const open = ['election:3888', 'election:3999'].map((name) => bed.ports.has(name));
    assert.deepEqual(open, [false, true]);
    assert.equal(bed.peer.status().role, 'follower');
  });
});

describe('a leader that is asked to change the ensemble', () => {
  /** Server 3 leads epoch 1, with server 1 behind it. */
  function leader(changes: Partial<PeerConfig> = {}): [MemberBed, BedLink] {
    const bed = new MemberBed({ ...ON, ...changes });
    const link = lead(bed, 0, 0);
    link.heard();
    return [bed, link];
  }

  it('gives an ensemble that has no version yet that of its epoch', () => {
    const [bed] = leader();
    assert.deepEqual(stored(bed), ['proposed 100000000', 'committed 100000000']);
    assert.equal(bed.peer.status().configVersion, z(1, 0));
  });

  it('answers when both quorums have it, with what it has become', () => {
    const [bed, link] = leader();
    const client = connected(bed, link);
    request(client, null, '2');
    bed.run();
    assert.deepEqual(client.replies(), []);
    link.say(ACK, z(1, 2));
    bed.run();
    const [reply] = client.replies();
    assert.equal(reply?.err, 'OK');
    const body = reply?.body ?? new Uint8Array(0);
    const { data } = readGetDataResponse(new JuteReader().reset(body, 0, body.length));
    const text = utf8Decode(data ?? body, 0, data?.length ?? 0);
    assert.equal(text, textOf(z(1, 2), ONE, THREE));
    assert.equal(bed.peer.status().configVersion, z(1, 2));
    assert.equal(bed.peer.status().role, 'leader');
  });

  it('refuses what nobody follows, and one while another is on its way', () => {
    const [bed, link] = leader();
    const client = connected(bed, link);
    request(client, 'server.4=h4:1:2:participant;5,server.5=h5:1:2:participant;5', null);
    bed.run();
    link.say(ACK, z(1, 2));
    bed.run();
    assert.equal(client.replies()[0]?.err, 'NEWCONFIGNOQUORUM');
    request(client, null, '2');
    request(client, null, '1');
    bed.run();
    link.say(ACK, z(1, 3));
    link.say(ACK, z(1, 4));
    bed.run();
    const errs = client.replies().map(({ err }) => err);
    assert.deepEqual(errs, ['OK', 'RECONFIGINPROGRESS']);
  });

  it('names another when it is removed, tells who asked, and follows', () => {
    const [bed, link] = leader();
    const second = joinLate(bed, 2);
    const client = connected(bed, link, second);
    request(client, null, '3');
    bed.run();
    for (const one of [link, second]) {
      one.heard();
      one.say(ACK, z(1, 2));
    }
    bed.run();
    assert.equal(client.replies()[0]?.err, 'OK');
    const { type, data } = link.packets().at(-1) ?? assert.fail('It says nothing');
    assert.equal(type, COMMITANDACTIVATE);
    const named = new JuteReader().reset(data ?? sidBytes(0), 0, 8).number();
    assert.ok(named === 1 || named === 2);
    bed.voter = () => null;
    for (const one of [link, second]) bed.hangUp(one);
    bed.until(() => bed.peer.status().role === 'follower');
    assert.equal(bed.peer.status().leaderSid, named);
    assert.deepEqual(bed.link.heard(), ['FOLLOWERINFO 100000000']);
    assert.ok(!bed.ports.has('quorum:2888'));
  });

  it('orders nothing more once it has given up', () => {
    const [bed, link] = leader();
    const second = joinLate(bed, 2);
    const client = connected(bed, link, second);
    request(client, null, '3');
    bed.run();
    for (const one of [link, second]) one.say(ACK, z(1, 2));
    bed.run();
    link.heard();
    forwardCreate(link, '/late');
    bed.run();
    assert.deepEqual(link.heard(), []);
    bed.pass(3000);
    assert.notEqual(bed.peer.status().role, 'leader');
  });
});
