/**
 * Memory of a run: samples taken when nothing is going on and the collector has run, and whether
 * they rise. What the disk in memory holds is not the server's and is left out. A big transaction
 * stays among the last few hundred that a server keeps for its learners, so single samples say
 * little: compared are the least of the earlier and the least of the later ones.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Sample {
  readonly inputs: number;
  readonly bytes: number;
}

export interface Trend {
  /** Least memory in the third and in the last quarter of the run. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly inputs: number;
}

/** Parts of a run: the first half is the warming up of pools, caches and compiled code. */
const BEFORE_FROM = 0.5;
const AFTER_FROM = 0.75;
/** Over fewer inputs nobody can tell. */
const INPUTS_MIN = 15_000;
/** Of what rises by less nobody can say that it rises: tables double, and code is compiled. */
export const RISE_BYTES_MAX = 3 << 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Heap and everything outside of it after a collection, bytes. */
export function usedBytes(diskBytes: number): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external - diskBytes;
}

/** Null while there is too little to go by. */
export function trendOf(samples: readonly Sample[]): Trend | null {
  const half = Math.floor(samples.length * BEFORE_FROM);
  const last = Math.floor(samples.length * AFTER_FROM);
  const inputs = (samples.at(-1)?.inputs ?? 0) - (samples[half]?.inputs ?? 0);
  if (inputs < INPUTS_MIN) return null;
  return {
    beforeBytes: least(samples.slice(half, last)),
    afterBytes: least(samples.slice(last)),
    inputs,
  };
}

function least(samples: readonly Sample[]): number {
  return Math.min(...samples.map(({ bytes }) => bytes));
}
