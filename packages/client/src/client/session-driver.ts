/**
 * SessionDriver: where a session machine and the world meet: one socket, one timer, one immediate.
 * All that a program asks for in one turn of the event loop leaves in one write. It knows nothing
 * of what the bytes mean.
 */

import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Prng } from '@zabra/protocol';
import type { ServerAddress } from '../session/connect-string.ts';
import type { Request } from '../session/request.ts';
import { SessionMachine } from '../session/session-machine.ts';
import type { SessionOptions } from '../session/session-options.ts';
import type { Auth, Happening, SessionDial, SessionProbe } from '../session/session-ready.ts';
import { askWritable } from './ask-writable.ts';
import type { Dial } from './dialing.ts';

export type { Dial } from './dialing.ts';

/** Most a seed may be: `randomInt` draws below 2^48. */
const SEED_MAX = 2 ** 47;

/** Longest delay of a Node timer, ms. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class SessionDriver {
  readonly machine: SessionMachine;
  readonly #open: Dial;
  readonly #onHappening: (happening: Happening) => void;
  #socket: Socket | null;
  #timer: NodeJS.Timeout | null;
  /** When the timer fires; Infinity for no timer. */
  #timerMs: number;
  #immediate: NodeJS.Immediate | null;

  constructor(options: SessionOptions, open: Dial, onHappening: (happening: Happening) => void) {
    this.#open = open;
    this.machine = new SessionMachine(options, new Prng(randomInt(SEED_MAX)), performance.now());
    this.#onHappening = onHappening;
    this.#socket = null;
    this.#timer = null;
    this.#timerMs = Number.POSITIVE_INFINITY;
    this.#immediate = null;
    this.#drainSoon();
  }

  submit(request: Request): void {
    this.#enter();
    this.machine.submit(request);
    this.#drainSoon();
  }

  /** False when a connection has taken it already. */
  withdraw(request: Request): boolean {
    return this.machine.withdraw(request);
  }

  addAuth(auth: Auth): void {
    this.#enter();
    this.machine.addAuth(auth);
    this.#drainSoon();
  }

  replaceServers(servers: readonly ServerAddress[]): void {
    this.#enter();
    this.machine.replaceServers(servers);
    this.#drainSoon();
  }

  close(): void {
    this.#enter();
    this.machine.close();
    this.#drainSoon();
  }

  abandon(): void {
    this.#enter();
    this.machine.abandon();
    this.#drainSoon();
  }

  #enter(): void {
    this.machine.onClock(performance.now());
  }

  #drainSoon(): void {
    if (this.#immediate !== null) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = null;
      this.#enter();
      this.#drain();
    });
  }

  #drain(): void {
    const { ready } = this.machine;
    if (ready.hangUp !== 0) this.#hangUp();
    if (ready.dial !== null) this.#dial(ready.dial);
    // The writer is used again next turn while the socket may still hold these bytes.
    if (ready.bytes.position > 0) this.#socket?.write(ready.bytes.toBytes());
    if (ready.probe !== null) this.#ask(ready.probe);
    const happenings = ready.happenings.splice(0);
    ready.clear();
    for (const happening of happenings) this.#onHappening(happening);
    this.#armTimer();
  }

  #dial({ connection, host, port }: SessionDial): void {
    const { machine } = this;
    const socket = this.#open(host, port, () => {
      this.#enter();
      machine.onConnected(connection);
      this.#drain();
    });
    let reason = 'the server closed the connection';
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#enter();
      machine.onBytes(connection, chunk, 0, chunk.length);
      this.#drain();
    });
    socket.on('error', (error) => {
      reason = textOf(error);
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
      this.#enter();
      machine.onDisconnected(connection, reason);
      this.#drain();
    });
  }

  /** An answer that comes too late is known by its number. */
  #ask({ probe, host, port }: SessionProbe): void {
    askWritable(this.#open, host, port, (isWritable) => {
      this.#enter();
      this.machine.onProbe(probe, isWritable);
      this.#drain();
    });
  }

  #hangUp(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  /** Deadlines mostly move away, so a timer that fires too early is cheaper than a new one. */
  #armTimer(): void {
    const { deadlineMs } = this.machine;
    if (this.#timer !== null && deadlineMs >= this.#timerMs && deadlineMs !== Infinity) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerMs = deadlineMs;
    if (deadlineMs === Infinity) return;
    const delayMs = Math.min(Math.max(0, Math.ceil(deadlineMs - performance.now())), TIMER_MAX_MS);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // After a stall the socket may hold what the clock would miss: it is read first.
      this.#drainSoon();
    }, delayMs);
  }
}

function textOf(error: Error): string {
  // A name with several addresses fails with one error for each.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors
      .map((one: unknown) => (one instanceof Error ? one.message : one))
      .join(', ');
  }
  return error.message;
}
