/**
 * A member of an ensemble as a whole: what it says, and what is on its disk by then, and what it is
 * left with when a role ends in the middle (quorum-protocol.md 4, 6, 8 and 19; 22: S1, S2, S3).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid, PacketType, utf8Decode, writeAckEpochData } from '@zabra/protocol';
import {
  assertVotesAsDisk,
  finish,
  follow,
  forwardCreate,
  hello,
  History,
  lead,
  memberWith,
  written,
} from './ensemble-script.test-kit.ts';
import { AGREE, ledBy2, MemberBed } from './member-bed.test-kit.ts';

describe('a server without history and without leave to begin one', () => {
  it('looks, does not vote, and takes the history of whoever leads', () => {
    const bed = new MemberBed({ dbAutocreate: false });
    bed.voter = AGREE;
    bed.pass(2000);
    assert.equal(bed.peer.status().role, 'looking');
    const history = new History(1);
    history.create('/a');
    const link = follow(bed, 2);
    assert.deepEqual(link.heard(), ['FOLLOWERINFO 0', 'ACKEPOCH ffffffffffffffff']);
    link.say(PacketType.SNAP, history.zxid);
    link.sendRaw(history.snapshot());
    finish(bed, link, 2);
    assert.equal(bed.peer.status().lastProcessedZxid, history.zxid);
  });

  it('is given a snapshot when it comes to us', () => {
    const bed = new MemberBed();
    memberWith(2, bed);
    bed.hangUp(bed.link);
    const link = lead(bed, makeZxid(1, 2), 1);
    link.heard();
    const other = hello(bed, 2, 0);
    other.say(
      PacketType.ACKEPOCH,
      -1,
      written((w) => writeAckEpochData(w, 0)),
    );
    bed.run();
    assert.equal(other.closed, '');
    assert.deepEqual(other.heard().slice(0, 2), ['LEADERINFO 200000000', 'SNAP 200000000']);
  });
});

describe('a leader that throws us out', () => {
  it('is not asked again without pause, and followed as soon as it lets us', () => {
    const bed = new MemberBed();
    bed.voter = ledBy2(1);
    const hangUp = (): void => {
      for (const link of bed.quorum) if (link.closed === '' && !link.isDialed) bed.hangUp(link);
    };
    for (let count = 0; count < 500; count++) {
      bed.nowMs += 20;
      for (let turns = 0; turns < 10; turns++) {
        bed.turn();
        hangUp();
      }
    }
    assert.ok(bed.quorum.length < 25, `it asked ${bed.quorum.length} times in 10 s`);
    assert.ok(bed.quorum.length > 8, `it asked ${bed.quorum.length} times in 10 s`);
    const link = follow(bed, 1);
    link.say(PacketType.DIFF, 0);
    finish(bed, link, 1);
    const asked = bed.quorum.length;
    bed.hangUp(link);
    bed.run();
    assert.equal(bed.quorum.length, asked + 1, 'after a role that served there is no pause');
  });
});

describe('a follower speaks', () => {
  it('of an epoch, a history and a proposal only when they are on its disk', () => {
    const bed = new MemberBed();
    bed.run();
    bed.disk.isSnapStuck = true;
    const link = follow(bed, 1);
    assert.deepEqual(link.heard(), ['FOLLOWERINFO 0']);
    bed.disk.isSnapStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['ACKEPOCH 0']);

    bed.disk.isLogStuck = true;
    bed.disk.isSnapStuck = true;
    const history = new History(1);
    link.say(PacketType.DIFF, makeZxid(1, 1));
    link.say(PacketType.PROPOSAL, makeZxid(1, 1), history.create('/a'));
    link.say(PacketType.COMMIT, makeZxid(1, 1));
    link.say(PacketType.PROPOSAL, makeZxid(1, 2), history.create('/b'));
    link.say(PacketType.NEWLEADER, makeZxid(1, 0), new Uint8Array(0));
    bed.run();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), [], 'the log is there, currentEpoch is not');
    bed.disk.isLogStuck = true;
    bed.disk.isSnapStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['ACK 100000000'], 'the proposal is not logged yet');
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['ACK 100000002']);
  });
});

describe('SNAP', () => {
  it('may take longer than initLimit while its bytes keep coming', () => {
    const bed = new MemberBed();
    const link = follow(bed, 1);
    const history = new History(1);
    for (let index = 0; index < 100; index++) history.create(`/${index}`);
    const body = history.snapshot();
    link.say(PacketType.SNAP, history.zxid);
    const step = Math.ceil(body.length / 20);
    for (let at = 0; at < body.length; at += step) {
      link.sendRaw(body.subarray(at, Math.min(at + step, body.length)));
      bed.pass(5000);
    }
    finish(bed, link, 1);
    assert.equal(bed.peer.status().lastProcessedZxid, history.zxid);
  });

  it('that never ends costs its leader after initLimit', () => {
    const bed = new MemberBed();
    const link = follow(bed, 1);
    link.say(PacketType.SNAP, makeZxid(1, 5));
    bed.voter = () => null;
    bed.pass(21_000);
    assert.equal(link.closed, 'by us');
    assertVotesAsDisk(bed, 0);
  });

  it('that breaks off leaves the state as it was', () => {
    const bed = new MemberBed();
    memberWith(3, bed);
    bed.hangUp(bed.link);
    const link = follow(bed, 2);
    const history = new History(1);
    for (let index = 0; index < 9; index++) history.create(`/other${index}`);
    const body = history.snapshot();
    link.say(PacketType.SNAP, history.zxid);
    link.sendRaw(body.subarray(0, body.length - 5));
    bed.run();
    bed.hangUp(link);
    assertVotesAsDisk(bed, makeZxid(1, 3));
  });

  it('whose leader is gone while it is stored leaves memory as the disk is (S3)', () => {
    for (const isStuckToTheEnd of [true, false]) {
      const bed = new MemberBed();
      memberWith(3, bed);
      bed.hangUp(bed.link);
      const link = follow(bed, 2);
      const history = new History(1);
      for (let index = 0; index < 9; index++) history.create(`/other${index}`);
      bed.disk.isSnapStuck = isStuckToTheEnd;
      bed.disk.isLogStuck = !isStuckToTheEnd;
      link.say(PacketType.SNAP, history.zxid);
      link.sendRaw(history.snapshot());
      bed.run();
      bed.hangUp(link);
      bed.pass(1000);
      bed.disk.isSnapStuck = false;
      bed.disk.isLogStuck = false;
      // Given up when it had not begun to take effect, else carried out.
      assertVotesAsDisk(bed, isStuckToTheEnd ? makeZxid(1, 3) : history.zxid);
    }
  });
});

describe('a DIFF with a hole', () => {
  it('makes room for a snapshot, even while what came of it is on its way to the disk', () => {
    for (const isGone of [false, true]) {
      const bed = new MemberBed();
      const first = follow(bed, 1);
      const history = new History(1);
      bed.disk.isLogStuck = true;
      first.say(PacketType.DIFF, makeZxid(1, 5));
      first.say(PacketType.PROPOSAL, makeZxid(1, 1), history.create('/a'));
      first.say(PacketType.COMMIT, makeZxid(1, 1));
      history.create('/b');
      first.say(PacketType.NEWLEADER, makeZxid(1, 0), new Uint8Array(0));
      bed.run();
      assert.equal(first.closed, 'by us');
      const link = follow(bed, 1);
      assert.deepEqual(link.heard(), ['FOLLOWERINFO 100000000', 'ACKEPOCH 0']);
      link.say(PacketType.SNAP, history.zxid);
      link.sendRaw(history.snapshot());
      bed.run();
      if (isGone) bed.hangUp(link);
      bed.pass(1000);
      bed.disk.isLogStuck = false;
      if (!isGone) finish(bed, link, 1);
      else assertVotesAsDisk(bed, history.zxid);
      assert.equal(bed.peer.status().lastLoggedZxid, history.zxid);
    }
  });
});

describe('TRUNC', () => {
  it('cuts disk, state and committed log alike', () => {
    const bed = new MemberBed();
    const history = memberWith(3, bed);
    bed.hangUp(bed.link);
    const link = follow(bed, 2);
    link.say(PacketType.TRUNC, makeZxid(1, 2));
    finish(bed, link, 2);
    assert.equal(bed.peer.status().lastProcessedZxid, makeZxid(1, 2));
    assert.equal(history.state.lastProcessedZxid, makeZxid(1, 3));
    bed.hangUp(link);
    // What it serves from now on has no trace of 1:3.
    const learner = lead(bed, makeZxid(1, 1), 2);
    assert.deepEqual(learner.heard().slice(1, 5), [
      'DIFF 100000002',
      'PROPOSAL 100000002',
      'COMMIT 100000002',
      'NEWLEADER 300000000',
    ]);
  });

  it('whose leader is gone while the log is cut ends on the disk first', () => {
    for (const stuck of ['isSnapStuck', 'isLogStuck'] as const) {
      const bed = new MemberBed();
      memberWith(3, bed);
      bed.hangUp(bed.link);
      const link = follow(bed, 2);
      bed.disk[stuck] = true;
      link.say(PacketType.TRUNC, makeZxid(1, 2));
      bed.run();
      bed.hangUp(link);
      bed.pass(1000);
      assert.equal(bed.peer.status().role, 'looking');
      bed.disk[stuck] = false;
      assertVotesAsDisk(bed, makeZxid(1, 2));
    }
  });

  it('to a point that is not ours asks for a snapshot, and changes nothing', () => {
    const bed = new MemberBed();
    memberWith(3, bed);
    bed.hangUp(bed.link);
    const link = follow(bed, 2);
    link.say(PacketType.TRUNC, makeZxid(2, 7));
    bed.until(() => link.closed !== '');
    bed.until(() => bed.link.packets().length > 0);
    assert.equal(bed.peer.status().lastLoggedZxid, makeZxid(1, 3));
  });
});

describe('a leader', () => {
  it('votes for what it logged and nobody committed (S1)', () => {
    const bed = new MemberBed();
    memberWith(2, bed);
    bed.hangUp(bed.link);
    const link = lead(bed, makeZxid(1, 2), 1);
    forwardCreate(link, '/x');
    forwardCreate(link, '/y');
    bed.run();
    bed.hangUp(link);
    bed.voter = () => null;
    bed.pass(40_000);
    assert.equal(bed.peer.status().role, 'looking');
    assertVotesAsDisk(bed, makeZxid(2, 2));
  });

  it('commits by the word of others, and counts its own only when its log is synced', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    link.heard();
    bed.disk.isLogStuck = true;
    forwardCreate(link, '/x');
    bed.run();
    assert.deepEqual(link.heard(), ['PROPOSAL 100000001']);
    link.say(PacketType.ACK, makeZxid(1, 1));
    bed.run();
    assert.deepEqual(link.heard(), []);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['COMMIT 100000001']);
  });
});

describe('a configuration', () => {
  it('is what the znode of it says', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    const newLeader = link.packets().find(({ type }) => type === PacketType.NEWLEADER);
    const text = newLeader?.data ?? new Uint8Array(0);
    assert.match(utf8Decode(text, 0, text.length), /^server\.1=.*version=0$/s);
  });
});
