/**
 * The moments between two reigns, seen from one member: who knocks early waits at the door, who
 * connects early waits for the next role, and nobody waits for long.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid, PacketType } from '@zabra/protocol';
import { finish, follow, hello, lead, memberWith } from './ensemble-script.test-kit.ts';
import { AGREE, ledBy2, MemberBed } from './member-bed.test-kit.ts';

/** A member that has just lost the leader that it followed, and has no new one. */
function orphan(): MemberBed {
  const bed = new MemberBed();
  memberWith(2, bed);
  bed.voter = () => null;
  bed.hangUp(bed.link);
  bed.run();
  assert.equal(bed.peer.status().role, 'looking');
  return bed;
}

describe('the quorum port', () => {
  it('is open while the member looks or leads, and closed while it follows', () => {
    const bed = new MemberBed();
    bed.run();
    assert.ok(bed.ports.has('quorum:2888'));
    memberWith(2, bed);
    assert.ok(!bed.ports.has('quorum:2888'));
    const { link } = bed;
    assert.equal(bed.join(1).output.destroy, true);
    bed.voter = () => null;
    bed.hangUp(link);
    lead(bed, makeZxid(1, 2), 1);
    assert.ok(bed.ports.has('quorum:2888'));
  });

  it('lets a learner wait that knows before us that we lead', () => {
    const bed = orphan();
    const early = hello(bed, 1, 1);
    assert.deepEqual([early.closed, early.heard()], ['', []]);
    bed.voter = AGREE;
    bed.until(() => bed.peer.status().role === 'leader');
    assert.deepEqual(early.heard(), ['LEADERINFO 200000000']);
  });

  it('sends whoever waits away when another leads, and the oldest when too many wait', () => {
    const bed = orphan();
    const links = Array.from({ length: 65 }, (_, index) => bed.join(index % 2 === 0 ? 1 : 2));
    bed.run();
    assert.deepEqual(
      links.map(({ closed }) => closed !== '').filter((isClosed) => isClosed).length,
      1,
    );
    assert.notEqual(links[0]?.closed, '');
    bed.voter = ledBy2(2);
    bed.until(() => bed.peer.status().role === 'follower');
    assert.ok(links.every(({ closed }) => closed !== ''));
  });

  it('that cannot be had ends the reign before it begins', () => {
    const bed = orphan();
    bed.peer.onListenFailed('quorum', 'h3', 2888, 'EADDRINUSE');
    bed.voter = AGREE;
    bed.until(() => bed.says().some((line) => /^Leaving LEADING: .*EADDRINUSE/.test(line)));
    bed.until(() => bed.peer.status().role === 'leader');
  });
});

describe('a client that connects while nobody leads', () => {
  it('waits for the next role when the last one has just ended', () => {
    const bed = orphan();
    const client = bed.connect();
    client.greet({});
    bed.pass(100);
    assert.deepEqual([client.closed, client.raw().length], ['', 0]);
    const link = follow(bed, 2);
    link.say(PacketType.DIFF, makeZxid(1, 2));
    finish(bed, link, 2);
    assert.equal(client.closed, '');
    assert.ok(link.heard().includes('REQUEST ffffffffffffffff'), 'its createSession is forwarded');
  });

  it('waits no longer than half a second, and not at all for a first role', () => {
    const bed = orphan();
    bed.pass(300);
    const client = bed.connect();
    client.greet({});
    bed.pass(180);
    assert.equal(client.closed, '');
    bed.pass(40);
    assert.equal(client.closed, 'cut');
    const late = bed.connect();
    late.greet({});
    bed.run();
    assert.equal(late.closed, 'cut');
    const fresh = new MemberBed();
    fresh.voter = ledBy2(1);
    const first = fresh.connect();
    first.greet({});
    fresh.run();
    assert.equal(first.closed, 'cut');
  });

  it('may give up, and is then forgotten', () => {
    const bed = orphan();
    const client = bed.connect();
    client.greet({});
    bed.run();
    client.hangUp();
    const link = follow(bed, 2);
    link.say(PacketType.DIFF, makeZxid(1, 2));
    finish(bed, link, 2);
    assert.ok(!link.heard().includes('REQUEST ffffffffffffffff'));
  });
});
