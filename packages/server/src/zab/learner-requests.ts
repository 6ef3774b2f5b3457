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
import type { LearnerHandler } from './learner-handler.ts';
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
  readonly #reader: JuteReader;
  readonly #answer: JuteWriter;

  constructor(host: LeaderHost, owner: RequestsOwner) {
    this.#host = host;
    this.#owner = owner;
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
        this.#onRequest(handler, buffer, start, end, auth);
        return;
      case PacketType.REVALIDATE:
        this.#onRevalidate(handler, buffer, start, end);
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

  /** The sessions that the learner heard of since the last PING; none is an empty buffer. */
  #onPing(handler: LearnerHandler, buffer: Uint8Array, start: number, end: number): void {
    if (start < 0 || (end - start) % TOUCH_BYTES !== 0) {
      this.#owner.drop(handler, 'the touch table in its PING is malformed');
      return;
    }
    const r = this.#reader.reset(buffer, start, end);
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
    const w = this.#answer;
    w.reset();
    w.long(hi, lo);
    w.bool(this.#host.onRevalidate(handler, hi, lo, timeoutMs));
    handler.sendRange(PacketType.REVALIDATE, ZXID_NONE, w.buffer, 0, w.position);
  }
}
