/**
 * The operations of ClickHouse Keeper. The reads exist only where its extensions are on; the writes
 * everywhere, for members that forward them.
 */

import { checkNotExists, checkNotExistsAlone } from './check-not-exists.ts';
import { createIfNotExists } from './create-if-not-exists.ts';
import { filteredList, filteredListWithStatsAndData } from './filtered-list.ts';
import type { ReadOperation, WriteOperation } from './operation.ts';
import { removeRecursive } from './remove-recursive.ts';

export const KEEPER_READ_OPERATIONS: readonly ReadOperation[] = [
  filteredList,
  filteredListWithStatsAndData,
  checkNotExistsAlone,
];

export const KEEPER_WRITE_OPERATIONS: readonly WriteOperation[] = [
  checkNotExists,
  createIfNotExists,
  removeRecursive,
];
