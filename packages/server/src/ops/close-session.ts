/**
 * closeSession (-11): the end of a session and of its ephemerals, asked for by the client or by the
 * leader when the session expires (client-protocol.md 8.7). The transaction lists what dies: the
 * committed ephemerals, less those about to be deleted, plus those about to be created. Whatever
 * the list leaves out dies all the same when it is applied (storage-and-config.md 9), so a list
 * that would make the record too long for a Java server to read back is simply cut short.
 *
 *   request  anything
 *   txn      paths          nothing at all when `closeSessionTxn` is off
 */

import { ErrorCode, OpCode, readCloseSessionTxn } from '@zabra/protocol';
import type { Application } from './application.ts';
import { uproot } from './delete.ts';
import type { WriteOperation } from './operation.ts';
import type { PendingNode } from './pending-node.ts';
import type { Preparation } from './preparation.ts';
import { replyNothing } from './reply.ts';

function skip(): boolean {
  return true;
}

function prepare(p: Preparation): number {
  const doomed = ephemeralsOf(p);
  if (p.core.options.closeSessionTxn) writeTxn(p, doomed);
  for (const node of doomed) p.pending.remove(node, p.zxid);
  return ErrorCode.OK;
}

function ephemeralsOf(p: Preparation): PendingNode[] {
  const { sessionHi, sessionLo, pending } = p;
  const doomed: PendingNode[] = [];
  const listed = new Set<string>();
  p.core.tree.forEachEphemeral(sessionHi, sessionLo, (path) => {
    const node = pending.find(path);
    if (node === null || node.ownerHi !== sessionHi || node.ownerLo !== sessionLo) return;
    listed.add(path);
    doomed.push(node);
  });
  pending.forEachPending((node) => {
    if (!node.exists || node.ownerHi !== sessionHi || node.ownerLo !== sessionLo) return;
    if (!listed.has(node.path)) doomed.push(node);
  });
  // One order, however much of it is committed already: the same history gives the same bytes.
  return doomed.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function writeTxn(p: Preparation, doomed: readonly PendingNode[]): void {
  const w = p.entry;
  const countOffset = w.reserve(4);
  let count = 0;
  for (const node of doomed) {
    const end = w.position;
    w.string(node.path);
    if (!p.fits()) {
      w.reset(end);
      break;
    }
    count++;
  }
  w.patchInt(countOffset, count);
}

function apply(a: Application): number {
  const { core, sessionHi, sessionLo } = a;
  const { paths } = readCloseSessionTxn(a.reader);
  if (a.reader.failed) return ErrorCode.MARSHALLINGERROR;
  core.sessions.remove(sessionHi, sessionLo);
  if (paths !== null) for (const path of paths) uproot(a, path);
  if (core.tree.ephemeralCount(sessionHi, sessionLo) > 0) {
    const left: string[] = [];
    core.tree.forEachEphemeral(sessionHi, sessionLo, (path) => left.push(path));
    for (const path of left) uproot(a, path);
  }
  return ErrorCode.OK;
}

export const closeSession: WriteOperation = {
  opcode: OpCode.closeSession,
  permission: null,
  errors: [],
  admission: 'client',
  inMulti: false,
  skip,
  prepare,
  apply,
  reply: replyNothing,
};
