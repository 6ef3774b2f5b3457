/**
 * What a simulated server keeps of configurations beside its zoo.cfg. Each request takes some time
 * and then is done, whole and for good, as a file that is written aside, synced and renamed; when
 * the process or the power goes, those under way have happened up to some point.
 */

import type { Prng } from '@zabra/protocol';
import type { StoreConfig } from '../peer/ready.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import type { SimClock } from './sim-clock.ts';

const STORE_US_MAX = 20_000;

interface Pending {
  readonly request: StoreConfig;
  readonly onDone: (token: number) => void;
}

export class SimConfigStore {
  /** Null until one was committed: then the server starts with what it was given. */
  committed: EnsembleConfig | null;
  proposed: EnsembleConfig | null;
  readonly #clock: SimClock;
  readonly #prng: Prng;
  #pending: Pending[];
  /** Of the present process: completions of an earlier one come to nothing. */
  #life: number;

  constructor(clock: SimClock, prng: Prng) {
    this.committed = null;
    this.proposed = null;
    this.#clock = clock;
    this.#prng = prng;
    this.#pending = [];
    this.#life = 0;
  }

  submit(request: StoreConfig, onDone: (token: number) => void): void {
    this.#pending.push({ request, onDone });
    if (this.#pending.length === 1) this.#workLater();
  }

  /** The process is gone. */
  kill(): void {
    this.#life++;
    for (const { request } of this.#pending) {
      if (this.#prng.chance(1, 2)) break;
      this.#apply(request);
    }
    this.#pending = [];
  }

  #workLater(): void {
    const life = this.#life;
    this.#clock.after(1 + this.#prng.below(STORE_US_MAX), () => {
      if (life !== this.#life) return;
      const { request, onDone } = this.#pending.shift() as Pending;
      this.#apply(request);
      if (this.#pending.length > 0) this.#workLater();
      onDone(request.token);
    });
  }

  #apply({ kind, config, isSettled }: StoreConfig): void {
    if (kind === 'proposed') this.proposed = config;
    if (kind === 'committed') this.committed = config;
    if (kind !== 'proposed' && isSettled) this.proposed = null;
  }
}
