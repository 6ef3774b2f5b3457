/**
 * LeaderWatch: whether a learner's leader is still there (quorum-protocol.md 18 and 19): initLimit
 * until the learner has acknowledged NEWLEADER, syncLimit from then on, and once it serves the
 * shorter time of fast failure detection, if the leader has agreed to that.
 */

import { Heartbeat } from './heartbeat.ts';
import { isSynchronised, type LearnerStep } from './learner-step.ts';
import type { LearnerHost } from './zab-host.ts';

export class LeaderWatch {
  readonly #host: LearnerHost;
  #heartbeat: Heartbeat;
  #heardMs: number;

  constructor(host: LearnerHost) {
    this.#host = host;
    this.#heartbeat = new Heartbeat(host.nowMs());
    this.#heardMs = host.nowMs();
  }

  /** Of the present connection. */
  get heartbeat(): Heartbeat {
    return this.#heartbeat;
  }

  /** A new connection: nothing is agreed on it. */
  onConnected(): void {
    this.#heartbeat = new Heartbeat(this.#host.nowMs());
    this.onHeard();
  }

  onHeard(): void {
    this.#heardMs = this.#host.nowMs();
    this.#heartbeat.onHeard(this.#heardMs);
  }

  /** How long ago the leader was last heard. */
  get silentMs(): number {
    return this.#host.nowMs() - this.#heardMs;
  }

  /** Once a turn: why the leader is to be given up, or null. */
  lateness(step: LearnerStep): string | null {
    const { limits, pace } = this.#host;
    const ticks = isSynchronised(step) ? limits.syncLimitTicks : limits.initLimitTicks;
    const { silentMs } = this;
    if (silentMs > ticks * limits.tickTimeMs) return `the leader was silent for ${silentMs} ms`;
    if (step !== 'serving') return null;
    const tooLongMs = this.#heartbeat.tooLongMs(pace, this.#host.nowMs());
    if (tooLongMs === 0) return null;
    pace.silenceCount++;
    return `nothing was heard of the leader for ${tooLongMs} ms`;
  }
}
