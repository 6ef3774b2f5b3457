/**
 * HandOver: how a leader ends its reign on purpose, among members of our own kind, so that nothing
 * is lost and nobody has to be elected. It is no part of Zab: the next leader goes through
 * discovery and synchronisation like any other, under a new epoch. What it saves is the search for
 * the leader, the undoing of what was under way, and the connections of clients.
 *
 *   idle -> preparing -> draining -> over
 *
 * Preparing: the follower that is to lead opens its quorum port and says READY; learners that are
 * being synchronised come to their end, for they may keep clients of the last reign. Draining:
 * nothing is proposed; what is proposed is committed, and the next leader has acknowledged all of
 * it. Then everybody is told HAND_OVER, behind the last COMMIT on each link: what a learner has
 * forwarded and not seen committed by then was never proposed, and it forwards that again. Until
 * the last moment the leader may go on as if nothing had been: what learners asked meanwhile is
 * kept.
 *
 * A leader whose epoch runs out of zxids hands over to itself. Where Apache's members follow there
 * is nobody to tell: the leader drains, and closes the connections behind the last COMMIT.
 */

import { copyBytes, type Id, JuteWriter, PacketType } from '@zabra/protocol';
import { Since } from './declaration.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { OwnPacket } from './own-packets.ts';
import { isVoterOfAny } from './quorum-verifier.ts';
import type { LeaderHost, PacketLink } from './zab-host.ts';

/** How long the next leader may take to be ready, ms. */
const PREPARE_MS = 1000;
/** A follower that has acknowledged something within this, or all that there is, keeps up. */
const KEEPS_UP_MS = 100;
/** How long is waited for learners that are on their way to being served, ms. */
const JOIN_MS = 300;
/** How long writes may stand still before the leader goes on instead, ms. */
const DRAIN_MS = 1000;
/** Bytes of requests that are kept meanwhile; beyond it the leader goes on. */
const DEFERRED_BYTES_MAX = 16 * 1024 * 1024;

export interface HandOverOwner {
  readonly handlers: Map<number, LearnerHandler>;
  readonly lastProposed: number;
  /** Everything that was proposed is committed. */
  readonly isDrained: boolean;
  /** For a request that was deferred: as if it came now. */
  onPacket(
    link: PacketLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void;
  /** The reign is over. */
  leave(reason: string): void;
}

const NOBODY = -2;

interface Deferred {
  readonly handler: LearnerHandler;
  readonly data: Uint8Array;
  readonly auth: readonly Id[] | null;
}

export class HandOver {
  readonly #host: LeaderHost;
  readonly #owner: HandOverOwner;
  #stage: 'idle' | 'preparing' | 'draining' | 'over';
  /** Our own sid when we hand over to ourselves, NOBODY when we only drain. */
  #successorSid: number;
  #sinceMs: number;
  #isReady: boolean;
  #untilMs: number;
  #deferred: Deferred[];
  #deferredBytes: number;

  constructor(host: LeaderHost, owner: HandOverOwner) {
    this.#host = host;
    this.#owner = owner;
    this.#stage = 'idle';
    this.#successorSid = -1;
    this.#sinceMs = 0;
    this.#isReady = false;
    this.#untilMs = 0;
    this.#deferred = [];
    this.#deferredBytes = 0;
  }

  get isIdle(): boolean {
    return this.#stage === 'idle';
  }

  /** The reign has ended by it. */
  get isDone(): boolean {
    return this.#stage === 'over';
  }

  /** Nothing may be proposed. */
  get isDraining(): boolean {
    return this.#stage === 'draining';
  }

