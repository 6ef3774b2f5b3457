/**
 * Heartbeat: when something was last heard on a connection between two members of our own kind, and
 * when its silence means that nobody is there. Both ends must have agreed to judge each other fast:
 * the leader by data in its PINGs, the learner by data behind its touch table. Apache's members do
 * neither, and keep Java's time.
 *
 *   data of a PING = int floorMs          (Apache's: null)
 *   data of its answer = touch table, int floorMs
 *
 * `floorMs` is the sender's `MemberPace.floorMs`: its own pauses may last half of that. Our own
 * pauses are no silence of the other end: what came meanwhile has not been read yet.
 */

import type { MemberPace } from './member-pace.ts';

export const FLOOR_BYTES = 4;
/** From the end of a silence to the turn that notices it, ms. */
const NOTICE_MS = 40;

export class Heartbeat {
  #heardMs: number;
  /** -1 until the other end has agreed. */
  #peerFloorMs: number;

  constructor(nowMs: number) {
    this.#heardMs = nowMs;
    this.#peerFloorMs = -1;
  }

  onHeard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** The other end has said how long its own pauses may be. */
  onAgreed(peerFloorMs: number): void {
    this.#peerFloorMs = Math.max(0, peerFloorMs);
  }

  /** Once a turn: how long the other end has been silent when that is too long, 0 otherwise. */
  tooLongMs(pace: MemberPace, nowMs: number): number {
    if (this.#peerFloorMs < 0 || pace.detectionMs === 0) return 0;
    this.#heardMs = Math.min(nowMs, this.#heardMs + pace.lagMs);
    const silentMs = nowMs - this.#heardMs;
    const wantedMs = pace.detectionMs - NOTICE_MS;
    return silentMs > Math.max(wantedMs, pace.floorMs, this.#peerFloorMs) ? silentMs : 0;
  }
}
