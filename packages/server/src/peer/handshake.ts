/**
 * Handshake: from ConnectRequest to ConnectResponse (client-protocol.md 2). A new session is a
 * transaction; an old one is asked of whoever tracks sessions. Nothing of the connection is read
 * until the answer is there.
 */

import type { ConnectRequest } from '@zabra/protocol';
import {
  bytesEqual,
  counterOf,
  epochOf,
  OpCode,
  PASSWORD_BYTES,
  sessionPassword,
  writeConnectResponse,
} from '@zabra/protocol';
import type { ApplyResult } from '../ops/apply-result.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientPort } from './client-port.ts';
import { ConnectionThrottle } from './connection-throttle.ts';
import { CurrentRequest } from './pending-request.ts';
import { SessionIds } from './session-ids.ts';
import { WaitingClients } from './waiting-clients.ts';

const NO_BODY = new Uint8Array(0);
const NO_PASSWORD = new Uint8Array(PASSWORD_BYTES);
const TIMEOUT_BYTES = 4;

export class Handshake {
  readonly #port: ClientPort;
  /** Made at the first session: the wall clock is not known before. */
  #ids: SessionIds | null;
  readonly #request: CurrentRequest;
  readonly #timeoutBody: Uint8Array;
  /** Null when sessions connect as fast as they like. */
  readonly #throttle: ConnectionThrottle | null;
  readonly #waiting: WaitingClients;
  /** Clients that come before, and find nobody who serves them, wait until then. */
  #waitUntilMs: number;

  constructor(port: ClientPort) {
    this.#port = port;
    this.#ids = null;
    this.#request = new CurrentRequest();
    this.#timeoutBody = new Uint8Array(TIMEOUT_BYTES);
    this.#waiting = new WaitingClients();
    this.#waitUntilMs = 0;
    const { connections } = port.host.config.throttle;
    this.#throttle =
      connections.tokensMax > 0
        ? new ConnectionThrottle(connections, port.host.prng.fork(), port.host.nowMs())
        : null;
  }

  get dropProbability(): number {
    return this.#throttle?.dropProbability ?? 0;
  }