  /** Begins; -1 lets us choose who is to lead. Why it cannot be is returned, or null. */
  begin(wantedSid: number): string | null {
    const { sid } = this.#host;
    if (this.#stage !== 'idle') return null;
    const objection = this.#objection();
    if (objection !== null) return objection;
    const successor = wantedSid === sid ? null : this.#choose(wantedSid);
    if (successor === null && wantedSid !== sid) return 'no follower can take over';
    this.#successorSid = successor?.sid ?? sid;
    this.#stage = 'preparing';
    this.#isReady = successor === null;
    this.#sinceMs = this.#host.nowMs();
    this.#untilMs = this.#sinceMs + PREPARE_MS;
    this.#log('info', `Handing over to ${this.#successorSid}`);
    successor?.send(OwnPacket.PREPARE, this.#owner.lastProposed);
    return null;
  }

  /** Ends the reign behind what is proposed, and leaves it to the others to elect a leader. */
  drainAway(): void {
    if (this.#stage !== 'idle') return;
    this.#successorSid = NOBODY;
    this.#drain();
  }

  /** The follower that is to lead has opened its port. */
  onReady(handler: LearnerHandler): void {
    if (handler.sid === this.#successorSid) this.#isReady = true;
  }

  /** A REQUEST that came while nothing may be proposed. */
  defer(
    handler: LearnerHandler,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    this.#deferred.push({ handler, data: copyBytes(buffer, start, end), auth });
    this.#deferredBytes += end - start;
    if (this.#deferredBytes > DEFERRED_BYTES_MAX) this.#cancel('too much is asked meanwhile');
  }

  /** Once a turn, behind what the turn has committed. */
  tick(): void {
    if (this.#stage !== 'preparing' && this.#stage !== 'draining') return;
    const isAlone = this.#successorSid === this.#host.sid || this.#successorSid === NOBODY;
    const successor = this.#handlerOf(this.#successorSid);
    if (!isAlone && successor === null) {
      this.#cancel(`${this.#successorSid} is gone`);
      return;
    }
    if (this.#stage === 'preparing' && this.#isReady && !this.#isAwaitingLearners) this.#drain();
    if (this.#stage === 'draining' && this.#owner.isDrained) {
      if (successor === null || successor.ackedZxid >= this.#owner.lastProposed) {
        this.#tellAll();
        return;
      }
    }
    if (this.#host.nowMs() >= this.#untilMs) this.#cancel(`it takes too long (${this.#stage})`);
  }

  #objection(): string | null {
    const { verifiers } = this.#host;
    if (verifiers.length !== 1) return 'a reconfiguration is under way';
    for (const handler of this.#owner.handlers.values()) {
      const { sid, zabraVersion } = handler;
      if (handler.has(Since.HAND_OVER) || !handler.isForwarded) continue;
      if (zabraVersion === 0) return `${sid} is an Apache member`;
      return `${sid} is of version ${zabraVersion}, which has no hand-over`;
    }
    return null;
  }

  /**
   * The largest sid among those that keep up: an update of pods begins with it, so that whoever
   * leads next is not about to end itself. If nobody does, who has acknowledged most.
   */
  #choose(wantedSid: number): LearnerHandler | null {
    const { verifiers } = this.#host;
    let best: LearnerHandler | null = null;
    for (const handler of this.#owner.handlers.values()) {
      const { sid, state, isObserver, ackedZxid } = handler;
      if (state !== 'broadcast' || isObserver || !isVoterOfAny(verifiers, sid)) continue;
      if (verifiers.every((verifier) => verifier.weightOf(sid) === 0)) continue;
      if (wantedSid >= 0 && sid !== wantedSid) continue;
      if (best === null) best = handler;
      else if (this.#keepsUp(handler) !== this.#keepsUp(best)) {
        if (this.#keepsUp(handler)) best = handler;
      } else if (this.#keepsUp(handler) || ackedZxid === best.ackedZxid) {
        if (sid > best.sid) best = handler;
      } else if (ackedZxid > best.ackedZxid) best = handler;
    }
    return best;
  }

  #keepsUp({ unackedSinceMs }: LearnerHandler): boolean {
    return unackedSinceMs < 0 || this.#host.nowMs() - unackedSinceMs <= KEEPS_UP_MS;
  }

  get #isAwaitingLearners(): boolean {
    if (this.#host.nowMs() - this.#sinceMs >= JOIN_MS) return false;
    for (const { state } of this.#owner.handlers.values()) {
      if (state !== 'hello' && state !== 'broadcast') return true;
    }
    return false;
  }

  #handlerOf(sid: number): LearnerHandler | null {
    for (const handler of this.#owner.handlers.values()) {
      if (handler.sid === sid && handler.state === 'broadcast') return handler;
    }
    return null;
  }

  #drain(): void {
    this.#stage = 'draining';
    this.#untilMs = this.#host.nowMs() + DRAIN_MS;
    this.#host.onDraining(true);
  }

  #tellAll(): void {
    const successorSid = this.#successorSid;
    const isAnnounced = successorSid !== NOBODY;
    this.#stage = 'over';
    this.#deferred = [];
    const w = new JuteWriter(8);
    w.number(successorSid);
    const data = w.toBytes();
    const { handlers, lastProposed } = this.#owner;
    const told = [...handlers.values()].filter(({ state }) => state === 'broadcast');
    // Whoever is to lead knows first.
    told.sort((a, b) => Number(b.sid === successorSid) - Number(a.sid === successorSid));
    for (const handler of told) {
      if (isAnnounced) handler.send(OwnPacket.HAND_OVER, lastProposed, data);
      handler.link.finish('the leader hands over');
    }
    for (const handler of handlers.values()) {
      if (handler.state !== 'broadcast') handler.close('the leader hands over');
    }
    handlers.clear();
    if (isAnnounced) this.#host.onHandOver(successorSid, lastProposed);
    this.#owner.leave(isAnnounced ? `handed over to ${successorSid}` : 'drained');
  }

  #cancel(why: string): void {
    const wasDraining = this.#stage === 'draining';
    this.#stage = 'idle';
    this.#log('warn', `Leading on, the hand-over to ${this.#successorSid} came to nothing: ${why}`);
    if (!wasDraining) return;
    this.#host.onDraining(false);
    const deferred = this.#deferred;
    this.#deferred = [];
    this.#deferredBytes = 0;
    for (const { handler, data, auth } of deferred) {
      this.#owner.onPacket(handler.link, PacketType.REQUEST, 0, data, 0, data.length, auth);
    }
  }

  #log(level: 'info' | 'warn', message: string): void {
    this.#host.log(level, 'HandOver', message);
  }
}
