/**
 * Reconfigurations as a leader and a learner carry them out (quorum-protocol.md 15.5): both
 * quorums, activation, whoever leads from then on, and the end of a reign that is not its own any
 * more.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesToHex, JuteWriter, makeZxid, PacketType, utf8Encode } from '@zabra/protocol';
import { designateLeader } from './designated-leader.ts';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, type ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;
const HELD = z(1, 1);
const START = z(2, 0);
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((host, index) => `server.${index + 1}=${host}:1:2`);

/** The rig's leader is server 1 of three; 2 and 3 follow, and so do those that are given. */
function established(...others: readonly number[]): [LeaderRig, Map<number, ScriptLink>] {
  const rig = new LeaderRig();
  rig.host.holds([HELD], 1);
  const links = new Map([[2, rig.establish()]]);
  for (const sid of [3, ...others]) {
    const link = rig.join(sid, HELD);
    rig.ack(link, START);
    link.take();
    links.set(sid, link);
  }
  return [rig, links];
}

/** How the rig shows data with a line end in it. */
function hexOf(...lines: readonly (string | undefined)[]): string {
  return bytesToHex(utf8Encode(lines.join('\n')));
}

/** Proposes that configuration, which counts beside the committed one from here on. */
function reconfigure(rig: LeaderRig, ...lines: readonly (string | undefined)[]): number {
  const text = lines.join('\n');
  const { host } = rig;
  const zxid = rig.propose(text);
  host.verifiers = [makeVerifier(host.ensemble), makeVerifier(configOf(text))];
  host.takeDeeds();
  return zxid;
}

test('a reconfiguration needs a quorum of what is and of what is to be', () => {
  const [rig, links] = established(4, 5);
  const zxid = reconfigure(rig, D, 'server.5=e:1:2', A);
  assert.equal(rig.host.reconfig.lastSeen.members.length, 3);
  rig.leader.onSynced(zxid);
  rig.ack(links.get(2) as ScriptLink, zxid);
  assert.deepEqual(rig.host.takeDeeds(), [], 'one of the new voters is none');
  rig.ack(links.get(4) as ScriptLink, zxid);
  const deeds = rig.host.takeDeeds();
  assert.deepEqual(deeds, ['commit 200000001', 'activate 200000001 1']);
  for (const sid of [2, 3, 4, 5]) {
    const found = links.get(sid)?.take().at(-1);
    assert.equal(found, 'COMMITANDACTIVATE 200000001 0000000000000001');
  }
});

test('what was proposed before a reconfiguration is committed before it', () => {
  const [rig, links] = established();
  const first = rig.propose();
  const zxid = reconfigure(rig, A, B);
  rig.leader.onSynced(zxid);
  rig.ack(links.get(3) as ScriptLink, zxid);
  assert.deepEqual(rig.host.takeDeeds(), []);
  rig.ack(links.get(2) as ScriptLink, zxid);
  const [one, ...others] = rig.host.takeDeeds();
  assert.equal(one, `commit ${first.toString(16)}`);
  assert.deepEqual(others, ['commit 200000002', 'activate 200000002 1']);
});

test('an observer hears of it with the transaction, one packet for both', () => {
  const [rig, links] = established();
  const observer = rig.join(4, HELD, PacketType.OBSERVERINFO);
  rig.ack(observer, START);
  observer.take();
  const zxid = reconfigure(rig, A, B, C);
  rig.leader.onSynced(zxid);
  rig.ack(links.get(2) as ScriptLink, zxid);
  const head = 'INFORMANDACTIVATE 200000001 0000000000000001';
  assert.deepEqual(observer.take(), [`${head}${hexOf(A, B, C)}`]);
});

test('a leader whose place is taken commits nothing more, and goes after its learners', () => {
  const [rig, links] = established();
  const zxid = reconfigure(rig, B, C);
  rig.host.reconfig.end = 'another leads';
  const late = rig.propose();
  rig.leader.onSynced(late);
  for (const sid of [2, 3]) rig.ack(links.get(sid) as ScriptLink, late);
  const wanted = ['commit 200000001', 'activate 200000001 3', 'retiring'];
  assert.deepEqual(rig.host.takeDeeds(), wanted, 'the later proposal is for the next epoch');
  assert.equal(zxid + 1, late);
  rig.after(1);
  assert.equal(rig.leader.isOver, false);
  const stranger = rig.connect();
  assert.equal(stranger.closedFor, 'the leader is leaving');
  for (const sid of [2, 3]) rig.leader.onLearnerClosed(links.get(sid) as ScriptLink);
  rig.after(1);
  assert.equal(rig.host.takeDeeds().at(-1), 'leave: another leads');
});

test('a leader whose place is taken does not wait for ever', () => {
  const [rig, links] = established();
  const zxid = reconfigure(rig, B, C);
  rig.host.reconfig.end = 'another leads';
  rig.leader.onSynced(zxid);
  for (const sid of [2, 3]) rig.ack(links.get(sid) as ScriptLink, zxid);
  rig.after(rig.host.limits.tickTimeMs);
  assert.match(rig.host.takeDeeds().at(-1) ?? '', /^leave: /);
});

