/**
 * setWatches (101) and setWatches2 (105): a client that has reconnected sets all its watches again,
 * and is told what it missed since the zxid that it saw last: at once, by events that no
 * transaction caused and no ACL filters, instead of the watch (client-protocol.md 11.5). The lists
 * are processed in order and nothing is merged across them. Persistent watches catch up on nothing.
 *
 *   request  relativeZxid, data, exist, child [, persistent, recursive]
 */

import {
  ErrorCode,
  EventType,
  type JuteWriter,
  OpCode,
  readStringVector,
  ZXID_NONE,
} from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';
import type { Watcher } from './watcher.ts';

function read(c: ReadContext, hasPersistent: boolean): number {
  const r = c.reader;
  const relativeZxid = r.zxid();
  const data = readStringVector(r);
  const exist = readStringVector(r);
  const child = readStringVector(r);
  const persistent = hasPersistent ? readStringVector(r) : [];
  const recursive = hasPersistent ? readStringVector(r) : [];
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  const { watcher } = c;
  if (watcher === null) return ErrorCode.OK;
  const { watches } = c.core;
  const { watcherId } = watcher;
  // A null list is found out only when its turn comes, as in the reference.
  if (data === null) return ErrorCode.MARSHALLINGERROR;
  for (const path of data) catchUpData(c, watcher, path, relativeZxid);
  if (exist === null) return ErrorCode.MARSHALLINGERROR;
  for (const path of exist) catchUpExist(c, watcher, path);
  if (child === null) return ErrorCode.MARSHALLINGERROR;
  for (const path of child) catchUpChild(c, watcher, path, relativeZxid);
  if (persistent === null) return ErrorCode.MARSHALLINGERROR;
  for (const path of persistent) watches.add(path, watcherId, WatchMode.PERSISTENT);
  if (recursive === null) return ErrorCode.MARSHALLINGERROR;
  for (const path of recursive) watches.add(path, watcherId, WatchMode.RECURSIVE);
  return ErrorCode.OK;
}

function catchUpData(c: ReadContext, watcher: Watcher, path: string, relativeZxid: number): void {
  const { nodes } = c.core.tree;
  const ref = nodes.find(path);
  if (isVirtual(c, path)) c.core.watches.add(path, watcher.watcherId, WatchMode.DATA);
  else if (ref === 0) tell(watcher, EventType.NODE_DELETED, path);
  else if (nodes.mzxid(ref) > relativeZxid) tell(watcher, EventType.NODE_DATA_CHANGED, path);
  else c.core.watches.add(path, watcher.watcherId, WatchMode.DATA);
}

function catchUpExist(c: ReadContext, watcher: Watcher, path: string): void {
  const exists = isVirtual(c, path) || c.core.tree.nodes.find(path) !== 0;
  if (exists) tell(watcher, EventType.NODE_CREATED, path);
  else c.core.watches.add(path, watcher.watcherId, WatchMode.DATA);
}

function catchUpChild(c: ReadContext, watcher: Watcher, path: string, relativeZxid: number): void {
  const { nodes } = c.core.tree;
  const ref = nodes.find(path);
  if (isVirtual(c, path)) c.core.watches.add(path, watcher.watcherId, WatchMode.CHILD);
  else if (ref === 0) tell(watcher, EventType.NODE_DELETED, path);
  else if (nodes.pzxid(ref) > relativeZxid) tell(watcher, EventType.NODE_CHILDREN_CHANGED, path);
  else c.core.watches.add(path, watcher.watcherId, WatchMode.CHILD);
}

/** Always there, and never changed. */
function isVirtual(c: ReadContext, path: string): boolean {
  return c.core.keeper?.find(path) !== undefined;
}

function tell(watcher: Watcher, type: number, path: string): void {
  watcher.onWatchEvent(type, path, ZXID_NONE);
}

function setWatchesOperation(opcode: number, hasPersistent: boolean): ReadOperation {
  return {
    opcode,
    permission: null,
    errors: [],
    read: (c: ReadContext, _w: JuteWriter) => read(c, hasPersistent),
  };
}

export const setWatches = setWatchesOperation(OpCode.setWatches, false);
export const setWatches2 = setWatchesOperation(OpCode.setWatches2, true);
