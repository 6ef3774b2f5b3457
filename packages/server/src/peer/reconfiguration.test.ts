/**
 * What a member keeps of configurations, when it may say so, and by which of them it counts
 * (quorum-protocol.md 15; I19, T25).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PacketType, utf8Encode } from '@zabra/protocol';
import {
  change,
  configOf,
  FOUR,
  followerOf,
  LINES,
  ON,
  ONE,
  reconfig,
  sidBytes,
  stored,
  textOf,
  THREE,
  TWO,
  z,
} from './ensemble-change.test-kit.ts';
import { follow } from './ensemble-script.test-kit.ts';
import { AGREE, MemberBed } from './member-bed.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';

const { PROPOSAL, COMMIT, COMMITANDACTIVATE, DIFF, NEWLEADER, UPTODATE } = PacketType;

describe('a follower to whom a configuration is proposed', () => {
  it('acknowledges it only when it cannot forget it any more', () => {
    const [bed, link] = followerOf();
    bed.isConfigStuck = true;
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ONE, TWO, THREE, FOUR));
    bed.run();
    assert.deepEqual(stored(bed), ['proposed 100000001']);
    assert.deepEqual(link.heard(), [], 'its log is on disk, what it must remember is not');
    assert.equal(bed.peer.status().syncedZxid, z(1, 1));
    bed.isConfigStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['ACK 100000001']);
    assert.equal(bed.peer.status().configVersion, 0, 'it goes by the old one until the commit');
  });

  it('ends when that cannot be stored', () => {
    const [bed, link] = followerOf();
    bed.isConfigStuck = true;
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ONE, TWO, THREE, FOUR));
    bed.run();
    bed.diskError = 'Cannot store it: no space';
    bed.isConfigStuck = false;
    bed.turn();
    assert.equal(bed.exit?.reason, 'Cannot store it: no space');
    assert.deepEqual(link.heard(), []);
  });

  it('goes by it from the commit on, and keeps following', () => {
    const [bed, link] = followerOf();
    change(bed, link, 2, ONE, TWO, THREE, FOUR);
    assert.deepEqual(stored(bed), ['proposed 100000001', 'committed 100000001']);
    assert.equal(bed.configs.at(-1)?.isSettled, true);
    const { role, configVersion, lastProcessedZxid } = bed.peer.status();
    assert.deepEqual([role, configVersion, lastProcessedZxid], ['follower', z(1, 1), z(1, 1)]);
    assert.equal(link.closed, '');
  });

  it('does without a file of what is committed: others know it as well', () => {
    const [bed, link] = followerOf();
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ONE, TWO, THREE, FOUR));
    bed.run();
    bed.isConfigStuck = true;
    link.say(COMMITANDACTIVATE, z(1, 1), sidBytes(2));
    bed.run();
    bed.isConfigStuck = false;
    bed.diskError = 'Cannot store it: no space';
    bed.turn();
    bed.diskError = null;
    assert.equal(bed.exit, null);
    assert.equal(bed.peer.status().configVersion, z(1, 1));
    assert.ok(bed.says().includes('Cannot store it: no space'));
  });

  it('ignores all of it where reconfigEnabled is false, and stays a follower', () => {
    const [bed, link] = followerOf({ reconfigEnabled: false });
    change(bed, link, 1, ONE, TWO);
    assert.deepEqual(stored(bed), []);
    const { role, configVersion, lastProcessedZxid } = bed.peer.status();
    assert.deepEqual([role, configVersion, lastProcessedZxid], ['follower', 0, z(1, 1)]);
    assert.match(bed.says().join('\n'), /Configuration 0x100000001: Ignored/);
  });
});

describe('a member that joins while a configuration is on its way', () => {
  it('acknowledges NEWLEADER when it cannot forget what it carries', () => {
    const bed = new MemberBed(ON);
    const link = follow(bed, 1);
    link.heard();
    bed.isConfigStuck = true;
    link.say(DIFF, 0);
    link.say(NEWLEADER, z(1, 0), utf8Encode(textOf(z(1, 0), ...LINES)));
    bed.run();
    assert.deepEqual(stored(bed), ['proposed 100000000']);
    assert.deepEqual(link.heard(), []);
    bed.isConfigStuck = false;
    bed.run();
    assert.deepEqual(link.heard(), ['ACK 100000000']);
    assert.equal(bed.peer.status().configVersion, 0);
    link.say(UPTODATE, -1);
    bed.run();
    assert.equal(bed.peer.status().configVersion, z(1, 0));
    assert.deepEqual(stored(bed), ['proposed 100000000', 'committed 100000000']);
  });

  it('does not go by what an Apache leader has only proposed', () => {
    const bed = new MemberBed(ON);
    const link = follow(bed, 1);
    const lines = [ONE, TWO, THREE, FOUR];
    link.say(DIFF, 0);
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ...lines));
    link.say(NEWLEADER, z(1, 0), utf8Encode(textOf(z(1, 1), ...lines)));
    bed.run();
    link.say(UPTODATE, -1);
    bed.run();
    assert.equal(bed.peer.status().serving, true);
    assert.equal(bed.peer.status().configVersion, 0);
    link.say(COMMITANDACTIVATE, z(1, 1), sidBytes(2));
    bed.run();
    assert.equal(bed.peer.status().configVersion, z(1, 1));
  });

  it('forgets what never was committed when the leader does not know of it', () => {
    const bed = new MemberBed({ ...ON, proposedEnsemble: configOf(z(1, 3), ONE, THREE) });
    const link = follow(bed, 2);
    link.say(DIFF, 0);
    link.say(NEWLEADER, z(2, 0), utf8Encode(textOf(z(2, 0), ...LINES)));
    bed.run();
    link.say(UPTODATE, -1);
    bed.run();
    assert.equal(bed.peer.status().configVersion, z(2, 0));
    assert.equal(bed.configs.at(-1)?.isSettled, true);
  });

  it('leaves at UPTODATE when what it carries gives it another role', () => {
    const bed = new MemberBed(ON);
    const link = follow(bed, 1);
    const observer = THREE.replace('participant', 'observer');
    link.say(DIFF, 0);
    link.say(NEWLEADER, z(1, 0), utf8Encode(textOf(z(1, 0), ONE, TWO, observer)));
    bed.run();
    link.say(UPTODATE, -1);
    bed.until(() => bed.quorum.length > 1 && bed.link.closed === '');
    bed.run();
    assert.deepEqual(bed.link.heard(), ['OBSERVERINFO 100000000']);
  });
});

describe('a member that looks for a leader', () => {
  it('counts by what others know to be committed, once it hears of it', () => {
    const bed = new MemberBed(ON);
    const text = textOf(z(1, 4), ONE, TWO, THREE.replace('participant', 'observer'));
    bed.voter = (sid, heard) => (sid === 1 ? { ...heard, leader: 1, config: text } : null);
    bed.until(() => bed.peer.status().configVersion === z(1, 4));
    assert.deepEqual(stored(bed), ['committed 100000004']);
    const states: number[] = [];
    bed.voter = (_sid, heard) => {
      states.push(heard.leader);
      assert.equal(heard.config, text);
      return null;
    };
    bed.pass(3000);
    assert.ok(states.length > 0);
    assert.ok(
      states.every((leader) => leader !== 3),
      'an observer stands for nothing',
    );
  });

  it('does not heed what is old, or wrong, or not its business', () => {
    const newer = textOf(z(1, 4), ONE, TWO, THREE);
    const rows: readonly (readonly [Partial<PeerConfig>, string])[] = [
      [{ ...ON, ensemble: configOf(z(1, 5), ...LINES) }, newer],
      [ON, `${newer}\nfoo=1`],
      [{ reconfigEnabled: false }, newer],
    ];
    for (const [changes, text] of rows) {
      const bed = new MemberBed(changes);
      const before = bed.peer.status().configVersion;
      bed.voter = (_sid, heard) => ({ ...heard, config: text });
      bed.pass(1000);
      assert.equal(bed.peer.status().configVersion, before);
      assert.deepEqual(
        stored(bed).filter((line) => line.startsWith('committed 100000004')),
        [],
      );
    }
  });

  it('needs both when it may have acknowledged what was proposed, and only then', () => {
    const [bed, link] = followerOf();
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), THREE, FOUR));
    bed.run();
    bed.voter = AGREE;
    bed.hangUp(link);
    bed.pass(3000);
    assert.equal(bed.peer.status().role, 'looking', 'server 4 has not spoken');
    const asked = bed.configs.length;
    assert.deepEqual(stored(bed).slice(asked - 1), ['proposed 100000001']);
    const copy = new MemberBed({ ...ON, proposedEnsemble: configOf(z(1, 7), THREE, FOUR) });
    copy.voter = AGREE;
    copy.until(() => copy.peer.status().role === 'leader');
    assert.equal(stored(copy)[0], 'withdrawn 100000007', 'its log does not have that one');
  });

  it('asks where members were and where they are to be, while it knows of both', () => {
    const [bed, link] = followerOf();
    const moved = LINES.map((line) => line.replace(':3888', ':3889'));
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ...moved));
    bed.run();
    const ensemble = configOf(z(1, 0), ...LINES);
    const restarted = new MemberBed({ ...ON, ensemble }, bed.disk.copy());
    for (const host of ['h1', 'h2']) restarted.deserted.add(`${host}:3888`);
    restarted.voter = AGREE;
    restarted.until(() => restarted.peer.status().role === 'leader');
  });

  it('remembers by its log what others took out of its files', () => {
    const [bed, link] = followerOf();
    link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), THREE, FOUR));
    link.say(COMMIT, z(1, 1));
    bed.run();
    const stale = configOf(z(1, 0), ...LINES);
    const restarted = new MemberBed({ ...ON, ensemble: stale }, bed.disk.copy());
    restarted.voter = AGREE;
    restarted.pass(3000);
    assert.equal(restarted.peer.status().role, 'looking');
    assert.deepEqual(stored(restarted), ['proposed 100000001']);
    const moved = new MemberBed({ ...ON, ensemble: configOf(0, ...LINES) }, bed.disk.copy());
    moved.voter = AGREE;
    moved.until(() => moved.peer.status().role === 'leader');
  });
});
