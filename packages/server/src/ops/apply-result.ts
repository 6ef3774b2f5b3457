/**
 * ApplyResult: what became of one transaction, for whoever waits for it and for its reply. One
 * object is filled again and again. A reply must be written before the next transaction is applied,
 * since the stats of single operations are read from the tree only then; those of a multi are taken
 * after each of its operations, as the protocol wants, and kept here.
 */

import { ErrorCode, JuteWriter, OpCode } from '@zabra/protocol';

/** One operation of a multi. */
export interface SubResult {
  /** Type as logged; `error` in a multi that failed. */
  readonly type: number;
  readonly code: number;
  readonly path: string;
  /** Offset of its Stat in `stats`, -1 when it has none. */
  readonly statOffset: number;
}

export class ApplyResult {
  sessionHi: number;
  sessionLo: number;
  cxid: number;
  zxid: number;
  timeMs: number;
  /** Type of the transaction: one of `OpCode`; `error` for a write that was refused. */
  type: number;
  /** OK, or why it had no effect; of a multi the first that is not OK. */
  code: number;
  /**
   * True of a transaction that nobody could have written: its bytes end too soon or its type does
   * not exist. It changed nothing and does not count as processed; a log or a leader that has it is
   * damaged.
   */
  isMalformed: boolean;
  /** What was created, changed or deleted; empty when there is no such thing. */
  path: string;
  /** Of createSession. */
  timeoutMs: number;
  /** Of multi; empty otherwise. */
  readonly subResults: SubResult[];
  readonly stats: JuteWriter;

  constructor() {
    this.sessionHi = 0;
    this.sessionLo = 0;
    this.cxid = 0;
    this.zxid = 0;
    this.timeMs = 0;
    this.type = OpCode.error;
    this.code = ErrorCode.OK;
    this.isMalformed = false;
    this.path = '';
    this.timeoutMs = 0;
    this.subResults = [];
    this.stats = new JuteWriter(256);
  }

  /** Forgets everything but the header, which the caller is about to fill. */
  reset(): void {
    this.code = ErrorCode.OK;
    this.isMalformed = false;
    this.path = '';
    this.timeoutMs = 0;
    if (this.subResults.length > 0) this.subResults.length = 0;
    this.stats.reset();
  }
}
