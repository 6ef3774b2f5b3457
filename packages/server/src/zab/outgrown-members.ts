/**
 * Members that cannot follow an established leader because they promised a later epoch to one that
 * never came to lead. Nothing else would ever end that: when such a member has not found its way
 * elsewhere within initLimit, the leader makes room for an epoch that all can follow.
 */

export class OutgrownMembers {
  readonly #patienceMs: number;
  /** When the first came; -1 for never. */
  #sinceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#sinceMs = -1;
  }

  /** One came, again perhaps; true when the leader has waited long enough. */
  onCame(nowMs: number): boolean {
    if (this.#sinceMs < 0) this.#sinceMs = nowMs;
    return nowMs - this.#sinceMs > this.#patienceMs;
  }
}
