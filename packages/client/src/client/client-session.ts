/**
 * ClientSession: one session as promises and streams see it. It turns what the machine reports
 * into settled calls, events for watchers, and states; when the session ends it ends every stream
 * and every wait. Which operations exist is not its affair.
 */

import { bytesEqual, ErrorCode } from '@zabra/protocol';
import type { Request } from '../session/request.ts';
import type { SessionMachine } from '../session/session-machine.ts';
import type { SessionOptions } from '../session/session-options.ts';
import {
  type Auth,
  type Happening,
  isConnected,
  isOver,
  type SessionState,
} from '../session/session-ready.ts';
import type { Watcher, WatchEvent as WireWatchEvent } from '../session/watcher.ts';
import { Calls, errorOf } from './calls.ts';
import type { Watch } from './client-options.ts';
import { makeError, type ZooKeeperError } from './errors.ts';
import { publicEvent, type WatchEvent } from './public-records.ts';
import { type Dial, SessionDriver } from './session-driver.ts';
import type { WatchStream } from './watch-stream.ts';

/** `reason` says in words what brought the state about; empty when all is well. */
export type StateListener = (state: SessionState, reason: string) => void;

interface Waiter {
  readonly auth: Auth | null;
  resolve(): void;
  reject(error: unknown): void;
}

export class ClientSession {
  readonly #driver: SessionDriver;
  readonly #calls: Calls;
  readonly #listeners: Set<StateListener>;
  /** To be ended with the session. */
  readonly #streams: Set<WatchStream>;
  /** One watcher per callback, so that a callback given twice hears an event once. */
  readonly #callbacks: WeakMap<(event: WatchEvent) => void, CallbackWatcher>;
  /** Waits for a connected state, for the acceptance of an identity, or for the end. */
  readonly #connecting: Set<Waiter>;
  readonly #reaching: Set<Waiter>;
  readonly #authenticating: Set<Waiter>;
  readonly #closing: Set<Waiter>;
  /** What ended the session; empty while it lives. */
  #overReason: string;

  constructor(options: SessionOptions, open: Dial) {
    this.#calls = new Calls();
    this.#listeners = new Set();
    this.#streams = new Set();
    this.#callbacks = new WeakMap();
    this.#connecting = new Set();
    this.#reaching = new Set();
    this.#authenticating = new Set();
    this.#closing = new Set();
    this.#overReason = '';
    this.#driver = new SessionDriver(options, open, (happening) => this.#onHappening(happening));
  }

