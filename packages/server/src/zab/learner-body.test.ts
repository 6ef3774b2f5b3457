/**
 * A learner that lacks more than memory holds, and the log files that have it: what it is sent,
 * in which order, and what happens when they do not have it after all.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid, PacketType } from '@zabra/protocol';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { ScriptHistory } from './script-history.test-kit.ts';
import type { ScriptLink } from './script-host.test-kit.ts';

const z = makeZxid;
const UNSENT_BYTES_MAX = 1 << 20;

/** An established leader whose memory begins with 1:5; learner 3 has come with 1:2. */
function withLearnerBehind(type: number = PacketType.FOLLOWERINFO): {
  rig: LeaderRig;
  link: ScriptLink;
  history: ScriptHistory;
  /** Time passes, and the follower that makes a quorum answers. */
  pass: (ms: number) => void;
} {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 5), z(1, 6)], 1);
  const two = rig.establish();
  const history = new ScriptHistory();
  const asked: number[][] = [];
  rig.host.openHistory = (afterZxid, untilZxid) => {
    asked.push([afterZxid, untilZxid]);
    return history;
  };
  const link = rig.join(3, z(1, 2), type);
  assert.deepEqual(asked, [[z(1, 2), z(1, 5)]]);
  link.take();
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 10) {
      rig.packet(two, PacketType.PING, -1, new Uint8Array(0));
      rig.after(Math.min(10, left));
    }
  };
  return { rig, link, history, pass };
}

function onWire(link: ScriptLink): string {
  return link
    .take()
    .map((packet) => packet.replace(' 1000000', ' 1:').replace(' 2000000', ' 2:'))
    .join(', ');
}

