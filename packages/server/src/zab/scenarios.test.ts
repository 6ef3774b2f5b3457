/**
 * The scenarios of quorum-protocol.md 22 that this room decides, by name. Those of the disk (S9,
 * S11, S12), of the server between its roles (S3, S16, S17), of reconfiguration (S22), of dumps
 * (S23) and of SASL (S24) have their tests where they are decided.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { makeZxid, PacketType, Prng, ServerState } from '@zabra/protocol';
import { ElectionMesh } from './election-mesh.ts';
import { FastLeaderElection } from './fast-leader-election.ts';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { bytesOf, configOf, ScriptLink, THREE_TEXT } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';

const z = makeZxid;
const { PROPOSAL, COMMIT, NEWLEADER, UPTODATE, DIFF, TRUNC, SNAP } = PacketType;

test('S1: the leader compares learners with the end of its log, committed or not', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 1), z(1, 2)], 1);
  const behind = rig.hello(2, 1);
  rig.stored();
  rig.ackEpoch(behind, 1, z(1, 2));
  assert.equal(behind.closedFor, null);
  // What is in the log, and was never committed, is history that every follower gets.
  rig.stored();
  rig.stored();
  const other = rig.join(3, z(1, 1));
  assert.deepEqual(other.take().slice(1, 4), [
    'DIFF 100000002',
    'PROPOSAL 100000002 x',
    'COMMIT 100000002',
  ]);
});

test('S2: a learner that is not known to drop dirty snapshots gets SNAP in place of TRUNC', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 1), z(1, 2)], 1);
  rig.establish();
  const java = rig.javaHello(3);
  rig.ackEpoch(java, -1, z(1, 5));
  java.rawBytes = 18;
  assert.equal(java.take()[1], 'SNAP 200000000');
  const zabra = rig.hello(3);
  rig.ackEpoch(zabra, -1, z(1, 5));
  assert.equal(zabra.take()[1], 'TRUNC 100000002');
});

test('S3: nothing goes on behind SNAP or TRUNC before the disk stands where memory does', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(SNAP, z(1, 9));
  rig.learner.onSnapshotReceived(null);
  assert.equal(rig.link.isPaused, true);
  rig.hear(PROPOSAL, z(1, 10), 'x');
  assert.match(rig.host.takeDeeds().join(), /leave: it sent PROPOSAL in step "installing"/);
  assert.deepEqual(rig.host.storage.takeAsked(), ['acceptedEpoch 2', 'sync']);
});

test('S4, S10: history, then currentEpoch, then the word; a crash between leaves no lie', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, z(1, 1));
  rig.hear(PROPOSAL, z(1, 1), 'x');
  rig.hear(COMMIT, z(1, 1));
  rig.link.take();
  rig.host.storage.takeAsked();
  rig.hear(NEWLEADER, z(2, 0), 'cfg');
  assert.deepEqual([rig.link.take(), rig.host.storage.takeAsked()], [[], ['sync']]);
  rig.learner.onStored(rig.host.storage.lastToken - 1);
  assert.deepEqual([rig.link.take(), rig.host.storage.takeAsked()], [[], []], 'an older store');
  rig.stored();
  assert.deepEqual([rig.link.take(), rig.host.storage.takeAsked()], [[], ['currentEpoch 2']]);
  rig.stored();
  assert.deepEqual(rig.link.take(), ['ACK 200000000']);
});

test('S5: NEWLEADER comes behind the whole body, which is of one point in time', () => {
  const rig = new LeaderRig();
  rig.host.limits.queueBytesMax = 1 << 22;
  rig.host.holds([z(1, 5)], 1);
  const two = rig.establish();
  const link = rig.hello(3);
  link.take();
  link.unsentBytes = 1 << 20;
  rig.ackEpoch(link, 0, 0);
  const zxid = rig.propose('while it streams');
  rig.leader.onSynced(zxid);
  rig.ack(two, zxid);
  link.unsentBytes = 0;
  rig.after(1);
  link.rawBytes = 18;
  const names = link.take().map((line) => line.split(' ').slice(0, 2).join(' '));
  assert.deepEqual(names, [
    'SNAP 200000000',
    'body 736e61700000000a42656e57617348657265',
    'NEWLEADER 200000000',
    'PING 200000001',
  ]);
  rig.ack(link, z(2, 0));
  assert.deepEqual(link.take(), [
    'UPTODATE ffffffffffffffff',
    'PROPOSAL 200000001 while it streams',
    'COMMIT 200000001',
  ]);
});

test('S6, leader: ACKs before that of NEWLEADER are not taken for it, and count behind it', () => {
  const rig = new LeaderRig();
  rig.establish();
  const zxid = rig.propose();
  const early = rig.join(3, z(1, 0));
  early.take();
  rig.ack(early, zxid);
  assert.deepEqual(early.take(), []);
  rig.leader.onSynced(zxid);
  assert.deepEqual(rig.host.takeDeeds(), [], 'its history may not be on its disk');
  rig.ack(early, z(1, 0));
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
  assert.deepEqual(early.take(), ['UPTODATE ffffffffffffffff', 'COMMIT 100000001']);
});

test('S6, learner: the first ACK is that of NEWLEADER, whatever the log says sooner', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, 0);
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.hear(NEWLEADER, z(2, 0), 'cfg');
  rig.learner.onSynced(z(2, 1));
  rig.stored();
  rig.learner.onSynced(z(2, 1));
  rig.stored();
  assert.deepEqual(rig.link.take().slice(2), ['ACK 200000000']);
  rig.learner.onSynced(z(2, 1));
  assert.deepEqual(rig.link.take(), ['ACK 200000001']);
});

test('S7, leader: between NEWLEADER and UPTODATE leave neither proposals nor commits', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const before = rig.propose('before');
  const link = rig.join(3, z(1, 0));
  assert.deepEqual(link.take().slice(2), ['PROPOSAL 100000001 before', 'NEWLEADER 100000000 cfg']);
  const after = rig.propose('after');
  rig.leader.onSynced(after);
  rig.ack(two, before);
  rig.ack(two, after);
  assert.deepEqual(link.take(), []);
  rig.ack(link, z(1, 0));
  assert.deepEqual(link.take(), [
    'UPTODATE ffffffffffffffff',
    'PROPOSAL 100000002 after',
    'COMMIT 100000001',
    'COMMIT 100000002',
  ]);
});

test('S7, learner: a COMMIT between NEWLEADER and UPTODATE finds its proposal', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, 0);
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.newLeader();
  rig.hear(COMMIT, z(2, 1));
  rig.hear(PROPOSAL, z(2, 2), 'x');
  rig.hear(UPTODATE, -1);
  rig.hear(COMMIT, z(2, 2));
  const deeds = rig.host.takeDeeds();
  assert.deepEqual(deeds, ['ensemble cfg', 'commit 200000001', 'serving 2', 'commit 200000002']);
});

test('S8: a role that is over neither logs, nor speaks, nor takes a late completion', () => {
  const rig = new LearnerRig();
  rig.serve();
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.host.storage.takeAsked();
  rig.learner.onLinkClosed(rig.link, 'reset');
  rig.host.takeDeeds();
  rig.learner.onSynced(z(2, 1));
  rig.hear(PROPOSAL, z(2, 2), 'x');
  rig.hear(COMMIT, z(2, 1));
  assert.deepEqual(rig.link.take(), []);
  assert.deepEqual([rig.host.storage.takeAsked(), rig.host.takeDeeds()], [[], []]);
});

test('S13: what was synchronised is applied before the word that speaks of it', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(DIFF, z(1, 2));
  for (const counter of [1, 2]) {
    rig.hear(PROPOSAL, z(1, counter), 'x');
    rig.hear(COMMIT, z(1, counter));
  }
  rig.hear(NEWLEADER, z(2, 0), 'cfg');
  rig.link.take();
  assert.equal(rig.host.lastProcessedZxid, z(1, 2));
  rig.stored();
  rig.stored();
  assert.deepEqual(rig.link.take(), ['ACK 200000000']);
});

test('S14: what a learner takes over it can pass on: its committed log has no hole', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 1)], 1);
  rig.discover();
  rig.hear(DIFF, z(1, 3));
  for (const counter of [2, 3]) {
    rig.hear(PROPOSAL, z(1, counter), 'x');
    rig.hear(COMMIT, z(1, counter));
  }
  rig.newLeader();
  rig.hear(UPTODATE, -1);
  rig.hear(PROPOSAL, z(2, 1), 'x');
  rig.hear(COMMIT, z(2, 1));
  const { committedLog } = rig.host;
  const zxids = Array.from({ length: committedLog.length }, (_, i) => committedLog.at(i).zxid);
  assert.deepEqual(zxids, [z(1, 1), z(1, 2), z(1, 3), z(2, 1)]);
});

test('S15: no transaction falls between the sync decision and the registration', () => {
  const rig = new LeaderRig();
  const two = rig.establish();
  const zxids = [1, 2, 3].map(() => rig.propose());
  rig.leader.onSynced(zxids[0] as number);
  rig.ack(two, zxids[0] as number);
  rig.host.lastProcessedZxid = z(1, 1);
  const link = rig.hello(3);
  rig.ackEpoch(link, 0, 0);
  link.rawBytes = 18;
  const first = link.take();
  assert.deepEqual(first.filter((line) => !line.startsWith('body')).slice(1), [
    'SNAP 100000001',
    'PROPOSAL 100000002 x',
    'PROPOSAL 100000003 x',
    'NEWLEADER 100000000 cfg',
  ]);
  rig.leader.onSynced(zxids[2] as number);
  rig.ack(two, zxids[2] as number);
  rig.propose();
  rig.ack(link, z(1, 0));
  assert.deepEqual(link.take(), [
    'UPTODATE ffffffffffffffff',
    'COMMIT 100000002',
    'COMMIT 100000003',
    'PROPOSAL 100000004 x',
  ]);
});

function meshOf(sid: number, dials: ScriptLink[], heard: number[]): ElectionMesh {
  return new ElectionMesh(
    {
      sid,
      electionAddresses: [{ host: 'own', port: 1 }],
      ensembleText: 'cfg',
      nowMs: () => 0,
      log: () => {},
      dial: () => {
        const link = new ScriptLink();
        dials.push(link);
        return link;
      },
      onNotification: (from) => heard.push(from),
      onConnected: () => {},
    },
    configOf(THREE_TEXT).members,
    { multiAddress: false, connectTimeoutMs: 5000, helloTimeoutMs: 5000, authenticates: false },
    new Prng(1),
  );
}

const LOOKING: Vote = {
  state: ServerState.LOOKING,
  leader: 3,
  zxid: 0,
  electionEpoch: 1,
  peerEpoch: 0,
};

test('S18: a member that does not answer keeps no vote from the others', () => {
  const dials: ScriptLink[] = [];
  const mesh = meshOf(3, dials, []);
  mesh.send(1, LOOKING);
  mesh.send(2, LOOKING);
  assert.equal(dials.length, 2, 'dialled side by side');
  const second = dials[1] as ScriptLink;
  mesh.onDialed(second);
  assert.ok(second.takeHex().length > 120, 'INIT and the vote, while the other dial hangs');
});

test('S19: established members agree, whatever round they heard of their leader in', () => {
  const decided: Vote[] = [];
  const election = new FastLeaderElection({
    sid: 1,
    isObserver: false,
    verifiers: [makeVerifier(configOf(THREE_TEXT))],
    memberSids: [],
    pollMaxMs: 1000,
    emptyNeedsAllVoters: false,
    nowMs: () => 0,
    log: () => {},
    sendVote: () => {},
    connectAll: () => {},
    isConnected: () => true,
    onDecided: (vote) => void decided.push(vote),
  });
  election.start(z(1, 7), 1);
  const base = { leader: 3, peerEpoch: 2 };
  const { FOLLOWING, LEADING } = ServerState;
  election.onNotification(2, { ...base, state: FOLLOWING, zxid: z(1, 3), electionEpoch: 9 });
  election.onNotification(3, { ...base, state: LEADING, zxid: z(1, 5), electionEpoch: 4 });
  assert.equal(decided[0]?.leader, 3);
});

test('S20: truncated and malformed votes are dropped, and the mesh lives on', () => {
  const heard: number[] = [];
  const mesh = meshOf(1, [], heard);
  const link = new ScriptLink();
  mesh.onAccepted(link);
  const init = 'ffffffffffff0000 0000000000000003 00000003 613a31';
  const vote =
    '00000000 0000000000000003 0000000000000000 0000000000000001 0000000000000000 00000002';
  const frames = [
    '00000004 00000000',
    '0000001b 00000000 0000000000000003 0000000000000000 00000000000000',
    `0000002c ${vote} ffffffff`,
    `0000002c ${vote} 00000001`,
    `0000002c ${vote} 7fffffff`,
    '0000001c 00000009 0000000000000003 0000000000000000 0000000000000001',
    `0000002c ${vote} 00000000`,
  ];
  const bytes = bytesOf(init + frames.join(''));
  mesh.onBytes(link, bytes, 0, bytes.length);
  assert.deepEqual(heard, [3]);
  assert.equal(link.closedFor, null);
});

test('what a follower acknowledged is never truncated while it may be counted', () => {
  // Released leaders answer this follower with TRUNC, though its ACK may commit the proposal.
  const rig = new LeaderRig();
  const two = rig.establish();
  const zxid = rig.propose();
  rig.ack(two, zxid);
  const again = rig.join(2, zxid);
  assert.equal(again.take()[1], 'DIFF 100000001');
  rig.host.takeDeeds();
  rig.leader.onSynced(zxid);
  assert.deepEqual(rig.host.takeDeeds(), ['commit 100000001']);
  assert.equal(again.closedFor, null);
});

test('S11: a TRUNC that the disk cannot do is never taken for done', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 5)], 1);
  rig.discover();
  rig.hear(TRUNC, z(1, 2));
  assert.throws(() => rig.learner.onTruncated(true), /TRUNC ended elsewhere/);
});
