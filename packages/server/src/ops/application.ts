/**
 * Application: the context in which a committed transaction changes the state. One object, filled
 * for each transaction. It knows the transaction's header and a cursor over its body; who asked for
 * it, and whether anybody waits for a reply, is not its affair (storage-and-config.md 3.4 and 9).
 */

import { JUTE_BYTES_MAX_DEFAULT, JuteReader } from '@zabra/protocol';
import { AclMemo } from './acl-memo.ts';
import type { ApplyResult } from './apply-result.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { StateCore } from './state-core.ts';

export class Application {
  readonly core: StateCore;
  /** Stands on the body; each operation reads its own and leaves the cursor behind it. */
  readonly reader: JuteReader;
  readonly aclMemo: AclMemo;
  readonly result: ApplyResult;
  /** What this server has prepared and not applied yet; nothing on one that follows. */
  readonly pending: PendingChanges;
  sessionHi: number;
  sessionLo: number;
  zxid: number;
  timeMs: number;
  /** False in recovery, where nobody watches and nobody waits. */
  firesEvents: boolean;
  /** Set by the operation: what it created, changed or deleted. */
  path: string;

  constructor(core: StateCore, result: ApplyResult, pending: PendingChanges) {
    this.core = core;
    this.reader = new JuteReader(core.options.txnBytesMax ?? JUTE_BYTES_MAX_DEFAULT);
    this.aclMemo = new AclMemo();
    this.result = result;
    this.pending = pending;
    this.sessionHi = 0;
    this.sessionLo = 0;
    this.zxid = 0;
    this.timeMs = 0;
    this.firesEvents = true;
    this.path = '';
  }
}
