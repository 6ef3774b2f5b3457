/**
 * What a leader does beyond the protocol of agreement: its own disk, and the sessions of its
 * learners (quorum-protocol.md 11).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorName, JuteReader, makeZxid, OpCode, packetName, PacketType } from '@zabra/protocol';
import type { BedLink } from './bed-link.test-kit.ts';
import {
  assertVotesAsDisk,
  createBody,
  forward,
  forwardCreate,
  joinLate,
  lead,
  written,
} from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';

const HI = 0x01000000;

/** Server 1 acknowledges every proposal and answers every PING, with the touches given. */
function follows(bed: MemberBed, link: BedLink, touches: readonly [number, number][] = []): void {
  bed.run();
  for (const { type, zxid } of link.packets()) {
    if (type === PacketType.PROPOSAL) link.say(PacketType.ACK, zxid);
    if (type !== PacketType.PING) continue;
    const table = written((w) => {
      for (const [lo, timeoutMs] of touches) {
        w.long(HI, lo);
        w.int(timeoutMs);
      }
    });
    link.say(PacketType.PING, zxid, table);
  }
  bed.run();
}

function pass(bed: MemberBed, link: BedLink, ms: number, touches?: [number, number][]): void {
  for (const endMs = bed.nowMs + ms; bed.nowMs < endMs; ) {
    bed.pass(500);
    follows(bed, link, touches);
  }
}

function createSession(bed: MemberBed, link: BedLink, lo: number, timeoutMs: number): void {
  forward(
    link,
    HI,
    lo,
    OpCode.createSession,
    written((w) => w.int(timeoutMs)),
  );
  follows(bed, link);
}

function revalidate(bed: MemberBed, link: BedLink, lo: number, timeoutMs: number): boolean {
  link.packets();
  link.say(
    PacketType.REVALIDATE,
    -1,
    written((w) => {
      w.long(HI, lo);
      w.int(timeoutMs);
    }),
  );
  bed.run();
  const answer = link.packets().find(({ type }) => type === PacketType.REVALIDATE)?.data;
  assert.ok(answer !== null && answer !== undefined);
  assert.equal(answer.length, 9);
  return new JuteReader().reset(answer, 8, 9).bool();
}

describe('a leader whose own disk is stuck', () => {
  it('steps down after syncLimit, and votes only when the disk works again', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    bed.disk.isLogStuck = true;
    forwardCreate(link, '/x');
    follows(bed, link);
    pass(bed, link, 9000);
    assert.equal(bed.peer.status().role, 'leader');
    pass(bed, link, 2000);
    assert.equal(bed.peer.status().role, 'looking');
    assert.equal(bed.peer.status().phase, 'settling');
    assert.equal(link.closed, 'by us');
    bed.disk.isLogStuck = false;
    assertVotesAsDisk(bed, makeZxid(1, 1));
  });

  it('goes on while its disk is slow and comes forward', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    for (let count = 0; count < 10; count++) {
      bed.disk.isLogStuck = true;
      forwardCreate(link, `/x${count}`);
      pass(bed, link, 4000);
      bed.disk.isLogStuck = false;
      bed.run();
    }
    assert.equal(bed.peer.status().role, 'leader');
  });
});

describe('a leader that stood still', () => {
  it('for longer than syncLimit answers no read any more', () => {
    for (const [stallMs, isAnswered] of [
      [9000, true],
      [11_000, false],
    ] as const) {
      const bed = new MemberBed();
      const link = lead(bed, 0, 0);
      const client = bed.connect();
      client.greet({ timeoutMs: 40_000 });
      follows(bed, link);
      assert.notEqual(client.response(), null);
      client.getData(1, '/');
      bed.voter = () => null;
      bed.nowMs += stallMs;
      bed.run();
      assert.equal(client.replies().length, isAnswered ? 1 : 0);
      assert.equal(client.closed, isAnswered ? '' : 'cut');
      assert.equal(bed.peer.status().role, isAnswered ? 'leader' : 'looking');
    }
  });
});

describe('a session of a learner', () => {
  it('that moves lives as long as its client was told, not as long as when it was made', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    createSession(bed, link, 1, 4000);
    createSession(bed, link, 2, 4000);
    assert.equal(revalidate(bed, link, 1, 30_000), true);
    assert.equal(revalidate(bed, link, 2, 4000), true);
    pass(bed, link, 20_000);
    assert.equal(revalidate(bed, link, 1, 30_000), true);
    assert.equal(revalidate(bed, link, 2, 4000), false);
    assert.equal(revalidate(bed, link, 3, 4000), false);
  });

  it('lives while its learner hears of it', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    createSession(bed, link, 1, 4000);
    createSession(bed, link, 2, 4000);
    pass(bed, link, 20_000, [[1, 4000]]);
    assert.equal(bed.peer.status().sessionCount, 1);
    assert.equal(revalidate(bed, link, 1, 4000), true);
  });

  it('outlives a stall of the leader, whose learner could not tell what it heard', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    createSession(bed, link, 1, 4000);
    pass(bed, link, 4000, [[1, 4000]]);
    bed.nowMs += 8000;
    follows(bed, link, [[1, 4000]]);
    pass(bed, link, 4000, [[1, 4000]]);
    assert.equal(bed.peer.status().role, 'leader');
    assert.equal(revalidate(bed, link, 1, 4000), true);
    // It dies all the same when nothing is heard of it.
    pass(bed, link, 8000);
    assert.equal(revalidate(bed, link, 1, 4000), false);
  });

  it('that moves is known to live once all is committed that it asked for before', () => {
    const bed = new MemberBed();
    const first = lead(bed, 0, 0);
    const second = joinLate(bed, 2);
    createSession(bed, first, 1, 10_000);
    forward(first, HI, 1, OpCode.create, createBody('/a'));
    bed.run();
    second.packets();
    const table = written((w) => {
      w.long(HI, 1);
      w.int(10_000);
    });
    second.say(PacketType.REVALIDATE, -1, table);
    bed.run();
    assert.deepEqual(second.packets(), []);
    follows(bed, first);
    const heard = second.packets().map(({ type }) => packetName(type));
    assert.deepEqual(heard, ['COMMIT', 'REVALIDATE']);
  });

  it('that has moved is refused through the learner that it has left', () => {
    const bed = new MemberBed();
    const first = lead(bed, 0, 0);
    const second = joinLate(bed, 2);
    createSession(bed, first, 1, 10_000);
    const body = written((w) => {
      w.string('/');
      w.bytes(new Uint8Array(0));
      w.int(-1);
    });
    const outcomeOf = (link: BedLink): string => {
      first.packets();
      forward(link, HI, 1, OpCode.setData, body);
      bed.run();
      const txn = first.packets().find(({ type }) => type === PacketType.PROPOSAL);
      assert.ok(txn !== undefined && txn.data !== null);
      first.say(PacketType.ACK, txn.zxid);
      bed.run();
      const r = new JuteReader().reset(txn.data, 28, txn.data.length);
      return r.int() === OpCode.error ? errorName(r.int()) : 'OK';
    };
    assert.equal(outcomeOf(first), 'OK');
    assert.equal(outcomeOf(second), 'SESSIONMOVED');
    assert.equal(revalidate(bed, second, 1, 10_000), true);
    assert.equal(outcomeOf(second), 'OK');
    assert.equal(outcomeOf(first), 'SESSIONMOVED');
  });
});
