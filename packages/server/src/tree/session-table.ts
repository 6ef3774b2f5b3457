/**
 * SessionTable: the global sessions that the transactions created and did not close yet, each with
 * its timeout. It is the part of the session state that every server holds and that snapshots
 * carry (storage-and-config.md 5.1); connections, expiry and ownership are not its affair. Two
 * levels of maps over the halves of the id, because neither a BigInt nor a string key is as cheap.
 */

export class SessionTable {
  /** id's high half, then its low half, to the timeout in ms. */
  readonly #timeouts: Map<number, Map<number, number>>;
  #size: number;

  constructor() {
    this.#timeouts = new Map();
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the session, or changes its timeout. */
  put(hi: number, lo: number, timeoutMs: number): void {
    let timeouts = this.#timeouts.get(hi);
    if (timeouts === undefined) {
      timeouts = new Map();
      this.#timeouts.set(hi, timeouts);
    }
    if (!timeouts.has(lo)) this.#size++;
    timeouts.set(lo, timeoutMs);
  }

  /** False when there was no such session. */
  remove(hi: number, lo: number): boolean {
    const timeouts = this.#timeouts.get(hi);
    if (timeouts === undefined || !timeouts.delete(lo)) return false;
    if (timeouts.size === 0) this.#timeouts.delete(hi);
    this.#size--;
    return true;
  }

  has(hi: number, lo: number): boolean {
    return this.#timeouts.get(hi)?.has(lo) === true;
  }

  /** In ms; -1 for a session that is not here. */
  timeoutMs(hi: number, lo: number): number {
    return this.#timeouts.get(hi)?.get(lo) ?? -1;
  }

  /** The table must not change meanwhile. */
  forEach(visit: (hi: number, lo: number, timeoutMs: number) => void): void {
    for (const [hi, timeouts] of this.#timeouts) {
      for (const [lo, timeoutMs] of timeouts) visit(hi, lo, timeoutMs);
    }
  }

  /** Id and timeout of each; goes on while the table changes. */
  *entries(): Generator<readonly [hi: number, lo: number, timeoutMs: number]> {
    for (const [hi, timeouts] of this.#timeouts) {
      for (const [lo, timeoutMs] of timeouts) yield [hi, lo, timeoutMs];
    }
  }

  clear(): void {
    this.#timeouts.clear();
    this.#size = 0;
  }
}
