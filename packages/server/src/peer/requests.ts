/**
 * Requests: from a frame of an open connection to its reply. One queue per connection keeps the
 * order of the replies (client-protocol.md 6): a read with nothing before it runs at once from the
 * socket's own buffer; behind an unanswered request it waits with a copy of its body. Writes go to
 * the role and are finished when their transaction is applied.
 */

import {
  copyBytes,
  ErrorCode,
  JuteReader,
  JuteWriter,
  opName,
  OpCode,
  readAuthPacket,
  Xid,
  ZXID_NONE,
} from '@zabra/protocol';
import type { ApplyResult } from '../ops/apply-result.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import { CurrentRequest, PendingRequest, ZXID_CURRENT } from './pending-request.ts';
import type { OrderClient } from './request-order.ts';

const NO_BODY = new Uint8Array(0);
/** Of auth and sasl replies, which no transaction stands behind. */
const ZXID_OF_AUTH = 0;

export class Requests implements OrderClient {
  readonly #port: ClientPort;
  readonly #current: CurrentRequest;
  readonly #reader: JuteReader;
  /** Where a body goes whose frame may be preceded by events. */
  readonly #aside: JuteWriter;
  readonly #throttled: ClientConnection[];

  constructor(port: ClientPort) {
    this.#port = port;
    this.#current = new CurrentRequest();
    this.#reader = new JuteReader(port.host.config.juteMaxBufferBytes);
    this.#aside = new JuteWriter(256);
    this.#throttled = [];
  }

  /** One request whose body is buffer[start, end); false pauses the connection's reader. */
  onRequest(
    connection: ClientConnection,
    xid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const { host, order } = this.#port;
    const session = connection.session;
    if (order === null || session === null) {
      connection.closeNow();
      return false;
    }
    const { hi, lo } = session;
    const request = this.#current;
    request.set(hi, lo, xid, opcode, buffer, start, end, connection.identities);
    if (opcode === OpCode.auth) return this.#onAuth(connection, request);
    if (opcode === OpCode.sasl) return this.#onSasl(connection, request);
    order.touch(session);
    if (opcode === OpCode.ping) {
      this.#can(connection, Xid.PING, opcode, ErrorCode.OK, ZXID_CURRENT, false);
      return this.#admitMore(connection);
    }
    if (opcode !== OpCode.sync && !host.state.isKnown(opcode)) {
      return this.#onUnknown(connection, request);
    }
    if (host.state.isWrite(opcode) || opcode === OpCode.sync) {
      return this.#onWrite(connection, request);
    }
    if (connection.queue.length === 0) this.#read(connection, request, host.nowMs());
    else this.#wait(connection, request, 'read');
    return this.#admitMore(connection);
  }

  onConnectionClosed(connection: ClientConnection): void {
    for (const pending of connection.queue) {
      if (pending.kind !== 'order') this.#port.host.stats.outstandingRequests--;
    }
    connection.queue.clear();
  }

  /** The role is over: what it was asked is answered by nobody, and every connection closes. */
  forgetAll(): void {
    this.#throttled.length = 0;
    this.#port.host.stats.outstandingRequests = 0;
  }

