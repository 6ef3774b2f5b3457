/**
 * LearnerHello: the first packet of a learner, FOLLOWERINFO or OBSERVERINFO, as its leader, or
 * the follower that it observes, takes it
 * (`LeaderProcessCEPOCH`; quorum-protocol.md 5.2 and 6): who it is, of which kind, what it has
 * promised, and why it cannot be led.
 */

import { epochOf, LEARNER_PROTOCOL_VERSION, packetName, PacketType } from '@zabra/protocol';
import { memberOf } from './ensemble-config.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { decodeLearnerInfo } from './learner-info.ts';
import type { LeaderHost } from './zab-host.ts';

/** Whoever has an epoch, and knows which promise of a learner stands against it. */
export interface EpochJudge {
  objectionTo(acceptedEpoch: number): string | null;
}

export type LearnerHelloHost = Pick<LeaderHost, 'sid' | 'ensemble' | 'reconfig'>;

export class LearnerHello {
  readonly #host: LearnerHelloHost;
  readonly #epochs: EpochJudge;
  /** Learners without a sid get negative ones. */
  #anonymousNext: number;

  constructor(host: LearnerHelloHost, epochs: EpochJudge) {
    this.#host = host;
    this.#epochs = epochs;
    this.#anonymousNext = -1;
  }

  /** Of the committed configuration, or of the proposed one. */
  isMember(sid: number): boolean {
    const { ensemble, reconfig } = this.#host;
    return memberOf(ensemble, sid) !== null || memberOf(reconfig.lastSeen, sid) !== null;
  }

  /** The handler knows who it is from then on; why it must be closed is returned, or null. */
  onHello(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): string | null {
    if (type !== PacketType.FOLLOWERINFO && type !== PacketType.OBSERVERINFO) {
      return `its first packet is ${packetName(type)}, wanted FOLLOWERINFO`;
    }
    const info = decodeLearnerInfo(buffer, start, end);
    handler.sid = info.sid >= 0 ? info.sid : this.#anonymousNext--;
    handler.isObserver = type === PacketType.OBSERVERINFO;
    handler.zabraVersion = info.zabraVersion;
    handler.acceptedEpoch = zxid < 0 ? 0 : epochOf(zxid);
    return this.#objectionTo(handler, info.protocolVersion, info.configVersion);
  }

  #objectionTo(handler: LearnerHandler, protocol: number, configVersion: number): string | null {
    if (handler.sid === this.#host.sid) return 'its sid is ours';
    if (protocol < LEARNER_PROTOCOL_VERSION) return `its protocol ${protocol} is older than 3.4`;
    const { version } = this.#host.reconfig.lastSeen;
    if (configVersion > version) return 'its configuration is newer than ours';
    return this.#epochs.objectionTo(handler.acceptedEpoch);
  }
}
