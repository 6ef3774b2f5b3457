/**
 * A follower or observer and its leader's packets, one by one (quorum-protocol.md 6, 8 and 9).
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { makeZxid, PacketType } from '@zabra/protocol';
import { ZABRA_VERSION } from './declaration.ts';
import { encodeLeaderInfo } from './learner-info.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';

const z = makeZxid;
const { PROPOSAL, COMMIT, NEWLEADER, UPTODATE, DIFF, TRUNC, SNAP } = PacketType;

function left(rig: LearnerRig): string {
  return rig.host.deeds.filter((deed) => deed.startsWith('leave')).join();
}

test('a fresh follower: every word waits for the disk that it speaks of', () => {
  const rig = new LearnerRig();
  rig.connect();
  const { host, learner } = rig;
  assert.equal(learner.phase, 'discovery');
  const declared = '0000000000000001000100000000000000000000';
  assert.deepEqual(rig.link.take(), [`FOLLOWERINFO 0 ${declared}5a41425200000002`]);
  rig.hear(PacketType.LEADERINFO, z(1, 0), Uint8Array.of(0, 1, 0, 0));
  assert.deepEqual(host.storage.takeAsked(), ['acceptedEpoch 1']);
  assert.deepEqual(rig.link.take(), [], 'ACKEPOCH waits for acceptedEpoch');
  rig.stored();
  assert.deepEqual(rig.link.take(), ['ACKEPOCH 0 00000000']);
  assert.equal(learner.phase, 'synchronization');
  rig.hear(DIFF, z(1, 2));
  assert.equal(learner.syncKind, 'DIFF');
  for (const counter of [1, 2]) {
    rig.hear(PROPOSAL, z(1, counter), 'x');
    rig.hear(COMMIT, z(1, counter));
  }
  rig.hear(PROPOSAL, z(1, 3), 'x');
  assert.deepEqual(host.takeDeeds(), ['commit 100000001', 'commit 100000002']);
  assert.deepEqual(host.storage.takeAsked(), ['append 100000001', 'append 100000002']);
  rig.hear(NEWLEADER, z(1, 0), 'cfg');
  assert.equal(rig.link.isPaused, true);
  assert.deepEqual(host.takeDeeds(), ['ensemble cfg']);
  assert.deepEqual(host.storage.takeAsked(), ['sync'], 'the history before the epoch');
  rig.stored();
  assert.deepEqual(host.storage.takeAsked(), ['currentEpoch 1'], 'the epoch before the word');
  assert.deepEqual(rig.link.take(), []);
  rig.stored();
  assert.deepEqual(rig.link.take(), ['ACK 100000000']);
  assert.equal(rig.link.isPaused, false);
  assert.deepEqual(host.storage.takeAsked(), ['append 100000003'], 'what was outstanding');
  rig.hear(UPTODATE, -1);
  assert.deepEqual(host.takeDeeds(), ['serving 1']);
  learner.onSynced(z(1, 3));
  assert.deepEqual(rig.link.take(), ['ACK 100000003']);
  rig.hear(COMMIT, z(1, 3));
  assert.deepEqual(host.takeDeeds(), ['commit 100000003']);
  assert.equal(host.committedLog.length, 3);
  assert.equal(learner.phase, 'broadcast');
});

test('an epoch that was promised before is answered with -1, a lower one with leaving', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 1)], 5);
  rig.discover(5);
  assert.deepEqual(rig.link.take().slice(1), ['ACKEPOCH 100000001 ffffffff']);
  assert.deepEqual(rig.host.storage.takeAsked(), []);
  const low = new LearnerRig();
  low.host.holds([z(1, 1)], 5);
  low.discover(4);
  assert.match(left(low), /its epoch 4 is below 5/);
  assert.match(String(low.link.closedFor), /its epoch 4 is below 5/);
});

test('the leader is dialled 25 times, 20 ms apart, at all its addresses', () => {
  const rig = new LearnerRig();
  rig.addresses.push({ host: 'other', port: 2889 });
  void rig.learner;
  for (let attempt = 1; attempt <= 25; attempt++) {
    assert.equal(rig.host.dials.length, 2 * attempt);
    for (const { link } of rig.host.dials.slice(-2)) rig.learner.onLinkClosed(link, 'refused');
    rig.after(19);
    assert.equal(rig.host.dials.length, 2 * attempt);
    if (attempt < 25) rig.after(1);
  }
  assert.match(left(rig), /no connection in 25 tries: refused/);
});

test('the first address that answers is kept, the others are hung up', () => {
  const rig = new LearnerRig();
  rig.addresses.push({ host: 'other', port: 2889 });
  void rig.learner;
  const [first, second] = rig.host.dials.map(({ link }) => link);
  if (first === undefined || second === undefined) throw new Error('two dials');
  rig.learner.onDialed(second);
  assert.equal(first.closedFor, 'another address answered first');
  rig.learner.onDialed(first);
  rig.learner.onLinkClosed(first, 'closed');
  assert.equal(rig.learner.phase, 'discovery');
  assert.equal(second.take().length, 1);
});

test('connecting takes initLimit at most, and needs an address', () => {
  const rig = new LearnerRig();
  void rig.learner;
  rig.after(1000);
  assert.equal(left(rig), '');
  rig.after(1);
  assert.match(left(rig), /within 10 ticks/);
  assert.equal(rig.link.closedFor, 'no connection within 10 ticks');
  const nowhere = new LearnerRig();
  nowhere.addresses.pop();
  nowhere.after(1);
  assert.match(left(nowhere), /no known address/);
});

test('TRUNC waits for the cut, and goes on where our history then ends', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 1), z(1, 2), z(1, 3)], 1);
  rig.discover();
  rig.hear(TRUNC, z(1, 2));
  assert.equal(rig.link.isPaused, true);
  assert.deepEqual(rig.host.takeDeeds(), ['truncate 100000002']);
  rig.host.storage.lastLoggedZxid = z(1, 2);
  rig.learner.onTruncated(true);
  assert.equal(rig.link.isPaused, false);
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.hear(COMMIT, z(2, 1));
  assert.deepEqual(rig.host.takeDeeds(), ['commit 200000001']);
  assert.equal(rig.learner.syncKind, 'TRUNC');
});

test('a cut at an epoch mark may end before it, any other must end at its zxid', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 9), z(2, 1)], 2);
  rig.discover(3);
  rig.hear(TRUNC, z(2, 0));
  rig.host.storage.lastLoggedZxid = z(1, 9);
  rig.learner.onTruncated(true);
  assert.equal(rig.learner.phase, 'synchronization');
  const wrong = new LearnerRig();
  wrong.host.holds([z(1, 8), z(1, 9)], 2);
  wrong.discover(3);
  wrong.hear(TRUNC, z(1, 8));
  assert.throws(() => wrong.learner.onTruncated(true), /TRUNC ended elsewhere/);
});

test('T31: what cannot be truncated is replaced: the learner claims to have nothing', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 5)], 1);
  rig.discover();
  const first = rig.link;
  rig.hear(TRUNC, z(1, 2));
  rig.learner.onTruncated(false);
  assert.match(String(first.closedFor), /not in our history/);
  assert.equal(left(rig), '', 'it stays in its role');
  assert.equal(rig.learner.phase, 'connecting');
  rig.learner.onDialed(rig.link);
  rig.hear(PacketType.LEADERINFO, z(2, 0), Uint8Array.of(0, 1, 0, 0));
  assert.deepEqual(rig.link.take().slice(1), ['ACKEPOCH 0 ffffffff']);
  rig.hear(DIFF, z(1, 5));
  assert.match(left(rig), /DIFF although we have no usable history/);
});

test('what a leader declares behind its LEADERINFO tells whether it is one of our kind', () => {
  const rig = new LearnerRig();
  rig.connect();
  rig.hear(PacketType.LEADERINFO, z(1, 0), Uint8Array.of(0, 1, 0, 0));
  assert.equal(rig.host.leaderVersion, 0);
  const other = new LearnerRig();
  other.connect();
  other.hear(PacketType.LEADERINFO, z(1, 0), encodeLeaderInfo());
  assert.equal(other.host.leaderVersion, ZABRA_VERSION);
});

test('a TRUNC to no zxid is not followed', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 5)], 1);
  rig.discover();
  rig.hear(TRUNC, -1);
  assert.deepEqual(rig.host.takeDeeds(), []);
  assert.equal(rig.host.dials.length, 2);
});

test('SNAP is received, stored, and only then does the history go on', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 5)], 1);
  rig.discover();
  rig.hear(SNAP, z(1, 9));
  assert.deepEqual(rig.host.takeDeeds(), ['receive snapshot 100000009']);
  for (let time = 0; time < 5; time++) {
    rig.after(900);
    rig.learner.onSnapshotBytes();
  }
  rig.learner.onSnapshotReceived(null);
  assert.equal(rig.link.isPaused, true);
  assert.deepEqual(rig.host.takeDeeds(), ['install']);
  rig.after(5000);
  assert.equal(left(rig), '', 'our own disk is no silence of the leader');
  rig.host.storage.lastLoggedZxid = z(1, 9);
  rig.stored();
  assert.equal(rig.link.isPaused, false);
  // The leader may repeat what the snapshot holds (T12).
  rig.hear(PROPOSAL, z(1, 8), 'x');
  rig.hear(COMMIT, z(1, 8));
  rig.hear(PROPOSAL, z(1, 9), 'x');
  rig.hear(PROPOSAL, z(1, 10), 'x');
  rig.hear(COMMIT, z(1, 9));
  rig.hear(COMMIT, z(1, 10));
  assert.deepEqual(rig.host.takeDeeds(), ['commit 10000000a']);
});

test('a snapshot that stops coming, or is malformed, ends the role', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(SNAP, z(1, 9));
  rig.after(1001);
  assert.match(left(rig), /the leader was silent for 1001 ms/);
  const bad = new LearnerRig();
  bad.discover();
  bad.hear(SNAP, z(1, 9));
  bad.learner.onSnapshotReceived('no signature');
  assert.match(left(bad), /the snapshot is malformed: no signature/);
});

test('a hole in the history of a DIFF is answered by asking for a snapshot', () => {
  const holes: ((rig: LearnerRig) => void)[] = [
    (rig) => rig.hear(PROPOSAL, z(1, 3), 'x'),
    (rig) => rig.hear(PROPOSAL, z(2, 2), 'x'),
    (rig) => rig.hear(COMMIT, z(1, 2)),
    (rig) => rig.hear(NEWLEADER, z(2, 0), 'cfg'),
  ];
  for (const hole of holes) {
    const rig = new LearnerRig();
    rig.host.holds([z(1, 1)], 1);
    rig.discover();
    rig.hear(DIFF, z(1, 2));
    hole(rig);
    assert.equal(rig.host.dials.length, 2);
    assert.deepEqual(rig.link.take(), []);
    assert.equal(rig.learner.phase, 'connecting');
  }
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(SNAP, z(1, 2));
  rig.learner.onSnapshotReceived(null);
  rig.host.storage.lastLoggedZxid = z(1, 2);
  rig.stored();
  rig.hear(PROPOSAL, z(1, 4), 'x');
  assert.match(left(rig), /PROPOSAL of 100000004 where 100000002 came last/);
});

test('silence ends the role: initLimit until ACK of NEWLEADER, then syncLimit', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.after(1000);
  rig.hear(DIFF, 0);
  rig.after(1000);
  assert.equal(left(rig), '');
  rig.newLeader();
  rig.after(500);
  assert.equal(left(rig), '');
  rig.after(1);
  assert.match(left(rig), /the leader was silent for 501 ms/);
});

test('a disk that takes long is not taken for a silent leader', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, 0);
  rig.hear(NEWLEADER, z(2, 0), 'cfg');
  rig.after(5000);
  rig.stored();
  rig.after(5000);
  rig.stored();
  assert.deepEqual(rig.link.take().slice(2), ['ACK 200000000']);
  rig.after(500);
  assert.equal(left(rig), '');
});

test('an epoch that is current already is stored once more all the same', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(2, 1)], 2);
  rig.synchronise(2);
  assert.deepEqual(rig.host.storage.takeAsked(), ['sync', 'currentEpoch 2']);
  assert.deepEqual(rig.link.take().slice(1), ['ACKEPOCH 200000001 ffffffff', 'ACK 200000000']);
});

test('stop hangs up, and later inputs do nothing', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, 0);
  rig.hear(NEWLEADER, z(2, 0), 'cfg');
  rig.link.take();
  rig.learner.stop('this server is stopping');
  assert.equal(rig.link.closedFor, 'this server is stopping');
  rig.stored();
  rig.stored();
  rig.learner.onSynced(z(9, 9));
  rig.learner.onTruncated(true);
  rig.learner.onSnapshotReceived(null);
  rig.learner.onLinkClosed(rig.link, 'closed');
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.after(100_000);
  assert.deepEqual(rig.link.take(), []);
  assert.equal(left(rig), '');
});