  get machine(): SessionMachine {
    return this.#driver.machine;
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The reply to a request whose operation has one, null for the others. */
  async run<Reply>(request: Request<Reply>, signal: AbortSignal | undefined): Promise<Reply> {
    await this.attempt(request, signal);
    if (request.code !== ErrorCode.OK) throw errorOf(request, this.machine.lastFailure);
    return request.reply as Reply;
  }

  /** The request once it is done, whatever its code. */
  async attempt(request: Request, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const done = this.#calls.begin(request, signal, (aborted) => this.#driver.withdraw(aborted));
    this.#driver.submit(request);
    await done;
  }

  /** Resolves in a connected state; rejects once there can be none any more. */
  connected(signal: AbortSignal | undefined): Promise<void> {
    const { state } = this.machine;
    if (isConnected(state)) return Promise.resolve();
    if (isOver(state)) return Promise.reject(this.#overError('connect'));
    return this.#wait(this.#connecting, null, signal);
  }

  /** As `connected`, but rejects as soon as every server was tried in vain. */
  async reached(): Promise<void> {
    const { state } = this.machine;
    if (state !== 'CONNECTING') return this.connected(undefined);
    await this.#wait(this.#reaching, null, undefined);
  }

  /** Resolves when a server has accepted the identity. */
  authenticate(auth: Auth, signal: AbortSignal | undefined): Promise<void> {
    if (isOver(this.machine.state)) return Promise.reject(this.#overError('addAuth'));
    const accepted = this.#wait(this.#authenticating, auth, signal);
    this.#driver.addAuth(auth);
    return accepted;
  }

  /** The list that the client walks from now on. */
  replaceServers(servers: SessionOptions['servers']): void {
    this.#driver.replaceServers(servers);
  }

  /** Resolves when the session is over, on the server too unless none could be reached. */
  close(): Promise<void> {
    if (isOver(this.machine.state)) return Promise.resolve();
    const closed = this.#wait(this.#closing, null, undefined);
    this.#driver.close();
    return closed;
  }

  /** Leaves the session to its timeout: its ephemerals live on until then. */
  abandon(): void {
    this.#driver.abandon();
  }

  watcherOf(watch: Watch): Watcher;
  watcherOf(watch: Watch | undefined): Watcher | null;
  watcherOf(watch: Watch | undefined): Watcher | null {
    if (watch === undefined) return null;
    if (typeof watch === 'function') return this.#callbackWatcher(watch);
    if (isOver(this.machine.state)) watch.end();
    else if (!watch.isEnded && !this.#streams.has(watch)) {
      this.#streams.add(watch);
      watch.onEnd(() => this.#streams.delete(watch));
    }
    return watch;
  }

  #callbackWatcher(callback: (event: WatchEvent) => void): CallbackWatcher {
    const known = this.#callbacks.get(callback);
    if (known !== undefined) return known;
    const watcher = new CallbackWatcher(callback);
    this.#callbacks.set(callback, watcher);
    return watcher;
  }

  #wait(waiters: Set<Waiter>, auth: Auth | null, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiters.delete(waiter);
        reject(signal?.reason);
      };
      const settle = (finish: () => void) => {
        waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const waiter: Waiter = {
        auth,
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      if (signal?.aborted === true) return reject(signal.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      waiters.add(waiter);
    });
  }

  #onHappening(happening: Happening): void {
    switch (happening.kind) {
      case 'reply':
        return this.#calls.settle(happening.request);
      case 'event':
        for (const watcher of happening.watchers) watcher.onWatchEvent(happening.event);
        return;
      case 'authenticated':
        return this.#onAuthenticated(happening.auth);
      case 'unreachable':
        return this.#onUnreachable(happening.reason);
      default:
        return this.#onState(happening.state, happening.reason);
    }
  }

  #onAuthenticated(auth: Auth): void {
    for (const waiter of this.#authenticating) {
      if (waiter.auth !== null && isSameAuth(waiter.auth, auth)) waiter.resolve();
    }
  }

  #onUnreachable(reason: string): void {
    const message = `Cannot connect: no server could be reached: ${reason}`;
    const details = { code: 'CONNECTIONLOSS', op: 'connect', outcome: 'not-applied' } as const;
    for (const waiter of this.#reaching) waiter.reject(makeError(message, details));
  }

  #onState(state: SessionState, reason: string): void {
    if (isConnected(state)) {
      for (const waiter of this.#connecting) waiter.resolve();
      for (const waiter of this.#reaching) waiter.resolve();
    }
    if (isOver(state)) this.#onOver(reason);
    for (const listener of this.#listeners) guarded(() => listener(state, reason));
  }

  #onOver(reason: string): void {
    this.#overReason = reason;
    for (const waiter of this.#connecting) waiter.reject(this.#overError('connect'));
    for (const waiter of this.#reaching) waiter.reject(this.#overError('connect'));
    for (const waiter of this.#authenticating) waiter.reject(this.#overError('addAuth'));
    for (const waiter of this.#closing) waiter.resolve();
    for (const stream of this.#streams) stream.end();
  }

  #overError(op: 'connect' | 'addAuth'): ZooKeeperError {
    const attempt = op === 'addAuth' ? 'Cannot authenticate' : 'Cannot connect';
    switch (this.machine.state) {
      case 'EXPIRED':
        return makeError(`${attempt}: the session has expired`, { code: 'SESSIONEXPIRED', op });
      case 'AUTH_FAILED':
        return makeError(`${attempt}: ${this.#overReason}`, { code: 'AUTHFAILED', op });
      default:
        return makeError(`${attempt}: the client is closed`, { code: 'CLOSING', op });
    }
  }
}

class CallbackWatcher implements Watcher {
  readonly #callback: (event: WatchEvent) => void;

  constructor(callback: (event: WatchEvent) => void) {
    this.#callback = callback;
  }

  onWatchEvent(event: WireWatchEvent): void {
    guarded(() => this.#callback(publicEvent(event)));
  }
}

/** What foreign code throws must not keep the rest of the turn from being told. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

function isSameAuth(a: Auth, b: Auth): boolean {
  if (a.scheme !== b.scheme || a.auth === null || b.auth === null) return false;
  return bytesEqual(a.auth, 0, a.auth.length, b.auth, 0, b.auth.length);
}
