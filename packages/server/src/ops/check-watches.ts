/**
 * checkWatches (17) and removeWatches (18): does this connection have such a watch, and away with
 * it (client-protocol.md 11.6). Neither has a body in its reply, and the server tells nobody that a
 * watch was removed.
 *
 *   request  path, type
 */

import { ErrorCode, OpCode, WatcherType } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, removes: boolean): number {
  c.readPath();
  const type = c.reader.int();
  if (c.reader.failed || !isWatcherType(type)) return ErrorCode.MARSHALLINGERROR;
  if (c.watcher === null || c.pathLength < 0) return ErrorCode.NOWATCHER;
  const { watches } = c.core;
  const { watcherId } = c.watcher;
  const path = c.pathText();
  const found = removes
    ? watches.remove(path, watcherId, type)
    : watches.has(path, watcherId, type);
  return found ? ErrorCode.OK : ErrorCode.NOWATCHER;
}

function isWatcherType(type: number): boolean {
  return type >= WatcherType.CHILDREN && type <= WatcherType.PERSISTENT_RECURSIVE;
}

export const checkWatches: ReadOperation = {
  opcode: OpCode.checkWatches,
  permission: null,
  errors: [ErrorCode.NOWATCHER],
  read: (c) => read(c, false),
};

export const removeWatches: ReadOperation = {
  opcode: OpCode.removeWatches,
  permission: null,
  errors: [ErrorCode.NOWATCHER],
  read: (c) => read(c, true),
};
