/**
 * A learner under test with its leader played by hand: the steps that most tests need on their way
 * to the one that they are about.
 */

import { makeZxid, PacketType, utf8Encode } from '@zabra/protocol';
import { Learner } from './learner.ts';
import { encodeLeaderInfo } from './learner-info.ts';
import { ScriptLearnerHost, type ScriptLink } from './script-host.test-kit.ts';

export class LearnerRig {
  readonly host: ScriptLearnerHost;
  readonly addresses: { host: string; port: number }[];
  #learner: Learner | null;

  constructor() {
    this.host = new ScriptLearnerHost();
    this.addresses = [{ host: 'leader', port: 2888 }];
    this.#learner = null;
  }

  /** Made and started at its first use, so that the host can be set up before. */
  get learner(): Learner {
    if (this.#learner === null) {
      this.#learner = new Learner(this.host, 3, this.addresses);
      this.#learner.start();
    }
    return this.#learner;
  }

  /** The connection dialled last. */
  get link(): ScriptLink {
    return this.host.dials.at(-1)?.link as ScriptLink;
  }

  stored(): void {
    this.learner.onStored(this.host.storage.lastToken);
  }

  after(ms: number): void {
    this.host.now += ms;
    this.learner.tick();
  }

  hear(type: number, zxid: number, data: Uint8Array | string | null = null): void {
    const bytes = typeof data === 'string' ? utf8Encode(data) : data;
    const end = bytes === null ? -1 : bytes.length;
    const start = bytes === null ? -1 : 0;
    this.learner.onPacket(this.link, type, zxid, bytes ?? new Uint8Array(0), start, end, null);
  }

  /** Up to FOLLOWERINFO. */
  connect(): void {
    void this.learner;
    this.learner.onDialed(this.link);
  }

  /** Up to ACKEPOCH. */
  discover(epoch = 2): void {
    this.connect();
    this.hear(PacketType.LEADERINFO, makeZxid(epoch, 0), encodeLeaderInfo());
    if (this.learner.phase === 'discovery') this.stored();
  }

  /** Up to ACK(e:0), with the history that `op` begins. */
  synchronise(epoch = 2): void {
    this.discover(epoch);
    this.hear(PacketType.DIFF, this.host.storage.lastLoggedZxid);
    this.newLeader(epoch);
  }

  newLeader(epoch = 2): void {
    this.hear(PacketType.NEWLEADER, makeZxid(epoch, 0), 'cfg');
    this.stored();
    this.stored();
  }

  /** Up to UPTODATE. */
  serve(epoch = 2): void {
    this.synchronise(epoch);
    this.hear(PacketType.UPTODATE, -1);
    this.link.take();
    this.host.takeDeeds();
    this.host.storage.takeAsked();
  }
}
