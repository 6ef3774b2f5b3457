/**
 * Replies: how the answers of a connection leave: in the order of its requests, whatever the order
 * in which they become known (client-protocol.md 6). What is finished early is kept aside; what
 * waits behind the reply that leaves now follows it.
 */

import { copyBytes, ErrorCode, JuteWriter, OpCode } from '@zabra/protocol';
import type { Admission } from './admission.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import { type CurrentRequest, PendingRequest, ZXID_CURRENT } from './pending-request.ts';

const NO_BODY = new Uint8Array(0);

export class Replies {
  readonly #port: ClientPort;
  readonly #admission: Admission;
  /** Where a body goes whose frame may be preceded by events. */
  readonly #aside: JuteWriter;

  constructor(port: ClientPort, admission: Admission) {
    this.#port = port;
    this.#admission = admission;
    this.#aside = new JuteWriter(256);
  }

  /** Runs a read and answers it; nothing of its connection may be unanswered. */
  read(
    connection: ClientConnection,
    request: CurrentRequest | PendingRequest,
    receivedMs: number,
  ): void {
    const { state, stats } = this.#port.host;
    const { opcode } = request;
    if (opcode === OpCode.setWatches || opcode === OpCode.setWatches2) {
      // The events that it makes up must precede its reply, so the frame is begun behind them.
      state.catchUp(connection);
      this.#aside.reset();
      const code = state.read(request, connection, this.#aside);
      connection.reply(request.cxid, state.lastProcessedZxid, code);
    } else {
      const frame = connection.beginReply(request.cxid);
      const code = state.read(request, connection, connection.bytes);
      if (code === ErrorCode.MARSHALLINGERROR) stats.malformedRequestCount++;
      connection.endReply(frame, state.lastProcessedZxid, code);
    }
    this.#count(connection, request, receivedMs, false);
  }

  /** Ends the reply begun at `frame`; kept aside when an earlier request is not answered yet. */
  finish(pending: PendingRequest, frame: number, code: number): void {
    const { connection } = pending;
    const { state } = this.#port.host;
    connection.endReply(frame, state.lastProcessedZxid, code);
    this.#count(connection, pending, pending.receivedMs, true);
    if (connection.queue.peek() !== pending) {
      pending.reply = copyBytes(connection.bytes.buffer, frame, connection.bytes.position);
      connection.bytes.reset(frame);
      return;
    }
    this.#admission.dequeue(connection);
    if (pending.closes) connection.closeGracefully();
    else this.drain(connection);
  }

  /** Answers what waited behind the request just answered. */
  drain(connection: ClientConnection): void {
    const { stats, state } = this.#port.host;
    while (!connection.destroy) {
      const next = connection.queue.peek();
      if (next === undefined || next.isAwaiting) return;
      if (this.#port.isChoked(connection)) {
        if (!hasAwaiting(connection)) return;
        // A write of this client is on its way: what was asked before must not see it, so it is
        // read now, at the cost of memory, and whoever asks for too much of that is closed.
        this.#port.boundOutput(connection);
        if (connection.destroy) return;
      }
      this.#admission.dequeue(connection);
      if (next.reply !== null) {
        connection.writeAgain(next.reply, state.lastProcessedZxid);
        if (!next.closes) continue;
        connection.closeGracefully();
        return;
      }
      stats.outstandingRequests--;
      if (next.kind === 'read') {
        this.read(connection, next, next.receivedMs);
        continue;
      }
      this.#writeCanned(connection, next, state.lastProcessedZxid);
      if (connection.closeAfterFlush) return;
    }
  }

  /** A reply that needs no work but its turn. */
  can(
    connection: ClientConnection,
    request: CurrentRequest,
    xid: number,
    opcode: number,
    err: number,
    zxid: number,
    closes: boolean,
    saslToken: Uint8Array | null = null,
  ): void {
    const { host } = this.#port;
    request.cxid = xid;
    request.opcode = opcode;
    const pending = new PendingRequest(connection, 'canned', request, NO_BODY, host.nowMs());
    pending.err = err;
    pending.replyZxid = zxid;
    pending.saslToken = saslToken;
    pending.closes = closes;
    if (closes) connection.state = 'closing';
    if (connection.queue.length === 0) {
      this.#writeCanned(connection, pending, host.state.lastProcessedZxid);
      return;
    }
    this.#admission.enqueue(pending);
  }

  #count(
    { answers }: ClientConnection,
    { opcode, cxid }: CurrentRequest | PendingRequest,
    receivedMs: number,
    isWrite: boolean,
  ): void {
    const { host } = this.#port;
    const elapsedMs = host.nowMs() - receivedMs;
    host.stats.onAnswered(elapsedMs, isWrite);
    answers.onAnswered(opcode, cxid, host.state.lastProcessedZxid, host.nowMs(), elapsedMs);
  }

  #writeCanned(connection: ClientConnection, pending: PendingRequest, current: number): void {
    const zxid = pending.replyZxid === ZXID_CURRENT ? current : pending.replyZxid;
    const frame = connection.beginReply(pending.cxid);
    // A failed exchange is answered with a body as well.
    if (pending.opcode === OpCode.sasl) connection.bytes.bytes(pending.saslToken);
    connection.endWhole(frame, zxid, pending.err);
    const { opcode, cxid, receivedMs } = pending;
    if (opcode !== OpCode.auth && opcode !== OpCode.sasl) {
      const now = this.#port.host.nowMs();
      connection.answers.onAnswered(opcode, cxid, zxid, now, now - receivedMs);
    }
    if (pending.closes) connection.closeGracefully();
  }
}

/** Something in its queue is still to be ordered, or to be applied. */
function hasAwaiting({ queue }: ClientConnection): boolean {
  for (let index = queue.length - 1; index >= 0; index--) {
    if (queue.peek(index)?.isAwaiting === true) return true;
  }
  return false;
}
