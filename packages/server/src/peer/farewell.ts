/**
 * Farewell: the planned end of a server. The leadership goes first, to a follower that is up to
 * date; then nothing more is read from clients, and what they have asked for is answered; then the
 * roles end, and the disk is settled by whoever asked for the end. Each step has a limit: whoever
 * stops a server waits for it.
 */

import type { ClientPort } from './client-port.ts';
import type { EnsembleMember } from './ensemble-member.ts';
import type { PeerCore } from './peer-core.ts';

/** How long the hand-over may take, until we follow the new leader. */
const HAND_OVER_MS_MAX = 2500;
/** How long clients may wait for what they have asked. */
const ANSWER_MS_MAX = 1000;

export class Farewell {
  readonly #core: PeerCore;
  readonly #port: ClientPort;
  readonly #member: EnsembleMember | null;
  readonly #then: () => void;
  #step: 'none' | 'handing-over' | 'answering' | 'done';
  #untilMs: number;

  /** `then` is called once, when nobody depends on this server any more. */
  constructor(core: PeerCore, port: ClientPort, member: EnsembleMember | null, then: () => void) {
    this.#core = core;
    this.#port = port;
    this.#member = member;
    this.#then = then;
    this.#step = 'none';
    this.#untilMs = 0;
  }

  get hasBegun(): boolean {
    return this.#step !== 'none';
  }

  begin(): void {
    const isOnItsWay = this.#member !== null && this.#member.leaveLead();
    this.#enter(isOnItsWay ? 'handing-over' : 'answering');
  }

  /** Once a turn. */
  tick(): void {
    const isOverdue = this.#core.nowMs() >= this.#untilMs;
    if (this.#step === 'handing-over') {
      if (isOverdue || this.#member?.isLeavingLead !== true) this.#enter('answering');
    }
    if (this.#step !== 'answering') return;
    if (!this.#isAnswered() && this.#core.nowMs() < this.#untilMs) return;
    this.#step = 'done';
    this.#then();
  }

  #enter(step: 'handing-over' | 'answering'): void {
    this.#step = step;
    const most = step === 'handing-over' ? HAND_OVER_MS_MAX : ANSWER_MS_MAX;
    this.#untilMs = this.#core.nowMs() + most;
    if (step === 'answering') this.#port.hold.end();
    this.#core.ready.wantsTurn = true;
  }

  /** Nothing that a client has asked for is under way. */
  #isAnswered(): boolean {
    if (this.#port.order === null) return true;
    for (const { queue } of this.#port.connections()) if (queue.length > 0) return false;
    return true;
  }
}
