/**
 * A member of an ensemble as a whole: what it says, and what is on its disk by then, and what it is
 * left with when a role ends in the middle (quorum-protocol.md 4, 6, 8 and 19; 22: S1, S2, S3).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  JuteWriter,
  makeZxid,
  OPEN_ACL_UNSAFE,
  OpCode,
  PacketType,
  utf8Decode,
  writeAclVector,
  writeAckEpochData,
  writeLearnerInfo,
} from '@zabra/protocol';
import { ReplicatedState } from '../ops/replicated-state.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { AGREE, ledBy2, MemberBed } from './member-bed.test-kit.ts';
import { stateOptions } from './options.ts';
import { configOf, HASHES, WALL_START_MS } from './server-bed.test-kit.ts';

const SESSION_HI = 0x01000000;

function written(write: (w: JuteWriter) => void): Uint8Array {
  const w = new JuteWriter();
  write(w);
  return w.toBytes();
}

/** A history as its leader made it: transactions of one session that creates znodes. */
class History {
  readonly state: ReplicatedState;
  readonly #epoch: number;
  #counter: number;

  constructor(epoch: number) {
    this.state = new ReplicatedState(stateOptions(configOf()), HASHES);
    this.#epoch = epoch;
    this.#counter = 0;
  }

  get zxid(): number {
    return makeZxid(this.#epoch, this.#counter);
  }

  /** The next transaction, applied here. */
  next(opcode: number, body: Uint8Array): Uint8Array {
    this.#counter++;
    const request = {
      sessionHi: SESSION_HI,
      sessionLo: 1,
      cxid: this.#counter,
      opcode,
      buffer: body,
      start: 0,
      end: body.length,
      identities: [],
    };
    const entry = new JuteWriter();
    this.state.prepare(request, 0, this.zxid, WALL_START_MS, entry);
    const bytes = entry.toBytes();
    this.state.apply(bytes, 0, bytes.length);
    return bytes;
  }

  create(path: string): Uint8Array {
    return this.next(OpCode.create, createBody(path));
  }

  /** The body of SNAP, with its signature. */
  snapshot(): Uint8Array {
    const stream = this.state.openStream();
    const bytes = written((w) => {
      while (stream.next(w, 1 << 20));
      w.string('BenWasHere');
    });
    stream.close();
    return bytes;
  }
}

function createBody(path: string): Uint8Array {
  return written((w) => {
    w.string(path);
    w.bytes(new Uint8Array(10));
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(0);
  });
}

/** A follower of server 2 that has promised `epoch`. */
function follow(bed: MemberBed, epoch: number): BedLink {
  bed.voter = ledBy2(epoch);
  bed.until(() => bed.quorum.some(({ closed }) => closed === ''));
  bed.run();
  const { link } = bed;
  link.say(PacketType.LEADERINFO, makeZxid(epoch, 0), written((w) => w.int(0x10000)));
  bed.run();
  return link;
}

/** NEWLEADER and UPTODATE behind the history. */
function finish(bed: MemberBed, link: BedLink, epoch: number): void {
  link.say(PacketType.NEWLEADER, makeZxid(epoch, 0), new Uint8Array(0));
  bed.run();
  link.say(PacketType.UPTODATE, -1);
  bed.run();
  assert.equal(bed.peer.status().serving, true);
}

/** A member with znodes /0, /1, ... as transactions 1:1, 1:2, ..., learnt from server 2. */
function memberWith(count: number, bed = new MemberBed()): History {
  const history = new History(1);
  const link = follow(bed, 1);
  link.say(PacketType.DIFF, makeZxid(1, count));
  for (let index = 0; index < count; index++) {
    link.say(PacketType.PROPOSAL, makeZxid(1, index + 1), history.create(`/${index}`));
    link.say(PacketType.COMMIT, makeZxid(1, index + 1));
  }
  finish(bed, link, 1);
  return history;
}

function hello(bed: MemberBed, sid: number, acceptedEpoch: number): BedLink {
  const link = bed.join(sid);
  const info = { sid, protocolVersion: 0x10000, configVersion: 0 };
  link.say(
    PacketType.FOLLOWERINFO,
    makeZxid(acceptedEpoch, 0),
    written((w) => writeLearnerInfo(w, info)),
  );
  bed.run();
  return link;
}

/** The member leads, with server 1 behind it; returns that server's end. */
function lead(bed: MemberBed, learnerZxid: number, currentEpoch: number): BedLink {
  bed.voter = AGREE;
  bed.until(() => bed.ports.has('quorum:2888'));
  const link = hello(bed, 1, currentEpoch);
  link.say(
    PacketType.ACKEPOCH,
    learnerZxid,
    written((w) => writeAckEpochData(w, currentEpoch)),
  );
  bed.run();
  link.say(PacketType.ACK, makeZxid(currentEpoch + 1, 0));
  bed.run();
  assert.equal(bed.peer.status().serving, true);
  return link;
}

/** A create that server 1 forwards. */
function forward(link: BedLink, path: string): void {
  const body = createBody(path);
  link.say(
    PacketType.REQUEST,
    -1,
    written((w) => {
      w.long(0, 0);
      w.int(1);
      w.int(OpCode.create);
      w.raw(body, 0, body.length);
    }),
  );
}

/** The vote on the wire is what a restart would find on the disk (I13, I14). */
function assertVotesAsDisk(bed: MemberBed, zxid: number): void {
  bed.voter = () => null;
  bed.until(() => bed.peer.status().phase === 'election');
  const status = bed.peer.status();
  assert.equal(status.lastProcessedZxid, zxid);
  assert.equal(status.lastLoggedZxid, zxid);
  const other = new MemberBed({}, bed.disk.copy());
  other.run();
  const restarted = other.peer.status();
  assert.equal(restarted.lastLoggedZxid, zxid);
  assert.equal(restarted.digest, status.digest);
  assert.equal(restarted.currentEpoch, status.currentEpoch);
}

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
    forward(link, '/x');
    forward(link, '/y');
    bed.run();
    bed.hangUp(link);
    bed.voter = () => null;
    bed.pass(40_000);
    assert.equal(bed.peer.status().role, 'looking');
    assert.ok(!bed.ports.has('quorum:2888'));
    assertVotesAsDisk(bed, makeZxid(2, 2));
  });

  it('commits by the word of others, and counts its own only when its log is synced', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    link.heard();
    bed.disk.isLogStuck = true;
    forward(link, '/x');
    bed.run();
    assert.deepEqual(link.heard(), ['PING 100000000', 'PROPOSAL 100000001'].slice(1));
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
