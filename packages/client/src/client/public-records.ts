/**
 * Records as users of the client see them: names for numbers, bigint for what has 64 bits. The
 * wire's own records stay inside. From client-protocol.md 3 and 11.2.
 */

import { EventType, int64ToBigInt, type Stat as WireStat, zxidHi, zxidLo } from '@zabra/protocol';
import type { WatchEvent as WireWatchEvent } from '../session/watcher.ts';

export interface Stat {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly pzxid: bigint;
  /** Creation and last change of the data, ms since 1970. */
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** Session id of the owner; 0n when not ephemeral. */
  readonly ephemeralOwner: bigint;
  /** Bytes. */
  readonly dataLength: number;
  readonly numChildren: number;
}

export type WatchEventType =
  | 'NodeCreated'
  | 'NodeDeleted'
  | 'NodeDataChanged'
  | 'NodeChildrenChanged'
  | 'DataWatchRemoved'
  | 'ChildWatchRemoved'
  | 'PersistentWatchRemoved';

export interface WatchEvent {
  readonly type: WatchEventType;
  readonly path: string;
  /** Of the transaction that caused it; -1n when the server did not say. */
  readonly zxid: bigint;
}

const EVENT_TYPES: ReadonlyMap<number, WatchEventType> = new Map([
  [EventType.NODE_CREATED, 'NodeCreated'],
  [EventType.NODE_DELETED, 'NodeDeleted'],
  [EventType.NODE_DATA_CHANGED, 'NodeDataChanged'],
  [EventType.NODE_CHILDREN_CHANGED, 'NodeChildrenChanged'],
  [EventType.DATA_WATCH_REMOVED, 'DataWatchRemoved'],
  [EventType.CHILD_WATCH_REMOVED, 'ChildWatchRemoved'],
  [EventType.PERSISTENT_WATCH_REMOVED, 'PersistentWatchRemoved'],
]);

export function zxidToBigInt(zxid: number): bigint {
  return int64ToBigInt(zxidHi(zxid), zxidLo(zxid));
}

export function publicStat(stat: WireStat): Stat {
  return {
    czxid: zxidToBigInt(stat.czxid),
    mzxid: zxidToBigInt(stat.mzxid),
    pzxid: zxidToBigInt(stat.pzxid),
    ctimeMs: stat.ctimeMs,
    mtimeMs: stat.mtimeMs,
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: int64ToBigInt(stat.ephemeralOwnerHi, stat.ephemeralOwnerLo),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

export function publicEvent(event: WireWatchEvent): WatchEvent {
  // The machine tells of the types above alone.
  const type = EVENT_TYPES.get(event.type) as WatchEventType;
  return { type, path: event.path, zxid: zxidToBigInt(event.zxid) };
}
