/**
 * FollowerBed: server 3 as a follower that serves, and what its leader hears and says.
 */

import assert from 'node:assert/strict';
import {
  type ConnectResponse,
  int64Hex,
  JuteReader,
  OpCode,
  opName,
  packetName,
  PacketType,
} from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { finish, follow, History, written } from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';

/** A follower that serves, and its leader, which orders what is forwarded when it is told to. */
export class FollowerBed {
  readonly bed: MemberBed;
  readonly link: BedLink;
  readonly history: History;
  /** Forwarded and not ordered. */
  #requests: Uint8Array[];

  constructor(changes: Partial<PeerConfig> = {}, leaderInfo?: Uint8Array) {
    this.bed = new MemberBed(changes);
    this.link = follow(this.bed, 1, leaderInfo);
    this.link.say(PacketType.DIFF, 0);
    finish(this.bed, this.link, 1);
    this.history = new History(1);
    this.#requests = [];
    this.heard();
  }

  /** What the leader got but for ACKs, in words; requests are kept until `order`. */
  heard(): string[] {
    this.bed.run();
    const packets = this.link.packets().filter(({ type }) => type !== PacketType.ACK);
    return packets.map(({ type, data }) => {
      if (type !== PacketType.REQUEST || data === null) return packetName(type);
      const r = new JuteReader().reset(data, 12, data.length);
      const opcode = r.int();
      if (opcode !== OpCode.sync) this.#requests.push(data);
      return `REQUEST ${opName(opcode)}`;
    });
  }

  /** The leader proposes and commits all that was forwarded. */
  order(): void {
    this.heard();
    for (const data of this.#requests.splice(0)) {
      const r = new JuteReader().reset(data, 0, data.length);
      r.long();
      const { hi, lo } = r;
      const entry = this.history.nextOf(hi, lo, r.int(), r.int(), data.slice(16));
      this.link.say(PacketType.PROPOSAL, this.history.zxid, entry);
      this.link.say(PacketType.COMMIT, this.history.zxid);
    }
    this.bed.run();
  }

  client(): { readonly client: BedClient; readonly session: ConnectResponse } {
    const client = this.bed.connect();
    client.greet({});
    this.order();
    const session = client.response();
    assert.ok(session !== null && session.timeoutMs === 10_000);
    return { client, session };
  }

  /** The leader's answer to REVALIDATE. */
  revalidate({ sessionHi, sessionLo }: ConnectResponse, valid: boolean): void {
    const data = written((w) => {
      w.long(sessionHi, sessionLo);
      w.bool(valid);
    });
    this.link.say(PacketType.REVALIDATE, -1, data);
    this.bed.run();
  }

  /** The sessions that the answer to a PING names. */
  touches(): string[] {
    this.link.say(PacketType.PING, this.history.zxid);
    this.bed.run();
    const data = this.link.packets().find(({ type }) => type === PacketType.PING)?.data;
    assert.ok(data !== null && data !== undefined, 'never null: that kills a Java leader');
    const r = new JuteReader().reset(data, 0, data.length);
    const found: string[] = [];
    while (r.remaining() > 0) {
      r.long();
      found.push(`${int64Hex(r.hi, r.lo)} ${r.int()}`);
    }
    return found;
  }
}
