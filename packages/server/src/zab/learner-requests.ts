/**
 * What learners ask of an established leader, or of the follower that they observe, between their
 * ACKs: requests and syncs of their clients, sessions that move (REVALIDATE), and the touch table
 * in the answer to a PING (quorum-protocol.md 9, 11 and 13). It decodes and encodes the packets'
 * data.
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
import { Since } from './declaration.ts';
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

export type RequestsHost = Pick<
  LeaderHost,
  'log' | 'onLearnerRequest' | 'onRevalidate' | 'onTouch'
>;

export interface RequestsOwner {
  /** A client's sync; `buffer[start, end)` is its body, valid during the call only. */
  sync(
    answer: () => void,
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void;
  drop(handler: LearnerHandler, why: string): void;
}

export class LearnerRequests {
  readonly #host: RequestsHost;
  readonly #owner: RequestsOwner;
  /** Null where nobody leads: a follower hands over nothing to its observers. */
  readonly #handOver: HandOver | null;
  readonly #reader: JuteReader;
  readonly #answer: JuteWriter;

  constructor(host: RequestsHost, owner: RequestsOwner, handOver: HandOver | null) {
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
        if (start >= 0 && this.#handOver?.isDraining === true) {
          this.#handOver.defer(handler, buffer, start, end, auth);
        } else this.#onRequest(handler, buffer, start, end, auth);
        return;
      case PacketType.REVALIDATE:
        this.#onRevalidate(handler, buffer, start, end);
        return;
      case OwnPacket.READY:
        this.#handOver?.onReady(handler);
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
    const objection = this.#handOver?.begin(sid) ?? null;
    if (objection === null) return;
    this.#host.log('warn', 'LearnerHandler', `${sid} wants to lead, which cannot be: ${objection}`);
  }

  /**
   * The sessions that the learner heard of since the last PING; none is an empty buffer. A member
   * of our own kind may say behind them how long its pauses are.
   */
  #onPing(handler: LearnerHandler, buffer: Uint8Array, start: number, end: number): void {
    const restBytes = (end - start) % TOUCH_BYTES;
    const hasFloor = handler.has(Since.FAST_DETECTION) && restBytes === FLOOR_BYTES;
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
    const bodyStart = r.position;
    if (opcode === OpCode.sync) {
      const answer = this.#answerTo(handler);
      if (answer !== null) this.#owner.sync(answer, hi, lo, cxid, buffer, bodyStart, end, auth);
      return;
    }
    this.#host.onLearnerRequest(handler, hi, lo, cxid, opcode, buffer, bodyStart, end, auth);
  }

  /** The answer travels in the queue of the COMMITs, so all that came before is ahead of it. */
  #answerTo(handler: LearnerHandler): (() => void) | null {
    if (handler.syncsWaiting >= SYNCS_MAX) {
      this.#owner.drop(handler, `${SYNCS_MAX} of its syncs wait`);
      return null;
    }
    handler.syncsWaiting += 1;
    return () => {
      handler.syncsWaiting -= 1;
      handler.send(PacketType.SYNC, 0);
    };
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
