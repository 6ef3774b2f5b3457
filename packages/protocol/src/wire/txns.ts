/**
 * Transactions as the log stores them and as PROPOSAL and INFORM carry them: TxnHeader (32 bytes),
 * a body by the header's type, then an optional TxnDigest (12 bytes). Bytes behind these are
 * ignored. Two bodies have older, shorter forms, which the readers below accept: a create without
 * parentCversion and a closeSession without paths. From storage-and-config.md 3.4 to 3.6.
 *
 *   type                    body
 *   create, create2         CreateTxn
 *   createContainer         CreateContainerTxn
 *   createTTL               CreateTTLTxn
 *   delete, deleteContainer DeleteTxn
 *   setData, reconfig       SetDataTxn
 *   setACL                  SetACLTxn
 *   createSession           CreateSessionTxn
 *   closeSession            CloseSessionTxn, or nothing
 *   multi                   MultiTxn
 *   error                   ErrorTxn
 *   check (in multi only)   CheckVersionTxn
 */

import {
  type Acl,
  readAclVector,
  readStringVector,
  writeAclVector,
  writeStringVector,
} from './acl.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

export interface TxnHeader {
  /** Session id; of the new session for createSession, 0 for transactions of the server itself. */
  readonly clientHi: number;
  readonly clientLo: number;
  readonly cxid: number;
  readonly zxid: number;
  /** The leader's wall clock, which becomes ctime and mtime everywhere. */
  readonly timeMs: number;
  /** One of `OpCode`. */
  readonly type: number;
}

/** State of the whole tree after the transaction. */
export interface TxnDigest {
  readonly version: number;
  readonly digestHi: number;
  readonly digestLo: number;
}

export interface CreateContainerTxn {
  /** With the sequence suffix already. */
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  /** The parent's stored cversion after this create; -1 in the oldest form: one more than it is. */
  readonly parentCversion: number;
}

export interface CreateTxn extends CreateContainerTxn {
  readonly ephemeral: boolean;
}

export interface CreateTTLTxn extends CreateContainerTxn {
  readonly ttlMs: number;
}

export interface DeleteTxn {
  readonly path: string;
}

export interface SetDataTxn {
  readonly path: string;
  readonly data: Uint8Array | null;
  /** The resulting version. */
  readonly version: number;
}

export interface SetACLTxn {
  readonly path: string;
  readonly acl: readonly Acl[] | null;
  /** The resulting aversion. */
  readonly version: number;
}

export interface CreateSessionTxn {
  readonly timeoutMs: number;
}

export interface CloseSessionTxn {
  /** The session's ephemerals; null in the form without a body: whatever it owns at apply. */
  readonly paths: readonly string[] | null;
}

export interface ErrorTxn {
  readonly err: number;
}

export interface CheckVersionTxn {
  readonly path: string;
  /** One more than the znode's version; not used at apply. */
  readonly version: number;
}

export interface MultiTxn {
  readonly txns: readonly SubTxn[];
}

/** One operation of a multi: `data` is the body of `type`, without header and digest. */
export interface SubTxn {
  readonly type: number;
  readonly data: Uint8Array | null;
}

/** The version of TxnDigest that servers since 3.6 write. */
export const DIGEST_VERSION = 2;

/** Stands for the missing field of the oldest create. */
export const PARENT_CVERSION_NONE = -1;

const DIGEST_BYTES = 12;
const SUB_TXN_BYTES_MIN = 8;

export function readTxnHeader(r: JuteReader): TxnHeader {
  r.long();
  const clientHi = r.hi;
  const clientLo = r.lo;
  return { clientHi, clientLo, cxid: r.int(), zxid: r.zxid(), timeMs: r.number(), type: r.int() };
}

export function writeTxnHeader(w: JuteWriter, header: TxnHeader): void {
  w.long(header.clientHi, header.clientLo);
  w.int(header.cxid);
  w.zxid(header.zxid);
  w.number(header.timeMs);
  w.int(header.type);
}

/** Null when what remains is too short to be a digest. */
export function readTxnDigest(r: JuteReader): TxnDigest | null {
  if (r.remaining() < DIGEST_BYTES) return null;
  const version = r.int();
  r.long();
  return { version, digestHi: r.hi, digestLo: r.lo };
}

export function writeTxnDigest(w: JuteWriter, digest: TxnDigest): void {
  w.int(digest.version);
  w.long(digest.digestHi, digest.digestLo);
}