  onConnectRequest(connection: ClientConnection, request: ConnectRequest): void {
    const { host, order } = this.#port;
    if (order === null || this.#port.hold.isHeld) {
      if (this.#letsWait(connection, request)) return;
      this.#log('info', `Closing ${connection.address}: this server is not serving`);
      connection.closeNow();
      return;
    }
    const isNew = request.sessionHi === 0 && request.sessionLo === 0;
    if (!this.#isInTime(connection, isNew)) return;
    host.stats.connectionRequestCount++;
    if (order.isReadOnly && request.readOnly !== true) {
      this.#log('info', `Refusing session request for not-read-only client ${connection.address}`);
      connection.closeNow();
      return;
    }
    if (this.#isAhead(request.lastZxidSeen, order.isReadOnly)) {
      // Not "expired": the client must try a server that has seen as much as it has.
      this.#log(
        'info',
        `Closing ${connection.address}: it has seen zxid 0x${request.lastZxidSeen.toString(16)}, ` +
          `our last is 0x${host.state.lastProcessedZxid.toString(16)}`,
      );
      connection.closeNow();
      return;
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = host.config;
    const timeoutMs = Math.min(
      Math.max(request.timeoutMs, minSessionTimeoutMs),
      maxSessionTimeoutMs,
    );
    connection.saysReadOnly = request.readOnly !== null;
    connection.state = 'connecting';
    connection.pauseReading = true;
    this.#port.ready.touch(connection);
    const { sessionHi, sessionLo } = request;
    if (isNew) this.#create(connection, timeoutMs);
    else this.#renew(connection, sessionHi, sessionLo, request.password, timeoutMs);
  }

  /** A role that served is over, and the next one may be there before `untilMs`. */
  awaitRole(untilMs: number): void {
    this.#waitUntilMs = untilMs;
  }

  /** Once a turn: those that waited for a role go on, or have waited for long enough. */
  tick(): void {
    const { hold, order, host } = this.#port;
    if (this.#waiting.count === 0 || (hold.isHeld && !hold.isFinal)) return;
    if (order === null && host.nowMs() < this.#waitUntilMs) return;
    this.#waiting.release((who, request) => this.onConnectRequest(who, request));
  }

  /** The createSession transaction of a connection that waits for it was applied. */
  onCreated(connection: ClientConnection, result: ApplyResult): void {
    this.#establish(connection, result.sessionHi, result.sessionLo, result.timeoutMs);
  }

  onRevalidated(
    connection: ClientConnection,
    hi: number,
    lo: number,
    timeoutMs: number,
    valid: boolean,
  ): void {
    if (connection.state !== 'connecting') return;
    if (!valid) {
      this.#refuse(connection);
      return;
    }
    this.#open(connection, hi, lo, timeoutMs);
    this.#log('info', `Renewed session ${connection.session?.name} for ${connection.address}`);
  }

  /**
   * Whether the client has seen what we have not. Who was brought in step in an epoch has all that
   * is before it: its start, which a leader shows before the first transaction, is no more; and
   * what is not there of an earlier epoch was never committed, but shown by a read-only server.
   */
  #isAhead(zxid: number, isReadOnly: boolean): boolean {
    const { state, disk } = this.#port.host;
    if (zxid <= state.lastProcessedZxid) return false;
    if (!isReadOnly && epochOf(zxid) < disk.currentEpoch) return false;
    return counterOf(zxid) !== 0 || epochOf(zxid) > disk.currentEpoch;
  }

  /** True when the client is to wait for a role that serves it. */
  #letsWait(connection: ClientConnection, request: ConnectRequest): boolean {
    const { hold, host } = this.#port;
    if (hold.isFinal || (!hold.isHeld && host.nowMs() >= this.#waitUntilMs)) return false;
    connection.pauseReading = true;
    this.#port.ready.touch(connection);
    this.#waiting.add(connection, request);
    return true;
  }

  /** False, and the connection closes, when too many sessions connect. */
  #isInTime(connection: ClientConnection, isNew: boolean): boolean {
    const { host } = this.#port;
    const throttle = this.#throttle;
    if (throttle === null) return true;
    const kind = this.#port.locals.isEnabled ? 'local' : 'new';
    if (!throttle.admits(isNew ? kind : 'renew', host.nowMs())) {
      host.stats.connectionRejectedCount++;
      this.#log('warn', `Closing ${connection.address}: too many sessions connect at once`);
      connection.closeNow();
      return false;
    }
    host.stats.connectionTokenDeficit.add(throttle.deficit);
    return true;
  }

  #create(connection: ClientConnection, timeoutMs: number): void {
    const { host, locals, order } = this.#port;
    this.#ids ??= new SessionIds(host.config.sid, host.wallMs());
    this.#ids.next();
    const { hi, lo } = this.#ids;
    if (locals.isEnabled) {
      locals.create(hi, lo, timeoutMs);
      this.#establish(connection, hi, lo, timeoutMs);
      return;
    }
    if (order?.isReadOnly === true) {
      // Apache answers with the header of a refusal, which no client takes for a ConnectResponse.
      const why = 'in read-only mode new sessions are local, and localSessionsEnabled is false';
      this.#log('info', `Closing ${connection.address}: ${why}`);
      connection.closeNow();
      return;
    }
    const body = this.#timeoutBody;
    new DataView(body.buffer).setInt32(0, timeoutMs);
    const request = this.#request.set(hi, lo, 0, OpCode.createSession, body, 0, TIMEOUT_BYTES, []);
    this.#port.requests.createSession(connection, request);
  }

  #renew(
    connection: ClientConnection,
    hi: number,
    lo: number,
    password: Uint8Array | null,
    timeoutMs: number,
  ): void {
    const { sessions, order, host, locals } = this.#port;
    if (order?.isReadOnly === true && host.state.core.sessions.has(hi, lo)) {
      // Whether it lives is for a leader to say.
      const { address } = connection;
      this.#log('info', `Refusing global session reconnection in RO mode ${address}`);
      connection.closeNow();
      return;
    }
    host.stats.connectionRevalidateCount++;
    // Before the password is looked at, as in the reference: the holder may only seem to be there.
    const present = sessions.find(hi, lo)?.connection ?? null;
    if (present !== null) {
      sessions.release(present.session as NonNullable<typeof present.session>, present);
      present.closeNow();
    }
    const wanted = sessionPassword(hi, lo);
    const given = password ?? NO_BODY;
    if (!bytesEqual(given, 0, given.length, wanted, 0, wanted.length)) {
      this.#log('warn', `Refusing ${connection.address}: wrong password for its session`);
      this.#refuse(connection);
      return;
    }
    if (locals.touch(hi, lo, timeoutMs)) this.onRevalidated(connection, hi, lo, timeoutMs, true);
    else order?.revalidate(connection, hi, lo, timeoutMs);
  }

  #establish(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void {
    this.#open(connection, hi, lo, timeoutMs);
    this.#log(
      'info',
      `Established session ${connection.session?.name} with negotiated timeout ` +
        `${timeoutMs} for client ${connection.address}`,
    );
  }

  #open(connection: ClientConnection, hi: number, lo: number, timeoutMs: number): void {
    const { sessions, ready } = this.#port;
    const present = sessions.find(hi, lo)?.connection ?? null;
    if (present !== null && present !== connection) present.closeNow();
    connection.session = sessions.bind(hi, lo, timeoutMs, connection);
    connection.state = 'open';
    this.#port.host.state.addWatcher(connection);
    this.#respond(connection, timeoutMs, hi, lo, sessionPassword(hi, lo));
    this.#port.resumeLater(connection);
    ready.wantsTurn = true;
  }

  /** Expired and wrong password look the same, and both zero every field (trap 2). */
  #refuse(connection: ClientConnection): void {
    this.#respond(connection, 0, 0, 0, NO_PASSWORD);
    connection.closeGracefully();
  }

  #respond(
    connection: ClientConnection,
    timeoutMs: number,
    sessionHi: number,
    sessionLo: number,
    password: Uint8Array,
  ): void {
    const w = connection.bytes;
    const frame = w.reserve(4);
    const isReadOnly = this.#port.order?.isReadOnly ?? false;
    const readOnly = connection.saysReadOnly ? isReadOnly : null;
    writeConnectResponse(w, {
      protocolVersion: 0,
      timeoutMs,
      sessionHi,
      sessionLo,
      password,
      readOnly,
    });
    w.patchInt(frame, w.position - frame - 4);
    connection.onSent();
  }

  #log(level: 'warn' | 'info', message: string): void {
    this.#port.host.log(level, 'ZooKeeperServer', message);
  }
}
