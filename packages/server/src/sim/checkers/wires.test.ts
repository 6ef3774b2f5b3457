/** Words on the wires against the disks of those who say them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  JuteWriter,
  makeZxid,
  OpCode,
  PacketType,
  Prng,
  ServerState,
  utf8Encode,
  writeInit,
  writeLearnerInfo,
  writeNotification,
  writeQuorumPacket,
} from '@zabra/protocol';
import { DataTree } from '../../tree/data-tree.ts';
import { SessionTable } from '../../tree/session-table.ts';
import { StateStream } from '../../tree/state-stream.ts';
import { ELECTION_PORT, QUORUM_PORT, sidOf } from '../member-config.ts';
import { HEALTHY_DISK, HEALTHY_NET } from '../plan.ts';
import { SimClock } from '../sim-clock.ts';
import { SimDisk } from '../sim-disk.ts';
import { type Endpoint, SimNet } from '../sim-net.ts';
import { Durability } from './durability.ts';
import { ElectionWire } from './election-wire.ts';
import { Ledger } from './ledger.ts';
import { QuorumWire } from './quorum-wire.ts';
import { SnapSkipper } from './snap-skipper.ts';
import { txnBytes } from './txn.test-kit.ts';

const { FOLLOWERINFO, LEADERINFO, ACKEPOCH, DIFF, NEWLEADER, ACK, UPTODATE } = PacketType;
const { PROPOSAL, COMMIT, SNAP } = PacketType;
const EPOCH_1 = makeZxid(1, 0);
const ONE = makeZxid(1, 1);
const TWO = makeZxid(1, 2);

/** Server 1 leads, server 2 follows. */
class Bench {
  readonly clock = new SimClock();
  readonly ledger = new Ledger(
    () => null,
    () => undefined,
  );
  readonly durability = new Durability(this.ledger);
  readonly wire = new QuorumWire(this.ledger, this.durability);
  readonly learner: Endpoint;
  readonly leader: Endpoint;
  readonly #disks: SimDisk[];
  #token = 0;

  constructor(port: number = QUORUM_PORT) {
    const net = new SimNet(this.clock, new Prng(1), HEALTHY_NET);
    const owner = { onOpen() {}, onBytes() {}, onClosed() {}, onDrained() {} };
    this.learner = net.dial('10.0.0.2', '10.0.0.1', port, owner);
    this.leader = this.learner.connection.acceptor;
    this.#disks = [1, 2].map((sid) => {
      const disk = new SimDisk(this.clock, new Prng(sid), HEALTHY_DISK);
      disk.open((request) => this.durability.onStored(sid, request));
      this.durability.addServer(sid, true, disk);
      return disk;
    });
  }

  epoch(sid: number, name: string, epoch: number): this {
    const replace = { kind: 'replace', directory: 'snap', name } as const;
    const bytes = utf8Encode(String(epoch));
    this.#disks[sid - 1]?.submit({ ...replace, token: ++this.#token, bytes });
    this.clock.runUntil(this.clock.nowUs + 1_000_000);
    return this;
  }

  says(from: Endpoint, type: number, zxid: number, data: Uint8Array | null = null): this {
    const w = new JuteWriter();
    writeQuorumPacket(w, type, zxid, data, null);
    this.wire.onSent(from, sidOf, w.toBytes());
    return this;
  }

  /** Up to the leader's NEWLEADER of epoch 1. */
  synchronise(): this {
    const info = new JuteWriter();
    writeLearnerInfo(info, { sid: 2, protocolVersion: 0x10000, configVersion: 0 });
    this.says(this.learner, FOLLOWERINFO, 0, info.toBytes());
    this.epoch(1, 'acceptedEpoch', 1).says(this.leader, LEADERINFO, EPOCH_1, new Uint8Array(4));
    this.epoch(2, 'acceptedEpoch', 1).says(this.learner, ACKEPOCH, 0, new Uint8Array(4));
    return this.says(this.leader, DIFF, 0).says(this.leader, NEWLEADER, EPOCH_1);
  }
}

function proposal(zxid: number): Uint8Array {
  return txnBytes({ zxid, type: OpCode.createSession });
}

