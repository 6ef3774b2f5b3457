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

import { type ConnectResponse, ErrorCode, type JuteReader, type Prng } from '@zabra/protocol';
import { AuthBook } from './auth-book.ts';
import type { Request } from './request.ts';
import { RequestQueue } from './request-queue.ts';
import { CloseSessionRequest } from './requests.ts';
import { type ServerAddress, ServerList } from './server-list.ts';
import { SessionGrant } from './session-grant.ts';
import { SessionInput } from './session-input.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionOutput } from './session-output.ts';
import { type Auth, SessionReady, type SessionState } from './session-ready.ts';
import { SessionWatches } from './session-watches.ts';

type Phase = 'waiting' | 'dialing' | 'handshaking' | 'authenticating' | 'established' | 'over';

export class SessionMachine {
  readonly ready: SessionReady;
  readonly session: SessionGrant;
  readonly watches: SessionWatches;
  readonly servers: ServerList;
  state: SessionState;
  /** Why the last connection or attempt ended; empty while none has. */
  lastFailure: string;

  readonly #requests: RequestQueue;
  readonly #auths: AuthBook;
  readonly #input: SessionInput;
  readonly #output: SessionOutput;
  #phase: Phase;
  /** The present attempt or connection; a new number for each, so that late news is known. */
  #connection: number;
  #nowMs: number;
  /** End of the pause, start of the dial, of the handshake or of the login, by phase. */
  #phaseMs: number;
  #lastHeardMs: number;
  #isReadOnly: boolean;
  /** Why it moves to another server as soon as nothing is under way; empty when it stays. */
  #movingFor: string;
  #closing: boolean;
  #isLastClose: boolean;
  /** What requests get once the session is over; OK until then. */
  #overCode: number;

