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
import { FLOOR_BYTES, type Heartbeat } from './heartbeat.ts';
import { LearnerHandOver } from './learner-hand-over.ts';
import { LearnerHistory, type Outcome } from './learner-history.ts';
import { isOwnPacket } from './own-packets.ts';
import type { LearnerHost, PacketLink } from './zab-host.ts';

/** Data of a REVALIDATE answer: session and a boolean. */
const REVALIDATED_BYTES = 9;
const SID_BYTES = 8;

export class LearnerTraffic {
  readonly history: LearnerHistory;
  readonly handOver: LearnerHandOver;
  readonly #heartbeat: Heartbeat;
  /** Past UPTODATE. */
  isServing: boolean;
  /** A reconfiguration ends this role: what was returned is no fault of the leader's. */
  isReconfigured: boolean;
  readonly #host: LearnerHost;
  readonly #link: PacketLink;
  #syncsWaiting: number;
  readonly #reader: JuteReader;
  readonly #request: JuteWriter;
  readonly #ack: (zxid: number) => void;

  constructor(host: LearnerHost, link: PacketLink, heartbeat: Heartbeat) {
    this.history = new LearnerHistory(host);
    this.handOver = new LearnerHandOver(host, link, this.history);
    this.#heartbeat = heartbeat;
    this.isServing = false;
    this.isReconfigured = false;
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
    if (isOwnPacket(type)) return this.handOver.onPacket(type, zxid, buffer, start, end);
    switch (type) {
      case PacketType.PING:
        this.#onPing(zxid, buffer, start, end, auth);
        return null;
      case PacketType.SYNC:
        return this.#onSyncAnswer();
      case PacketType.REVALIDATE:
        return this.#onRevalidated(buffer, start, end);
      default:
        return this.onTransaction(type, zxid, buffer, start, end);
    }
  }

  #onPing(
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const { pace } = this.#host;
    const touches = this.#host.takeTouches();
    // A leader of our own kind says how long its pauses are, and is told the same of us.
    if (start >= 0 && end - start >= FLOOR_BYTES && pace.detectionMs > 0) {
      this.#heartbeat.onAgreed(this.#reader.reset(buffer, start, end).int());
      const w = this.#request;
      w.reset();
      w.raw(touches, 0, touches.length);
      w.int(pace.floorMs);
      this.#link.send(PacketType.PING, zxid, w.toBytes(), auth);
      return;
    }
    // The touch table, even an empty one, is never null: that kills a Java leader's handler.
    this.#link.send(PacketType.PING, zxid, touches, auth);
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
        return isForVoters ? null : this.#onProposal(zxid, buffer, start, end);
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

  #onProposal(zxid: number, buffer: Uint8Array, start: number, end: number): Outcome {
    const isNews = zxid > this.history.lastSeen;
    const fault = this.history.propose(zxid, buffer, start, end);
    const config = isNews ? this.#host.reconfig.configIn(buffer, start, end) : null;
    if (config !== null && fault === null) this.#host.reconfig.onProposed(config);
    return fault;
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
        ? this.history.commit(zxid, leaderSid)
        : this.history.inform(zxid, buffer, start + SID_BYTES, end);
    if (fault !== null) return fault;
    const reason = this.#host.reconfig.onCommitted(zxid, leaderSid);
    this.isReconfigured = reason !== null;
    return reason;
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
