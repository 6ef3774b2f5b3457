/** A leader and a learner on one connection, with disks, for tests of what they may say. */

import {
  JuteWriter,
  makeZxid,
  PacketType,
  Prng,
  utf8Encode,
  writeLearnerInfo,
  writeQuorumPacket,
} from '@zabra/protocol';
import { QUORUM_PORT, sidOf } from '../member-config.ts';
import { HEALTHY_DISK, HEALTHY_NET } from '../plan.ts';
import { SimClock } from '../sim-clock.ts';
import { SimDisk } from '../sim-disk.ts';
import { type Endpoint, SimNet } from '../sim-net.ts';
import { votersOf } from './configurations.test-kit.ts';
import { Durability } from './durability.ts';
import { Ledger } from './ledger.ts';
import { QuorumWire } from './quorum-wire.ts';

const { FOLLOWERINFO, LEADERINFO, ACKEPOCH, DIFF, NEWLEADER } = PacketType;

export const EPOCH_1 = makeZxid(1, 0);
export const ONE = makeZxid(1, 1);
export const TWO = makeZxid(1, 2);

/** Server 1 leads, server 2 follows. */
export class WireBench {
  readonly clock = new SimClock();
  readonly ledger = new Ledger(
    votersOf(1, 2),
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
      this.durability.addServer(sid, disk);
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
