/**
 * What a reconfiguration must lead to at its place in the order of transactions: the members that
 * were committed before it, changed as it asks, under its own zxid; or one of the refusals that the
 * state of the servers at that moment decides, and of which the order of transactions knows
 * nothing.
 */

import type { ReconfigRequest } from '@zabra/client/session';
import { ErrorCode, errorName, utf8Decode, zxidToHex } from '@zabra/protocol';
import { type Configuration, type Configurations, parseConfiguration } from './configurations.ts';
import type { Txn } from './txn.ts';
import { expectThat } from './violation.ts';

const PROPERTY = 'A reconfiguration changes what it asks for, and nothing else';

/** Another one is under way; those that would vote do not follow, or nobody would; no session. */
const REFUSALS: readonly number[] = [
  ErrorCode.RECONFIGINPROGRESS,
  ErrorCode.NEWCONFIGNOQUORUM,
  ErrorCode.BADARGUMENTS,
  ErrorCode.SESSIONMOVED,
  ErrorCode.SESSIONEXPIRED,
];

export function judgeReconfig(
  configurations: Configurations,
  request: ReconfigRequest,
  txn: Txn,
): void {
  const before = configurations.latest;
  const where = `reconfig ${zxidToHex(txn.zxid)} came to ${errorName(txn.err)}`;
  const isExpected = request.version === -1 || request.version === before.zxid;
  if (txn.err !== ErrorCode.OK) {
    const isRefusal = REFUSALS.includes(txn.err);
    const isOld = txn.err === ErrorCode.BADVERSION && !isExpected;
    expectThat(isRefusal || isOld, PROPERTY, where);
    return;
  }
  expectThat(isExpected, PROPERTY, `${where} from version ${zxidToHex(request.version)}`);
  const [op] = txn.ops;
  const data = op !== undefined && 'data' in op ? op.data : null;
  const found = parseConfiguration(data === null ? '' : utf8Decode(data, 0, data.length));
  const wanted = membersAfter(before, request);
  const isSame =
    found.members.size === wanted.size &&
    [...wanted].every(([sid, line]) => found.members.get(sid) === line);
  expectThat(isSame, PROPERTY, `${where}: [${[...found.members]}], wanted [${[...wanted]}]`);
}

function membersAfter(before: Configuration, request: ReconfigRequest): Map<number, string> {
  if (request.members !== null) return new Map(parseConfiguration(request.members).members);
  const members = new Map(before.members);
  for (const id of request.leaving?.split(',') ?? []) members.delete(Number(id));
  const joining = (request.joining ?? '').split(',').join('\n');
  for (const [sid, line] of parseConfiguration(joining).members) members.set(sid, line);
  return members;
}
