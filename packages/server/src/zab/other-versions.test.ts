/**
 * Members of our own kind and of other versions (`declaration`): one of a later version, which says
 * more than we know, one of the first, which knows less, and one that declares nothing.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteReader, JuteWriter, makeZxid, PacketType } from '@zabra/protocol';
import { declare, readDeclaration, Since, ZABRA_VERSION } from './declaration.ts';
import { encodeLeaderInfo, encodeLearnerInfo } from './learner-info.ts';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { MemberPace } from './member-pace.ts';
import { isOwnPacket, OwnPacket } from './own-packets.ts';
import { bytesOf, type ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;
const FUTURE = 99;
/** Of the range of our own packets, and of no version yet. */
const UNKNOWN_PACKET = 0x5a7f;
const MORE = bytesOf('0000000c 7768617465766572');
const EIGHT_ZEROS = '0'.repeat(16);

/** What stands behind a record, read as a declaration. */
function readBehind(hex: string): number {
  const bytes = bytesOf(hex);
  return readDeclaration(new JuteReader().reset(bytes, 0, bytes.length));
}

function declared(version: number): string {
  const w = new JuteWriter(8);
  declare(w, version);
  return Buffer.from(w.toBytes()).toString('hex');
}

describe('a declaration', () => {
  it('is read with the version that it has, whatever stands behind it', () => {
    const rows: [string, string, number][] = [
      ['nothing, as of an Apache member', '', 0],
      ['ours', declared(ZABRA_VERSION), ZABRA_VERSION],
      ['the first', declared(Since.DECLARATION), 1],
      ['one of the future', `${declared(FUTURE)}0000000c77686174`, FUTURE],
      ['of version 0, which is written as nothing', declared(0), 0],
      ['a version that is none', '5a41425280000000', 0],
      ['the magic alone', '5a414252', 0],
      ['other bytes', '0102030405060708', 0],
    ];
    for (const [name, hex, version] of rows) assert.equal(readBehind(hex), version, name);
  });
});

/** An established leader with fast failure detection and the learner 3 of that version. */
function leaderWith(version: number, more = ''): { rig: LeaderRig; three: ScriptLink } {
  const rig = new LeaderRig();
  rig.host.pace = new MemberPace(600);
  rig.establish();
  const three = rig.connect();
  const info = Buffer.concat([encodeLearnerInfo(3, 0, version), bytesOf(more)]);
  rig.packet(three, PacketType.FOLLOWERINFO, 0, info);
  rig.ackEpoch(three, 0, 0);
  rig.ack(three, z(1, 0));
  three.takeHex();
  return { rig, three };
}

const isPing = (line: string): boolean => line.startsWith('PING');

describe('a leader', () => {
  it('says all that it knows to a learner of a later version, passes over what it does not', () => {
    const { rig, three } = leaderWith(FUTURE, '0000000c 7768617465766572');
    rig.packet(three, UNKNOWN_PACKET, 0, MORE);
    rig.packet(three, UNKNOWN_PACKET, 0);
    assert.equal(three.closedFor, null);
    rig.after(200);
    assert.ok(three.take().some((line) => isPing(line) && line.split(' ').length === 3));
    assert.equal(rig.leader.handOver(3), null);
    assert.ok(three.take().some((line) => line.startsWith(`${OwnPacket.PREPARE} `)));
  });

  for (const [name, version, why] of [
    ['of the first version', 1, '3 is of version 1, which has no hand-over'],
    ['that declares nothing', 0, '3 is an Apache member'],
  ] as const) {
    it(`sends a learner ${name} nothing that it does not know`, () => {
      const { rig, three } = leaderWith(version);
      rig.after(rig.host.limits.tickTimeMs);
      const pings = three.take();
      assert.ok(pings.length > 0 && pings.every(isPing));
      assert.ok(
        pings.every((line) => line.split(' ').length === 2),
        pings.join(),
      );
      assert.equal(rig.leader.handOver(-1), why);
      for (const owner of rig.leader.handlers.values()) rig.leader.onSessionMoved(owner, 7, 8);
      assert.deepEqual(three.take(), []);
    });
  }
});

/** A learner of an established leader of that version. */
function learnerOf(leaderVersion: number, more = ''): LearnerRig {
  const rig = new LearnerRig();
  rig.host.pace = new MemberPace(600);
  rig.connect();
  const info = Buffer.concat([encodeLeaderInfo(leaderVersion), bytesOf(more)]);
  rig.hear(PacketType.LEADERINFO, z(2, 0), info);
  rig.stored();
  rig.hear(PacketType.DIFF, rig.host.storage.lastLoggedZxid);
  rig.hear(UNKNOWN_PACKET, 0, MORE);
  rig.newLeader();
  rig.hear(UNKNOWN_PACKET, 0, MORE);
  rig.hear(PacketType.UPTODATE, -1);
  rig.link.take();
  rig.host.takeDeeds();
  return rig;
}

describe('a learner', () => {
  it('takes what it knows of a leader of a later version, and passes over what it does not', () => {
    assert.equal(isOwnPacket(UNKNOWN_PACKET), false);
    const rig = learnerOf(FUTURE, '0000000c 7768617465766572');
    assert.equal(rig.host.leaderVersion, FUTURE);
    rig.hear(UNKNOWN_PACKET, 0, MORE);
    assert.deepEqual(rig.host.takeDeeds(), []);
    assert.equal(rig.link.closedFor, null);
    // Pauses, and something behind them that is not for us.
    rig.hear(PacketType.PING, z(2, 0), bytesOf('00000008 0000000c'));
    assert.deepEqual(rig.link.take(), ['PING 200000000 00000000']);
    assert.equal(rig.learner.requestLeadership(), true);
    rig.link.take();
    rig.hear(OwnPacket.HAND_OVER, z(2, 0), bytesOf(`${EIGHT_ZEROS.slice(1)}3 0000000c`));
    assert.match(rig.host.takeDeeds().join(), /hand over to 3/);
  });

  for (const version of [0, 1]) {
    it(`asks a leader of version ${version} for nothing that it does not know`, () => {
      const rig = learnerOf(version);
      assert.equal(rig.host.leaderVersion, version);
      assert.equal(rig.learner.requestLeadership(), false);
      rig.hear(PacketType.PING, z(2, 0));
      assert.deepEqual(rig.link.take(), ['PING 200000000 ']);
    });
  }
});
