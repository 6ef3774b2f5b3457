/**
 * Fast failure detection between members of our own kind, from both ends, and that Apache's members
 * see nothing of it.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, makeZxid, PacketType } from '@zabra/protocol';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { MemberPace } from './member-pace.ts';
import { bytesOf, type ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;
const DETECTION_MS = 600;
/** From a silence that is long enough to the turn that sees it. */
const NOTICE_MS = 40;

/** A leader with one established learner of our own kind, at 1000 ms; tick 2 s, syncLimit 5. */
function leaderRig(detectionMs = DETECTION_MS): { rig: LeaderRig; two: ScriptLink } {
  const rig = new LeaderRig();
  rig.host.limits.tickTimeMs = 2000;
  rig.host.pace = new MemberPace(detectionMs);
  const two = rig.establish();
  rig.after(1);
  two.take();
  return { rig, two };
}

function turn(rig: LeaderRig, ms: number): void {
  rig.host.pace.onTurn(ms, rig.host.now + ms);
  rig.after(ms);
}

/** In turns of 20 ms. */
function pass(rig: LeaderRig, ms: number): void {
  for (let passed = 0; passed < ms; passed += 20) turn(rig, 20);
}

function answer(rig: LeaderRig, link: ScriptLink, floorMs = 0): void {
  rig.packet(link, PacketType.PING, 0, bytesOf(floorMs.toString(16).padStart(8, '0')));
}

describe('a leader with fast failure detection', () => {
  it('pings its own kind often and says how long its pauses are, and Java as ever', () => {
    const { rig, two } = leaderRig();
    const java = rig.javaHello(3);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    java.takeHex();
    rig.host.pace.floorMs = 6;
    const heard: number[] = [];
    for (let at = 0; at < 1000; at += 20) {
      turn(rig, 20);
      answer(rig, two);
      const pings = two.takeHex();
      if (pings === '') continue;
      heard.push(at);
      assert.match(pings, /^00000005.{16}00000004[0-9a-f]{8}ffffffff$/);
    }
    assert.ok(heard.length >= 9 && heard.length <= 10, heard.join());
    assert.deepEqual(java.take(), ['PING 100000000']);
  });

  it('closes a learner that has agreed to it and went silent, and leaves without a quorum', () => {
    const { rig, two } = leaderRig();
    answer(rig, two);
    pass(rig, DETECTION_MS - NOTICE_MS);
    assert.equal(two.closedFor, null);
    pass(rig, 20);
    assert.match(two.closedFor ?? '', /nothing was heard of it for 580 ms/);
    assert.match(rig.host.takeDeeds().at(-1) ?? '', /a quorum of followers no longer answers/);
    assert.equal(rig.host.pace.silenceCount, 1);
  });

  it('waits for syncLimit when the learner has not agreed, or detection is off', () => {
    const { rig, two } = leaderRig();
    rig.packet(two, PacketType.PING, 0, new Uint8Array(0));
    pass(rig, 9980);
    assert.equal(two.closedFor, null);
    pass(rig, 40);
    assert.match(two.closedFor ?? '', /it was silent/);
    const off = leaderRig(0);
    answer(off.rig, off.two);
    pass(off.rig, 9980);
    assert.equal(off.two.closedFor, null);
  });

  it('takes no pause of its own for a silence of the learner', () => {
    const { rig, two } = leaderRig();
    answer(rig, two);
    turn(rig, 3000);
    assert.equal(two.closedFor, null);
    answer(rig, two);
    rig.host.pace.floorMs = 0;
    pass(rig, 500);
    assert.equal(two.closedFor, null);
  });

  it('is as patient as the pauses of either end want it', () => {
    const { rig, two } = leaderRig();
    answer(rig, two, 2000);
    pass(rig, 2000);
    assert.equal(two.closedFor, null);
    pass(rig, 20);
    assert.notEqual(two.closedFor, null);
    const own = leaderRig();
    answer(own.rig, own.two);
    own.rig.host.pace.onSync(1000);
    pass(own.rig, 2000);
    assert.equal(own.two.closedFor, null);
    pass(own.rig, 1500);
    assert.notEqual(own.two.closedFor, null);
  });

  it('reads the touch table in front, and refuses a tail that is none', () => {
    const { rig, two } = leaderRig();
    rig.host.takeDeeds();
    rig.packet(two, PacketType.PING, 0, bytesOf('00000001000000020000 0fa0 00000000'));
    assert.deepEqual(rig.host.takeDeeds(), ['touch 1.2 4000']);
    rig.packet(two, PacketType.PING, 0, bytesOf('0000000100000002'));
    assert.match(two.closedFor ?? '', /malformed/);
  });

  it('refuses a tail from a learner that is not of our own kind', () => {
    const { rig } = leaderRig();
    const java = rig.javaHello(3);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    rig.packet(java, PacketType.PING, 0, bytesOf('00000000'));
    assert.match(java.closedFor ?? '', /malformed/);
  });
});

/** A learner that serves; tick 2 s, syncLimit 5. */
function learnerRig(detectionMs = DETECTION_MS): LearnerRig {
  const rig = new LearnerRig();
  rig.host.limits.tickTimeMs = 2000;
  rig.host.pace = new MemberPace(detectionMs);
  rig.serve();
  rig.link.takeHex();
  rig.host.takeDeeds();
  return rig;
}

function passLearner(rig: LearnerRig, ms: number): void {
  for (let passed = 0; passed < ms; passed += 20) {
    rig.host.pace.onTurn(20, rig.host.now + 20);
    rig.after(20);
  }
}

describe('a learner with fast failure detection', () => {
  it('answers a leader of our own kind with its own pauses behind the touch table', () => {
    const rig = learnerRig();
    rig.host.touches = bytesOf('0000000100000002 00000fa0');
    rig.host.pace.floorMs = 12;
    rig.hear(PacketType.PING, z(1, 5), bytesOf('00000008'));
    const wanted = '00000005 0000000100000005 00000010 0000000100000002 00000fa0 0000000c ffffffff';
    assert.equal(rig.link.takeHex(), wanted.replaceAll(' ', ''));
    rig.hear(PacketType.PING, z(1, 5));
    const java = '00000005 0000000100000005 0000000c 0000000100000002 00000fa0 ffffffff';
    assert.equal(rig.link.takeHex(), java.replaceAll(' ', ''));
    assert.equal(bytesToHex(rig.host.touches), '000000010000000200000fa0');
  });

  it('gives up a leader that has agreed to it and went silent', () => {
    const rig = learnerRig();
    rig.hear(PacketType.PING, z(1, 0), bytesOf('00000000'));
    passLearner(rig, DETECTION_MS - NOTICE_MS);
    assert.deepEqual(rig.host.takeDeeds(), []);
    passLearner(rig, 20);
    assert.deepEqual(rig.host.takeDeeds(), ['leave: nothing was heard of the leader for 580 ms']);
  });

  it('waits for syncLimit when the leader is none of ours, or detection is off', () => {
    for (const [detectionMs, data] of [
      [DETECTION_MS, null],
      [0, bytesOf('00000000')],
    ] as const) {
      const rig = learnerRig(detectionMs);
      rig.hear(PacketType.PING, z(1, 0), data);
      passLearner(rig, 9980);
      assert.deepEqual(rig.host.takeDeeds(), []);
      passLearner(rig, 40);
      assert.match(rig.host.takeDeeds()[0] ?? '', /leave: the leader was silent/);
    }
  });
});
