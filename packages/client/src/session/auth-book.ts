/**
 * AuthBook: the identities that the client has claimed. They belong to a connection on the server,
 * so they are claimed again on each new one, before anything else. Replies to them come in the
 * order of the claims. From client-protocol.md 13.5 and 18.
 */

import { bytesEqual, RingQueue } from '@zabra/protocol';
import type { Auth } from './session-ready.ts';

export class AuthBook {
  readonly #claims: Auth[];
  /** Claims on this connection that the server has not answered. */
  readonly #unanswered: RingQueue<Auth>;

  constructor() {
    this.#claims = [];
    this.#unanswered = new RingQueue();
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
