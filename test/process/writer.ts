/** A steady writer, for tests that take away what it writes to. */

import { isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { waitFor } from './wait-for.ts';

/** Writes numbered znodes at a steady rate and remembers which were acknowledged, and when. */
export class Writer {
  readonly acknowledged: number[] = [];
  readonly acknowledgedMs: number[] = [];
  readonly #client: ZooKeeperClient;
  readonly #root: string;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;
  #pending = 0;

  constructor(client: ZooKeeperClient, root: string) {
    this.#client = client;
    this.#root = root;
  }

  start(perSecond: number): void {
    this.#timer = setInterval(() => this.#write(this.#next++), 1000 / perSecond);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await waitFor('the last writes to end', 30_000, () => this.#pending === 0);
  }

  #write(n: number): void {
    this.#pending++;
    this.#client
      .create(`${this.#root}/n-${n}`, `data ${n}`)
      .then(
        () => {
          this.acknowledged.push(n);
          this.acknowledgedMs.push(performance.now());
          return true;
        },
        (error: unknown) => {
          // Lost connections are part of the story; anything else is a failure of the test.
          if (!isZooKeeperError(error) || error.outcome === 'session-over') throw error;
          return false;
        },
      )
      .finally(() => {
        this.#pending--;
      });
  }
}

/** Longest time without an acknowledgement from `fromMs` on. */
export function longestGapMs(times: readonly number[], fromMs: number): number {
  let last = fromMs;
  let longest = 0;
  for (const time of times) {
    if (time < fromMs) continue;
    longest = Math.max(longest, time - last);
    last = time;
  }
  return longest;
}
