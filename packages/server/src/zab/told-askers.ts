/**
 * ToldAskers: whoever has no vote asks, and is told; but of two servers each may think that the
 * other one asks, removed or not added as they are, or of different configurations. Each
 * would answer the other's answer for ever. So the same question gets the same answer once, until
 * as much time has passed as lies between two questions of one server. Apache's servers always
 * answer.
 */

import { sameLookingVote, type Vote } from './vote.ts';

/** Half of the shortest time between two polls. */
const AGAIN_MS = 100;

interface Told {
  readonly question: Vote;
  readonly answer: Vote;
  readonly atMs: number;
}

export class ToldAskers {
  readonly #told: Map<number, Told>;

  constructor() {
    this.#told = new Map();
  }

  /** Whether to answer; an answer that is worth it counts as given. */
  isNews(sid: number, question: Vote, answer: Vote, nowMs: number): boolean {
    const told = this.#told.get(sid);
    if (
      told !== undefined &&
      nowMs - told.atMs < AGAIN_MS &&
      sameLookingVote(told.question, question) &&
      told.answer.state === answer.state &&
      sameLookingVote(told.answer, answer)
    ) {
      return false;
    }
    this.#told.set(sid, { question, answer, atMs: nowMs });
    return true;
  }
}
