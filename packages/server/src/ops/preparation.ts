/**
 * Preparation: the context in which a write is judged and its transaction written. One object,
 * filled for each request. It holds the request, the pending changes, and the writer of the log
 * entry, and offers the checks that several operations share.
 */

import {
  type Acl,
  ErrorCode,
  type Id,
  JUTE_BYTES_MAX_DEFAULT,
  JuteReader,
  JuteWriter,
  OpCode,
  TXN_HEADER_BYTES,
} from '@zabra/protocol';
import { AclFixUp } from './acl-fix-up.ts';
import { AclMemo } from './acl-memo.ts';
import { PendingChanges } from './pending-changes.ts';
import type { PendingNode } from './pending-node.ts';
import type { OpRequest } from './request.ts';
import type { StateCore } from './state-core.ts';
import { SubTransactions } from './sub-transactions.ts';

/** Room that a learner's packet and the digest take beside the transaction, bytes. */
const TXN_BYTES_SLACK = 1024;

export class Preparation {
  readonly core: StateCore;
  readonly pending: PendingChanges;
  readonly reader: JuteReader;
  readonly aclMemo: AclMemo;
  readonly fixUp: AclFixUp;
  /** The parts of a transaction that is a multi. */
  readonly subs: SubTransactions;
  /** Where the transaction goes; its body begins behind the header. */
  entry: JuteWriter;
  entryStart: number;
  sessionHi: number;
  sessionLo: number;
  zxid: number;
  timeMs: number;
  identities: readonly Id[];
  /** What the session tracker says of the session: OK, SESSIONEXPIRED, SESSIONMOVED. */
  sessionError: number;
  /** The same of a session that is to own an ephemeral, which a local one cannot. */
  ephemeralError: number;
  inMulti: boolean;
  /** Type under which the transaction is logged; an operation may change its own. */
  txnType: number;
  /** A refusal that is part of a complete transaction: of a multi that failed. */
  refusal: number;
  readonly txnBytesMax: number;

  constructor(core: StateCore) {
    this.core = core;
    this.txnBytesMax = core.options.txnBytesMax ?? JUTE_BYTES_MAX_DEFAULT;
    this.pending = new PendingChanges(core, core.options.digestEnabled);
    this.reader = new JuteReader(this.txnBytesMax);
    this.aclMemo = new AclMemo();
    this.fixUp = new AclFixUp(core.providers);
    this.subs = new SubTransactions();
    this.entry = new JuteWriter(64);
    this.entryStart = 0;
    this.sessionHi = 0;
    this.sessionLo = 0;
    this.zxid = 0;
    this.timeMs = 0;
    this.identities = [];
    this.sessionError = ErrorCode.OK;
    this.ephemeralError = ErrorCode.OK;
    this.inMulti = false;
    this.txnType = OpCode.error;
    this.refusal = ErrorCode.OK;
  }

  begin(request: OpRequest, zxid: number, timeMs: number, entry: JuteWriter): void {
    this.reader.reset(request.buffer, request.start, request.end);
    this.entry = entry;
    this.entryStart = entry.position;
    this.sessionHi = request.sessionHi;
    this.sessionLo = request.sessionLo;
    this.zxid = zxid;
    this.timeMs = timeMs;
    this.identities = request.identities;
    this.inMulti = false;
    this.txnType = request.opcode;
    this.refusal = ErrorCode.OK;
  }

  /** OK or NOAUTH; MARSHALLINGERROR for a znode whose ACL nobody knows, as in the reference. */
  checkPermission(node: PendingNode, wanted: number): number {
    if (node.acl === null) return ErrorCode.MARSHALLINGERROR;
    const permitted = this.core.permits(node.acl, wanted, this.identities);
    return permitted ? ErrorCode.OK : ErrorCode.NOAUTH;
  }

  /** OK, with the list in `fixUp.acl`, or the refusal. */
  fixUpAcl(acl: readonly Acl[] | null): number {
    return this.fixUp.run(acl, this.identities);
  }

  /** False when the transaction has grown beyond what every member can read. */
  fits(): boolean {
    const bytes = this.entry.position - this.entryStart;
    return bytes + TXN_HEADER_BYTES + TXN_BYTES_SLACK <= this.txnBytesMax;
  }
}

/** True when a client's expected version lets the operation pass; -1 matches any. */
export function isExpected(expected: number, found: number): boolean {
  return expected === -1 || expected === found;
}

/** Wraps at 32 bits; passes through -1 like every server before 3.10. */
export function nextVersion(version: number): number {
  return (version + 1) | 0;
}
