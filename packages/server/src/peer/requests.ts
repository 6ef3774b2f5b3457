/**
 * Requests: what becomes of a frame of an open connection. One queue per connection keeps the order
 * of the replies (client-protocol.md 6): a read with nothing before it runs at once from the
 * socket's own buffer; behind an unanswered request it waits with a copy of its body. Writes go to
 * the role and are finished when their transaction is applied.
 */

import {
  copyBytes,
  ErrorCode,
  JuteReader,
  opName,
  OpCode,
  readAuthPacket,
  Xid,
  ZXID_NONE,
} from '@zabra/protocol';
import type { ApplyResult } from '../ops/apply-result.ts';
import { MultiForm } from '../ops/multi-form.ts';
import type { OpRequest } from '../ops/request.ts';
import { Admission } from './admission.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import { CurrentRequest, PendingRequest, ZXID_CURRENT } from './pending-request.ts';
import { Replies } from './replies.ts';
import type { OrderClient, RequestOrder, Unanswered } from './request-order.ts';

const NO_BODY = new Uint8Array(0);
/** Of auth and sasl replies, which no transaction stands behind. */
const ZXID_OF_AUTH = 0;

export class Requests implements OrderClient {
  readonly #port: ClientPort;
  readonly #current: CurrentRequest;
  readonly #reader: JuteReader;
  readonly #admission: Admission;
  readonly #replies: Replies;

