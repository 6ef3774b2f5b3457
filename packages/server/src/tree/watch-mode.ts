/**
 * The modes of a watch, one bit each, so that what one connection wants of one path is one number.
 * ZooKeeper has two tables, and a mode says in which of them the watch stands (client-protocol.md
 * 11.1): exists and getData watches are the same thing, and a persistent watch stands in both.
 */

import { WatcherType } from '@zabra/protocol';

export const WatchMode = {
  /** Standard, data table: exists and getData. Fires once. */
  DATA: 1,
  /** Standard, child table: getChildren. Fires once. */
  CHILD: 2,
  /** Both tables. */
  PERSISTENT: 4,
  /** Data table; also fires for every path below. */
  RECURSIVE: 8,
} as const;

export type WatchMode = (typeof WatchMode)[keyof typeof WatchMode];

export const DATA_TABLE_MODES = WatchMode.DATA | WatchMode.PERSISTENT | WatchMode.RECURSIVE;
export const CHILD_TABLE_MODES = WatchMode.CHILD | WatchMode.PERSISTENT;

const ALL_MODES = DATA_TABLE_MODES | CHILD_TABLE_MODES;

/** The modes that a type of checkWatches and removeWatches means; 0 for a type that is none. */
export function modesOfType(type: number): number {
  switch (type) {
    case WatcherType.CHILDREN:
      return WatchMode.CHILD;
    case WatcherType.DATA:
      return WatchMode.DATA;
    case WatcherType.ANY:
      return ALL_MODES;
    case WatcherType.PERSISTENT:
      return WatchMode.PERSISTENT;
    case WatcherType.PERSISTENT_RECURSIVE:
      return WatchMode.RECURSIVE;
    default:
      return 0;
  }
}
