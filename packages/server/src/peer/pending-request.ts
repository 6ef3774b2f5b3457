/**
 * PendingRequest: one request of a connection that could not be answered when it came, because it
 * is a write or because an earlier one of the same connection is not answered yet. The connection's
 * queue keeps them in the order in which the replies must leave (client-protocol.md 6, FIFO).
 */

import type { Id } from '@zabra/protocol';
import type { OpRequest } from '../ops/request.ts';
import type { ClientConnection } from './client-connection.ts';

/**
 * `order`: a write or sync, finished when the ensemble has ordered it. `read`: runs when everything
 * before it is answered. `canned`: its reply is already known. `held`: it waits until fewer
 * requests are in process, and becomes one of the others. `dropped`: it was held, and nobody wants
 * it now.
 */
export type PendingKind = 'order' | 'read' | 'canned' | 'held' | 'dropped';

/** A request's header, which is not in its body. */
const HEADER_BYTES = 8;
/** What a request in a queue takes beside its bytes, about. */
const OVERHEAD_BYTES = 256;

/** Stands for the last zxid applied at the moment of the reply. */
export const ZXID_CURRENT = -3;

export class PendingRequest implements OpRequest {
  readonly connection: ClientConnection;
  kind: PendingKind;
  readonly sessionHi: number;
  readonly sessionLo: number;
  readonly cxid: number;
  readonly opcode: number;
  /** A copy of the body where it is needed later: of reads, and of multis for their reply. */
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly identities: readonly Id[];
  readonly receivedMs: number;
  /** Of the frame it came in. */
  readonly frameBytes: number;
  /** The whole reply of a request that was finished before an earlier one; null otherwise. */
  reply: Uint8Array | null;
  /** Of a canned reply; of a write, what to say when it is refused, OK to say why it was. */
  err: number;
  /** Zxid of a canned reply's header; ZXID_CURRENT for the last one applied when it leaves. */
  replyZxid: number;
  /** Of the canned reply to a SASL token. */
  saslToken: Uint8Array | null;
  /** The connection closes behind the reply; always the last one in its queue. */
  closes: boolean;
  /** A write of a session that this server alone knew when the write came. */
  isOfLocalSession: boolean;

  constructor(
    connection: ClientConnection,
    kind: PendingKind,
    request: OpRequest,
    body: Uint8Array,
    receivedMs: number,
  ) {
    this.connection = connection;
    this.kind = kind;
    this.sessionHi = request.sessionHi;
    this.sessionLo = request.sessionLo;
    this.cxid = request.cxid;
    this.opcode = request.opcode;
    this.buffer = body;
    this.start = 0;
    this.end = body.length;
    this.identities = request.identities;
    this.receivedMs = receivedMs;
    this.frameBytes = HEADER_BYTES + request.end - request.start;
    this.reply = null;
    this.err = 0;
    this.replyZxid = ZXID_CURRENT;
    this.saslToken = null;
    this.closes = false;
    this.isOfLocalSession = false;
  }

  /** Memory that it stands for while it waits for its reply. */
  get bytes(): number {
    return OVERHEAD_BYTES + this.frameBytes;
  }

  /** Its reply is not known, and reading it now would be too early. */
  get isAwaiting(): boolean {
    const { kind } = this;
    return kind === 'held' || kind === 'dropped' || (kind === 'order' && this.reply === null);
  }
}

/** The request under the cursor: one object per server, filled anew for each frame. */
export class CurrentRequest implements OpRequest {
  sessionHi: number;
  sessionLo: number;
  cxid: number;
  opcode: number;
  buffer: Uint8Array;
  start: number;
  end: number;
  identities: readonly Id[];

  constructor() {
    this.sessionHi = 0;
    this.sessionLo = 0;
    this.cxid = 0;
    this.opcode = 0;
    this.buffer = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
    this.identities = [];
  }

  set(
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    identities: readonly Id[],
  ): this {
    this.sessionHi = sessionHi;
    this.sessionLo = sessionLo;
    this.cxid = cxid;
    this.opcode = opcode;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.identities = identities;
    return this;
  }
}
