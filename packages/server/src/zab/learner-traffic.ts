/**
 * LearnerTraffic: what passes between a learner and its leader once both know where the learner's
 * history stands: transactions, PINGs, and the requests, syncs and revalidations of our clients
 * (quorum-protocol.md 9, 11 and 12). It decodes and encodes the packets' data; which transaction
 * may come next is `learner-history.ts`, when each packet is in place is `learner.ts`.
 */

import {
  type Id,
  JuteReader,
  JuteWriter,
  OpCode,
  packetName,
  PacketType,
  ZXID_NONE,
} from '@zabra/protocol';
import { LearnerHistory, type Outcome } from './learner-history.ts';
import type { LearnerHost, PacketLink } from './zab-host.ts';

/** Data of a REVALIDATE answer: session and a boolean. */
const REVALIDATED_BYTES = 9;
const SID_BYTES = 8;

export class LearnerTraffic {
  readonly history: LearnerHistory;
  /** Past UPTODATE. */
  isServing: boolean;
  readonly #host: LearnerHost;
  readonly #link: PacketLink;
  #syncsWaiting: number;
  readonly #reader: JuteReader;
  readonly #request: JuteWriter;
  readonly #ack: (zxid: number) => void;

  constructor(host: LearnerHost, link: PacketLink) {
    this.history = new LearnerHistory(host);
    this.isServing = false;
    this.#host = host;
    this.#link = link;
    this.#syncsWaiting = 0;
    this.#reader = new JuteReader();
    this.#request = new JuteWriter(1024);
    this.#ack = (zxid) => link.send(PacketType.ACK, zxid, null);
  }

  /** A packet behind ACK(e:0); what is returned is why the connection must be closed, or null. */
  onPacket(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): Outcome {
    switch (type) {
      case PacketType.PING:
        // The touch table, even an empty one, is never null: that kills a Java leader's handler.
        this.#link.send(PacketType.PING, zxid, this.#host.takeTouches(), auth);
        return null;
      case PacketType.SYNC:
        return this.#onSyncAnswer();
      case PacketType.REVALIDATE:
        return this.#onRevalidated(buffer, start, end);
      default:
        return this.onTransaction(type, zxid, buffer, start, end);
    }
  }

  /** A packet that carries or commits a transaction; any other is logged and passed over. */
  onTransaction(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): Outcome {
    // Behind UPTODATE an observer's transactions come as INFORM only.
    const isForVoters = this.#host.isObserver && this.isServing;
    switch (type) {
      case PacketType.PROPOSAL:
        return isForVoters ? null : this.history.propose(zxid, buffer, start, end);
      case PacketType.COMMIT:
        return isForVoters ? null : this.history.commit(zxid);
      case PacketType.INFORM:
        return this.history.inform(zxid, buffer, start, end);
      case PacketType.COMMITANDACTIVATE:
      case PacketType.INFORMANDACTIVATE:
        return this.#onActivation(type, zxid, buffer, start, end);
      case PacketType.PING:
        // May come from NEWLEADER on; it is answered once our ACK of that has left (T10).
        return null;
      default:
        this.#host.log('warn', 'Learner', `Ignored ${packetName(type)} of the leader`);
        return null;
    }
  }

  /** Our log is on stable storage up to `zxid`: what waits for that is acknowledged. */
  onSynced(zxid: number): void {
    this.history.onSynced(zxid, this.#ack);
  }

  forward(
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (opcode === OpCode.sync) this.#syncsWaiting += 1;
    const w = this.#request;
    w.reset();
    w.long(sessionHi, sessionLo);
    w.int(cxid);
    w.int(opcode);
    w.raw(buffer, start, end);
    this.#link.send(PacketType.REQUEST, ZXID_NONE, w.buffer.subarray(0, w.position), auth);
  }

  revalidate(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    const w = this.#request;
    w.reset();
    w.long(sessionHi, sessionLo);
    w.int(timeoutMs);
    this.#link.sendRange(PacketType.REVALIDATE, ZXID_NONE, w.buffer, 0, w.position);
  }

  #onActivation(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): Outcome {
    if (start < 0 || end - start < SID_BYTES) return `its ${packetName(type)} is too short`;
    const leaderSid = this.#reader.reset(buffer, start, end).zxid();
    const fault =
      type === PacketType.COMMITANDACTIVATE
        ? this.history.commit(zxid)
        : this.history.inform(zxid, buffer, start + SID_BYTES, end);
    if (fault === null) this.#host.onActivate(zxid, leaderSid);
    return fault;
  }

  /** SYNC has no id: the k-th answers the k-th that we sent (B9, T20). */
  #onSyncAnswer(): Outcome {
    if (this.#syncsWaiting === 0) return 'it answers a sync that nobody asked for';
    this.#syncsWaiting -= 1;
    this.#host.onSyncAnswer();
    return null;
  }

  #onRevalidated(buffer: Uint8Array, start: number, end: number): Outcome {
    if (start < 0 || end - start < REVALIDATED_BYTES) return 'its REVALIDATE is too short';
    const r = this.#reader.reset(buffer, start, end);
    r.long();
    const { hi, lo } = r;
    this.#host.onRevalidated(hi, lo, r.bool());
    return null;
  }
}