  constructor(port: ClientPort) {
    this.#port = port;
    this.#current = new CurrentRequest();
    this.#reader = new JuteReader(port.host.config.juteMaxBufferBytes);
    this.#admission = new Admission(port.host);
    this.#replies = new Replies(port, this.#admission);
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
    if (!this.admits(connection, end - start)) return false;
    // Before its watches or identities change.
    host.state.catchUp(connection);
    const { hi, lo } = session;
    const request = this.#current;
    request.set(hi, lo, xid, opcode, buffer, start, end, connection.identities);
    if (opcode === OpCode.auth) return this.#onAuth(connection, request);
    if (opcode === OpCode.sasl) return this.#onSasl(connection, request);
    if (!this.#port.authentication.admits(connection)) {
      return this.#onStranger(connection, request);
    }
    // Its closeSession is on the way, and the end of the connection is the answer to all.
    if (!this.#port.locals.touch(hi, lo, session.timeoutMs) && !order.touch(session)) return true;
    if (opcode === OpCode.ping) {
      this.#replies.can(connection, request, Xid.PING, opcode, ErrorCode.OK, ZXID_CURRENT, false);
      return this.#admission.readsOn(connection);
    }
    if (opcode !== OpCode.sync && !host.state.isKnown(opcode)) {
      return this.#onUnknown(connection, request);
    }
    if (host.state.isWrite(opcode) || opcode === OpCode.sync) {
      if (!order.isReadOnly || this.#closesLocally(request)) {
        return this.#onWrite(connection, request);
      }
      return this.#refuse(connection, request, ErrorCode.NOTREADONLY);
    }
    if (this.#admission.isFull) this.#wait(connection, request, 'held');
    else if (connection.queue.length > 0) this.#wait(connection, request, 'read');
    else this.#replies.read(connection, request, host.nowMs());
    return this.#admission.readsOn(connection);
  }

  /** False, and the connection closes, when so many bytes of one request are too much now. */
  admits(connection: ClientConnection, requestBytes: number): boolean {
    if (this.#admission.takes(requestBytes)) return true;
    const { host } = this.#port;
    host.stats.largeRequestsRejected++;
    host.log('warn', 'NIOServerCnxn', `Closing ${connection.address}: Rejecting large request`);
    connection.closeNow();
    return false;
  }

  /** The first request of a connection that asks for a new session. */
  createSession(connection: ClientConnection, request: CurrentRequest): void {
    this.#enqueueWrite(connection, request, request.end);
  }

  /** A new role takes over what the last one has left. Writes first: syncs see more, never less. */
  orderAgain({ upgrades, writes, syncs, revalidations }: Unanswered, order: RequestOrder): void {
    // Of a client that is gone as well: it may come back, or has asked for the end of its session.
    for (const { hi, lo, timeoutMs } of upgrades) {
      this.#port.locals.upgrade(hi, lo, timeoutMs, order);
    }
    for (const pending of [...writes, ...syncs]) {
      // Of a client that is gone only the end of its session is worth something.
      const isWanted = isAwaited(pending.connection) || pending.opcode === OpCode.closeSession;
      if (isWanted) this.#order(pending, pending);
      else this.#port.host.stats.outstandingRequests--;
    }
    for (const { connection, hi, lo, timeoutMs } of revalidations) {
      if (connection.state === 'connecting') order.revalidate(connection, hi, lo, timeoutMs);
    }
  }

  onConnectionClosed(connection: ClientConnection): void {
    this.#admission.dropQueue(connection);
  }

  /** The role is over: what it was asked is answered by nobody, and every connection closes. */
  forgetAll(): void {
    this.#admission.forgetAll();
  }

  /** From OrderClient. */
  onApplied(pending: PendingRequest, result: ApplyResult): void {
    if (this.#port.order === null) return;
    this.#port.host.stats.outstandingRequests--;
    const { connection } = pending;
    if (pending.opcode === OpCode.createSession) {
      this.#admission.dequeue(connection);
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
    const { state } = this.#port.host;
    // Whoever ordered it does not know a session that is local here, and says so in other words.
    const isLocalRefusal = pending.err !== ErrorCode.OK && result.type === OpCode.error;
    const code = isLocalRefusal
      ? pending.err
      : state.reply(result, pending.opcode, pending, connection.bytes);
    this.#replies.finish(pending, frame, code);
  }

  onSynced(pending: PendingRequest): void {
    if (this.#port.order === null) return;
    this.#port.host.stats.outstandingRequests--;
    const { connection } = pending;
    if (!isAwaited(connection)) return;
    const frame = connection.beginReply(pending.cxid);
    connection.bytes.raw(pending.buffer, pending.start, pending.end);
    this.#replies.finish(pending, frame, ErrorCode.OK);
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

  onSessionMoved(hi: number, lo: number): void {
    const session = this.#port.sessions.find(hi, lo);
    if (session !== undefined) session.hasMoved = true;
  }

  onSessionClosed(hi: number, lo: number): void {
    const connection = this.#port.sessions.find(hi, lo)?.connection ?? null;
    // Who asked for it has its reply already, written or about to be, and closes behind it.
    if (connection !== null && !isSayingGoodbye(connection)) connection.closeNow();
  }

  /** Requests that waited until fewer were in process, and connections that were not read. */
  resume(): void {
    const admission = this.#admission;
    for (let next = admission.release(); next !== null; next = admission.release()) {
      this.#dispatch(next);
    }
    admission.resume((connection) => this.#port.resumeLater(connection));
  }

  /** The network has taken what was written: what waited for that is answered. */
  goOn(connection: ClientConnection): void {
    this.#replies.drain(connection);
  }

  #onWrite(connection: ClientConnection, request: CurrentRequest): boolean {
    const { host } = this.#port;
    const { opcode, start, end } = request;
    if (!host.state.isOrderable(opcode)) {
      host.log(
        'warn',
        'PrepRequestProcessor',
        `Refusing a ${opName(opcode)} of ${connection.address}: the leader is of another kind ` +
          'and does not know it',
      );
      return this.#refuse(connection, request, ErrorCode.UNIMPLEMENTED);
    }
    const form = opcode === OpCode.sync ? this.#formOfPath(request) : host.state.form(request);
    if (form === MultiForm.FREE_FAULT) {
      host.stats.malformedRequestCount++;
      host.log(
        'warn',
        'PrepRequestProcessor',
        `Refusing a ${opName(opcode)} of ${connection.address}: its ${end - start} bytes cannot ` +
          'be decoded',
      );
      return this.#refuse(connection, request, ErrorCode.MARSHALLINGERROR);
    }
    // A fault to us is to be one to whoever orders it, who may know more operations than we speak.
    if (form === MultiForm.LOGGED_FAULT) request.end = start;
    // Behind the path there may be bytes that are no part of the record.
    const bodyEnd = opcode === OpCode.sync ? this.#reader.rangeEnd : request.end;
    const pending = this.#enqueueWrite(connection, request, bodyEnd);
    return !pending.closes && this.#admission.readsOn(connection);
  }

  /** Answers it in its place; nothing else comes of it. */
  #refuse(connection: ClientConnection, request: CurrentRequest, code: number): boolean {
    const { cxid, opcode } = request;
    this.#replies.can(connection, request, cxid, opcode, code, ZXID_CURRENT, false);
    return this.#admission.readsOn(connection);
  }

  #enqueueWrite(
    connection: ClientConnection,
    request: CurrentRequest,
    bodyEnd: number,
  ): PendingRequest {
    const { opcode, buffer, start } = request;
    const kind = this.#admission.isFull ? 'held' : 'order';
    // A multi's reply depends on its request, a sync's repeats it.
    const isNeeded = kind === 'held' || opcode === OpCode.multi || opcode === OpCode.sync;
    const keeps = isNeeded || this.#port.order?.keepsBodies === true;
    const body = keeps ? copyBytes(buffer, start, bodyEnd) : NO_BODY;
    const pending = new PendingRequest(connection, kind, request, body, this.#port.host.nowMs());
    pending.closes = opcode === OpCode.closeSession;
    if (pending.closes) connection.state = 'closing';
    this.#admission.enqueue(pending);
    if (kind === 'order') this.#order(pending, request);
    return pending;
  }

  #order(pending: PendingRequest, request: OpRequest): void {
    const { order, locals } = this.#port;
    if (order === null) return;
    if (pending.opcode === OpCode.sync) {
      order.sync(pending, request);
    } else if (pending.closes && locals.close(pending.sessionHi, pending.sessionLo)) {
      this.#settle(pending, 'canned');
    } else {
      pending.err = locals.beforeWrite(request, order);
      // It stays so when another role orders it again: the session may have ended behind it.
      pending.isOfLocalSession ||= locals.has(pending.sessionHi, pending.sessionLo);
      order.submit(pending, request);
    }
  }

  /** No order is needed for it any more: it is answered when its turn comes. */
  #settle(pending: PendingRequest, kind: 'read' | 'canned'): void {
    const { connection } = pending;
    if (connection.queue.length === 0) {
      // Its connection is gone.
      this.#port.host.stats.outstandingRequests--;
      return;
    }
    this.#admission.rest(pending, kind);
    if (connection.queue.peek() === pending) this.#replies.drain(connection);
  }

  #closesLocally({ sessionHi, sessionLo, opcode }: OpRequest): boolean {
    return opcode === OpCode.closeSession && this.#port.locals.has(sessionHi, sessionLo);
  }

  /** A request that was held goes on, or is refused because it was held too long. */
  #dispatch(pending: PendingRequest): void {
    const { opcode } = pending;
    const { state, stats } = this.#port.host;
    const isTooLate = this.#admission.isTooLate(pending);
    if (isTooLate) stats.throttledOps++;
    if (!isTooLate && (opcode === OpCode.sync || state.isWrite(opcode))) {
      pending.kind = 'order';
      this.#order(pending, pending);
      return;
    }
    if (isTooLate) pending.err = ErrorCode.THROTTLEDOP;
    this.#settle(pending, isTooLate ? 'canned' : 'read');
  }

  #formOfPath(request: CurrentRequest): MultiForm {
    const r = this.#reader.reset(request.buffer, request.start, request.end);
    // A null path would be echoed as a null string, which some clients cannot read.
    return r.range() >= 0 && !r.failed ? MultiForm.SOUND : MultiForm.FREE_FAULT;
  }

  #wait(connection: ClientConnection, request: CurrentRequest, kind: 'read' | 'held'): void {
    const body = copyBytes(request.buffer, request.start, request.end);
    const now = this.#port.host.nowMs();
    this.#admission.enqueue(new PendingRequest(connection, kind, request, body, now));
  }

