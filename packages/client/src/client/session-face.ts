/**
 * SessionFace: the part of the client that is about its session rather than about znodes: states,
 * numbers, identities, servers, and the end. From client-protocol.md 2, 13 and 18.
 */

import { int64ToBigInt, utf8Encode } from '@zabra/protocol';
import { parseConnectString, serverText } from '../session/connect-string.ts';
import { isConnected, type SessionState } from '../session/session-ready.ts';
import type { CallOptions } from './client-options.ts';
import type { ClientSession, StateListener } from './client-session.ts';
import { refusal } from './errors.ts';
import { zxidToBigInt } from './public-records.ts';

export class SessionFace {
  readonly #session: ClientSession;

  constructor(session: ClientSession) {
    this.#session = session;
  }

  get state(): SessionState {
    return this.#session.machine.state;
  }

  /** 0n until the first connection. */
  get sessionId(): bigint {
    const { hi, lo } = this.#session.machine.session;
    return int64ToBigInt(hi, lo);
  }

  /** Whoever has this and the id can take the session over. */
  get sessionPassword(): Uint8Array {
    return this.#session.machine.session.password.slice();
  }

  /** What the server granted, or what is asked for until it has, ms. */
  get sessionTimeoutMs(): number {
    return this.#session.machine.session.timeoutMs;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return zxidToBigInt(this.#session.machine.session.lastZxid);
  }

  /** The `host:port` that the session is on; empty while it is on none. */
  get server(): string {
    const { current } = this.#session.machine.servers;
    return current === null || !isConnected(this.state) ? '' : serverText(current);
  }

  /** Why the last connection or attempt ended; empty while none has. */
  get lastFailure(): string {
    return this.#session.machine.lastFailure;
  }

  /** Calls `listener` at each change of state; the result takes it off again. */
  onState(listener: StateListener): () => void {
    return this.#session.onState(listener);
  }

  /** Resolves once a server has granted the session; rejects when there can be none any more. */
  connected(callOptions: CallOptions = {}): Promise<void> {
    return this.#session.connected(callOptions.signal);
  }

  /** As `connected`, but gives up once every server was tried in vain. @throws CONNECTIONLOSS */
  reached(): Promise<void> {
    return this.#session.reached();
  }

  /**
   * Claims an identity now and on every later connection. A refusal ends the session, as it does
   * with ZooKeeper's own client. @throws AUTHFAILED
   */
  addAuth(scheme: string, auth: string | Uint8Array, callOptions: CallOptions = {}): Promise<void> {
    const bytes = typeof auth === 'string' ? utf8Encode(auth) : auth;
    return this.#session.authenticate({ scheme, auth: bytes }, callOptions.signal);
  }

  /**
   * Takes another list of servers, `host:port,host:port`. This client stays where it is or moves,
   * by chance, so that of many clients each server gets its share; no call is lost to that.
   */
  updateServerList(servers: string): void {
    const target = parseConnectString(servers);
    const op = 'updateServerList';
    if (typeof target === 'string') throw refusal('BADARGUMENTS', op, servers, target);
    const { prefix } = this.#session.machine.watches.chroot;
    if (target.chroot !== '' && target.chroot !== prefix) {
      const reason = `its chroot is "${target.chroot}", that of the client is "${prefix || '/'}"`;
      throw refusal('BADARGUMENTS', op, servers, reason);
    }
    this.#session.replaceServers(target.servers);
  }

  /** Ends the session and deletes its ephemerals; what is under way is answered first. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /** Hangs up and leaves the session, with its ephemerals, to its timeout. */
  abandon(): void {
    this.#session.abandon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
