/**
 * What the session machine wants done and has to tell: lanes that its owner drains after each turn
 * of inputs and then clears. First `hangUp`, then `dial`, then `bytes` to the connection that is
 * open, then `happenings`, in their order: an event stands before the reply whose data it
 * announces, and a reply before whatever came behind it.
 */

import { JuteWriter } from '@zabra/protocol';
import type { Request } from './request.ts';
import type { WatchEvent, Watcher } from './watcher.ts';

export type SessionState =
  | 'CONNECTING'
  | 'CONNECTED'
  | 'CONNECTEDREADONLY'
  | 'CLOSED'
  | 'EXPIRED'
  | 'AUTH_FAILED';

export function isConnected(state: SessionState): boolean {
  return state === 'CONNECTED' || state === 'CONNECTEDREADONLY';
}

export function isOver(state: SessionState): boolean {
  return state === 'CLOSED' || state === 'EXPIRED' || state === 'AUTH_FAILED';
}

export type Happening =
  /** The request is done: see its code, zxid and reply. */
  | { readonly kind: 'reply'; readonly request: Request }
  | { readonly kind: 'event'; readonly event: WatchEvent; readonly watchers: readonly Watcher[] }
  /** Every server was tried in vain; what waited for one has failed, and the tries go on. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** An authentication was accepted; refusal is the state AUTH_FAILED. */
  | { readonly kind: 'authenticated'; readonly auth: Auth }
  /** `reason` says in words what brought the state about. */
  | { readonly kind: 'state'; readonly state: SessionState; readonly reason: string };

export interface Auth {
  readonly scheme: string;
  readonly auth: Uint8Array | null;
}

export interface SessionDial {
  /** Under which the owner reports what becomes of it; 1 and up. */
  readonly connection: number;
  readonly host: string;
  readonly port: number;
}

/** A server to ask whether it takes writes (four-letter word `isro`). */
export interface SessionProbe {
  /** Under which the owner reports the answer; 1 and up. */
  readonly probe: number;
  readonly host: string;
  readonly port: number;
}

export class SessionReady {
  /** A connection to open; the one before is gone or stands in `hangUp`. */
  dial: SessionDial | null;
  /** The connection to close at once; 0 for none. */
  hangUp: number;
  /** A server to ask on a connection of its own. */
  probe: SessionProbe | null;
  /** Closes `hangUp` after what was written to it has left. */
  readonly bytes: JuteWriter;
  readonly happenings: Happening[];

  constructor() {
    this.dial = null;
    this.hangUp = 0;
    this.probe = null;
    this.bytes = new JuteWriter();
    this.happenings = [];
  }

  get isEmpty(): boolean {
    return (
      this.dial === null &&
      this.hangUp === 0 &&
      this.probe === null &&
      this.bytes.position === 0 &&
      this.happenings.length === 0
    );
  }

  clear(): void {
    this.dial = null;
    this.hangUp = 0;
    this.probe = null;
    this.bytes.reset();
    this.happenings.length = 0;
  }
}
