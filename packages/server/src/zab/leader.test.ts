/**
 * A leader and its learners' packets, one by one (quorum-protocol.md 6, 9 and 19).
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { EPOCH_MAX, JuteWriter, makeZxid, OpCode, PacketType, ServerState } from '@zabra/protocol';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { encodeLearnerInfo } from './learner-info.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, type ScriptLink } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';

const z = makeZxid;
const VOTE: Vote = {
  state: ServerState.LOOKING,
  leader: 3,
  zxid: 0,
  electionEpoch: 1,
  peerEpoch: 0,
};

/** The declaration that follows what Apache's members read. */
const ZABR = '5a41425200000002';

function requestOf(opcode: number, body: string): Uint8Array {
  const w = new JuteWriter();
  w.long(5, 1);
  w.int(77);
  w.int(opcode);
  for (const char of body) w.byte(char.charCodeAt(0));
  return w.toBytes();
}

test('the first reign of three: every word waits for the disk that it speaks of', () => {
  const rig = new LeaderRig();
  const { host } = rig;
  rig.leader.onLearnerClosed(rig.connect());
  assert.deepEqual(host.takeDeeds(), ['gone -1']);
  assert.equal(rig.leader.epoch, -1);
  const link = rig.hello(2);
  assert.equal(rig.leader.epoch, 1);
  assert.deepEqual(host.storage.takeAsked(), ['acceptedEpoch 1']);
  assert.deepEqual(link.take(), [], 'LEADERINFO waits for acceptedEpoch');
  rig.stored();
  assert.deepEqual(link.take(), [`LEADERINFO 100000000 00010000${ZABR}`]);
  rig.ackEpoch(link, 0, 0);
  assert.deepEqual(host.storage.takeAsked(), ['sync'], 'the log before the epoch');
  rig.stored();
  assert.deepEqual(host.storage.takeAsked(), ['currentEpoch 1']);
  assert.deepEqual(link.take(), []);
  assert.equal(rig.leader.phase, 'discovery');
  rig.stored();
  assert.equal(rig.leader.phase, 'synchronization');
  assert.deepEqual(link.take(), ['DIFF 0', 'NEWLEADER 100000000 cfg']);
  assert.deepEqual(host.takeDeeds(), []);
  rig.ack(link, z(1, 0));
  assert.deepEqual(host.takeDeeds(), ['established 1']);
  assert.deepEqual(link.take(), ['UPTODATE ffffffffffffffff']);
  assert.equal(rig.leader.phase, 'broadcast');
});

test('a lone voter is its own quorum', () => {
  const rig = new LeaderRig();
  rig.host.ensemble = configOf('server.1=a:1:2');
  rig.host.verifiers = [makeVerifier(rig.host.ensemble)];
  assert.equal(rig.leader.epoch, 1);
  for (let step = 0; step < 3; step++) rig.stored();
  assert.equal(rig.leader.established, true);
  const zxid = rig.propose();
  rig.host.takeDeeds();
  rig.leader.onSynced(zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
});

test('the epoch is one more than any accepted by a member that was heard', () => {
  const rig = new LeaderRig();
  rig.hello(4, 9, PacketType.OBSERVERINFO);
  rig.hello(9, 50);
  assert.equal(rig.leader.epoch, -1, 'neither an observer nor a stranger makes a quorum');
  rig.hello(3, 7);
  assert.equal(rig.leader.epoch, 10, 'a member that observes raises it, a stranger does not');
});

test('what a learner says first decides whether it is let in', () => {
  const rows: [string, (rig: LeaderRig) => ScriptLink, RegExp | null][] = [
    ['a Zabra follower', (rig) => rig.hello(3), null],
    ['an Apache follower', (rig) => rig.javaHello(3), null],
    ['a server outside the configuration', (rig) => rig.javaHello(77), null],
    ['our own sid', (rig) => rig.hello(1), /its sid is ours/],
    ['an old protocol', (rig) => rig.javaHello(3, 1), /older than 3\.4/],
    ['a newer configuration', (rig) => rig.javaHello(3, 0x10000, z(1, 1)), /newer than ours/],
    ['an epoch far beyond', (rig) => rig.hello(3, 65537), /accepted epoch 65537 is far beyond/],
    ['the last epoch', (rig) => rig.hello(3, EPOCH_MAX), /accepted epoch is 2097151 or more/],
  ];
  for (const [name, hello, wanted] of rows) {
    const link = hello(new LeaderRig());
    if (wanted === null) assert.equal(link.closedFor, null, name);
    else assert.match(String(link.closedFor), wanted, name);
  }
  const rig = new LeaderRig();
  const link = rig.connect();
  rig.packet(link, PacketType.ACK, 0);
  assert.match(String(link.closedFor), /its first packet is ACK/);
});

test('a leader without an epoch left does not begin', () => {
  const rig = new LeaderRig();
  rig.host.storage.acceptedEpoch = EPOCH_MAX;
  assert.equal(rig.leader.phase, 'over');
  assert.match(rig.host.takeDeeds().join(), /leave: no epoch is left/);
});

test('a learner that is ahead is refused while the quorum is open, and led afterwards', () => {
  const rows: [number, number, RegExp | null][] = [
    [3, z(3, 4), null],
    [2, z(9, 9), null],
    [3, z(3, 5), /ahead of ours/],
    [4, z(1, 1), /ahead of ours/],
    [-1, z(9, 9), null],
  ];
  for (const [epoch, zxid, wanted] of rows) {
    const rig = new LeaderRig();
    rig.host.holds([z(3, 3), z(3, 4)], 3);
    const link = rig.hello(2, 3);
    rig.stored();
    rig.ackEpoch(link, epoch, zxid);
    if (wanted !== null) assert.match(String(link.closedFor), wanted);
    else assert.equal(link.closedFor, null);
    const counts = wanted === null && epoch >= 0;
    assert.equal(rig.host.storage.takeAsked().includes('sync'), counts);
  }
  const rig = new LeaderRig();
  rig.host.holds([z(3, 3), z(3, 4)], 3);
  rig.establish(rig.hello(2, 3));
  const late = rig.hello(3, 3);
  rig.ackEpoch(late, 3, z(3, 9));
  assert.equal(late.take()[1], 'TRUNC 300000004');
});

test('requests, sessions and touches of learners reach the server whole', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const auth = [{ scheme: 'ip', id: '127.0.0.1' }];
  const request = requestOf(OpCode.create, 'body');
  rig.leader.onPacket(two, PacketType.REQUEST, -1, request, 0, request.length, auth);
  const w = new JuteWriter();
  for (const lo of [1, 2]) {
    w.reset();
    w.long(5, lo);
    w.int(4000);
    rig.packet(two, PacketType.REVALIDATE, -1, w.toBytes());
  }
  w.reset();
  for (const lo of [1, 2]) {
    w.long(5, lo);
    w.int(4000);
  }
  rig.packet(two, PacketType.PING, z(1, 0), w.toBytes());
  rig.packet(two, 99, 0, null);
  assert.deepEqual(rig.host.takeDeeds(), [
    'request of 2: 5.1 77 1 body ip:127.0.0.1',
    'revalidate of 2: 5.1',
    'revalidate of 2: 5.2',
    'touch 5.1 4000',
    'touch 5.2 4000',
  ]);
  assert.deepEqual(two.take(), [
    'REVALIDATE ffffffffffffffff 000000050000000101',
    'REVALIDATE ffffffffffffffff 000000050000000200',
  ]);
  assert.equal(two.closedFor, null, 'an unknown packet is passed over');
});

