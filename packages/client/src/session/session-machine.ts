/**
 * SessionMachine: the client's end of a ZooKeeper session, whole and pure. It finds a server, makes
 * or resumes the session, keeps it alive, matches replies to requests and events to watchers, and
 * brings identities and watches back after a reconnection. Inputs are method calls, outputs the
 * lanes of `ready`; time comes with `onClock`, randomness with a Prng, bytes with `onBytes`. It
 * owns no socket, timer or promise, so the simulator drives the same object as `client/`.
 *
 * A turn: `onClock`, then whatever happened, then commands, then the owner drains `ready`.
 * `deadlineMs` says when the next turn must come at the latest. From client-protocol.md 2 and 18
 * (ZooKeeper's `ClientCnxn`).
 */

import {
  ErrorCode,
  FrameReader,
  JuteReader,
  PASSWORD_BYTES,
  type Prng,
  readConnectResponse,
  Xid,
} from '@zabra/protocol';
import { AuthBook } from './auth-book.ts';
import { Chroot } from './chroot.ts';
import type { Request } from './request.ts';
import { RequestQueue } from './request-queue.ts';
import { CloseSessionRequest, RemoveWatchesRequest } from './requests.ts';
import { ServerList } from './server-list.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionOutput } from './session-output.ts';
import { type Auth, SessionReady, type SessionState } from './session-ready.ts';
import { connectTimeoutMs, pingAfterMs, readTimeoutMs } from './session-timing.ts';
import { SessionWatches } from './session-watches.ts';

type Phase = 'waiting' | 'dialing' | 'handshaking' | 'established' | 'over';

export class SessionMachine {
  readonly ready: SessionReady;
  readonly chroot: Chroot;
  readonly watches: SessionWatches;
  state: SessionState;
  /** 0, 0 until a server has granted a session. */
  sessionHi: number;
  sessionLo: number;
  password: Uint8Array;
  /** Granted by the server once it has, before that as asked for, ms. */
  sessionTimeoutMs: number;
  /** The newest zxid among ordinary replies; 0 before the first. */
  lastZxid: number;
  /** Why the last connection or attempt ended; empty while none has. */
  lastFailure: string;

  readonly #options: SessionOptions;
  readonly #servers: ServerList;
  readonly #requests: RequestQueue;
  readonly #auths: AuthBook;
  readonly #output: SessionOutput;
  readonly #reader: JuteReader;
  #frames: FrameReader;
  #phase: Phase;
  /** The present attempt or connection; a new number for each, so that late news is known. */
  #connection: number;
  #nowMs: number;
  /** End of the pause, start of the dial or start of the handshake, by phase. */
  #phaseMs: number;
  #lastHeardMs: number;
  /** An id from a read-only server is no session of the ensemble and is not offered to others. */
  #hasReadWriteSession: boolean;
  #closing: boolean;
  /** What requests get once the session is over; OK until then. */
  #overCode: number;

  constructor(options: SessionOptions, prng: Prng, nowMs: number) {
    const { credentials } = options;
    this.ready = new SessionReady();
    this.chroot = new Chroot(options.chroot);
    this.watches = new SessionWatches(this.chroot, this.ready);
    this.state = 'CONNECTING';
    this.sessionHi = credentials?.sessionHi ?? 0;
    this.sessionLo = credentials?.sessionLo ?? 0;
    this.password = credentials?.password ?? new Uint8Array(PASSWORD_BYTES);
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.lastZxid = 0;
    this.lastFailure = '';
    this.#options = options;
    this.#servers = new ServerList(options.servers, prng);
    this.#requests = new RequestQueue();
    this.#auths = new AuthBook();
    this.#output = new SessionOutput(this.ready.bytes, this.chroot, options.requestBytesMax);
    this.#reader = new JuteReader(options.replyBytesMax);
    this.#frames = this.#makeFrames();
    this.#phase = 'waiting';
    this.#connection = 0;
    this.#nowMs = nowMs;
    this.#phaseMs = nowMs;
    this.#lastHeardMs = nowMs;
    this.#hasReadWriteSession = credentials !== null;
    this.#closing = false;
    this.#overCode = ErrorCode.OK;
    this.#dial();
  }

