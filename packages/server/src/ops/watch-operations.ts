/**
 * The operations about watches: they change nothing but what one connection has asked for.
 */

import { addWatch } from './add-watch.ts';
import { checkWatches, removeWatches } from './check-watches.ts';
import type { ReadOperation } from './operation.ts';
import { setWatches, setWatches2 } from './set-watches.ts';

export const WATCH_OPERATIONS: readonly ReadOperation[] = [
  setWatches,
  setWatches2,
  addWatch,
  checkWatches,
  removeWatches,
];
