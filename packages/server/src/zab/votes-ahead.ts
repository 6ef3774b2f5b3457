/**
 * VotesAhead: what LOOKING voters said while we did not look. Of two members that lose the same
 * leader one notices first; its vote finds the other still in its role, or putting its disk in
 * order, and would not come again before the sender's next poll. Kept by sid, the newest only, and
 * not for long: whoever voted a while ago may have settled since.
 */

import { ServerState } from '@zabra/protocol';
import type { Vote } from './vote.ts';

/** Longer than it takes to notice a closed connection and to settle a disk that works. */
const KEPT_MS = 500;

interface Heard {
  readonly vote: Vote;
  readonly atMs: number;
}

export class VotesAhead {
  readonly #heard: Map<number, Heard>;

  constructor() {
    this.#heard = new Map();
  }

  /** A word of a member that does not look any more makes its earlier ones void. */
  onNotification(sid: number, vote: Vote, nowMs: number): void {
    if (vote.state === ServerState.LOOKING) this.#heard.set(sid, { vote, atMs: nowMs });
    else this.#heard.delete(sid);
  }

  /** Those that are still worth something, in the order of their sids' first word; none is kept. */
  take(nowMs: number): [sid: number, vote: Vote][] {
    const fresh: [number, Vote][] = [];
    for (const [sid, { vote, atMs }] of this.#heard) {
      if (nowMs - atMs <= KEPT_MS) fresh.push([sid, vote]);
    }
    this.clear();
    return fresh;
  }

  clear(): void {
    this.#heard.clear();
  }
}
