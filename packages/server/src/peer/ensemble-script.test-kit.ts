/**
 * What the other two servers of a `MemberBed` say, step by step: a leader with a history to be
 * learnt, or a learner that the member leads.
 */

import assert from 'node:assert/strict';
import {
  JuteWriter,
  makeZxid,
  OPEN_ACL_UNSAFE,
  OpCode,
  PacketType,
  writeAclVector,
  writeAckEpochData,
  writeLearnerInfo,
} from '@zabra/protocol';
import { ReplicatedState } from '../ops/replicated-state.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { AGREE, ledBy2, MemberBed } from './member-bed.test-kit.ts';
import { stateOptions } from './options.ts';
import { configOf, HASHES, WALL_START_MS } from './bed-config.test-kit.ts';

const SESSION_HI = 0x01000000;

export function written(write: (w: JuteWriter) => void): Uint8Array {
  const w = new JuteWriter();
  write(w);
  return w.toBytes();
}

/** A history as its leader made it: transactions of one session that creates znodes. */
export class History {
  readonly state: ReplicatedState;
  readonly #epoch: number;
  #counter: number;

  constructor(epoch: number) {
    this.state = new ReplicatedState(stateOptions(configOf(), 1), HASHES);
    this.#epoch = epoch;
    this.#counter = 0;
  }

  get zxid(): number {
    return makeZxid(this.#epoch, this.#counter);
  }

  /** The next transaction, of session 1 of server 1, applied here. */
  next(opcode: number, body: Uint8Array): Uint8Array {
    return this.nextOf(SESSION_HI, 1, this.#counter + 1, opcode, body);
  }

  /** `sessionError` is why the session is refused whatever it asks for. */
  nextOf(
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    body: Uint8Array,
    sessionError = 0,
  ): Uint8Array {
    this.#counter++;
    const range = { buffer: body, start: 0, end: body.length };
    const request = { sessionHi, sessionLo, cxid, opcode, ...range, identities: [] };
    const entry = new JuteWriter();
    this.state.prepare(request, sessionError, this.zxid, WALL_START_MS, entry);
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

export function createBody(path: string, flags = 0): Uint8Array {
  return written((w) => {
    w.string(path);
    w.bytes(new Uint8Array(10));
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(flags);
  });
}

/** What an Apache leader says of itself. */
const LEADER_INFO = written((w) => w.int(0x10000));

/** A follower of server 2 that has promised `epoch`. */
export function follow(bed: MemberBed, epoch: number, leaderInfo = LEADER_INFO): BedLink {
  bed.voter = ledBy2(epoch);
  bed.until(() => bed.quorum.some(({ closed }) => closed === ''));
  bed.run();
  const { link } = bed;
  link.say(PacketType.LEADERINFO, makeZxid(epoch, 0), leaderInfo);
  bed.run();
  return link;
}

/** NEWLEADER and UPTODATE behind the history. */
export function finish(bed: MemberBed, link: BedLink, epoch: number): void {
  link.say(PacketType.NEWLEADER, makeZxid(epoch, 0), new Uint8Array(0));
  bed.run();
  link.say(PacketType.UPTODATE, -1);
  bed.run();
  assert.equal(bed.peer.status().serving, true);
}

/** A member with znodes /0, /1, ... as transactions 1:1, 1:2, ..., learnt from server 2. */
export function memberWith(count: number, bed = new MemberBed()): History {
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

export function hello(bed: MemberBed, sid: number, acceptedEpoch: number): BedLink {
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
export function lead(bed: MemberBed, learnerZxid: number, currentEpoch: number): BedLink {
  bed.voter = AGREE;
  bed.until(() => bed.peer.status().role === 'leader');
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

/** One more learner of the established leader of epoch 1, without history. */
export function joinLate(bed: MemberBed, sid: number): BedLink {
  const link = hello(bed, sid, 0);
  link.say(
    PacketType.ACKEPOCH,
    0,
    written((w) => writeAckEpochData(w, 0)),
  );
  bed.run();
  link.say(PacketType.ACK, makeZxid(1, 0));
  bed.run();
  return link;
}

/** A request that a learner forwards; session 0 is nobody's and always lives. */
export function forward(
  link: BedLink,
  sessionHi: number,
  sessionLo: number,
  opcode: number,
  body: Uint8Array,
): void {
  link.say(
    PacketType.REQUEST,
    -1,
    written((w) => {
      w.long(sessionHi, sessionLo);
      w.int(1);
      w.int(opcode);
      w.raw(body, 0, body.length);
    }),
  );
}

export function forwardCreate(link: BedLink, path: string): void {
  forward(link, 0, 0, OpCode.create, createBody(path));
}

/** The vote on the wire is what a restart would find on the disk (I13, I14). */
export function assertVotesAsDisk(bed: MemberBed, zxid: number): void {
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
