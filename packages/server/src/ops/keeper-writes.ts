/**
 * What ClickHouse Keeper's writes have in common: their transactions are Apache's, so that a server
 * that never heard of Keeper reads our logs and follows our leaders. One that changes nothing is
 * logged as a check, which does nothing when it is applied; outside a multi, as a multi of it.
 */

import { ErrorCode, OpCode } from '@zabra/protocol';
import type { Preparation } from './preparation.ts';

/** No transaction has the type of an operation of Keeper's. */
export function applyNothing(): number {
  return ErrorCode.MARSHALLINGERROR;
}

/** The body of a check; the version that it carries is nobody's affair. */
export function prepareNothing(p: Preparation, path: string, version: number): number {
  p.txnType = OpCode.check;
  p.entry.string(path);
  p.entry.int(version);
  return p.fits() ? ErrorCode.OK : ErrorCode.MARSHALLINGERROR;
}

/** Runs what prepares parts of a multi, as one that nobody asked for when there is none yet. */
export function prepareParts(p: Preparation, prepare: () => number): number {
  if (p.inMulti) return prepare();
  const { subs } = p;
  subs.begin(p.entry);
  subs.open();
  const code = prepare();
  if (code !== ErrorCode.OK) return code;
  subs.close(p.txnType);
  subs.end();
  p.txnType = OpCode.multi;
  return ErrorCode.OK;
}
