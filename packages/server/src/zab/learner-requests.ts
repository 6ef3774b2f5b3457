/**
 * What learners ask of an established leader between their ACKs: requests and syncs of their
 * clients, sessions that move (REVALIDATE), and the touch table in the answer to a PING
 * (quorum-protocol.md 9 and 11). It decodes the packets' data and answers syncs itself.
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
import type { HandOver } from './hand-over.ts';
import { FLOOR_BYTES } from './heartbeat.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { OwnPacket } from './own-packets.ts';
import type { LeaderHost } from './zab-host.ts';

/** Session, cxid and opcode before the client's own bytes. */
const REQUEST_HEAD_BYTES = 16;
const REVALIDATE_BYTES = 12;
const TOUCH_BYTES = 12;
/** Unanswered syncs of one learner before it is closed: more than its clients may have. */
const SYNCS_MAX = 65536;

export interface RequestsOwner {
  sync(answer: () => void): void;
  drop(handler: LearnerHandler, why: string): void;
}

export class LearnerRequests {
  readonly #host: LeaderHost;
  readonly #owner: RequestsOwner;
  readonly #handOver: HandOver;
  readonly #reader: JuteReader;
  readonly #answer: JuteWriter;

  constructor(host: LeaderHost, owner: RequestsOwner, handOver: HandOver) {
    this.#host = host;
    this.#owner = owner;
    this.#handOver = handOver;
    this.#reader = new JuteReader();
    this.#answer = new JuteWriter(16);
  }

  onPacket(
    handler: LearnerHandler,
    type: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (handler.state !== 'broadcast' && type !== PacketType.PING) {
      this.#owner.drop(handler, `it sent ${packetName(type)} before UPTODATE`);
      return;
    }
    switch (type) {
      case PacketType.PING:
        this.#onPing(handler, buffer, start, end);
        return;
      case PacketType.REQUEST:
        if (start >= 0 && this.#handOver.isDraining) {
          this.#handOver.defer(handler, buffer, start, end, auth);
        } else this.#onRequest(handler, buffer, start, end, auth);
        return;
      case PacketType.REVALIDATE:
        this.#onRevalidate(handler, buffer, start, end);
        return;
      case OwnPacket.READY:
        this.#handOver.onReady(handler);
        return;
      case OwnPacket.REQUEST_LEADERSHIP:
        this.#onLeadershipWanted(handler);
        return;
      default:
        // Both sides of upstream log an unknown packet and go on.
        this.#host.log(
          'warn',
          'LearnerHandler',
          `${handler.sid} sent ${packetName(type)}: ignored`,
        );
    }
  }

  #onLeadershipWanted({ sid }: LearnerHandler): void {
    const objection = this.#handOver.begin(sid);
    if (objection === null) return;
    this.#host.log('warn', 'LearnerHandler', `${sid} wants to lead, which cannot be: ${objection}`);
  }

  /**
   * The sessions that the learner heard of since the last PING; none is an empty buffer. A member
   * of our own kind may say behind them how long its pauses are.
   */
  #onPing(handler: LearnerHandler, buffer: Uint8Array, start: number, end: number): void {
    const restBytes = (end - start) % TOUCH_BYTES;
    const hasFloor = handler.isZabra && restBytes === FLOOR_BYTES;
    if (start < 0 || (restBytes !== 0 && !hasFloor)) {
      this.#owner.drop(handler, 'the touch table in its PING is malformed');
      return;
    }
    const tableEnd = end - restBytes;
    if (hasFloor) {
      handler.heartbeat.onAgreed(this.#reader.reset(buffer, tableEnd, end).int());
    }
    const r = this.#reader.reset(buffer, start, tableEnd);
    while (r.remaining() > 0) {
      r.long();
      const { hi, lo } = r;
      this.#host.onTouch(hi, lo, r.int());
    }
  }

  #onRequest(
    handler: LearnerHandler,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (start < 0 || end - start < REQUEST_HEAD_BYTES) {
      this.#owner.drop(handler, 'its REQUEST is too short');
      return;
    }
    const r = this.#reader.reset(buffer, start, end);
    r.long();
    const { hi, lo } = r;
    const cxid = r.int();
    const opcode = r.int();
    if (opcode === OpCode.sync) {
      this.#onSync(handler);
      return;
    }
    const bodyStart = r.position;
    this.#host.onLearnerRequest(handler, hi, lo, cxid, opcode, buffer, bodyStart, end, auth);
  }

  /** The answer travels in the queue of the COMMITs, so all that came before is ahead of it. */
  #onSync(handler: LearnerHandler): void {
    if (handler.syncsWaiting >= SYNCS_MAX) {
      this.#owner.drop(handler, `${SYNCS_MAX} of its syncs wait`);
      return;
    }
    handler.syncsWaiting += 1;
    this.#owner.sync(() => {
      handler.syncsWaiting -= 1;
      handler.send(PacketType.SYNC, 0);
    });
  }

  #onRevalidate(handler: LearnerHandler, buffer: Uint8Array, start: number, end: number): void {
    if (start < 0 || end - start < REVALIDATE_BYTES) {
      this.#owner.drop(handler, 'its REVALIDATE is too short');
      return;
    }
    const r = this.#reader.reset(buffer, start, end);
    r.long();
    const { hi, lo } = r;
    const timeoutMs = r.int();
    this.#host.onRevalidate(handler, hi, lo, timeoutMs, (valid) => {
      const w = this.#answer;
      w.reset();
      w.long(hi, lo);
      w.bool(valid);
      handler.sendRange(PacketType.REVALIDATE, ZXID_NONE, w.buffer, 0, w.position);
    });
  }
}
