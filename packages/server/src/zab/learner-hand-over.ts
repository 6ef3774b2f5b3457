/**
 * LearnerHandOver: what a learner makes of the packets that only leaders of our own kind send
 * (`own-packets`): it gets ready to lead, follows whoever leads next, and hears of sessions that
 * have moved on.
 */

import { counterOf, JuteReader, packetName, zxidToHex } from '@zabra/protocol';
import { Since } from './declaration.ts';
import type { LearnerHistory, Outcome } from './learner-history.ts';
import { OwnPacket } from './own-packets.ts';
import type { LearnerHost, PacketLink } from './zab-host.ts';

const LONG_BYTES = 8;

export class LearnerHandOver {
  /** It ended the role: no fault of the leader's. */
  isHandedOver: boolean;
  readonly #host: LearnerHost;
  readonly #link: PacketLink;
  readonly #history: LearnerHistory;
  readonly #reader: JuteReader;

  constructor(host: LearnerHost, link: PacketLink, history: LearnerHistory) {
    this.isHandedOver = false;
    this.#host = host;
    this.#link = link;
    this.#history = history;
    this.#reader = new JuteReader();
  }

  /** Why the connection must be closed, or null. */
  onPacket(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): Outcome {
    switch (type) {
      case OwnPacket.PREPARE:
        this.#host.onPrepareToLead();
        this.#link.send(OwnPacket.READY, zxid, null);
        return null;
      case OwnPacket.HAND_OVER:
        return this.#onHandOver(zxid, buffer, start, end);
      case OwnPacket.SESSION_MOVED:
        return this.#onSessionMoved(buffer, start, end);
      default:
        return `it sent ${packetName(type)}, which is for leaders`;
    }
  }

  /** A follower asks its leader for the leadership; false when it is none that hands over. */
  requestLeadership(): boolean {
    if (this.#host.leaderVersion < Since.HAND_OVER) return false;
    this.#link.send(OwnPacket.REQUEST_LEADERSHIP, 0, null);
    return true;
  }

  #onHandOver(zxid: number, buffer: Uint8Array, start: number, end: number): Outcome {
    if (start < 0 || end - start < LONG_BYTES) return 'its HAND_OVER is too short';
    const successorSid = this.#reader.reset(buffer, start, end).zxid();
    const { lastCommitted, lastSeen } = this.#history;
    // All that was proposed is committed, and we have all of it: else somebody has to be elected.
    if (lastSeen !== lastCommitted) return 'it hands over with proposals outstanding';
    if (zxid > lastCommitted && counterOf(zxid) !== 0) {
      return `it hands over at 0x${zxidToHex(zxid)}, beyond 0x${zxidToHex(lastCommitted)}`;
    }
    this.isHandedOver = true;
    this.#host.onHandOver(successorSid, lastCommitted);
    return `the leader hands over to ${successorSid}`;
  }

  #onSessionMoved(buffer: Uint8Array, start: number, end: number): Outcome {
    if (start < 0 || end - start < LONG_BYTES) return 'its SESSION_MOVED is too short';
    const r = this.#reader.reset(buffer, start, end);
    r.long();
    this.#host.onSessionMoved(r.hi, r.lo);
    return null;
  }
}
