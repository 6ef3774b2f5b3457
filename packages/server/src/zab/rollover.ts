/**
 * Rollover: what a leader does before its epoch runs out of zxids. The counter of an epoch has 32
 * bits; the next number would change the epoch half (scenario S21), so the reign must end before
 * it. Apache's leader gives up at the end, and an election follows. Ours hands over to itself long
 * before that: a new epoch, no election, clients stay. Where Apache's members follow, or a
 * hand-over came to nothing again and again, it drains and leaves while there still are zxids for
 * what is under way.
 */

import { counterOf } from '@zabra/protocol';
import type { HandOver } from './hand-over.ts';
import type { LeaderHost } from './zab-host.ts';

/** Zxids left when it begins: seconds of the busiest ensemble. */
const RESERVE_MAX = 2 ** 20;
/** Of those of an epoch that has fewer, one in so many. */
const RESERVE_ONE_IN = 4;
/** When that many of the reserve are left the reign ends without a hand-over. */
const LAST_ONE_IN = 16;
/** Between two attempts, ms. */
const RETRY_MS = 1000;

export class Rollover {
  readonly #host: LeaderHost;
  readonly #handOver: HandOver;
  readonly #reserve: number;
  #retryAtMs: number;

  constructor(host: LeaderHost, handOver: HandOver) {
    const { zxidsPerEpoch } = host.limits;
    this.#host = host;
    this.#handOver = handOver;
    this.#reserve = Math.min(RESERVE_MAX, Math.floor(zxidsPerEpoch / RESERVE_ONE_IN));
    this.#retryAtMs = 0;
  }

  /** Once a turn of an established leader. */
  tick(lastProposed: number): void {
    const left = this.#host.limits.zxidsPerEpoch - counterOf(lastProposed);
    const now = this.#host.nowMs();
    if (left > this.#reserve || !this.#handOver.isIdle) return;
    if (left <= this.#reserve / LAST_ONE_IN) {
      this.#host.log('warn', 'Rollover', `Leaving: ${left} zxids of this epoch are left`);
      this.#handOver.drainAway();
      return;
    }
    if (now < this.#retryAtMs) return;
    this.#retryAtMs = now + RETRY_MS;
    const objection = this.#handOver.begin(this.#host.sid);
    const what = objection === null ? 'a new epoch begins' : `no new epoch, ${objection}`;
    this.#host.log('warn', 'Rollover', `${left} zxids of this epoch are left: ${what}`);
  }
}
