/**
 * ExpiryPause: when sessions may be believed to be dead. While this process stood still it could
 * not hear of them, and what it missed is still on the way: so after a stall nobody expires for a
 * tick.
 */

export class ExpiryPause {
  readonly #tickMs: number;
  #lastMs: number;
  #untilMs: number;

  constructor(tickMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#lastMs = nowMs;
    this.#untilMs = 0;
  }

  /** To be asked once a turn. */
  isOver(nowMs: number): boolean {
    if (nowMs - this.#lastMs > this.#tickMs / 2) this.#untilMs = nowMs + this.#tickMs;
    this.#lastMs = nowMs;
    return nowMs >= this.#untilMs;
  }
}
