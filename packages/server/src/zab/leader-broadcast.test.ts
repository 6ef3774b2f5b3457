/**
 * What a leader sends its learners and when it commits (quorum-protocol.md 6.2, 6.3, 7 and 9).
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { JuteWriter, makeZxid, OpCode, PacketType } from '@zabra/protocol';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, type ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;

function requestOf(opcode: number, body: string): Uint8Array {
  const w = new JuteWriter();
  w.long(5, 1);
  w.int(77);
  w.int(opcode);
  for (const char of body) w.byte(char.charCodeAt(0));
  return w.toBytes();
}

test('history goes out as PROPOSAL and COMMIT, then NEWLEADER', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 1), z(1, 2), z(1, 3)], 1);
  rig.establish();
  const link = rig.join(3, z(1, 1));
  assert.deepEqual(link.take().slice(1), [
    'DIFF 100000003',
    'PROPOSAL 100000002 x',
    'COMMIT 100000002',
    'PROPOSAL 100000003 x',
    'COMMIT 100000003',
    'NEWLEADER 200000000 cfg',
  ]);
  const cut = rig.join(3, z(1, 9));
  assert.deepEqual(cut.take().slice(1), ['TRUNC 100000003', 'NEWLEADER 200000000 cfg']);
});

test('the body of SNAP goes out as the network takes it, and everything else behind it', () => {
  const rig = new LeaderRig();
  rig.host.limits.queueBytesMax = 1 << 22;
  rig.host.holds([z(1, 5)], 1);
  rig.establish();
  const link = rig.hello(3);
  link.take();
  link.unsentBytes = 1 << 20;
  rig.ackEpoch(link, 0, z(1, 1));
  rig.propose();
  link.rawBytes = 18;
  assert.deepEqual(link.take(), ['SNAP 200000000']);
  link.unsentBytes = 0;
  rig.after(1);
  const hex = link.takeHex();
  const body = `${'736e6170'}${'0000000a42656e576173486572 65'.replace(' ', '')}`;
  assert.equal(hex.slice(0, body.length), body);
  assert.equal(hex.slice(body.length, body.length + 8), '0000000a', 'NEWLEADER follows the body');
  rig.ack(link, rig.epochStart);
  assert.deepEqual(link.take(), ['UPTODATE ffffffffffffffff', 'PROPOSAL 200000001 x']);
});

test('who acknowledges a snapshot that has not left yet is let go, and the leader leads on', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 5)], 1);
  rig.establish();
  const link = rig.hello(3);
  link.unsentBytes = 1 << 20;
  rig.ackEpoch(link, 0, z(1, 1));
  rig.ack(link, rig.epochStart);
  assert.equal(link.closedFor, 'it acknowledges a history that has not left yet');
  assert.equal(rig.leader.established, true);
});

test('a snapshot that was given up costs the learner its connection', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 5)], 1);
  rig.establish();
  rig.host.snapshotFails = true;
  const link = rig.join(3, 0);
  assert.equal(link.closedFor, 'its snapshot was given up');
  assert.deepEqual(rig.host.takeDeeds(), ['snapshot closed', 'gone 3']);
});

test('a proposal is committed by a quorum, in order, whatever order the ACKs come in', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const three = rig.join(3, z(1, 0));
  rig.ack(three, z(1, 0));
  three.take();
  const zxids = [rig.propose('a'), rig.propose('b'), rig.propose('c')];
  assert.deepEqual(two.take(), [
    'PROPOSAL 100000001 a',
    'PROPOSAL 100000002 b',
    'PROPOSAL 100000003 c',
  ]);
  rig.ack(two, zxids[0] as number);
  assert.deepEqual(rig.host.takeDeeds(), [], 'our own disk has not said so');
  rig.ack(two, zxids[1] as number);
  rig.leader.onSynced(zxids[1] as number);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001', 'commit 100000002']);
  assert.deepEqual(two.take(), ['COMMIT 100000001', 'COMMIT 100000002']);
  rig.ack(two, zxids[2] as number);
  rig.ack(three, zxids[2] as number);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000003'], 'two followers are a quorum too');
  assert.equal(rig.host.committedLog.maxZxid, z(1, 3));
});

test('ACKs that count nothing: of observers, of strangers, of e:0, of what is committed', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const observer = rig.join(4, z(1, 0), PacketType.OBSERVERINFO);
  const stranger = rig.join(9, z(1, 0));
  for (const link of [observer, stranger]) rig.ack(link, z(1, 0));
  assert.deepEqual(observer.take().slice(-1), ['UPTODATE ffffffffffffffff']);
  stranger.take();
  const zxid = rig.propose('a');
  for (const link of [observer, stranger]) {
    rig.ack(link, z(1, 0));
    rig.ack(link, zxid);
    assert.equal(link.closedFor, null);
  }
  assert.deepEqual(stranger.take(), ['PROPOSAL 100000001 a'], 'it is led like a follower');
  assert.deepEqual(observer.take(), []);
  rig.leader.onSynced(zxid);
  assert.deepEqual(rig.host.takeDeeds(), []);
  rig.ack(two, zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
  assert.deepEqual(observer.take(), ['INFORM 100000001 a']);
  rig.ack(two, zxid);
  assert.deepEqual(rig.host.takeDeeds(), []);
  rig.ack(two, zxid + 1);
  assert.match(String(two.closedFor), /never proposed/);
});

test('S6: a learner may acknowledge the history of this epoch that its DIFF brought', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const zxid = rig.propose('a');
  rig.leader.onSynced(zxid);
  rig.ack(two, zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
  const three = rig.javaHello(3);
  rig.ackEpoch(three, 0, 0);
  rig.ack(three, zxid);
  rig.ack(three, z(1, 0));
  rig.ack(three, zxid);
  assert.equal(three.closedFor, null);
  rig.ack(three, zxid + 1);
  assert.match(String(three.closedFor), /never proposed/);
});

test('a proposal needs a quorum of the committed and of the proposed configuration', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const five = ['server.1=a:1:2', 'server.5=e:1:2', 'server.6=f:1:2'].join('\n');
  rig.host.verifiers = [...rig.host.verifiers, makeVerifier(configOf(five))];
  const zxid = rig.propose();
  rig.leader.onSynced(zxid);
  rig.ack(two, zxid);
  assert.deepEqual(rig.host.takeDeeds(), []);
  const joiner = rig.join(5, z(1, 0));
  rig.ack(joiner, z(1, 0));
  rig.ack(joiner, zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
});

test('a follower that returns with an outstanding proposal keeps it, and its word counts', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const zxids = [rig.propose('a'), rig.propose('b')];
  two.take();
  rig.leader.onLearnerClosed(two);
  const again = rig.join(2, zxids[0] as number);
  assert.deepEqual(again.take().slice(1), [
    'DIFF 100000001',
    'PROPOSAL 100000002 b',
    'NEWLEADER 100000000 cfg',
  ]);
  rig.ack(again, z(1, 0));
  assert.deepEqual(again.take(), [], 'its clients must not see what is not committed');
  rig.host.takeDeeds();
  rig.leader.onSynced(zxids[1] as number);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
  assert.deepEqual(again.take(), ['UPTODATE ffffffffffffffff', 'COMMIT 100000001']);
});

test('the word of a follower that loses a proposal when it returns is void', () => {
  const rig = new LeaderRig();
  rig.establish();
  const three = rig.javaHello(3);
  rig.ackEpoch(three, 0, 0);
  rig.ack(three, z(1, 0));
  const zxid = rig.propose('a');
  rig.ack(three, zxid);
  const again = rig.javaHello(3);
  assert.match(String(three.closedFor), /it connected anew/);
  rig.ackEpoch(again, 0, zxid);
  again.rawBytes = 18;
  const packets = again.take().map((line) => line.split(' ')[0]);
  assert.deepEqual(packets, ['LEADERINFO', 'SNAP', 'body', 'PROPOSAL', 'NEWLEADER']);
  rig.host.takeDeeds();
  rig.leader.onSynced(zxid);
  assert.deepEqual(rig.host.takeDeeds(), [], 'its first ACK is of a disk that it no longer has');
  rig.ack(again, z(1, 0));
  rig.ack(again, zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
});

test('syncs are answered behind what was proposed before them, in order', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  rig.packet(two, PacketType.REQUEST, -1, requestOf(OpCode.sync, ''));
  assert.deepEqual(two.take(), ['SYNC 0'], 'nothing is outstanding');
  const first = rig.propose('a');
  rig.packet(two, PacketType.REQUEST, -1, requestOf(OpCode.sync, ''));
  const second = rig.propose('b');
  let own = 0;
  rig.leader.sync(() => {
    own += 1;
  });
  rig.leader.onSynced(second);
  rig.ack(two, first);
  assert.deepEqual(two.take().slice(2), ['COMMIT 100000001', 'SYNC 0']);
  assert.equal(own, 0);
  rig.ack(two, second);
  assert.equal(own, 1);
});

test('a learner that does not take what it is sent is closed (T35)', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const three = rig.join(3, z(1, 0));
  rig.ack(three, z(1, 0));
  three.unsentBytes = 5000;
  rig.propose();
  assert.match(String(three.closedFor), /5000 bytes wait for it/);
  assert.equal(two.closedFor, null);
  // One that has not acknowledged NEWLEADER is bound by what is held for it.
  const slow = rig.join(3, z(1, 0));
  for (let count = 0; count < 5; count++) rig.propose('y'.repeat(1000));
  assert.match(String(slow.closedFor), /bytes wait for it/);
});

test('a history larger than half the queue goes out as a snapshot', () => {
  const rig = new LeaderRig();
  rig.establish();
  const two = [...rig.leader.handlers.values()][0];
  for (let count = 0; count < 4; count++) {
    const zxid = rig.propose('y'.repeat(700));
    rig.leader.onSynced(zxid);
    rig.ack(two?.link as ScriptLink, zxid);
  }
  rig.host.lastProcessedZxid = z(1, 4);
  const link = rig.join(3, z(1, 1));
  link.rawBytes = 18;
  assert.equal(link.take()[1], 'SNAP 100000004');
  const small = rig.join(3, z(1, 2));
  assert.equal(small.take()[1], 'DIFF 100000004');
});

test('observers beyond ten snapshots at once are turned away, voters are not', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 5)], 1);
  rig.establish();
  const slow = (link: ScriptLink): ScriptLink => {
    link.unsentBytes = 1 << 20;
    rig.ackEpoch(link, 0, 0);
    return link;
  };
  for (let sid = 20; sid < 30; sid++) slow(rig.hello(sid, 0, PacketType.OBSERVERINFO));
  assert.match(
    String(slow(rig.hello(30, 0, PacketType.OBSERVERINFO)).closedFor),
    /10 snapshots are on their way/,
  );
  assert.equal(slow(rig.hello(3)).closedFor, null);
});
