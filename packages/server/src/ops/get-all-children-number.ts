/**
 * getAllChildrenNumber (104): how many znodes lie below one, however deep. Only READ on that one is
 * asked for; below the root this counts /zookeeper as well (client-protocol.md 10).
 *
 *   request  path
 *   reply    totalNumber
 */

import { ErrorCode, type JuteWriter, OpCode, Perms } from '@zabra/protocol';
import type { Permission, ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const PERMISSION: Permission = { perms: Perms.READ, on: 'znode' };

/** Length of `/`; its alias is empty. */
const ROOT_PATH_BYTES = 1;

function read(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const code = c.locate(PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  const { nodes } = c.core.tree;
  // A found path this short is the root: counting what is known need not walk the tree. Under its
  // alias the root counts as its own descendant, as in the reference.
  if (c.pathLength > ROOT_PATH_BYTES) w.int(descendantCount(c));
  else w.int(c.pathLength === 0 ? nodes.count : nodes.count - 1);
  return ErrorCode.OK;
}

function descendantCount(c: ReadContext): number {
  let count = -1;
  c.core.tree.nodes.forEachInSubtree(c.ref, () => {
    count++;
  });
  return count;
}

export const getAllChildrenNumber: ReadOperation = {
  opcode: OpCode.getAllChildrenNumber,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read,
};
