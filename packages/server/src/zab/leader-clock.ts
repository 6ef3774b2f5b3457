/**
 * LeaderClock: what time does to a reign (quorum-protocol.md 9, 18 and 19): learners that are late
 * are closed, PINGs are sent, and the reign ends when a quorum does not come or no longer answers,
 * when a reconfiguration ends it, when a member cannot follow it, when its zxids run out, or when
 * it is handed over. One object per reign, asked once a turn.
 */

import { HandOver, type HandOverOwner } from './hand-over.ts';
import type { LeaderDiscovery } from './leader-discovery.ts';
import { LeaderPulse } from './leader-pulse.ts';
import { LeaderRetirement } from './leader-retirement.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { hasLiveQuorum, lateness } from './learner-liveness.ts';
import { OutgrownMembers } from './outgrown-members.ts';
import { Rollover } from './rollover.ts';
import type { LeaderHost } from './zab-host.ts';

export interface LeaderClockOwner extends HandOverOwner {
  readonly isOver: boolean;
  readonly established: boolean;
  drop(handler: LearnerHandler, why: string): void;
}

export class LeaderClock {
  readonly handOver: HandOver;
  readonly #host: LeaderHost;
  readonly #owner: LeaderClockOwner;
  readonly #discovery: LeaderDiscovery;
  readonly #pulse: LeaderPulse;
  readonly #retirement: LeaderRetirement;
  readonly #outgrown: OutgrownMembers;
  readonly #rollover: Rollover;

  constructor(host: LeaderHost, owner: LeaderClockOwner, discovery: LeaderDiscovery) {
    const { initLimitTicks, tickTimeMs } = host.limits;
    this.handOver = new HandOver(host, owner);
    this.#host = host;
    this.#owner = owner;
    this.#discovery = discovery;
    this.#pulse = new LeaderPulse(host);
    this.#retirement = new LeaderRetirement(tickTimeMs);
    this.#outgrown = new OutgrownMembers(initLimitTicks * tickTimeMs);
    this.#rollover = new Rollover(host, this.handOver);
  }

  get isRetiring(): boolean {
    return this.#retirement.hasBegun;
  }

  onEstablished(): void {
    this.#pulse.restart();
  }

  /** A reconfiguration ends the reign: learners go where they were told, and then we do. */
  retire(reason: string): void {
    this.#retirement.begin(reason, this.#host.nowMs());
  }

  /** A member came that may not follow us; true when it has waited long enough. */
  onOutgrown(): boolean {
    return this.#outgrown.onCame(this.#host.nowMs());
  }

  /** Closes who is late and says what is due; why the reign is over is returned, or null. */
  tick(): string | null {
    const owner = this.#owner;
    const now = this.#host.nowMs();
    const hasSilence = this.#closeLate(now);
    if (!owner.established && now > this.#discovery.deadlineMs) {
      return `no quorum within initLimit: ${this.#discovery.missing}`;
    }
    const end = this.#retirement.reasonToLeave(owner.handlers.size, now);
    if (end !== null) return end;
    if (owner.lastProposed < 0) return null;
    if (owner.established && !this.isRetiring) this.#rollover.tick(owner.lastProposed);
    this.handOver.tick();
    if (owner.isOver) return null;
    const isFullTick = this.#pulse.beat(owner.handlers.values(), owner.lastProposed);
    // Who went silent will not be back in a moment, as one whose connection broke may be.
    if (!owner.established || !(isFullTick || hasSilence)) return null;
    const { sid, verifiers } = this.#host;
    if (hasLiveQuorum(sid, owner.handlers.values(), verifiers, now)) return null;
    return 'a quorum of followers no longer answers';
  }

  /** True when one was closed for a silence that Java would have borne. */
  #closeLate(now: number): boolean {
    const { limits, pace } = this.#host;
    const { silenceCount } = pace;
    for (const handler of this.#owner.handlers.values()) {
      const why = lateness(handler, limits, pace, now);
      if (why !== null) this.#owner.drop(handler, why);
    }
    return pace.silenceCount > silenceCount;
  }
}
