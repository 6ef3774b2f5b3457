/**
 * A leader under test with learners played by hand: the steps that most tests need on their way to
 * the one that they are about.
 */

import {
  JuteWriter,
  makeZxid,
  PacketType,
  utf8Encode,
  writeAckEpochData,
  writeLearnerInfo,
} from '@zabra/protocol';
import { Leader } from './leader.ts';
import { encodeLearnerInfo } from './learner-info.ts';
import { ScriptLeaderHost, ScriptLink } from './script-host.test-kit.ts';

const NOTHING = new Uint8Array(0);

export class LeaderRig {
  readonly host: ScriptLeaderHost;
  #leader: Leader | null;

  constructor() {
    this.host = new ScriptLeaderHost();
    this.#leader = null;
  }

  /** Made and started at its first use, so that the host can be set up before. */
  get leader(): Leader {
    if (this.#leader === null) {
      this.#leader = new Leader(this.host);
      this.#leader.start();
    }
    return this.#leader;
  }

  get epochStart(): number {
    return makeZxid(this.leader.epoch, 0);
  }

  stored(): void {
    this.leader.onStored(this.host.storage.lastToken);
  }

  after(ms: number): void {
    this.host.now += ms;
    this.leader.tick();
  }

  connect(): ScriptLink {
    const link = new ScriptLink();
    this.leader.onLearnerConnected(link);
    return link;
  }

  packet(link: ScriptLink, type: number, zxid: number, data: Uint8Array | null = null): void {
    const bytes = data ?? NOTHING;
    const start = data === null ? -1 : 0;
    this.leader.onPacket(link, type, zxid, bytes, start, data === null ? -1 : bytes.length, null);
  }

  /** FOLLOWERINFO of one of our own kind. */
  hello(sid: number, acceptedEpoch = 0, type: number = PacketType.FOLLOWERINFO): ScriptLink {
    const link = this.connect();
    this.packet(link, type, makeZxid(acceptedEpoch, 0), encodeLearnerInfo(sid, 0));
    return link;
  }

  /** FOLLOWERINFO of an Apache member. */
  javaHello(sid: number, protocolVersion = 0x10000, configVersion = 0): ScriptLink {
    const link = this.connect();
    const w = new JuteWriter();
    writeLearnerInfo(w, { sid, protocolVersion, configVersion });
    this.packet(link, PacketType.FOLLOWERINFO, 0, w.toBytes());
    return link;
  }

  ackEpoch(link: ScriptLink, currentEpoch: number, lastZxid: number): void {
    const w = new JuteWriter();
    writeAckEpochData(w, currentEpoch);
    this.packet(link, PacketType.ACKEPOCH, lastZxid, w.toBytes());
  }

  ack(link: ScriptLink, zxid: number): void {
    this.packet(link, PacketType.ACK, zxid);
  }

  /** Follower 2 with our own history, all disks quick: up to broadcast. */
  establish(link: ScriptLink = this.hello(2)): ScriptLink {
    const { storage } = this.host;
    this.stored();
    this.ackEpoch(link, storage.currentEpoch, storage.lastLoggedZxid);
    this.stored();
    this.stored();
    this.ack(link, this.epochStart);
    link.take();
    this.host.takeDeeds();
    storage.takeAsked();
    return link;
  }

  /** One more follower of the established leader, up to NEWLEADER. */
  join(sid: number, lastZxid: number, type: number = PacketType.FOLLOWERINFO): ScriptLink {
    const link = this.hello(sid, 0, type);
    this.ackEpoch(link, 0, lastZxid);
    return link;
  }

  propose(text = 'x'): number {
    const { storage } = this.host;
    const zxid = this.leader.nextZxid();
    const bytes = utf8Encode(text);
    this.leader.propose(storage.append(zxid, bytes, 0, bytes.length));
    return zxid;
  }
}