  constructor(options: SessionOptions, prng: Prng, nowMs: number) {
    this.ready = new SessionReady();
    this.session = new SessionGrant(options);
    this.watches = new SessionWatches(options.chroot, this.ready);
    this.servers = new ServerList(options.servers, prng);
    this.state = 'CONNECTING';
    this.lastFailure = '';
    const { chroot } = this.watches;
    this.#requests = new RequestQueue();
    this.#auths = new AuthBook(options.sasl);
    this.#input = new SessionInput(options.replyBytesMax, {
      onConnectResponse: (response) => this.#onConnectResponse(response),
      onEvent: (r, zxid) => {
        if (!this.watches.onNotification(r, zxid)) this.#drop('the server sent a malformed event');
      },
      onAuthReply: (code) => this.#onAuthReply(code),
      onReply: (r, xid, zxid, code) => this.#onReply(r, xid, zxid, code),
      onFault: (reason) => this.#drop(reason),
    });
    this.#output = new SessionOutput(this.ready.bytes, chroot, options.requestBytesMax);
    this.#phase = 'waiting';
    this.#connection = 0;
    this.#nowMs = nowMs;
    this.#phaseMs = nowMs;
    this.#lastHeardMs = nowMs;
    this.#isReadOnly = false;
    this.#movingFor = '';
    this.#closing = false;
    this.#isLastClose = false;
    this.#overCode = ErrorCode.OK;
    this.#dial();
  }

  /** When `onClock` has something to do at the latest; Infinity when never. */
  get deadlineMs(): number {
    const { session, servers } = this;
    switch (this.#phase) {
      case 'waiting':
        return this.#phaseMs;
      case 'dialing':
      case 'handshaking':
      case 'authenticating':
        return this.#phaseMs + session.connectTimeoutMs(servers.length);
      case 'established':
        return Math.min(
          this.#lastHeardMs + session.readTimeoutMs,
          this.#output.lastSentMs + session.pingAfterMs,
          servers.probeMs,
        );
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Whether requests go out at once. */
  get isEstablished(): boolean {
    return this.#phase === 'established' && this.#movingFor === '';
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
      case 'authenticating':
        return this.#drop('the server did not answer the SASL login in time');
      case 'established':
        return this.#onEstablishedDeadline();
      default:
    }
  }

  /** The dial of that number has succeeded. */
  onConnected(connection: number): void {
    if (connection !== this.#connection || this.#phase !== 'dialing') return;
    this.#enter('handshaking');
    this.#input.open();
    this.#output.connect(this.session.connectRequest(), this.#nowMs);
  }

  /** Whatever is needed of buffer[start, end) is copied before it returns. */
  onBytes(connection: number, buffer: Uint8Array, start: number, end: number): void {
    if (connection !== this.#connection || !this.#isConnected) return;
    this.#lastHeardMs = this.#nowMs;
    this.#input.push(buffer, start, end);
  }

  /** The dial of that number failed or its connection is gone. */
  onDisconnected(connection: number, reason: string): void {
    if (connection !== this.#connection) return;
    if (this.#phase === 'dialing' || this.#isConnected) this.#lose(reason);
  }

  /** What the server of that probe has said; false as well when it has not said a thing. */
  onProbe(probe: number, isWritable: boolean): void {
    if (this.#phase !== 'established' || !this.servers.onProbe(probe, isWritable)) return;
    this.#move('another server takes writes');
  }

  /** Takes a new request; what becomes of it is a happening, in this turn at the earliest. */
  submit(request: Request): void {
    request.serverPath = request.resolvePath(this.watches.chroot);
    if (this.#phase === 'over') return this.#complete(request, this.#overCode);
    if (this.#closing) return this.#complete(request, ErrorCode.CLOSING);
    const code = this.watches.removeLocally(request);
    if (code !== null) return this.#complete(request, code);
    if (this.isEstablished) this.#send(request);
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

  /** Takes another list of servers; the client moves if that is its part of sharing them out. */
  replaceServers(servers: readonly ServerAddress[]): void {
    if (this.#phase === 'over' || this.#closing) return;
    if (this.servers.replace(servers)) this.#move('the list of servers has changed');
  }

  /** Ends the session, on the server too if one can be reached; the state CLOSED tells when. */
  close(): void {
    if (this.#phase === 'over' || this.#closing) return;
    if (!this.session.exists) {
      return this.#finish('CLOSED', ErrorCode.CLOSING, 'closed by the client');
    }
    if (this.#movingFor !== '') {
      this.#movingFor = '';
      for (const request of this.#requests.takeQueued()) this.#send(request);
    }
    this.submit(new CloseSessionRequest());
    this.#closing = true;
  }

  /** Ends here and now, and leaves the session to its timeout. */
  abandon(): void {
    if (this.#phase !== 'over') this.#finish('CLOSED', ErrorCode.CLOSING, 'left by the client');
  }

  get #isConnected(): boolean {
    return !(this.#phase === 'waiting' || this.#phase === 'dialing' || this.#phase === 'over');
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseMs = this.#nowMs;
  }

  #dial(): void {
    const { host, port } = this.servers.next();
    this.#connection++;
    this.#enter('dialing');
    this.ready.dial = { connection: this.#connection, host, port };
  }

  #onEstablishedDeadline(): void {
    if (this.#nowMs >= this.#lastHeardMs + this.session.readTimeoutMs) {
      return this.#drop('the server was silent for too long');
    }
    if (this.#nowMs >= this.#output.lastSentMs + this.session.pingAfterMs) {
      this.#output.ping(this.#nowMs);
    }
    this.ready.probe = this.servers.probe(this.#nowMs) ?? this.ready.probe;
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
    this.#onGone(reason);
    if (this.#closing && wasEstablished) {
      // Whether the session is closed nobody knows: that is asked for once more, of any server.
      if (this.#isLastClose) {
        return this.#finish('CLOSED', ErrorCode.CLOSING, `closed by the client, but ${reason}`);
      }
      this.#isLastClose = true;
      this.#requests.queue(new CloseSessionRequest());
    }
    const pauseMs = wasEstablished ? this.servers.onLost() : this.servers.onFailed();
    this.#phaseMs = this.#nowMs + pauseMs;
    if (wasEstablished) this.#setState('CONNECTING', reason);
    else if (this.servers.passOver) this.#onPassOver(reason);
  }

  /** The phase is `waiting`, and its pause over at once. */
  #onGone(reason: string): void {
    this.lastFailure = reason;
    this.ready.bytes.reset();
    this.#input.close();
    this.#auths.onDisconnected();
    this.#movingFor = '';
    this.#enter('waiting');
    this.#fail(this.#requests.takeSent(), ErrorCode.CONNECTIONLOSS);
  }

  /** No server took the session: whoever waits for one is told, rather than waiting for ever. */
  #onPassOver(reason: string): void {
    this.#fail(this.#requests.takeQueued(), ErrorCode.CONNECTIONLOSS);
    this.ready.happenings.push({ kind: 'unreachable', reason });
    if (this.#closing) this.#finish('CLOSED', ErrorCode.CLOSING, `closed, but ${reason}`);
  }

  /** To the next server, but not before what is under way has been answered. */
  #move(reason: string): void {
    if (this.#phase === 'waiting') return;
    const wasEstablished = this.#phase === 'established';
    if (wasEstablished && this.#requests.hasSent) {
      this.#movingFor = reason;
      return;
    }
    this.#hangUp();
    this.#onGone(reason);
    if (wasEstablished) this.#setState('CONNECTING', reason);
  }

  #onConnectResponse(response: ConnectResponse): void {
    if (!this.session.accept(response)) {
      if (this.#closing) return this.#finish('CLOSED', ErrorCode.CLOSING, 'closed by the client');
      return this.#finish('EXPIRED', ErrorCode.SESSIONEXPIRED, 'the server does not know it');
    }
    this.#isReadOnly = response.readOnly === true;
    const login = this.#auths.beginLogin();
    if (login === null) return this.#onEstablished();
    this.#enter('authenticating');
    this.#send(login);
  }

  /** Identities first, then watches, then what waited: each builds on the one before. */
  #onEstablished(): void {
    this.#enter('established');
    this.servers.onEstablished(this.#isReadOnly, this.#nowMs);
    this.#setState(this.#isReadOnly ? 'CONNECTEDREADONLY' : 'CONNECTED', '');
    for (const auth of this.#auths.claims) this.#sendAuth(auth);
    for (const request of this.watches.resubscriptions(this.session.lastZxid)) this.#send(request);
    for (const request of this.#requests.takeQueued()) this.#send(request);
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

  #onReply(r: JuteReader, xid: number, zxid: number, code: number): void {
    const request = this.#requests.head();
    if (request === undefined) return this.#drop(`the server answered xid ${xid} unasked`);
    if (xid !== request.xid) {
      return this.#drop(`the server answered xid ${xid} where ${request.xid} was due`);
    }
    const reply = code === ErrorCode.OK ? request.readBody(r, this.watches.chroot) : null;
    if (r.failed) return this.#drop(`the server sent a malformed reply to xid ${xid}`);
    this.#requests.shiftSent();
    this.session.onReply(zxid);
    request.zxid = zxid;
    request.reply = reply;
    if (this.#phase === 'authenticating') return this.#onLoginReply(request, code);
    this.watches.onReply(request, code);
    this.#complete(request, code === ErrorCode.OK ? request.resultCode() : code);
    if (request instanceof CloseSessionRequest) {
      return this.#finish('CLOSED', ErrorCode.CLOSING, 'closed by the client');
    }
    if (this.#movingFor !== '') this.#move(this.#movingFor);
  }

  #onLoginReply(request: Request, code: number): void {
    const next = this.#auths.continueLogin(request, code);
    if (request.fault !== '') {
      this.#finish('AUTH_FAILED', ErrorCode.AUTHFAILED, request.fault);
    } else if (next === null) this.#onEstablished();
    else this.#send(next);
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
    this.#input.close();
    this.#enter('over');
    this.#overCode = code;
    this.#fail(this.#requests.takeSent(), code);
    this.#fail(this.#requests.takeQueued(), code);
    this.#setState(state, reason);
    this.watches.clear();
  }
}
