/**
 * OpRequest: one request of a client as the operations see it. The body stays where it arrived and
 * is read by a cursor; nothing of it may be kept beyond the call that was given the request, since
 * the buffer belongs to the connection (or to the packet of the learner that forwarded it).
 */

import type { Id } from '@zabra/protocol';

export interface OpRequest {
  /** Session of the client, two int32; 0, 0 for requests of the server itself. */
  readonly sessionHi: number;
  readonly sessionLo: number;
  /** The client's xid; with the session it finds the request again when its txn commits. */
  readonly cxid: number;
  /** One of `OpCode`. */
  readonly opcode: number;
  /** The body behind the request header is buffer[start, end). */
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** What the connection had authenticated as when the request arrived. */
  readonly identities: readonly Id[];
}