  /** From OrderClient. */
  onApplied(pending: PendingRequest, result: ApplyResult): void {
    if (this.#port.order === null) return;
    this.#port.host.stats.outstandingRequests--;
    const { connection } = pending;
    if (pending.opcode === OpCode.createSession) {
      connection.queue.shift();
      if (connection.state !== 'connecting') return;
      if (result.code === ErrorCode.OK) this.#port.onSessionCreated(connection, result);
      else connection.closeNow();
      return;
    }
    if (!isAwaited(connection)) return;
    if (result.code === ErrorCode.SESSIONMOVED) {
      // Never a code on the wire: the session lives elsewhere now (trap 6).
      connection.closeNow();
      return;
    }
    const frame = connection.beginReply(pending.cxid);
    const code = this.#port.host.state.reply(result, pending.opcode, pending, connection.bytes);
    this.#finish(pending, frame, code);
  }

  onSynced(pending: PendingRequest): void {
    if (this.#port.order === null) return;
    this.#port.host.stats.outstandingRequests--;
    const { connection } = pending;
    if (!isAwaited(connection)) return;
    const frame = connection.beginReply(pending.cxid);
    connection.bytes.raw(pending.buffer, pending.start, pending.end);
    this.#finish(pending, frame, ErrorCode.OK);
  }

  onRevalidated(
    connection: ClientConnection,
    hi: number,
    lo: number,
    timeoutMs: number,
    valid: boolean,
  ): void {
    this.#port.onSessionRevalidated(connection, hi, lo, timeoutMs, valid);
  }

  onSessionClosed(hi: number, lo: number): void {
    const connection = this.#port.sessions.find(hi, lo)?.connection ?? null;
    // Who asked for it has its reply already, written or about to be, and closes behind it.
    if (connection !== null && !isSayingGoodbye(connection)) connection.closeNow();
  }

  /** Connections that waited for the number of outstanding requests to fall, or for their own. */
  resumeThrottled(): void {
    const throttled = this.#throttled;
    if (throttled.length === 0) return;
    const isOver = this.#overLimit();
    let kept = 0;
    for (const connection of throttled) {
      if (isOver && connection.queue.length > 0 && !connection.destroy) {
        throttled[kept] = connection;
        kept++;
      } else {
        connection.throttled = false;
        this.#port.resumeLater(connection);
      }
    }
    throttled.length = kept;
  }

  /** The network has taken what was written: what waited for that is answered. */
  goOn(connection: ClientConnection): void {
    this.#drain(connection);
  }

  #onWrite(connection: ClientConnection, request: CurrentRequest): boolean {
    const { host, order } = this.#port;
    const { opcode, buffer, start, end } = request;
    if (opcode === OpCode.sync ? !this.#isPath(request) : !host.state.isWellFormed(request)) {
      host.stats.malformedRequestCount++;
      host.log(
        'warn',
        'PrepRequestProcessor',
        `Refusing a ${opName(opcode)} of ${connection.address}: its ${end - start} bytes cannot ` +
          'be decoded',
      );
      this.#can(connection, request.cxid, opcode, ErrorCode.MARSHALLINGERROR, ZXID_CURRENT, false);
      return this.#admitMore(connection);
    }
    // A multi's reply depends on its request, a sync's repeats it.
    const keep = opcode === OpCode.multi || opcode === OpCode.sync;
    // Behind the path there may be bytes that are no part of the record.
    const bodyEnd = opcode === OpCode.sync ? this.#reader.rangeEnd : end;
    const body = keep ? copyBytes(buffer, start, bodyEnd) : NO_BODY;
    const pending = new PendingRequest(connection, 'order', request, body, host.nowMs());
    connection.queue.push(pending);
    host.stats.outstandingRequests++;
    pending.closes = opcode === OpCode.closeSession;
    if (pending.closes) connection.state = 'closing';
    if (opcode === OpCode.sync) order?.sync(pending, request);
    else order?.submit(pending, request);
    return !pending.closes && this.#admitMore(connection);
  }

  #isPath(request: CurrentRequest): boolean {
    const r = this.#reader.reset(request.buffer, request.start, request.end);
    // A null path would be echoed as a null string, which some clients cannot read.
    return r.range() >= 0 && !r.failed;
  }

