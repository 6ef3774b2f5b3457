/**
 * LearnerConnections: the connections of whoever serves learners, a leader or a follower with
 * observers behind it: how each begins, ends and is given up, the time it has, and snapshots
 * and long histories on their way. What is said on them is the affair of the owner.
 */

import { LearnerHandler } from './learner-handler.ts';
import type { PacketLink, ZabHost } from './zab-host.ts';

export interface ConnectionsHost extends Pick<ZabHost, 'nowMs' | 'log' | 'limits'> {
  /** Its connection ended: it owns no session any more. */
  onLearnerGone(learner: LearnerHandler): void;
}

export class LearnerConnections {
  readonly byLinkId: Map<number, LearnerHandler>;
  readonly #host: ConnectionsHost;
  /** Class of log lines, and what a learner is called in them. */
  readonly #source: string;
  readonly #what: string;

  constructor(host: ConnectionsHost, source: string, what: string) {
    this.byLinkId = new Map();
    this.#host = host;
    this.#source = source;
    this.#what = what;
  }

  /** The end of the time that a learner has for the step which begins now. */
  deadlineMs(): number {
    const { initLimitTicks, tickTimeMs } = this.#host.limits;
    return this.#host.nowMs() + initLimitTicks * tickTimeMs;
  }

  /** `graceUntilMs`: until then it counts as live although it is not yet synchronised. */
  add(link: PacketLink, graceUntilMs: number): void {
    const handler = new LearnerHandler(link, this.#host.nowMs(), this.deadlineMs(), graceUntilMs);
    this.byLinkId.set(link.id, handler);
  }

  onClosed(link: PacketLink): void {
    const handler = this.byLinkId.get(link.id);
    if (handler !== undefined) this.#remove(handler, 'closed by the other end');
  }

  drop(handler: LearnerHandler, why: string): void {
    if (!this.byLinkId.has(handler.link.id)) return;
    const whose = `${this.#what} ${handler.sid} (${handler.link.remote})`;
    this.#host.log('warn', this.#source, `Closing ${whose}: ${why}`);
    this.#remove(handler, why);
  }

  /** Whoever says hello again has given up its older connection, even if nothing told us. */
  dropOlder(handler: LearnerHandler, why: string): void {
    for (const other of this.byLinkId.values()) {
      if (other !== handler && other.sid === handler.sid) this.drop(other, why);
    }
  }

  /** Sends on with the body that is on its way; its time runs while it comes forward. */
  stream(handler: LearnerHandler): void {
    if (!handler.isStreaming) return;
    const moved = handler.stream();
    if (typeof moved === 'string') this.drop(handler, moved);
    else if (moved) handler.deadlineMs = this.deadlineMs();
  }

  /**
   * ACK of NEWLEADER stands for a state that is stored. Of one that is still leaving it is a fault,
   * and costs the connection: false.
   */
  mayAckNewLeader(handler: LearnerHandler): boolean {
    if (!handler.isStreaming) return true;
    this.drop(handler, 'it acknowledges a history that has not left yet');
    return false;
  }

  #remove(handler: LearnerHandler, why: string): void {
    this.byLinkId.delete(handler.link.id);
    handler.close(why);
    this.#host.onLearnerGone(handler);
  }
}
