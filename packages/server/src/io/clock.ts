/**
 * The two clocks that enter the machine, once a turn: a monotonic one for timeouts, and the wall
 * clock that a leader stamps transactions with. Whole milliseconds, as everywhere in ZooKeeper.
 */

import { performance } from 'node:perf_hooks';

export interface Clock {
  nowMs(): number;
  wallMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Math.floor(performance.now()),
  wallMs: () => Date.now(),
};
