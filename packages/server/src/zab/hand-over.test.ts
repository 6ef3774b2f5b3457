/** Planned hand-over, from both ends (`hand-over`, `learner-hand-over`). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, makeZxid, PacketType, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { OwnPacket } from './own-packets.ts';
import { bytesOf, type ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;
/** A REQUEST of session 0.5, cxid 6, type 1, with that byte for its body. */
const request = (body: string): Uint8Array => bytesOf(`0000000000000005 00000006 00000001 ${body}`);

interface Ensemble {
  readonly rig: LeaderRig;
  readonly two: ScriptLink;
  readonly three: ScriptLink;
}

/** Leader 1 of epoch 1 with followers 2 and 3, all in step. */
function ensemble(): Ensemble {
  const rig = new LeaderRig();
  const two = rig.establish();
  const three = rig.join(3, 0);
  rig.ack(three, z(1, 0));
  three.takeHex();
  rig.host.takeDeeds();
  return { rig, two, three };
}

function told(link: ScriptLink): string[] {
  return link.take().filter((line) => !line.startsWith('PING'));
}

function own(type: number, zxid: number, data = ''): string {
  return `${type} ${zxidToHex(zxid)}${data === '' ? '' : ` ${data}`}`;
}

const handOver = (sid: number, zxid: number): string =>
  own(OwnPacket.HAND_OVER, zxid, sid.toString(16).padStart(16, '0'));

function commit(rig: LeaderRig, links: readonly ScriptLink[], zxid: number): void {
  for (const link of links) rig.ack(link, zxid);
  rig.leader.onSynced(zxid);
}