describe('QuorumWire', () => {
  it('lets a leader and a learner do all in their order', () => {
    const bench = new Bench().synchronise().epoch(2, 'currentEpoch', 1);
    bench.says(bench.learner, ACK, EPOCH_1).says(bench.leader, UPTODATE, -1);
    bench.says(bench.leader, PROPOSAL, ONE, proposal(ONE));
  });

  const wrong: readonly [string, RegExp, (bench: Bench) => void][] = [
    [
      'LEADERINFO before the epoch is stored',
      /before it is on disk/,
      (b) => b.says(b.leader, LEADERINFO, EPOCH_1, new Uint8Array(4)),
    ],
    [
      'ACKEPOCH before the epoch is stored',
      /before it is on disk/,
      (b) => {
        b.epoch(1, 'acceptedEpoch', 1).says(b.leader, LEADERINFO, EPOCH_1, new Uint8Array(4));
        b.says(b.learner, ACKEPOCH, 0, new Uint8Array(4));
      },
    ],
    [
      'FOLLOWERINFO of another epoch',
      /before it is on disk/,
      (b) => b.says(b.learner, FOLLOWERINFO, EPOCH_1),
    ],
    [
      'ACK of NEWLEADER before currentEpoch is stored',
      /currentEpoch on disk 0/,
      (b) => b.synchronise().says(b.learner, ACK, EPOCH_1),
    ],
    [
      'ACK of a proposal that is not on disk',
      /it is not on its disk/,
      (b) => {
        b.synchronise().epoch(2, 'currentEpoch', 1).says(b.learner, ACK, EPOCH_1);
        b.says(b.leader, PROPOSAL, ONE, proposal(ONE)).says(b.learner, ACK, ONE);
      },
    ],
    [
      'ACK of a proposal before that of NEWLEADER',
      /before its ACK of NEWLEADER/,
      (b) => b.synchronise().says(b.learner, ACK, ONE),
    ],
    [
      'UPTODATE before the ACK of NEWLEADER',
      /before its ACK of NEWLEADER/,
      (b) => b.synchronise().says(b.leader, UPTODATE, -1),
    ],
    [
      'COMMIT before its PROPOSAL',
      /before its PROPOSAL/,
      (b) => b.synchronise().says(b.leader, COMMIT, ONE),
    ],
    [
      'COMMIT before a quorum has it on disk',
      /is on 0 disks/,
      (b) => b.synchronise().says(b.leader, PROPOSAL, ONE, proposal(ONE)).says(b.leader, COMMIT, ONE),
    ],
    [
      'proposals out of order',
      /in order/,
      (b) =>
        b
          .synchronise()
          .says(b.leader, PROPOSAL, TWO, proposal(TWO))
          .says(b.leader, PROPOSAL, ONE, proposal(ONE)),
    ],
  ];
  for (const [name, message, act] of wrong) {
    it(`objects to ${name}`, () => {
      assert.throws(() => act(new Bench()), message);
    });
  }

  it('finds the packet behind the body of a SNAP, however the bytes are cut', () => {
    const body = new JuteWriter();
    const sessions = new SessionTable();
    sessions.put(1, 2, 4000);
    const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
    const stream = new StateStream(tree, sessions);
    while (stream.next(body, 1000));
    body.string('BenWasHere');
    for (const step of [1, 7, 100_000]) {
      const w = new JuteWriter();
      writeQuorumPacket(w, SNAP, ONE, null, null);
      w.raw(body.buffer, 0, body.position);
      writeQuorumPacket(w, UPTODATE, -1, null, null);
      const bench = new Bench();
      const bytes = w.toBytes();
      const feed = () => {
        for (let at = 0; at < bytes.length; at += step) {
          bench.wire.onSent(bench.leader, sidOf, bytes.slice(at, at + step));
        }
      };
      assert.throws(feed, /UPTODATE .* before its ACK/);
      const skipper = new SnapSkipper();
      assert.equal(skipper.push(bytes, 20, bytes.length), body.position);
      assert.equal(skipper.isEnded, true);
    }
  });
});

describe('ElectionWire', () => {
  function votes(bench: Bench, wire: ElectionWire, epoch: number, zxid: number): void {
    const w = new JuteWriter();
    const start = w.reserve(4);
    const vote = { state: ServerState.LOOKING, leader: 2, zxid, electionEpoch: 1 };
    writeNotification(w, { ...vote, peerEpoch: epoch, version: 2, config: null });
    w.patchInt(start, w.position - 4);
    wire.onSent(bench.learner, 2, w.toBytes());
  }

  it('wants votes for oneself to be what is or was on the disk', () => {
    const bench = new Bench(ELECTION_PORT);
    const wire = new ElectionWire();
    const history = bench.durability.history(2);
    wire.onStarted(2, history);
    const w = new JuteWriter();
    writeInit(w, 2, [{ host: '10.0.0.2', port: 3888 }], false);
    wire.onSent(bench.learner, 2, w.toBytes().slice(0, 10));
    wire.onSent(bench.learner, 2, w.toBytes().slice(10));
    votes(bench, wire, 0, 0);
    bench.epoch(2, 'currentEpoch', 1);
    assert.throws(() => votes(bench, wire, 1, 0), /votes for epoch 1/);
    wire.onDisk(2, history);
    votes(bench, wire, 1, 0);
    votes(bench, wire, 0, 0);
    assert.throws(() => votes(bench, wire, 1, ONE), /zxid 100000001/);
  });

  it('forgets what was before the process began', () => {
    const bench = new Bench(ELECTION_PORT).epoch(2, 'currentEpoch', 1);
    const wire = new ElectionWire();
    wire.onStarted(2, bench.durability.history(2));
    const w = new JuteWriter();
    writeInit(w, 2, [{ host: '10.0.0.2', port: 3888 }], false);
    wire.onSent(bench.learner, 2, w.toBytes());
    assert.throws(() => votes(bench, wire, 0, 0), /votes for epoch 0/);
  });
});
