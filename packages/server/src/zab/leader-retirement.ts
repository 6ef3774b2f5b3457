/**
 * The end of a reign by a reconfiguration (quorum-protocol.md 15.5): the leader commits and
 * proposes nothing more, and stays until its learners, who have been told, have gone by themselves.
 * If it closed their connections it might cut off what tells them where to go. One tick is enough.
 */

export class LeaderRetirement {
  readonly #graceMs: number;
  #reason: string | null;
  #sinceMs: number;
  #untilMs: number;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
    this.#reason = null;
    this.#sinceMs = 0;
    this.#untilMs = 0;
  }

  get hasBegun(): boolean {
    return this.#reason !== null;
  }

  begin(reason: string, nowMs: number): void {
    this.#reason ??= reason;
    this.#sinceMs = nowMs;
    this.#untilMs = nowMs + this.#graceMs;
  }

  /** Why the reign is over now; null while it is not, at least to the end of the turn. */
  reasonToLeave(learnerCount: number, nowMs: number): string | null {
    const isAlone = learnerCount === 0 && nowMs > this.#sinceMs;
    return isAlone || nowMs >= this.#untilMs ? this.#reason : null;
  }
}
