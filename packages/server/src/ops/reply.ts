/**
 * The four bodies of a write's reply (client-protocol.md 4). The Stat is read from the tree as it
 * is now, which is right because a reply is written before the next transaction is applied.
 */

import { assert, ErrorCode, type JuteWriter } from '@zabra/protocol';
import type { ApplyResult } from './apply-result.ts';
import type { StateCore } from './state-core.ts';

export function replyNothing(): number {
  return ErrorCode.OK;
}

export function replyPath(_core: StateCore, result: ApplyResult, w: JuteWriter): number {
  w.string(result.path);
  return ErrorCode.OK;
}

export function replyStat(core: StateCore, result: ApplyResult, w: JuteWriter): number {
  writeStatOf(core, result.path, w);
  return ErrorCode.OK;
}

export function replyPathAndStat(core: StateCore, result: ApplyResult, w: JuteWriter): number {
  w.string(result.path);
  writeStatOf(core, result.path, w);
  return ErrorCode.OK;
}

/** As clients see it; the znode must be there. */
export function writeStatOf(core: StateCore, path: string, w: JuteWriter): void {
  const { nodes } = core.tree;
  const ref = nodes.find(path);
  assert(ref !== 0, 'Cannot reply with the Stat of a znode that the transaction did not leave');
  nodes.writeStat(ref, w, core.options.extendedTypes);
}