test('who joins hears of a reconfiguration under way as if it came later', () => {
  const [rig, links] = established();
  const before = rig.propose();
  reconfigure(rig, A, B);
  const after = rig.propose();
  const link = rig.join(4, HELD);
  assert.deepEqual(link.take().slice(-2), [
    `PROPOSAL ${before.toString(16)} x`,
    'NEWLEADER 200000000 cfg',
  ]);
  rig.ack(link, START);
  const wanted = ['UPTODATE ffffffffffffffff', `PROPOSAL 200000002 ${hexOf(A, B)}`];
  assert.deepEqual(link.take(), [...wanted, `PROPOSAL ${after.toString(16)} x`]);
  assert.equal(links.size, 2);
});

test('a leader that completes a configuration without a place for it serves nobody', () => {
  const rig = new LeaderRig();
  rig.host.reconfig.end = 'no place';
  const link = rig.hello(2);
  rig.stored();
  rig.ackEpoch(link, 0, 0);
  rig.stored();
  rig.stored();
  rig.ack(link, rig.epochStart);
  assert.deepEqual(rig.host.takeDeeds(), ['retiring']);
  assert.equal(link.take().at(-1), 'UPTODATE ffffffffffffffff', 'its learners are told to go on');
  rig.leader.onLearnerClosed(link);
  rig.after(1);
  assert.equal(rig.host.takeDeeds().at(-1), 'leave: no place');
});

test('a member of the configuration that is to be counts as one', () => {
  const [rig] = established();
  reconfigure(rig, A, B, D);
  rig.hello(4, 5);
  rig.host.now += rig.host.limits.initLimitTicks * rig.host.limits.tickTimeMs + 1;
  rig.hello(4, 5);
  assert.match(rig.host.takeDeeds().at(-1) ?? '', /member 4 has promised epoch 5/);
});

test('whoever is furthest leads next, if it is there to hear of it', () => {
  const from = configOf([A, B, C].join('\n'));
  const acked = new Map([
    [2, 20],
    [3, 30],
    [4, 40],
  ]);
  const there = new Set([2, 3, 4]);
  const acks = {
    ackedBy: (sid: number) => acked.get(sid) ?? -1,
    follows: (sid: number) => there.has(sid),
  };
  const next = (...lines: readonly (string | undefined)[]): number =>
    designateLeader(1, from, configOf(lines.join('\n')), 10, acks);
  assert.equal(next(A, B, C, D), 1, 'the leader itself, while it stays');
  assert.equal(next('server.1=a:1:99', B), 1, 'its election port does not matter');
  assert.equal(next('server.1=a:9:2', B), 2, 'its quorum port does');
  assert.equal(next(`${A}:observer`, B), 2);
  assert.equal(next(B, C, D), 4);
  there.delete(4);
  assert.equal(next(B, C, D), 3);
  acked.set(3, 20);
  assert.equal(next(B, C, D), 3, 'the larger sid of equals');
  assert.equal(next(B, C, 'group.1=2:3', 'weight.3=0'), 2, 'nobody without weight');
  acked.set(2, 9);
  assert.equal(next(B, C), 3, 'nobody who has not acknowledged it');
  assert.equal(next('server.1=a:9:2'), 1, 'alone it goes on at its new address');
});

test('a learner sees what is proposed at once, in history and live', () => {
  const rig = new LearnerRig();
  rig.discover();
  rig.hear(PacketType.DIFF, z(1, 1));
  rig.hear(PacketType.PROPOSAL, z(1, 1), [A, B].join('\n'));
  assert.deepEqual(rig.host.takeDeeds(), ['proposed 1,2']);
  rig.hear(PacketType.COMMIT, z(1, 1));
  rig.newLeader();
  rig.hear(PacketType.UPTODATE, -1);
  rig.host.takeDeeds();
  rig.hear(PacketType.PROPOSAL, z(2, 1), [A, C].join('\n'));
  rig.hear(PacketType.PROPOSAL, z(2, 1), [A, D].join('\n'));
  assert.deepEqual(rig.host.takeDeeds(), ['proposed 1,3'], 'once');
});

test('a learner leaves when its role changes, wherever that finds it', () => {
  const sid = new JuteWriter();
  sid.number(2);
  const serving = new LearnerRig();
  serving.serve();
  serving.hear(PacketType.PROPOSAL, z(2, 1), [A, B].join('\n'));
  serving.host.reconfig.end = 'another role';
  serving.hear(PacketType.COMMITANDACTIVATE, z(2, 1), sid.toBytes());
  assert.deepEqual(serving.host.takeDeeds().slice(1), [
    'commit 200000001',
    'activate 200000001 2',
    'leave: another role',
  ]);
  const syncing = new LearnerRig();
  syncing.discover();
  syncing.hear(PacketType.DIFF, z(1, 1));
  syncing.hear(PacketType.PROPOSAL, z(1, 1), [A, B].join('\n'));
  syncing.host.reconfig.end = 'another role';
  syncing.hear(PacketType.COMMITANDACTIVATE, z(1, 1), sid.toBytes());
  assert.equal(syncing.host.takeDeeds().at(-1), 'leave: another role');
  const told = new LearnerRig();
  told.synchronise();
  told.host.reconfig.end = 'another role';
  told.hear(PacketType.UPTODATE, -1);
  const deeds = told.host.takeDeeds();
  assert.equal(deeds.at(-1), 'leave: another role');
  assert.ok(!deeds.includes('serving 2'), 'its clients never see the old role');
});
