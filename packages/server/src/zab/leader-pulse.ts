/**
 * LeaderPulse: when a leader's PINGs are due and when it asks itself whether a quorum still follows
 * (quorum-protocol.md 9 and 18). Apache's learners hear one every half tick, members of our own
 * kind as often as fast failure detection wants it. Half of the former are on tick boundaries,
 * where the quorum is checked.
 */

import { JuteWriter } from '@zabra/protocol';
import { Since } from './declaration.ts';
import { FLOOR_BYTES } from './heartbeat.ts';
import type { LearnerHandler } from './learner-handler.ts';
import type { ZabHost } from './zab-host.ts';

type PulseHost = Pick<ZabHost, 'limits' | 'pace' | 'nowMs'>;

export class LeaderPulse {
  readonly #host: PulseHost;
  readonly #data: JuteWriter;
  #nextMs: number;
  #nextFastMs: number;
  #isFullTick: boolean;

  constructor(host: PulseHost) {
    this.#host = host;
    this.#data = new JuteWriter(FLOOR_BYTES);
    this.#nextMs = 0;
    this.#nextFastMs = 0;
    this.#isFullTick = false;
  }

  /** The next PINGs are due at once. */
  restart(): void {
    this.#nextMs = this.#host.nowMs();
    this.#nextFastMs = this.#nextMs;
  }

  /** Sends what is due; true on a tick boundary. */
  beat(handlers: Iterable<LearnerHandler>, lastProposed: number): boolean {
    const { limits, pace } = this.#host;
    const now = this.#host.nowMs();
    const isDue = now >= this.#nextMs;
    const isFast = pace.detectionMs > 0;
    const isFastDue = isFast && now >= this.#nextFastMs;
    if (!isDue && !isFastDue) return false;
    if (isDue) this.#nextMs = now + limits.tickTimeMs / 2;
    if (isFastDue) this.#nextFastMs = now + Math.min(pace.pingMs, limits.tickTimeMs / 2);
    const data = isFast ? this.#floor(pace.floorMs) : null;
    for (const handler of handlers) {
      if (isFast && handler.has(Since.FAST_DETECTION)) {
        if (isFastDue) handler.ping(lastProposed, data);
      } else if (isDue) handler.ping(lastProposed, null);
    }
    if (isDue) this.#isFullTick = !this.#isFullTick;
    return isDue && this.#isFullTick;
  }

  #floor(ms: number): Uint8Array {
    this.#data.reset();
    this.#data.int(ms);
    return this.#data.toBytes();
  }
}
