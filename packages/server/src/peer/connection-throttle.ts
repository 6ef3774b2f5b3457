/**
 * ConnectionThrottle: how fast sessions may connect: a bucket of tokens that fills with time, and
 * before it runs dry, if so configured, refusals by chance. The chance follows BLUE (Feng, Kandlur,
 * Saha, Shin: "Stochastic Fair Blue", 2001): it rises while the bucket is empty and falls while it
 * is nearly full, never twice within the freeze time (client-protocol.md 17; upstream
 * `BlueThrottle`).
 *
 * Invariant: 0 <= tokens <= tokensMax and 0 <= dropProbability <= 1.
 */

import type { Prng } from '@zabra/protocol';
import type { ConnectionThrottleConfig } from './throttle-config.ts';

const UINT32_SPAN = 0x100000000;

export class ConnectionThrottle {
  readonly #config: ConnectionThrottleConfig;
  readonly #prng: Prng;
  readonly #tokensMax: number;
  readonly #fillTokens: number;
  #tokens: number;
  #filledMs: number;
  #dropProbability: number;
  #frozenMs: number;

  /** The bucket begins full. */
  constructor(config: ConnectionThrottleConfig, prng: Prng, nowMs: number) {
    const factor = config.isWeighted ? config.newWeight : 1;
    this.#config = config;
    this.#prng = prng;
    this.#tokensMax = config.tokensMax * factor;
    this.#fillTokens = config.fillTokens * factor;
    this.#tokens = this.#tokensMax;
    this.#filledMs = nowMs;
    this.#dropProbability = 0;
    this.#frozenMs = nowMs;
  }

  /** Tokens that are missing. */
  get deficit(): number {
    return this.#tokensMax - this.#tokens;
  }

  get dropProbability(): number {
    return this.#dropProbability;
  }

  /** Takes the tokens of a new, a new local or a returning session; false refuses it. */
  admits(kind: 'new' | 'local' | 'renew', nowMs: number): boolean {
    const { isWeighted, freezeMs } = this.#config;
    this.#fill(nowMs);
    if (freezeMs >= 0) {
      this.#adjust(nowMs);
      if (this.#prng.uint32() / UINT32_SPAN < this.#dropProbability) return false;
    }
    const wanted = isWeighted ? this.#config[`${kind}Weight`] : 1;
    if (this.#tokens < wanted) return false;
    this.#tokens -= wanted;
    return true;
  }

  #fill(nowMs: number): void {
    const { fillMs } = this.#config;
    const fills = Math.floor((nowMs - this.#filledMs) / fillMs);
    if (fills <= 0) return;
    this.#filledMs += fills * fillMs;
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + fills * this.#fillTokens);
  }

  #adjust(nowMs: number): void {
    const { freezeMs, dropIncrease, dropDecrease, decreaseRatio } = this.#config;
    if (nowMs - this.#frozenMs <= freezeMs) return;
    this.#frozenMs = nowMs;
    let probability = this.#dropProbability;
    if (this.#tokens === 0) probability += dropIncrease;
    else if (this.deficit <= Math.round(this.#tokensMax * decreaseRatio)) {
      probability -= dropDecrease;
    }
    this.#dropProbability = Math.min(1, Math.max(0, probability));
  }
}