export function readCreateTxn(r: JuteReader): CreateTxn {
  const path = r.string() ?? '';
  const data = r.bytes();
  const acl = readAclVector(r);
  const ephemeral = r.bool();
  const parentCversion = r.remaining() < 4 && !r.failed ? PARENT_CVERSION_NONE : r.int();
  return { path, data, acl, ephemeral, parentCversion };
}

export function writeCreateTxn(w: JuteWriter, txn: CreateTxn): void {
  w.string(txn.path);
  w.bytes(txn.data);
  writeAclVector(w, txn.acl);
  w.bool(txn.ephemeral);
  w.int(txn.parentCversion);
}

export function readCreateContainerTxn(r: JuteReader): CreateContainerTxn {
  return {
    path: r.string() ?? '',
    data: r.bytes(),
    acl: readAclVector(r),
    parentCversion: r.int(),
  };
}

export function writeCreateContainerTxn(w: JuteWriter, txn: CreateContainerTxn): void {
  w.string(txn.path);
  w.bytes(txn.data);
  writeAclVector(w, txn.acl);
  w.int(txn.parentCversion);
}

export function readCreateTTLTxn(r: JuteReader): CreateTTLTxn {
  const { path, data, acl, parentCversion } = readCreateContainerTxn(r);
  return { path, data, acl, parentCversion, ttlMs: r.number() };
}

export function writeCreateTTLTxn(w: JuteWriter, txn: CreateTTLTxn): void {
  writeCreateContainerTxn(w, txn);
  w.number(txn.ttlMs);
}

export function readDeleteTxn(r: JuteReader): DeleteTxn {
  return { path: r.string() ?? '' };
}

export function writeDeleteTxn(w: JuteWriter, txn: DeleteTxn): void {
  w.string(txn.path);
}

export function readSetDataTxn(r: JuteReader): SetDataTxn {
  return { path: r.string() ?? '', data: r.bytes(), version: r.int() };
}

export function writeSetDataTxn(w: JuteWriter, txn: SetDataTxn): void {
  w.string(txn.path);
  w.bytes(txn.data);
  w.int(txn.version);
}

export function readSetACLTxn(r: JuteReader): SetACLTxn {
  return { path: r.string() ?? '', acl: readAclVector(r), version: r.int() };
}

export function writeSetACLTxn(w: JuteWriter, txn: SetACLTxn): void {
  w.string(txn.path);
  writeAclVector(w, txn.acl);
  w.int(txn.version);
}

export function readCreateSessionTxn(r: JuteReader): CreateSessionTxn {
  return { timeoutMs: r.int() };
}

export function writeCreateSessionTxn(w: JuteWriter, txn: CreateSessionTxn): void {
  w.int(txn.timeoutMs);
}

/**
 * Accepts the form without a body, and the same followed by a digest: 12 bytes that begin with the
 * digest's version cannot be a list, since two paths take 14 bytes at least.
 */
export function readCloseSessionTxn(r: JuteReader): CloseSessionTxn {
  const position = r.position;
  if (r.remaining() < 4) return { paths: null };
  const isDigest = r.remaining() === DIGEST_BYTES && r.int() === DIGEST_VERSION;
  r.position = position;
  return { paths: isDigest ? null : readStringVector(r) };
}

export function writeCloseSessionTxn(w: JuteWriter, txn: CloseSessionTxn): void {
  if (txn.paths !== null) writeStringVector(w, txn.paths);
}

export function readErrorTxn(r: JuteReader): ErrorTxn {
  return { err: r.int() };
}

export function writeErrorTxn(w: JuteWriter, txn: ErrorTxn): void {
  w.int(txn.err);
}

export function readCheckVersionTxn(r: JuteReader): CheckVersionTxn {
  return { path: r.string() ?? '', version: r.int() };
}

export function writeCheckVersionTxn(w: JuteWriter, txn: CheckVersionTxn): void {
  w.string(txn.path);
  w.int(txn.version);
}

export function readMultiTxn(r: JuteReader): MultiTxn {
  const count = r.count(SUB_TXN_BYTES_MIN);
  const txns: SubTxn[] = [];
  for (let index = 0; index < count && !r.failed; index++) {
    txns.push({ type: r.int(), data: r.bytes() });
  }
  return { txns };
}

export function writeMultiTxn(w: JuteWriter, multi: MultiTxn): void {
  w.int(multi.txns.length);
  for (const txn of multi.txns) {
    w.int(txn.type);
    w.bytes(txn.data);
  }
}