describe('a learner that lacks more than memory holds', () => {
  it('waits until the log was searched, and the others do not', () => {
    const { rig, link, history } = withLearnerBehind();
    rig.after(1);
    rig.propose('a');
    rig.after(1);
    assert.equal(onWire(link), '');
    history.state = 'found';
    rig.after(1);
    assert.equal(history.reached, z(1, 5));
    assert.equal(onWire(link), 'DIFF 1:06');
    assert.equal(link.closedFor, null);
  });

  it('gets the log, then memory, then what came meanwhile, without gap or repetition', () => {
    const { rig, link, history } = withLearnerBehind();
    history.state = 'found';
    history.read.push(z(1, 3));
    rig.after(1);
    assert.equal(onWire(link), 'DIFF 1:06, PROPOSAL 1:03 old, COMMIT 1:03');
    const zxid = rig.propose('new');
    rig.leader.onSynced(zxid);
    history.read.push(z(1, 4), z(1, 5), z(1, 6));
    rig.after(1);
    const memory = 'PROPOSAL 1:05 x, COMMIT 1:05, PROPOSAL 1:06 x, COMMIT 1:06';
    assert.equal(onWire(link), `PROPOSAL 1:04 old, COMMIT 1:04, ${memory}, NEWLEADER 2:00 cfg`);
    assert.equal(history.state, 'closed');
    rig.ack(link, rig.epochStart);
    assert.equal(onWire(link), 'UPTODATE ffffffffffffffff, PROPOSAL 2:01 new');
  });

  it('gets what was in memory when it was decided, although memory has gone on', () => {
    const { rig, link, history } = withLearnerBehind();
    history.state = 'found';
    rig.after(1);
    rig.host.committedLog.clear();
    history.read.push(z(1, 3), z(1, 4), z(1, 5));
    rig.after(1);
    const found = onWire(link);
    assert.match(found, /PROPOSAL 1:06 x, COMMIT 1:06, NEWLEADER/);
  });

  it('is asked for no more than the network takes', () => {
    const { rig, link, history } = withLearnerBehind();
    link.unsentBytes = UNSENT_BYTES_MAX;
    history.state = 'found';
    history.read.push(z(1, 3), z(1, 4), z(1, 5));
    rig.after(1);
    assert.equal(onWire(link), 'DIFF 1:06');
    assert.equal(history.read.length, 3);
    link.unsentBytes = 0;
    rig.after(1);
    assert.equal(history.read.length, 0);
  });

  it('has its time while the log comes forward, and not when it stands still', () => {
    const { link, history, pass } = withLearnerBehind();
    history.state = 'found';
    pass(10);
    const initLimitMs = 1000;
    for (let counter = 3; counter <= 4; counter++) {
      pass(initLimitMs - 50);
      history.read.push(z(1, counter));
      pass(10);
    }
    pass(initLimitMs - 50);
    assert.equal(link.closedFor, null);
    pass(100);
    assert.equal(link.closedFor, 'no word from it in "sync"');
    assert.equal(history.state, 'closed');
  });

  it('gets the whole state when the log does not hold where it stands, or cannot be read', () => {
    for (const why of ['absent', 'failed', 'not synced', 'closed']) {
      const { rig, link, history } = withLearnerBehind();
      if (why === 'failed') history.fail('Cannot read on in "log.1": it is rotten');
      else if (why === 'absent' || why === 'closed') history.state = why;
      else {
        history.state = 'found';
        history.syncedZxid = z(1, 4);
      }
      link.rawBytes = 18;
      rig.after(1);
      assert.match(onWire(link), /^SNAP 2:00, body/, why);
      assert.equal(history.state, 'closed', why);
      assert.equal(link.closedFor, null, why);
      const warnings = rig.host.warnings.filter((line) => line.includes('rotten'));
      assert.equal(warnings.length, why === 'failed' ? 1 : 0);
    }
  });

  it('gets the whole state when the search takes long, while it still waits for a word', () => {
    const { link, history, pass } = withLearnerBehind();
    link.rawBytes = 18;
    pass(320);
    assert.equal(onWire(link), '');
    pass(20);
    assert.match(onWire(link), /^SNAP 2:00, body/);
    assert.equal(history.state, 'closed');
    assert.equal(link.closedFor, null);
  });

  it('loses its connection when the log cannot be read on, or does not meet memory', () => {
    const rows: [(history: ScriptHistory) => void, string][] = [
      [(history) => history.fail('Cannot read on in "log.1": it is rotten'), 'it is rotten'],
      [(history) => history.close(), 'the log files are about to be changed'],
      [(history) => history.read.push(z(1, 6)), 'where memory begins with 0x100000005'],
    ];
    for (const [strike, wanted] of rows) {
      const { rig, link, history } = withLearnerBehind();
      history.state = 'found';
      history.read.push(z(1, 3));
      rig.after(1);
      onWire(link);
      strike(history);
      rig.after(1);
      assert.ok(link.closedFor?.endsWith(wanted), `${link.closedFor}`);
      assert.equal(onWire(link), '');
      assert.equal(history.state, 'closed');
      assert.equal(rig.leader.established, true);
    }
  });

  it('is not waited for once it is gone', () => {
    const { rig, link, history } = withLearnerBehind();
    rig.leader.onLearnerClosed(link);
    assert.equal(history.state, 'closed');
    rig.after(1);
    assert.equal(onWire(link), '');
  });

  it('may not acknowledge before all of it has left', () => {
    const { rig, link, history } = withLearnerBehind();
    history.state = 'found';
    rig.after(1);
    rig.ack(link, rig.epochStart);
    assert.equal(link.closedFor, 'it acknowledges a history that has not left yet');
  });

  it('is served alike when it observes', () => {
    const { rig, link, history } = withLearnerBehind(PacketType.OBSERVERINFO);
    history.state = 'found';
    history.read.push(z(1, 3), z(1, 4), z(1, 5));
    rig.after(1);
    assert.match(onWire(link), /^DIFF 1:06, PROPOSAL 1:03 old.*COMMIT 1:06, NEWLEADER 2:00 cfg/);
  });
});
