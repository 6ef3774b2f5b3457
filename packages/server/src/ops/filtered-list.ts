/**
 * filteredList (500) and filteredListWithStatsAndData (506) of ClickHouse Keeper: getChildren2 of
 * some of the children, and with what getData would say of each. Who may read the parent may know
 * the names; anything else of a child is for those who may read that child, and one that may not be
 * read fails the whole (Keeper's `ZooKeeperListRequest`). The watch is that of getChildren,
 * whatever the list leaves out.
 */

import { ErrorCode, type JuteWriter, ListType, OpCode, Perms } from '@zabra/protocol';
import { WatchMode } from '../tree/watch-mode.ts';
import type { Permission, ReadOperation } from './operation.ts';
import { NodeKind, nodeKind } from './owner.ts';
import type { ReadContext } from './read-context.ts';

/** And on each child of which more than the name is asked for. */
const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

function readFiltered(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const watches = c.reader.bool();
  const listType = c.reader.byte();
  const code = locate(c, listType, listType !== ListType.ALL);
  if (code !== ErrorCode.OK) return code;
  if (watches) c.watch(WatchMode.CHILD);
  writeNames(c, listType, w);
  return ErrorCode.OK;
}

function readWithData(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const r = c.reader;
  const watches = r.bool();
  const listType = r.byte();
  const withStat = r.bool();
  const withData = r.bool();
  const code = locate(c, listType, listType !== ListType.ALL || withStat || withData);
  if (code !== ErrorCode.OK) return code;
  if (watches) c.watch(WatchMode.CHILD);
  const { nodes } = c.core.tree;
  const { extendedTypes } = c.core.options;
  const count = writeNames(c, listType, w);
  w.int(withStat ? count : 0);
  if (withStat) forEachListed(c, listType, (ref) => nodes.writeStat(ref, w, extendedTypes));
  w.int(withData ? count : 0);
  if (withData) {
    forEachListed(c, listType, (ref) => {
      if (!c.isTooLong(w)) nodes.writeData(ref, w);
    });
  }
  return c.isTooLong(w) ? ErrorCode.MARSHALLINGERROR : ErrorCode.OK;
}

/** Finds the parent; `asksChildren` when the answer gives away more than the children's names. */
function locate(c: ReadContext, listType: number, asksChildren: boolean): number {
  const code = c.locate(PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  if (listType > ListType.EPHEMERAL_ONLY) return ErrorCode.MARSHALLINGERROR;
  return asksChildren ? checkChildren(c) : ErrorCode.OK;
}

function checkChildren(c: ReadContext): number {
  const { core, request } = c;
  const { nodes } = core.tree;
  let aclId = -1;
  for (let ref = nodes.firstChild(c.ref); ref !== 0; ref = nodes.nextSibling(ref)) {
    // Siblings mostly share one ACL.
    if (nodes.aclId(ref) === aclId) continue;
    aclId = nodes.aclId(ref);
    const acl = core.aclOf(ref);
    if (acl === null) return ErrorCode.MARSHALLINGERROR;
    if (!core.permitsRead(acl, request.identities)) return ErrorCode.NOAUTH;
  }
  return ErrorCode.OK;
}

/** Names and the parent's Stat; returns how many names. */
function writeNames(c: ReadContext, listType: number, w: JuteWriter): number {
  const { nodes } = c.core.tree;
  let count = nodes.childCount(c.ref);
  if (listType === ListType.ALL) {
    nodes.writeChildren(c.ref, w);
  } else {
    count = 0;
    const countOffset = w.reserve(4);
    forEachListed(c, listType, (ref) => {
      nodes.writeName(ref, w);
      count++;
    });
    w.patchInt(countOffset, count);
  }
  nodes.writeStat(c.ref, w, c.core.options.extendedTypes);
  return count;
}

function forEachListed(c: ReadContext, listType: number, visit: (ref: number) => void): void {
  const { nodes } = c.core.tree;
  const { extendedTypes } = c.core.options;
  const wantsEphemeral = listType === ListType.EPHEMERAL_ONLY;
  for (let ref = nodes.firstChild(c.ref); ref !== 0; ref = nodes.nextSibling(ref)) {
    const kind = nodeKind(nodes.ownerHi(ref), nodes.ownerLo(ref), extendedTypes);
    const isListed = listType === ListType.ALL || (kind === NodeKind.EPHEMERAL) === wantsEphemeral;
    if (isListed) visit(ref);
  }
}

export const filteredList: ReadOperation = {
  opcode: OpCode.filteredList,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read: readFiltered,
};
export const filteredListWithStatsAndData: ReadOperation = {
  opcode: OpCode.filteredListWithStatsAndData,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read: readWithData,
};
