/**
 * AuthBook: the identities that the client has claimed, and the one that it logs in as by SASL.
 * They belong to a connection on the server, so they are claimed again on each new one, before
 * anything else: the login first, then the others, whose replies come in the order of the claims.
 * From client-protocol.md 13.5, 13.6 and 18.
 */

import { bytesEqual, RingQueue } from '@zabra/protocol';
import type { Request } from './request.ts';
import type { SaslLogin } from './sasl-login.ts';
import { SaslRequest } from './sasl-request.ts';
import type { Auth } from './session-ready.ts';

export class AuthBook {
  readonly #login: SaslLogin | null;
  readonly #claims: Auth[];
  /** Claims on this connection that the server has not answered. */
  readonly #unanswered: RingQueue<Auth>;

  constructor(login: SaslLogin | null) {
    this.#login = login;
    this.#claims = [];
    this.#unanswered = new RingQueue();
  }

  /** The first request of the login on a new connection; null when there is no login. */
  beginLogin(): Request | null {
    return this.#login === null ? null : new SaslRequest(this.#login.begin());
  }

  /** What follows an answer to the login; null at its end, which is bad if the request says so. */
  continueLogin(request: Request, code: number): Request | null {
    return request instanceof SaslRequest ? request.next(code) : null;
  }

  /** In the order added; to be claimed on a new connection. */
  get claims(): readonly Auth[] {
    return this.#claims;
  }

  /** The same claim twice is kept once. */
  add(auth: Auth): void {
    if (!this.#claims.some((claim) => isSame(claim, auth))) this.#claims.push(auth);
  }

  onSent(auth: Auth): void {
    this.#unanswered.push(auth);
  }

  /** The claim that a reply is about; undefined when none was open. */
  onReply(): Auth | undefined {
    return this.#unanswered.shift();
  }

  onDisconnected(): void {
    this.#unanswered.clear();
  }
}

function isSame(a: Auth, b: Auth): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.auth === null || b.auth === null) return a.auth === b.auth;
  return bytesEqual(a.auth, 0, a.auth.length, b.auth, 0, b.auth.length);
}
