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
import type { SessionTracker } from './session-tracker.ts';

/** A client that came back and waits for the word whether its session lives. */
export interface Revalidation {
  readonly connection: ClientConnection;
  readonly hi: number;
  readonly lo: number;
  readonly timeoutMs: number;
}

export interface SessionId {
  readonly hi: number;
  readonly lo: number;
}

/** A session that was local and is to be known to all. */
export interface Upgrade extends SessionId {
  readonly timeoutMs: number;
}

/** What was asked of a role and never ordered: the next one orders it. */
export interface Unanswered {
  /** In the order in which they were asked; their bodies are kept. */
  readonly writes: readonly PendingRequest[];
  readonly syncs: readonly PendingRequest[];
  readonly revalidations: readonly Revalidation[];
  /** They precede the writes. */
  readonly upgrades: readonly Upgrade[];
}

export const NOTHING_UNANSWERED: Unanswered = {
  writes: [],
  syncs: [],
  revalidations: [],
  upgrades: [],
};

export interface RequestOrder {
  /** What is submitted may have to be submitted again, to another role: its body is kept. */
  readonly keepsBodies: boolean;
  /** Of the sessions of all; null for whoever does not expire them. */
  readonly sessionTracker: SessionTracker | null;
  /** True while nobody leads, and reads are all that there is. */
  readonly isReadOnly: boolean;
  /** A write of a client, or createSession. The request's bytes are read before it returns. */
  submit(pending: PendingRequest, request: OpRequest): void;
  /** createSession of a local session that becomes global; nobody waits for it. */
  upgrade(request: OpRequest, timeoutMs: number): void;
  /** Finished once everything committed before is applied here. */
  sync(pending: PendingRequest, request: OpRequest): void;
  /** A client came back with a session whose password is right: does it live? */
  revalidate(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void;
  /** Something was heard of the session; false when it takes no more requests. */
  touch(session: ClientSession): boolean;
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
  /** The session is another server's now, whatever connection it has here. */
  onSessionMoved(hi: number, lo: number): void;
  /** closeSession was applied, whoever asked for it. */
  onSessionClosed(hi: number, lo: number): void;
}