  /** auth takes effect at once for what comes later; its reply keeps its place in the queue. */
  #onAuth(connection: ClientConnection, request: CurrentRequest): boolean {
    const r = this.#reader.reset(request.buffer, request.start, request.end);
    const { scheme, auth } = readAuthPacket(r);
    if (r.failed) {
      this.#port.fault(connection, `Closing ${connection.address}: its auth packet is truncated`);
      return false;
    }
    const code = this.#port.authentication.onAuth(connection, scheme, auth);
    if (code === ErrorCode.CONNECTIONLOSS) {
      connection.closeNow();
      return false;
    }
    const failed = code !== ErrorCode.OK;
    this.#replies.can(connection, request, request.cxid, OpCode.auth, code, ZXID_OF_AUTH, failed);
    return !failed && this.#admission.readsOn(connection);
  }

  #onSasl(connection: ClientConnection, request: CurrentRequest): boolean {
    const r = this.#reader.reset(request.buffer, request.start, request.end);
    const token = r.bytes();
    if (r.failed || token === null) {
      this.#port.fault(connection, `Closing ${connection.address}: its SASL token is truncated`);
      return false;
    }
    const answer = this.#port.authentication.onSasl(connection, token);
    const failed = answer.code !== ErrorCode.OK;
    const { cxid } = request;
    this.#replies.can(
      connection,
      request,
      cxid,
      OpCode.sasl,
      answer.code,
      ZXID_OF_AUTH,
      failed,
      answer.token,
    );
    return !failed && this.#admission.readsOn(connection);
  }

  /** It must authenticate first: whatever else it sends ends the connection, pings included. */
  #onStranger(connection: ClientConnection, request: CurrentRequest): boolean {
    const { cxid, opcode } = request;
    this.#port.host.log(
      'warn',
      'AuthenticationHelper',
      `Closing ${connection.address} after a ${opName(opcode)}: it has not authenticated`,
    );
    const code = ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH;
    this.#replies.can(connection, request, cxid, opcode, code, ZXID_OF_AUTH, true);
    return false;
  }

  #onUnknown(connection: ClientConnection, request: CurrentRequest): boolean {
    const { cxid, opcode } = request;
    this.#port.host.stats.unknownOpcodeCount++;
    this.#port.host.log(
      'warn',
      'ZooKeeperServer',
      `Closing ${connection.address} after a request of unknown type ${opcode}`,
    );
    this.#replies.can(connection, request, cxid, opcode, ErrorCode.UNIMPLEMENTED, ZXID_NONE, true);
    return false;
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
