/**
 * setData (5): client-protocol.md 8.3. Request and transaction are the same three fields; only the
 * version changes its meaning, from the expected to the resulting one.
 *
 *   request  path, data, version
 *   txn      path, data, version
 */

import { ErrorCode, type JuteReader, OpCode, Perms } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { Permission, WriteOperation } from './operation.ts';
import { checkFullRule } from './path-rules.ts';
import { isExpected, nextVersion, type Preparation } from './preparation.ts';
import { replyStat } from './reply.ts';

const PERMISSION: Permission = { perms: Perms.WRITE, on: 'znode' };

function skip(r: JuteReader): boolean {
  r.range();
  r.range();
  r.int();
  return !r.failed;
}

function prepare(p: Preparation): number {
  const r = p.reader;
  const bodyStart = r.position;
  const path = r.string();
  const { rangeStart: pathStart, rangeEnd: pathEnd } = r;
  const dataLength = r.range();
  const dataStart = r.rangeStart;
  const expected = r.int();
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  if (p.sessionError !== ErrorCode.OK) return p.sessionError;
  if (path === null) return ErrorCode.BADARGUMENTS;
  const node = p.pending.findAt(path, r.buffer, pathStart, pathEnd);
  // A znode that exists has a path that obeys the rule: only the others need the check.
  if (node === null) return checkFullRule(path) || ErrorCode.NONODE;
  const code = p.checkPermission(node, PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  const growth = Math.max(dataLength, 0) - Math.max(node.dataBytes, 0);
  const quotaCode = p.core.quota.check(path, growth, 0);
  if (quotaCode !== ErrorCode.OK) return quotaCode;
  if (!isExpected(expected, node.version)) return ErrorCode.BADVERSION;
  const version = nextVersion(node.version);
  p.entry.raw(r.buffer, bodyStart, r.position - 4);
  p.entry.int(version);
  if (!p.fits()) return ErrorCode.MARSHALLINGERROR;
  const { pending, zxid } = p;
  pending.change(node, zxid);
  node.version = version;
  node.mzxid = zxid;
  node.mtimeMs = p.timeMs;
  pending.setContent(node, r.buffer, dataStart, dataLength);
  pending.seal(node);
  return ErrorCode.OK;
}

/** Shared with reconfig, whose transaction is a setData of the configuration's znode. */
export function applySetData(a: Application): number {
  const r = a.reader;
  const path = r.string() ?? '';
  const dataLength = r.range();
  const dataStart = r.rangeStart;
  const version = r.int();
  a.path = path;
  if (r.failed) return ErrorCode.MARSHALLINGERROR;
  const { tree, quota, events } = a.core;
  const bytesBefore = quota.isIdle ? 0 : dataBytesOf(a, path);
  const code = tree.setData(
    path,
    r.buffer,
    dataStart,
    dataLength,
    version,
    a.zxid,
    a.timeMs,
    a.pending.contentCrcAt(a.zxid, path),
  );
  if (code !== ErrorCode.OK) return code;
  quota.onDataChanged(path, Math.max(dataLength, 0) - bytesBefore);
  if (a.firesEvents) events.dataChanged(path, a.zxid);
  return ErrorCode.OK;
}

function dataBytesOf(a: Application, path: string): number {
  const { nodes } = a.core.tree;
  const ref = nodes.find(path);
  return ref === 0 ? 0 : Math.max(nodes.dataBytes(ref), 0);
}

export const setData: WriteOperation = {
  opcode: OpCode.setData,
  permission: PERMISSION,
  errors: [
    ErrorCode.BADARGUMENTS,
    ErrorCode.NONODE,
    ErrorCode.NOAUTH,
    ErrorCode.QUOTAEXCEEDED,
    ErrorCode.BADVERSION,
  ],
  admission: 'client',
  inMulti: true,
  skip,
  prepare,
  apply: applySetData,
  reply: replyStat,
};