  /** When `onClock` has something to do at the latest; Infinity when never. */
  get deadlineMs(): number {
    switch (this.#phase) {
      case 'waiting':
        return this.#phaseMs;
      case 'dialing':
      case 'handshaking':
        return this.#phaseMs + connectTimeoutMs(this.sessionTimeoutMs, this.#servers.length);
      case 'established':
        return Math.min(
          this.#lastHeardMs + readTimeoutMs(this.sessionTimeoutMs),
          this.#output.lastSentMs + pingAfterMs(this.sessionTimeoutMs),
        );
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Whether requests go out at once. */
  get isEstablished(): boolean {
    return this.#phase === 'established';
  }

  /** Monotonic, ms; the first call of every turn. */
  onClock(nowMs: number): void {
    this.#nowMs = nowMs;
    if (nowMs < this.deadlineMs) return;
    switch (this.#phase) {
      case 'waiting':
        return this.#dial();
      case 'dialing':
        return this.#drop('the server did not accept the connection in time');
      case 'handshaking':
        return this.#drop('the server did not grant the session in time');
      case 'established':
        if (nowMs >= this.#lastHeardMs + readTimeoutMs(this.sessionTimeoutMs)) {
          return this.#drop('the server was silent for too long');
        }
        return this.#output.ping(this.#nowMs);
      default:
    }
  }

  /** The dial of that number has succeeded. */
  onConnected(connection: number): void {
    if (connection !== this.#connection || this.#phase !== 'dialing') return;
    this.#phase = 'handshaking';
    this.#phaseMs = this.#nowMs;
    this.#frames = this.#makeFrames();
    const offersSession = this.#hasReadWriteSession;
    const request = {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeoutMs: this.#options.sessionTimeoutMs,
      sessionHi: offersSession ? this.sessionHi : 0,
      sessionLo: offersSession ? this.sessionLo : 0,
      password: offersSession ? this.password : new Uint8Array(PASSWORD_BYTES),
      readOnly: this.#options.readOnly,
    };
    this.#output.connect(request, this.#nowMs);
  }

  /** Whatever is needed of buffer[start, end) is copied before it returns. */
  onBytes(connection: number, buffer: Uint8Array, start: number, end: number): void {
    if (connection !== this.#connection || !this.#isConnected) return;
    this.#lastHeardMs = this.#nowMs;
    this.#frames.push(buffer, start, end);
  }

  /** The dial of that number failed or its connection is gone. */
  onDisconnected(connection: number, reason: string): void {
    if (connection !== this.#connection) return;
    if (this.#phase === 'dialing' || this.#isConnected) this.#lose(reason);
  }

  /** Takes a new request; what becomes of it is a happening, in this turn at the earliest. */
  submit(request: Request): void {
    request.serverPath = request.resolvePath(this.chroot);
    if (this.#phase === 'over') return this.#complete(request, this.#overCode);
    if (this.#closing) return this.#complete(request, ErrorCode.CLOSING);
    if (request instanceof RemoveWatchesRequest) {
      const code = this.watches.removeLocally(request);
      if (code !== null) return this.#complete(request, code);
    }
    if (this.#phase === 'established') this.#send(request);
    else this.#requests.queue(request);
  }

  /** Takes back a request that no connection has seen; false when it is too late for that. */
  withdraw(request: Request): boolean {
    if (request.phase !== 'queued') return false;
    request.phase = 'done';
    return true;
  }

  /** Claims an identity on this connection and on every later one. */
  addAuth(auth: Auth): void {
    if (this.#phase === 'over') return;
    this.#auths.add(auth);
    if (this.#phase === 'established') this.#sendAuth(auth);
  }

  /** Ends the session, on the server too if one can be reached; the state CLOSED tells when. */
  close(): void {
    if (this.#phase === 'over' || this.#closing) return;
    const hasSession = this.sessionHi !== 0 || this.sessionLo !== 0;
    if (!hasSession) return this.#finish('CLOSED', ErrorCode.CLOSING, 'closed by the client');
    this.submit(new CloseSessionRequest());
    this.#closing = true;
  }

  /** Ends here and now, and leaves the session to its timeout. */
  abandon(): void {
    if (this.#phase !== 'over') this.#finish('CLOSED', ErrorCode.CLOSING, 'left by the client');
  }

  get #isConnected(): boolean {
    return this.#phase === 'handshaking' || this.#phase === 'established';
  }

  #makeFrames(): FrameReader {
    return new FrameReader(this.#options.replyBytesMax, {
      onFrame: (buffer, start, end) => this.#onFrame(buffer, start, end),
      onFrameError: (fault, length) =>
        this.#drop(`the server sent a frame of ${length} bytes (${fault})`),
    });
  }

  #dial(): void {
    const { host, port } = this.#servers.next();
    this.#connection++;
    this.#phase = 'dialing';
    this.#phaseMs = this.#nowMs;
    this.ready.dial = { connection: this.#connection, host, port };
  }

  /** Gives the connection up from this side. */
  #drop(reason: string): void {
    this.#hangUp();
    this.#lose(reason);
  }

  #hangUp(): void {
    if (this.#phase === 'waiting' || this.#phase === 'over') return;
    // A dial that its owner has not seen yet needs no hanging up.
    if (this.ready.dial?.connection === this.#connection) this.ready.dial = null;
    else this.ready.hangUp = this.#connection;
  }

  /** The connection or attempt is gone: what was sent has an unknown outcome now. */
  #lose(reason: string): void {
    const wasEstablished = this.#phase === 'established';
    this.lastFailure = reason;
    this.ready.bytes.reset();
    this.#auths.onDisconnected();
    this.#phase = 'waiting';
    this.#fail(this.#requests.takeSent(), ErrorCode.CONNECTIONLOSS);
    if (this.#closing && wasEstablished) {
      return this.#finish('CLOSED', ErrorCode.CLOSING, `closed by the client, but ${reason}`);
    }
    const pauseMs = wasEstablished ? this.#servers.onLost() : this.#servers.onFailed();
    this.#phaseMs = this.#nowMs + pauseMs;
    if (wasEstablished) this.#setState('CONNECTING', reason);
    else if (this.#servers.passOver) this.#onPassOver(reason);
  }

  /** No server took the session: whoever waits for one is told, rather than waiting for ever. */
  #onPassOver(reason: string): void {
    this.#fail(this.#requests.takeQueued(), ErrorCode.CONNECTIONLOSS);
    this.ready.happenings.push({ kind: 'unreachable', reason });
    if (this.#closing) this.#finish('CLOSED', ErrorCode.CLOSING, `closed, but ${reason}`);
  }

  /** False stops the reader: the connection it reads from is not ours any more. */
  #onFrame(buffer: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader.reset(buffer, start, end);
    if (this.#phase === 'handshaking') this.#onConnectResponse(reader);
    else if (this.#phase === 'established') this.#onReply(reader);
    return this.#isConnected;
  }

  #onConnectResponse(r: JuteReader): void {
    const response = readConnectResponse(r);
    if (r.failed) return this.#drop('the server sent a malformed connect response');
    const { timeoutMs, sessionHi, sessionLo, password } = response;
    const isRefusal = timeoutMs <= 0 || (sessionHi === 0 && sessionLo === 0);
    const isForeign =
      this.#hasReadWriteSession && (sessionHi !== this.sessionHi || sessionLo !== this.sessionLo);
    if (isRefusal || isForeign) {
      return this.#finish('EXPIRED', ErrorCode.SESSIONEXPIRED, 'the server does not know it');
    }
    const isReadOnly = response.readOnly === true;
    this.sessionHi = sessionHi;
    this.sessionLo = sessionLo;
    this.password = password ?? this.password;
    this.sessionTimeoutMs = timeoutMs;
    this.#hasReadWriteSession ||= !isReadOnly;
    this.#phase = 'established';
    this.#servers.onEstablished();
    this.#setState(isReadOnly ? 'CONNECTEDREADONLY' : 'CONNECTED', '');
    this.#resume();
  }

  /** Identities first, then watches, then what waited: each builds on the one before. */
  #resume(): void {
    for (const auth of this.#auths.claims) this.#sendAuth(auth);
    for (const request of this.watches.resubscriptions(this.lastZxid)) this.#send(request);
    for (const request of this.#requests.takeQueued()) this.#send(request);
  }

  #onReply(r: JuteReader): void {
    const xid = r.int();
    const zxid = r.zxid();
    const code = r.int();
    if (r.failed) return this.#drop('the server sent a frame shorter than a reply header');
    switch (xid) {
      case Xid.NOTIFICATION:
        if (!this.watches.onNotification(r, zxid)) this.#drop('the server sent a malformed event');
        return;
      case Xid.PING:
        return;
      case Xid.AUTH:
        return this.#onAuthReply(code);
      default:
        return this.#onOrdinaryReply(r, xid, zxid, code);
    }
  }

  #onAuthReply(code: number): void {
    const auth = this.#auths.onReply();
    if (auth === undefined) return;
    if (code === ErrorCode.OK) this.ready.happenings.push({ kind: 'authenticated', auth });
    else {
      const reason = `the server refused the authentication by scheme "${auth.scheme}"`;
      this.#finish('AUTH_FAILED', ErrorCode.AUTHFAILED, reason);
    }
  }

  #onOrdinaryReply(r: JuteReader, xid: number, zxid: number, code: number): void {
    const request = this.#requests.head();
    if (request === undefined) return this.#drop(`the server answered xid ${xid} unasked`);
    if (xid !== request.xid) {
      return this.#drop(`the server answered xid ${xid} where ${request.xid} was due`);
    }
    const reply = code === ErrorCode.OK ? request.readBody(r, this.chroot) : null;
    if (r.failed) return this.#drop(`the server sent a malformed reply to xid ${xid}`);
    this.#requests.shiftSent();
    if (zxid > 0) this.lastZxid = zxid;
    request.zxid = zxid;
    request.reply = reply;
    this.watches.onReply(request, code);
    this.#complete(request, code === ErrorCode.OK ? request.resultCode() : code);
    if (request instanceof CloseSessionRequest) {
      this.#finish('CLOSED', ErrorCode.CLOSING, 'closed by the client');
    }
  }

  #send(request: Request): void {
    const isWritten = this.#output.request(request, this.#requests.nextXid(), this.#nowMs);
    if (isWritten) this.#requests.onSent(request);
    else this.#complete(request, ErrorCode.BADARGUMENTS);
  }

  #sendAuth(auth: Auth): void {
    this.#output.auth(auth, this.#nowMs);
    this.#auths.onSent(auth);
  }

  #complete(request: Request, code: number): void {
    request.phase = 'done';
    request.code = code;
    if (!request.isInternal) this.ready.happenings.push({ kind: 'reply', request });
  }

  #fail(requests: readonly Request[], code: number): void {
    for (const request of requests) {
      this.watches.onFailure(request);
      this.#complete(request, code);
    }
  }

  #setState(state: SessionState, reason: string): void {
    this.state = state;
    this.ready.happenings.push({ kind: 'state', state, reason });
  }

  #finish(state: SessionState, code: number, reason: string): void {
    this.#hangUp();
    this.ready.bytes.reset();
    this.#phase = 'over';
    this.#overCode = code;
    this.#fail(this.#requests.takeSent(), code);
    this.#fail(this.#requests.takeQueued(), code);
    this.#setState(state, reason);
    this.watches.clear();
  }
}