test('malformed packets cost the learner its connection', () => {
  const short = new Uint8Array(11);
  const rows: [number, Uint8Array | null, RegExp][] = [
    [PacketType.PING, null, /touch table/],
    [PacketType.PING, short, /touch table/],
    [PacketType.REQUEST, short, /REQUEST is too short/],
    [PacketType.REQUEST, null, /REQUEST is too short/],
    [PacketType.REVALIDATE, short, /REVALIDATE is too short/],
  ];
  for (const [type, data, wanted] of rows) {
    const rig = new LeaderRig();
    const link = rig.establish();
    rig.packet(link, type, 0, data);
    assert.match(String(link.closedFor), wanted);
  }
  const rig = new LeaderRig();
  const link = rig.hello(2);
  rig.ackEpoch(link, 0, 0);
  assert.match(String(link.closedFor), /before its turn/);
  const other = rig.hello(3);
  rig.stored();
  rig.packet(other, PacketType.ACKEPOCH, 0, new Uint8Array(3));
  assert.match(String(other.closedFor), /wanted a whole ACKEPOCH/);
});

test('pings come every half tick, on every whole one the quorum is counted', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  rig.propose();
  two.take();
  for (let ms = 0; ms < 300; ms += 10) {
    if (ms % 100 === 0) rig.packet(two, PacketType.PING, 0, new Uint8Array(0));
    rig.after(10);
  }
  assert.equal(two.take().filter((line) => line === 'PING 100000001').length, 6);
  rig.leader.onLearnerClosed(two);
  rig.host.takeDeeds();
  rig.after(50);
  rig.after(50);
  assert.deepEqual(rig.host.takeDeeds(), ['leave: a quorum of followers no longer answers']);
  assert.equal(rig.leader.phase, 'over');
});

test('a follower that is being synchronised counts as live for initLimit and syncLimit', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  rig.leader.onLearnerClosed(two);
  const again = rig.hello(2);
  rig.host.limits.initLimitTicks = 100;
  rig.host.takeDeeds();
  rig.after(1400);
  rig.after(100);
  assert.deepEqual(rig.host.takeDeeds(), [
    'gone 2',
    'leave: a quorum of followers no longer answers',
  ]);
  assert.match(String(again.closedFor), /no word from it/);
});