  #wait(connection: ClientConnection, request: CurrentRequest, kind: 'read'): void {
    const { host } = this.#port;
    const body = copyBytes(request.buffer, request.start, request.end);
    connection.queue.push(new PendingRequest(connection, kind, request, body, host.nowMs()));
    host.stats.outstandingRequests++;
  }

  #read(
    connection: ClientConnection,
    request: CurrentRequest | PendingRequest,
    receivedMs: number,
  ): void {
    const { state, stats } = this.#port.host;
    const { opcode } = request;
    if (opcode === OpCode.setWatches || opcode === OpCode.setWatches2) {
      // The events that it makes up must precede its reply, so the frame is begun behind them.
      this.#aside.reset();
      const code = state.read(request, connection, this.#aside);
      connection.reply(request.cxid, state.lastProcessedZxid, code);
    } else {
      const frame = connection.beginReply(request.cxid);
      const code = state.read(request, connection, connection.bytes);
      if (code === ErrorCode.MARSHALLINGERROR) stats.malformedRequestCount++;
      connection.endReply(frame, state.lastProcessedZxid, code);
    }
    stats.onAnswered(this.#port.host.nowMs() - receivedMs, false);
  }

  /** Ends the reply begun at `frame`; kept aside when an earlier request is not answered yet. */
  #finish(pending: PendingRequest, frame: number, code: number): void {
    const { connection } = pending;
    const { state, stats } = this.#port.host;
    connection.endReply(frame, state.lastProcessedZxid, code);
    stats.onAnswered(this.#port.host.nowMs() - pending.receivedMs, true);
    if (connection.queue.peek() !== pending) {
      pending.reply = copyBytes(connection.bytes.buffer, frame, connection.bytes.position);
      connection.bytes.reset(frame);
      return;
    }
    connection.queue.shift();
    if (pending.closes) connection.closeGracefully();
    else this.#drain(connection);
  }

  /** Answers what waited behind the request just answered. */
  #drain(connection: ClientConnection): void {
    const { stats, state } = this.#port.host;
    while (!connection.destroy && !this.#port.isChoked(connection)) {
      const next = connection.queue.peek();
      if (next === undefined || (next.kind === 'order' && next.reply === null)) return;
      connection.queue.shift();
      if (next.reply !== null) {
        connection.writeAgain(next.reply, state.lastProcessedZxid);
        if (!next.closes) continue;
        connection.closeGracefully();
        return;
      }
      stats.outstandingRequests--;
      if (next.kind === 'read') {
        this.#read(connection, next, next.receivedMs);
        continue;
      }
      this.#writeCanned(connection, next, state.lastProcessedZxid);
      if (connection.closeAfterFlush) return;
    }
  }

  /** A reply that needs no work but its turn. */
  #can(
    connection: ClientConnection,
    xid: number,
    opcode: number,
    err: number,
    zxid: number,
    closes: boolean,
  ): void {
    const { host } = this.#port;
    const request = this.#current;
    request.cxid = xid;
    request.opcode = opcode;
    const pending = new PendingRequest(connection, 'canned', request, NO_BODY, host.nowMs());
    pending.err = err;
    pending.replyZxid = zxid;
    pending.closes = closes;
    if (closes) connection.state = 'closing';
    if (connection.queue.length === 0) {
      this.#writeCanned(connection, pending, host.state.lastProcessedZxid);
      return;
    }
    connection.queue.push(pending);
    host.stats.outstandingRequests++;
  }

  #writeCanned(connection: ClientConnection, pending: PendingRequest, current: number): void {
    const zxid = pending.replyZxid === ZXID_CURRENT ? current : pending.replyZxid;
    const frame = connection.beginReply(pending.cxid);
    if (pending.opcode === OpCode.sasl) connection.bytes.bytes(null);
    connection.endReply(frame, zxid, pending.err);
    if (pending.closes) connection.closeGracefully();
  }

  /** auth takes effect at once for what comes later; its reply keeps its place in the queue. */
  #onAuth(connection: ClientConnection, request: CurrentRequest): boolean {
    const { state, stats } = this.#port.host;
    const { cxid, buffer, start, end } = request;
    const r = this.#reader.reset(buffer, start, end);
    const packet = readAuthPacket(r);
    if (r.failed) {
      this.#port.fault(connection, `Closing ${connection.address}: its auth packet is truncated`);
      return false;
    }
    const outcome = state.authenticate(packet.scheme, packet.auth, connection.identities);
    if (outcome.add.length > 0) {
      connection.identities = [...connection.identities, ...outcome.add];
    }
    const failed = outcome.code !== ErrorCode.OK;
    if (failed) {
      stats.authFailedCount++;
      this.#port.host.log(
        'warn',
        'ZooKeeperServer',
        `Authentication failed for scheme ${packet.scheme} of ${connection.address}`,
      );
    }
    this.#can(connection, cxid, OpCode.auth, outcome.code, ZXID_OF_AUTH, failed);
    return !failed && this.#admitMore(connection);
  }

  /** Without a SASL configuration: success and a null token, as the reference answers. */
  #onSasl(connection: ClientConnection, request: CurrentRequest): boolean {
    const r = this.#reader.reset(request.buffer, request.start, request.end);
    r.range();
    if (r.failed) {
      this.#port.fault(connection, `Closing ${connection.address}: its SASL token is truncated`);
      return false;
    }
    this.#can(connection, request.cxid, OpCode.sasl, ErrorCode.OK, ZXID_OF_AUTH, false);
    return this.#admitMore(connection);
  }

  #onUnknown(connection: ClientConnection, request: CurrentRequest): boolean {
    const { cxid, opcode } = request;
    this.#port.host.stats.unknownOpcodeCount++;
    this.#port.host.log(
      'warn',
      'ZooKeeperServer',
      `Closing ${connection.address} after a request of unknown type ${opcode}`,
    );
    this.#can(connection, cxid, opcode, ErrorCode.UNIMPLEMENTED, ZXID_NONE, true);
    return false;
  }

  /** False when the connection must wait until others are answered (globalOutstandingLimit). */
  #admitMore(connection: ClientConnection): boolean {
    if (connection.queue.length === 0 || !this.#overLimit()) return true;
    connection.throttled = true;
    connection.pauseReading = true;
    this.#throttled.push(connection);
    this.#port.ready.touch(connection);
    return false;
  }

  #overLimit(): boolean {
    const { config, stats } = this.#port.host;
    return stats.outstandingRequests > config.globalOutstandingLimit;
  }
}

/** Its closeSession is answered: it ends behind the reply, which may still wait for its turn. */
function isSayingGoodbye({ closeAfterFlush, queue }: ClientConnection): boolean {
  const last = queue.peek(queue.length - 1);
  return closeAfterFlush || (last !== undefined && last.closes && last.reply !== null);
}

/** A request of a connection that is gone, or about to be, is nobody's any more. */
function isAwaited(connection: ClientConnection): boolean {
  return !connection.destroy && connection.queue.length > 0;
}
