/**
 * SessionGrant: what makes a session the same one across connections: its id and password, the
 * timeout that was granted, and the newest zxid it has seen. It writes them into connect requests
 * and judges the answers; connections are no affair of its own. From client-protocol.md 2 and 18.
 */

import { type ConnectRequest, type ConnectResponse, PASSWORD_BYTES } from '@zabra/protocol';
import type { SessionCredentials, SessionOptions } from './session-options.ts';
import { connectTimeoutMs, pingAfterMs, readTimeoutMs } from './session-timing.ts';

export class SessionGrant {
  /** 0, 0 until a server has granted a session. */
  hi: number;
  lo: number;
  password: Uint8Array;
  /** Granted by the server once it has, before that as asked for, ms. */
  timeoutMs: number;
  /** The newest zxid among ordinary replies; 0 before the first. */
  lastZxid: number;
  readonly #askedTimeoutMs: number;
  readonly #acceptsReadOnly: boolean;
  /** An id from a read-only server is no session of the ensemble and is not offered to others. */
  #isOfEnsemble: boolean;

  constructor({ credentials, sessionTimeoutMs, readOnly }: SessionOptions) {
    this.hi = credentials?.sessionHi ?? 0;
    this.lo = credentials?.sessionLo ?? 0;
    this.password = credentials?.password ?? new Uint8Array(PASSWORD_BYTES);
    this.timeoutMs = sessionTimeoutMs;
    this.lastZxid = 0;
    this.#askedTimeoutMs = sessionTimeoutMs;
    this.#acceptsReadOnly = readOnly;
    this.#isOfEnsemble = credentials !== null;
  }

  /** Whether any server has granted a session, or one was handed in. */
  get exists(): boolean {
    return this.hi !== 0 || this.lo !== 0;
  }

  /** Enough to take the session over. */
  get credentials(): SessionCredentials {
    return { sessionHi: this.hi, sessionLo: this.lo, password: this.password.slice() };
  }

  /** How long one server may take to accept the connection, and again for each further step, ms. */
  connectTimeoutMs(serverCount: number): number {
    return connectTimeoutMs(this.timeoutMs, serverCount);
  }

  /** How long an established connection may be silent, ms. */
  get readTimeoutMs(): number {
    return readTimeoutMs(this.timeoutMs);
  }

  /** Silence of ours after which a ping is due, ms. */
  get pingAfterMs(): number {
    return pingAfterMs(this.timeoutMs);
  }

  connectRequest(): ConnectRequest {
    return {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeoutMs: this.#askedTimeoutMs,
      sessionHi: this.#isOfEnsemble ? this.hi : 0,
      sessionLo: this.#isOfEnsemble ? this.lo : 0,
      password: this.#isOfEnsemble ? this.password : new Uint8Array(PASSWORD_BYTES),
      readOnly: this.#acceptsReadOnly,
    };
  }

  /** Takes what a server grants; false when it does not know the session. */
  accept(response: ConnectResponse): boolean {
    const { timeoutMs, sessionHi, sessionLo, password } = response;
    const isRefusal = timeoutMs <= 0 || (sessionHi === 0 && sessionLo === 0);
    const isForeign = this.#isOfEnsemble && (sessionHi !== this.hi || sessionLo !== this.lo);
    if (isRefusal || isForeign) return false;
    this.hi = sessionHi;
    this.lo = sessionLo;
    this.password = password ?? this.password;
    this.timeoutMs = timeoutMs;
    this.#isOfEnsemble ||= response.readOnly !== true;
    return true;
  }

  onReply(zxid: number): void {
    if (zxid > 0) this.lastZxid = zxid;
  }
}
