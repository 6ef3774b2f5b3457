/**
 * LeaderDial: a learner's way to its leader's quorum port (quorum-protocol.md 2.4 and 6; upstream
 * `Learner.connectToLeader`). The leader may bind its port only after it was elected, so a refusal
 * is no verdict: it is dialled again and again for half a second, as Apache's members do in five
 * tries
 * 100 ms apart. All addresses are dialled at once; the first that answers is kept.
 */

import type { HostPort } from '@zabra/protocol';
import type { LearnerHost, PacketLink } from './zab-host.ts';

const TRIES_MAX = 25;
const RETRY_AFTER_MS = 20;

export class LeaderDial {
  readonly #host: LearnerHost;
  readonly #addresses: readonly HostPort[];
  /** Dials in progress by link id. */
  readonly #dials: Map<number, PacketLink>;
  #tries: number;
  /** When the next try begins; -1 while one is in progress or none is left. */
  #retryAtMs: number;
  readonly #untilMs: number;
  #failure: string | null;

  constructor(host: LearnerHost, addresses: readonly HostPort[]) {
    this.#host = host;
    this.#addresses = addresses;
    this.#dials = new Map();
    this.#tries = 0;
    this.#retryAtMs = -1;
    this.#untilMs = host.nowMs() + host.dialLimitTicks * host.limits.tickTimeMs;
    this.#failure = null;
  }

  /** Why there is no connection and will be none; null while there is hope. */
  get failure(): string | null {
    return this.#failure;
  }

  start(): void {
    if (this.#addresses.length === 0) this.#failure = 'the leader has no known address';
    else this.#try();
  }

  /** True when this is the connection to use; every other dial is given up. */
  onDialed(link: PacketLink): boolean {
    if (!this.#dials.delete(link.id)) return false;
    this.stop('another address answered first');
    return true;
  }

  onLinkClosed(link: PacketLink, reason: string): void {
    if (!this.#dials.delete(link.id) || this.#dials.size > 0) return;
    if (this.#tries >= TRIES_MAX) this.#failure = `no connection in ${TRIES_MAX} tries: ${reason}`;
    else this.#retryAtMs = this.#host.nowMs() + RETRY_AFTER_MS;
  }

  tick(): void {
    const now = this.#host.nowMs();
    if (now > this.#untilMs)
      this.#failure ??= `no connection within ${this.#host.dialLimitTicks} ticks`;
    else if (this.#retryAtMs >= 0 && now >= this.#retryAtMs) this.#try();
  }

  stop(reason: string): void {
    this.#retryAtMs = -1;
    for (const link of this.#dials.values()) link.close(reason);
    this.#dials.clear();
  }

  #try(): void {
    this.#retryAtMs = -1;
    this.#tries += 1;
    for (const address of this.#addresses) {
      const link = this.#host.dial(address);
      this.#dials.set(link.id, link);
    }
  }
}
