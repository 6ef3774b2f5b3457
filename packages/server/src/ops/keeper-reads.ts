/**
 * Reads of the znodes that are in no tree (`keeper-nodes.ts`): each read that a server has is put
 * behind a look at its path. Everybody may read them and nobody may write them; their Stats say
 * nothing but lengths. A watch on one is kept and never fires. Who reads them is a client of
 * Keeper: each of those begins with the feature flags.
 */

import {
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  ListType,
  makeStat,
  OpCode,
  READ_ACL_UNSAFE,
  utf8Decode,
  writeAclVector,
  writeStat,
  writeStringVector,
} from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { KeeperNode, KeeperNodes } from './keeper-nodes.ts';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

/** Of a string: its length. */
const LENGTH_BYTES = 4;

/** The same operation, for a server that shows such znodes. Its request begins with a path. */
export function withKeeperNodes(op: ReadOperation, nodes: KeeperNodes): ReadOperation {
  const { opcode } = op;
  return {
    ...op,
    read(c, w) {
      const node = peek(c.reader, nodes);
      return node === undefined ? op.read(c, w) : answer(opcode, c, node, nodes, w);
    },
  };
}

/** Reads whose request begins with the path of a znode that they look at. */
export function looksAtOneZnode(opcode: number): boolean {
  switch (opcode) {
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getACL:
    case OpCode.getChildren:
    case OpCode.getChildren2:
    case OpCode.getAllChildrenNumber:
    case OpCode.filteredList:
    case OpCode.checkNotExists:
    case OpCode.filteredListWithStatsAndData:
      return true;
    default:
      return false;
  }
}

/** The cursor stays. */
function peek(r: JuteReader, nodes: KeeperNodes): KeeperNode | undefined {
  if (r.remaining() < LENGTH_BYTES) return undefined;
  const start = r.position + LENGTH_BYTES;
  const end = start + r.view.getInt32(r.position);
  if (end > r.end || !nodes.mayHold(r.buffer, start, end)) return undefined;
  return nodes.find(utf8Decode(r.buffer, start, end));
}

function answer(
  opcode: number,
  c: ReadContext,
  node: KeeperNode,
  nodes: KeeperNodes,
  w: JuteWriter,
): number {
  c.readPath();
  if (c.watcher !== null) c.watcher.speaksKeeper = true;
  switch (opcode) {
    case OpCode.getACL:
      writeAclVector(w, READ_ACL_UNSAFE);
      writeStatOf(node, w);
      return ErrorCode.OK;
    case OpCode.getAllChildrenNumber:
      w.int(node.children.length);
      return ErrorCode.OK;
    case OpCode.checkNotExists: {
      const version = c.reader.int();
      if (c.reader.failed) return ErrorCode.MARSHALLINGERROR;
      return version === -1 || version === 0 ? ErrorCode.NODEEXISTS : ErrorCode.OK;
    }
    default:
      return answerWatchable(opcode, c, node, nodes, w);
  }
}

function answerWatchable(
  opcode: number,
  c: ReadContext,
  node: KeeperNode,
  nodes: KeeperNodes,
  w: JuteWriter,
): number {
  const r = c.reader;
  const watches = r.bool();
  const isData = opcode === OpCode.exists || opcode === OpCode.getData;
  const isFiltered = opcode === OpCode.filteredList;
  const isListed = opcode === OpCode.filteredListWithStatsAndData;
  const listType = isFiltered || isListed ? r.byte() : ListType.ALL;
  const withStat = isListed && r.bool();
  const withData = isListed && r.bool();
  if (r.failed || listType > ListType.EPHEMERAL_ONLY) return ErrorCode.MARSHALLINGERROR;
  if (watches) c.watch(isData ? WatchMode.DATA : WatchMode.CHILD);
  if (opcode === OpCode.getData) w.bytes(node.data);
  const names = listType === ListType.EPHEMERAL_ONLY ? [] : node.children;
  if (!isData) writeStringVector(w, names);
  if (opcode !== OpCode.getChildren) writeStatOf(node, w);
  if (!isListed) return ErrorCode.OK;
  const children = names.map((name) => nodes.find(`${c.pathText()}/${name}`) as KeeperNode);
  w.int(withStat ? children.length : 0);
  if (withStat) for (const child of children) writeStatOf(child, w);
  w.int(withData ? children.length : 0);
  if (withData) for (const child of children) w.bytes(child.data);
  return ErrorCode.OK;
}

function writeStatOf(node: KeeperNode, w: JuteWriter): void {
  const stat = makeStat();
  stat.dataLength = node.data.length;
  stat.numChildren = node.children.length;
  writeStat(w, stat);
}
