/**
 * RolePatience: how long a member waits before it looks for a leader again. A role that served is
 * followed by an election at once. One that got nowhere may be so again, and again: a leader that
 * refuses us is not to be asked without pause.
 */

/** A role that ended sooner than this, and never served, got nowhere. */
const ROLE_MS_MIN = 1000;
/**
 * How long to wait after the second role in a row that got nowhere; each further one doubles it.
 */
const PATIENCE_MIN_MS = 50;
const PATIENCE_MAX_MS = 1000;

export class RolePatience {
  #sinceMs: number;
  /** Roles in a row that got nowhere. */
  #failures: number;

  constructor() {
    this.#sinceMs = 0;
    this.#failures = 0;
  }

  onBegun(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  onOver(hasServed: boolean, nowMs: number): void {
    const isFailure = !hasServed && nowMs - this.#sinceMs < ROLE_MS_MIN;
    this.#failures = isFailure ? this.#failures + 1 : 0;
  }

  /** 0: look at once. */
  get delayMs(): number {
    if (this.#failures < 2) return 0;
    return Math.min(PATIENCE_MIN_MS * 2 ** (this.#failures - 1), PATIENCE_MAX_MS);
  }
}
