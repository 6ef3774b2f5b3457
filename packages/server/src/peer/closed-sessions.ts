/**
 * ClosedSessions: global sessions whose end is a transaction of this reign. Where local sessions
 * are allowed, a leader takes a request of a session that it does not know for one that its server
 * alone knows. A request that comes late, behind the end of its session elsewhere, must not be
 * taken for that: it would take effect after all that the session did later (Java's
 * `LeaderSessionTracker` does so). The oldest are forgotten; no link is that far behind.
 */

/** Minutes of an ensemble that ends a thousand sessions a second; some 10 MB at most. */
const COUNT_MAX = 100_000;

export class ClosedSessions {
  /** In the order of their ends. */
  readonly #keys: Set<string>;
  readonly #countMax: number;

  constructor(countMax = COUNT_MAX) {
    this.#keys = new Set();
    this.#countMax = countMax;
  }

  add(hi: number, lo: number): void {
    this.#keys.add(keyOf(hi, lo));
    if (this.#keys.size <= this.#countMax) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  has(hi: number, lo: number): boolean {
    return this.#keys.has(keyOf(hi, lo));
  }
}

function keyOf(hi: number, lo: number): string {
  return `${hi | 0},${lo | 0}`;
}
