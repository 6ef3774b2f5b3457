/**
 * ObserverSessions: to which connection the sessions belong whose requests a follower forwards for
 * its observers. The leader sees one owner of them all, this follower, and could not tell a request
 * that an observer sends late, after its client has moved to another observer or to the follower
 * itself. So the follower tells: it keeps the moved session's promise that nothing of the old
 * connection follows the move (quorum-protocol.md 11.3), which Apache's observer masters do not.
 */

import type { LearnerHandler } from '../zab/learner-handler.ts';

export class ObserverSessions {
  /** By session; null when it was an observer's and is a client's of our own now. */
  readonly #owners: Map<string, LearnerHandler | null>;

  constructor() {
    this.#owners = new Map();
  }

  get count(): number {
    return this.#owners.size;
  }

  /** It is that observer's from here on. */
  claim(observer: LearnerHandler, hi: number, lo: number): void {
    this.#owners.set(keyOf(hi, lo), observer);
  }

  /** It comes to us. */
  take(hi: number, lo: number): void {
    const key = keyOf(hi, lo);
    if (this.#owners.has(key)) this.#owners.set(key, null);
  }

  /** False when another has claimed it since; one that nobody has claimed here is local to it. */
  mayAsk(observer: LearnerHandler, hi: number, lo: number): boolean {
    const owner = this.#owners.get(keyOf(hi, lo));
    return owner === undefined || owner === observer;
  }

  /** The session is over. */
  remove(hi: number, lo: number): void {
    if (this.#owners.size > 0) this.#owners.delete(keyOf(hi, lo));
  }

  /** The connection to that observer is over: nothing comes late on it. */
  forget(observer: LearnerHandler): void {
    for (const [key, owner] of this.#owners) {
      if (owner === observer) this.#owners.delete(key);
    }
  }
}

function keyOf(hi: number, lo: number): string {
  return `${hi}:${lo}`;
}