test('learners that are late are closed', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const three = rig.join(3, z(1, 0));
  rig.ack(three, z(1, 0));
  const mute = rig.connect();
  const half = rig.join(9, z(1, 0));
  rig.propose();
  const answer = (): void => {
    for (const link of [two, three]) rig.packet(link, PacketType.PING, 0, new Uint8Array(0));
  };
  for (let ms = 0; ms < 500; ms += 50) {
    answer();
    rig.after(50);
  }
  rig.ack(two, z(1, 1));
  answer();
  rig.after(50);
  assert.match(String(three.closedFor), /leaves a proposal without its ACK/);
  assert.equal(two.closedFor, null);
  for (let ms = 0; ms < 500; ms += 50) {
    answer();
    rig.after(50);
  }
  assert.match(String(mute.closedFor), /no word from it in "hello"/);
  assert.match(String(half.closedFor), /no word from it in "sync"/);
  for (let ms = 0; ms < 550; ms += 50) rig.after(50);
  assert.match(String(two.closedFor), /it was silent for 550 ms/);
  assert.equal(rig.leader.phase, 'over');
});

test('each step towards broadcast has initLimit, and then the reign ends', () => {
  const steps: [RegExp, (rig: LeaderRig) => void][] = [
    [/too few FOLLOWERINFO/, () => {}],
    [/our disk is too slow/, (rig) => void rig.hello(2)],
    [
      /too few ACKEPOCH/,
      (rig) => {
        rig.hello(2);
        rig.stored();
      },
    ],
    [
      /too few ACK of NEWLEADER/,
      (rig) => {
        const link = rig.hello(2);
        rig.stored();
        rig.ackEpoch(link, 0, 0);
        rig.stored();
        rig.stored();
      },
    ],
  ];
  for (const [wanted, step] of steps) {
    const rig = new LeaderRig();
    assert.equal(rig.leader.phase, 'discovery');
    rig.after(900);
    step(rig);
    rig.after(rig.leader.epoch < 0 ? 100 : 1000);
    assert.equal(rig.leader.isOver, false);
    rig.host.takeDeeds();
    rig.after(1);
    assert.match(rig.host.takeDeeds().join(), wanted);
  }
});

test('stop closes every learner, and later inputs do nothing', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  rig.leader.stop('this server is stopping');
  assert.equal(two.closedFor, 'this server is stopping');
  rig.ack(two, z(1, 1));
  rig.leader.onSynced(z(1, 1));
  rig.stored();
  rig.after(100_000);
  assert.deepEqual(rig.host.takeDeeds(), []);
  assert.equal(rig.connect().closedFor, 'the leader is leaving');
});

test('an anonymous learner is led under a sid of its own', () => {
  const rig = new LeaderRig();
  rig.establish();
  const link = rig.connect();
  rig.packet(link, PacketType.OBSERVERINFO, 0, encodeLearnerInfo(-2, 0));
  assert.equal(link.closedFor, null);
  assert.deepEqual(
    [...rig.leader.handlers.values()].map(({ sid }) => sid),
    [2, -1],
  );
  const old = rig.connect();
  rig.packet(old, PacketType.OBSERVERINFO, 0, null);
  assert.match(String(old.closedFor), /older than 3\.4/);
});

test('a member that promised a later epoch is waited for, and then made room for', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const outgrown = (sid: number): void => {
    const link = rig.hello(sid, 2);
    assert.equal(link.take().length, 1, 'LEADERINFO tells it our epoch');
    rig.leader.onLearnerClosed(link);
  };
  // What it voted with is of an epoch that was established before.
  rig.host.claimedEpochs.onVote(3, { ...VOTE, leader: 3, peerEpoch: 1 });
  for (let ms = 0; ms <= 1000; ms += 100) {
    outgrown(3);
    outgrown(9);
    rig.packet(two, PacketType.PING, 0, new Uint8Array(0));
    assert.equal(rig.leader.isOver, false);
    rig.after(100);
  }
  outgrown(9);
  assert.equal(rig.leader.isOver, false, 'a stranger never ends a reign');
  rig.hello(3, 2);
  assert.match(rig.host.takeDeeds().join(), /leave: member 3 has promised epoch 2, beyond ours/);
});

test('a member with a history of a later epoch is of another ensemble, and ends no reign', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  rig.host.claimedEpochs.onVote(3, { ...VOTE, leader: 2, peerEpoch: 7 });
  assert.equal(rig.host.claimedEpochOf(3), -1, 'a vote for another says nothing of oneself');
  rig.host.claimedEpochs.onVote(3, { ...VOTE, leader: 3, peerEpoch: 5 });
  for (let ms = 0; ms <= 3000; ms += 100) {
    const link = rig.hello(3, 5);
    assert.match(String(link.closedFor), /its history of epoch 5 is not of this ensemble/);
    assert.deepEqual(link.take(), []);
    rig.packet(two, PacketType.PING, 0, new Uint8Array(0));
    rig.after(100);
    assert.equal(rig.leader.isOver, false);
  }
  const empty = rig.hello(3, 0);
  rig.ackEpoch(empty, 9, 0);
  assert.match(String(empty.closedFor), /its history of epoch 9 is not of this ensemble/);
  // Its disk was emptied: it is a member like any other.
  rig.host.claimedEpochs.onVote(3, { ...VOTE, leader: 3, peerEpoch: 0 });
  assert.equal(rig.hello(3, 0).closedFor, null);
});
