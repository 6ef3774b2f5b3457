/**
 * RequestOrder: what the client port asks of the present role. A standalone server and a leader
 * order writes themselves; a learner forwards them. The role answers through `OrderClient`, in the
 * order in which transactions are applied.
 */

import type { ApplyResult } from '../ops/apply-result.ts';
import type { OpRequest } from '../ops/request.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientSession } from './client-session.ts';
import type { PendingRequest } from './pending-request.ts';

export interface RequestOrder {
  /** A write of a client, or createSession. The request's bytes are read before it returns. */
  submit(pending: PendingRequest, request: OpRequest): void;
  /** Finished once everything committed before is applied here. */
  sync(pending: PendingRequest, request: OpRequest): void;
  /** A client came back with a session whose password is right: does it live? */
  revalidate(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void;
  /** Something was heard of the session. */
  touch(session: ClientSession): void;
}

export interface OrderClient {
  /** A transaction that a request of ours became was applied. */
  onApplied(pending: PendingRequest, result: ApplyResult): void;
  onSynced(pending: PendingRequest): void;
  onRevalidated(
    connection: ClientConnection,
    hi: number,
    lo: number,
    timeoutMs: number,
    valid: boolean,
  ): void;
  /** closeSession was applied, whoever asked for it. */
  onSessionClosed(hi: number, lo: number): void;
}