describe('a leader that hands over', () => {
  it('prepares, drains, and tells all behind the last commit', () => {
    const { rig, two, three } = ensemble();
    const zxid = rig.propose();
    assert.equal(rig.leader.handOver(-1), null);
    assert.equal(rig.leader.isHandingOver, true);
    assert.deepEqual(told(three), [`PROPOSAL ${zxidToHex(zxid)} x`, own(OwnPacket.PREPARE, zxid)]);
    rig.after(1);
    rig.packet(two, OwnPacket.READY, zxid);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), [], 'it waits for the one that is to lead');
    rig.packet(three, OwnPacket.READY, zxid);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), ['draining']);
    commit(rig, [two], zxid);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), [`commit ${zxidToHex(zxid)}`]);
    rig.ack(three, zxid);
    rig.after(1);
    const reason = 'leave: handed over to 3';
    assert.deepEqual(rig.host.takeDeeds(), [`hand over to 3 at ${zxidToHex(zxid)}`, reason]);
    for (const link of [two, three]) {
      assert.deepEqual(told(link).slice(-2), [`COMMIT ${zxidToHex(zxid)}`, handOver(3, zxid)]);
      assert.notEqual(link.finishedFor, null);
      assert.equal(link.closedFor, null, 'what is written still goes out');
    }
  });

  it('chooses the largest sid of those that keep up, else who has acknowledged most', () => {
    const { rig, two, three } = ensemble();
    const observer = rig.join(4, 0, PacketType.OBSERVERINFO);
    rig.ack(observer, z(1, 0));
    rig.leader.handOver(-1);
    assert.ok(told(three).includes(own(OwnPacket.PREPARE, z(1, 0))));
    assert.deepEqual(told(two), []);
    // A proposal on its way costs nobody the lead, one that stays unanswered does.
    for (const [waitMs, isSlow] of [
      [50, false],
      [150, true],
    ] as const) {
      const other = ensemble();
      other.rig.ack(other.two, other.rig.propose());
      other.rig.after(waitMs);
      other.rig.leader.handOver(-1);
      const prepared = isSlow ? other.two : other.three;
      assert.ok(told(prepared).includes(own(OwnPacket.PREPARE, z(1, 1))), `${waitMs} ms`);
    }
    assert.match(ensemble().rig.leader.handOver(4) ?? '', /no follower/);
  });

  it('hands over to whoever is asked for, and to itself', () => {
    const { rig, two, three } = ensemble();
    rig.packet(two, OwnPacket.REQUEST_LEADERSHIP, 0);
    assert.deepEqual(told(two), [own(OwnPacket.PREPARE, z(1, 0))]);
    const alone = ensemble();
    assert.equal(alone.rig.leader.handOver(1), null);
    alone.rig.after(1);
    assert.deepEqual(alone.rig.host.takeDeeds(), [
      'draining',
      `hand over to 1 at ${zxidToHex(z(1, 0))}`,
      'leave: handed over to 1',
    ]);
    assert.deepEqual(told(alone.three), [handOver(1, z(1, 0))]);
    assert.deepEqual(told(three), []);
  });

  it('keeps what learners ask meanwhile, and orders it when it goes on', () => {
    const { rig, two, three } = ensemble();
    rig.leader.handOver(3);
    const zxid = rig.propose();
    rig.packet(three, OwnPacket.READY, 0);
    rig.after(1);
    rig.packet(two, PacketType.REQUEST, 0, request('61'));
    assert.deepEqual(rig.host.takeDeeds(), ['draining']);
    rig.leader.onLearnerClosed(three);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), ['gone 3', 'leading on', 'request of 2: 0.5 6 1 a ']);
    assert.equal(rig.leader.isHandingOver, false);
    assert.match(rig.host.warnings.at(-1) ?? '', /hand-over to 3 came to nothing: 3 is gone/);
    commit(rig, [two], zxid);
    assert.deepEqual(rig.host.takeDeeds(), [`commit ${zxidToHex(zxid)}`]);
  });

  it('leads on when the other is not ready, or the last commits do not come', () => {
    const { rig, three } = ensemble();
    rig.host.limits.syncLimitTicks = 100;
    rig.leader.handOver(3);
    rig.after(999);
    assert.equal(rig.leader.isHandingOver, true);
    rig.after(1);
    assert.equal(rig.leader.isHandingOver, false);
    assert.deepEqual(rig.host.takeDeeds(), [], 'nothing ever stood still');
    rig.leader.handOver(3);
    rig.propose();
    rig.packet(three, OwnPacket.READY, 0);
    rig.after(1);
    rig.after(1000);
    assert.deepEqual(rig.host.takeDeeds(), ['draining', 'leading on']);
  });

  it('waits a moment for a learner that is being synchronised', () => {
    const { rig, two, three } = ensemble();
    rig.leader.onLearnerClosed(two);
    const again = rig.join(2, 0);
    again.takeHex();
    rig.host.takeDeeds();
    rig.leader.handOver(3);
    rig.packet(three, OwnPacket.READY, 0);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), []);
    rig.ack(again, z(1, 0));
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds().slice(0, 1), ['draining']);
    assert.deepEqual(told(again).slice(-1), [handOver(3, z(1, 0))]);
  });

  it('does not begin where Apache follows, a reconfiguration runs, or nobody leads', () => {
    const { rig } = ensemble();
    const java = rig.javaHello(4);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    assert.equal(rig.leader.handOver(-1), '4 is an Apache member');
    const between = ensemble();
    between.rig.host.verifiers = [...between.rig.host.verifiers, ...between.rig.host.verifiers];
    assert.equal(between.rig.leader.handOver(-1), 'a reconfiguration is under way');
    const fresh = new LeaderRig();
    assert.equal(fresh.leader.handOver(-1), 'this server does not lead');
    assert.equal(fresh.leader.drainAway(), false);
  });

  it('drains and closes behind the last commit where Apache follows', () => {
    const { rig, two } = ensemble();
    const java = rig.javaHello(4);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    rig.host.takeDeeds();
    java.takeHex();
    const zxid = rig.propose();
    assert.deepEqual(told(java).length, 1);
    assert.equal(rig.leader.drainAway(), true);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds(), ['draining']);
    commit(rig, [two], zxid);
    rig.after(1);
    assert.deepEqual(rig.host.takeDeeds().slice(-1), ['leave: drained']);
    assert.deepEqual(told(java), [`COMMIT ${zxidToHex(zxid)}`], 'nothing that it does not know');
    assert.notEqual(java.finishedFor, null);
  });

  it('tells a server of our own kind which session has moved on, and Apache nothing', () => {
    const { rig, two } = ensemble();
    const java = rig.javaHello(4);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    java.takeHex();
    const [first, , third] = [...rig.leader.handlers.values()];
    rig.leader.onSessionMoved(first as object, 7, 8);
    rig.leader.onSessionMoved(third as object, 7, 8);
    rig.leader.onSessionMoved({}, 7, 8);
    assert.deepEqual(told(two), [own(OwnPacket.SESSION_MOVED, ZXID_NONE, '0000000700000008')]);
    assert.deepEqual(told(java), []);
  });
});

/** As `ensemble`, with few zxids. */
function brief(zxidsPerEpoch: number, javaSid: number): { rig: LeaderRig; step: () => void } {
  const rig = new LeaderRig();
  rig.host.limits.zxidsPerEpoch = zxidsPerEpoch;
  const two = rig.establish();
  if (javaSid > 0) {
    const java = rig.javaHello(javaSid);
    rig.ackEpoch(java, 0, 0);
    rig.ack(java, z(1, 0));
    rig.host.takeDeeds();
  }
  const step = (): void => {
    commit(rig, [two], rig.propose());
    rig.after(1);
  };
  return { rig, step };
}

const ends = (rig: LeaderRig): string[] =>
  rig.host.takeDeeds().filter((deed) => !deed.startsWith('commit'));

