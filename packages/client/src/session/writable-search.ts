/**
 * WritableSearch: while a session is on a server in read-only mode, it asks the other servers, one
 * after the other, whether they take writes, and ever more rarely. It knows when to ask and whom;
 * the asking and what follows from an answer are affairs of others. From client-protocol.md 18.
 */

import type { ServerAddress } from './connect-string.ts';
import type { SessionProbe } from './session-ready.ts';

/** Before the first question, ms; doubled with each. */
const PAUSE_MIN_MS = 100;
/** Longest pause between two questions, ms. */
const PAUSE_MAX_MS = 60000;

export class WritableSearch {
  /** When the next question is due; Infinity when there is nothing to ask for. */
  deadlineMs: number;
  #pauseMs: number;
  /** The last question; its number counts through all searches, so that late answers are known. */
  #asked: SessionProbe;

  constructor() {
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#pauseMs = PAUSE_MIN_MS;
    this.#asked = { probe: 0, host: '', port: 0 };
  }

  start(nowMs: number): void {
    this.#pauseMs = PAUSE_MIN_MS;
    this.deadlineMs = nowMs + PAUSE_MIN_MS;
  }

  stop(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  /** The question that is due, to one of the servers in turn; null when none is. */
  ask(servers: readonly ServerAddress[], nowMs: number): SessionProbe | null {
    if (nowMs < this.deadlineMs) return null;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    this.deadlineMs = nowMs + this.#pauseMs;
    const { probe } = this.#asked;
    const server = servers[probe % Math.max(1, servers.length)];
    if (server === undefined) return null;
    this.#asked = { probe: probe + 1, host: server.host, port: server.port };
    return this.#asked;
  }

  /** The server that was asked by the last question; null when that is another one. */
  found(probe: number): ServerAddress | null {
    return probe === this.#asked.probe ? this.#asked : null;
  }
}