describe('an epoch that runs out of zxids', () => {
  it('ends by a hand-over to itself while a quarter of them is left', () => {
    const { rig, step } = brief(64, -1);
    for (let count = 1; count < 48; count++) step();
    assert.deepEqual(ends(rig), []);
    step();
    const zxid = zxidToHex(z(1, 48));
    assert.deepEqual(ends(rig), [
      'draining',
      `hand over to 1 at ${zxid}`,
      'leave: handed over to 1',
    ]);
  });

  it('drains at the very end where Apache follows', () => {
    const { rig, step } = brief(64, 3);
    for (let count = 1; count < 63; count++) step();
    assert.deepEqual(ends(rig), []);
    assert.match(rig.host.warnings.join(), /16 zxids .* no new epoch, 3 is an Apache member/);
    step();
    assert.deepEqual(ends(rig), ['draining', 'leave: drained']);
  });

  it('ends at the last one at any rate (S21)', () => {
    const { rig } = brief(64, -1);
    for (let count = 1; count < 64; count++) rig.propose();
    assert.deepEqual(ends(rig), []);
    rig.propose();
    assert.deepEqual(ends(rig), ['leave: the zxid counter is used up']);
  });
});

/** A learner that serves, with a history up to 2:1. */
function learner(): LearnerRig {
  const rig = new LearnerRig();
  rig.serve();
  rig.hear(PacketType.PROPOSAL, z(2, 1), 'x');
  rig.hear(PacketType.COMMIT, z(2, 1));
  rig.learner.onSynced(z(2, 1));
  rig.link.take();
  rig.host.takeDeeds();
  return rig;
}

function sidData(sid: number): Uint8Array {
  const w = new JuteWriter();
  w.number(sid);
  return w.toBytes();
}

describe('a learner whose leader hands over', () => {
  it('gets ready to lead when it is told to', () => {
    const rig = learner();
    rig.hear(OwnPacket.PREPARE, z(2, 1));
    assert.deepEqual(rig.host.takeDeeds(), ['prepare to lead']);
    assert.deepEqual(rig.link.take(), [own(OwnPacket.READY, z(2, 1))]);
    assert.equal(rig.learner.phase, 'broadcast');
  });

  it('leaves for the next leader', () => {
    const rig = learner();
    rig.hear(OwnPacket.HAND_OVER, z(2, 1), sidData(7));
    assert.deepEqual(rig.host.takeDeeds(), [
      `hand over to 7 at ${zxidToHex(z(2, 1))}`,
      'leave: the leader hands over to 7',
    ]);
    assert.deepEqual(rig.host.warnings, []);
  });

  it('does so also at the mark of an epoch in which nothing was proposed', () => {
    const rig = new LearnerRig();
    rig.serve();
    rig.hear(OwnPacket.HAND_OVER, z(2, 0), sidData(7));
    assert.deepEqual(rig.host.takeDeeds(), [
      `hand over to 7 at ${zxidToHex(0)}`,
      'leave: the leader hands over to 7',
    ]);
  });

  it('does not believe one that leaves something open, lost something or says nothing', () => {
    const open = learner();
    open.hear(PacketType.PROPOSAL, z(2, 2), 'x');
    open.hear(OwnPacket.HAND_OVER, z(2, 2), sidData(7));
    const lost = learner();
    lost.hear(OwnPacket.HAND_OVER, z(2, 2), sidData(7));
    const short = learner();
    short.hear(OwnPacket.HAND_OVER, z(2, 1), bytesOf('00000001'));
    const empty = learner();
    empty.hear(OwnPacket.HAND_OVER, z(2, 1));
    for (const [rig, why] of [
      [open, /with proposals outstanding/],
      [lost, /hands over at 0x200000002, beyond 0x200000001/],
      [short, /HAND_OVER is too short/],
      [empty, /HAND_OVER is too short/],
    ] as const) {
      const deeds = rig.host.takeDeeds();
      assert.equal(deeds.length, 1, deeds.join());
      assert.match(deeds[0] ?? '', why);
      assert.match(deeds[0] ?? '', /^leave: /);
    }
  });

  it('hears which session has moved on, and asks for the lead itself', () => {
    const rig = learner();
    rig.hear(OwnPacket.SESSION_MOVED, 0, bytesOf('0000000700000008'));
    assert.deepEqual(rig.host.takeDeeds(), ['moved 7.8']);
    rig.learner.requestLeadership();
    assert.deepEqual(rig.link.take(), [own(OwnPacket.REQUEST_LEADERSHIP, 0)]);
    rig.hear(OwnPacket.SESSION_MOVED, 0, bytesOf('00000007'));
    assert.match(rig.host.takeDeeds().join(), /leave: .*SESSION_MOVED is too short/);
  });

  it('gives up a leader that sends it what only learners send', () => {
    const rig = learner();
    rig.hear(OwnPacket.READY, 0);
    assert.match(rig.host.takeDeeds().join(), /leave: .*for leaders/);
  });
});
