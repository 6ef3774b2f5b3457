/**
 * The leader of one epoch (upstream `Leader` and `LearnerHandler`; quorum-protocol.md 6, 9 and 19).
 * One object per reign: no field survives into the next. Here are the connections, whose turn it is
 * to speak and the phases; which epoch begins is `leader-discovery.ts`, what learners are sent and
 * when it is committed `leader-broadcast.ts`, what time does to all that `leader-clock.ts`.
 *
 * Persist before you speak: LEADERINFO leaves only after acceptedEpoch is stored, our own ACK of
 * NEWLEADER counts only after log and currentEpoch are, our own ACK of a proposal only after the
 * sync of our log. These words are spoken in the completion handlers `onStored` and `onSynced`.
 */

import {
  assert,
  EPOCH_MAX,
  epochOf,
  type Id,
  JuteReader,
  makeZxid,
  packetName,
  PacketType,
  readAckEpochData,
  ZXID_NONE,
} from '@zabra/protocol';
import { EPOCH_UNKNOWN } from './claimed-epochs.ts';
import { type BroadcastOwner, LeaderBroadcast } from './leader-broadcast.ts';
import { LeaderClock, type LeaderClockOwner } from './leader-clock.ts';
import { LeaderDiscovery } from './leader-discovery.ts';
import { LearnerConnections } from './learner-connections.ts';
import { LearnerHandler } from './learner-handler.ts';
import { LearnerHello } from './learner-hello.ts';
import { encodeLeaderInfo } from './learner-info.ts';
import { LearnerRequests } from './learner-requests.ts';
import { hasQuorumOfAll } from './quorum-verifier.ts';
import type { LeaderHost, PacketLink, Proposal } from './zab-host.ts';

export type LeaderPhase = 'discovery' | 'synchronization' | 'broadcast' | 'over';

export class Leader implements BroadcastOwner, LeaderClockOwner {
  /** Learner connections by link id. */
  readonly handlers: Map<number, LearnerHandler>;
  readonly #connections: LearnerConnections;
  readonly #host: LeaderHost;
  readonly #discovery: LeaderDiscovery;
  readonly #requests: LearnerRequests;
  readonly #reader: JuteReader;
  /** Null until log and currentEpoch are stored. */
  #broadcast: LeaderBroadcast | null;
  #phase: LeaderPhase;
  readonly #ackedNewLeader: Set<number>;
  readonly #clock: LeaderClock;
  readonly #hello: LearnerHello;

  constructor(host: LeaderHost) {
    this.#connections = new LearnerConnections(host, 'LearnerHandler', 'learner');
    this.handlers = this.#connections.byLinkId;
    this.#host = host;
    this.#discovery = new LeaderDiscovery(host);
    this.#clock = new LeaderClock(host, this, this.#discovery);
    this.#requests = new LearnerRequests(host, this, this.#clock.handOver);
    this.#reader = new JuteReader();
    this.#broadcast = null;
    this.#phase = 'discovery';
    this.#ackedNewLeader = new Set();
    this.#hello = new LearnerHello(host, this.#discovery);
  }

  /** -1 until it is fixed. */
  get epoch(): number {
    return this.#discovery.epoch;
  }

  get phase(): LeaderPhase {
    return this.#phase;
  }

  get isOver(): boolean {
    return this.#phase === 'over';
  }

  get established(): boolean {
    return this.#phase === 'broadcast';
  }

  /** -1 until there is an epoch. */
  get lastProposed(): number {
    return this.#broadcast?.lastProposed ?? -1;
  }

  /** Nothing that was proposed waits for its commit. */
  get isDrained(): boolean {
    return this.#broadcast?.isDrained ?? true;
  }

  get pendingSyncCount(): number {
    return this.#broadcast?.syncCount ?? 0;
  }

  /** Begins discovery; call once. A lone voter has its quorum at once. */
  start(): void {
    if (this.#host.storage.acceptedEpoch >= EPOCH_MAX) {
      this.leave(`no epoch is left: ${EPOCH_MAX} is the last`);
      return;
    }
    this.#discovery.checkPromises();
  }

  /** The quorum port accepted a connection. */
  onLearnerConnected(link: PacketLink): void {
    if (this.isOver || this.#clock.isRetiring) {
      link.close('the leader is leaving');
      return;
    }
    const { tickTimeMs, initLimitTicks, syncLimitTicks } = this.#host.limits;
    const graceMs = (initLimitTicks + syncLimitTicks) * tickTimeMs;
    this.#connections.add(link, this.#host.nowMs() + graceMs);
  }

  onLearnerClosed(link: PacketLink): void {
    this.#connections.onClosed(link);
  }

  onPacket(
    link: PacketLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const handler = this.handlers.get(link.id);
    if (handler === undefined || this.isOver) return;
    handler.onHeard(this.#host.nowMs());
    switch (handler.state) {
      case 'hello':
        this.#onHello(handler, type, zxid, buffer, start, end);
        return;
      case 'ack-epoch':
        this.#onAckEpoch(handler, type, zxid, buffer, start, end);
        return;
      case 'epoch':
      case 'synced-wait':
        this.drop(handler, `it sent ${packetName(type)} before its turn`);
        return;
      case 'sync':
        this.#onPacketInSync(handler, type, zxid);
        return;
      default:
        if (type === PacketType.ACK) this.#broadcast?.onAck(handler, zxid);
        else this.#requests.onPacket(handler, type, buffer, start, end, auth);
    }
  }

  /** The token's store completed. */
  onStored(token: number): void {
    if (this.isOver || !this.#discovery.onStored(token)) return;
    if (this.#discovery.stage === 'done') {
      this.#startSynchronization();
      return;
    }
    for (const handler of this.handlers.values()) {
      if (handler.state === 'epoch') this.#sendLeaderInfo(handler);
    }
  }

  /** Our own log is on stable storage up to `zxid`. */
  onSynced(zxid: number): void {
    if (this.#phase === 'broadcast') this.#broadcast?.onSynced(zxid);
  }

  /** The zxid of the next proposal; each one handed out must be proposed (I18). */
  nextZxid(): number {
    assert(this.#broadcast !== null, 'Only an established leader hands out a zxid');
    return this.#broadcast.lastProposed + 1;
  }

  /**
   * Sends a transaction that was just appended to the log under `nextZxid`. Ends the reign when the
   * counter of the epoch is used up (S21).
   */
  propose(proposal: Proposal): void {
    assert(this.#phase === 'broadcast', 'Only an established leader proposes');
    this.#broadcast?.propose(proposal);
    if (this.#broadcast?.isUsedUp) this.leave('the zxid counter is used up');
  }

  /** Calls `answer` once everything proposed so far is committed; at once when it is. */
  sync(answer: () => void): void {
    this.#broadcast?.sync(answer);
  }

  /** In every turn, after its other inputs, at least every 20 ms; sends on with bodies too. */
  tick(): void {
    if (this.isOver) return;
    for (const handler of this.handlers.values()) {
      if (handler.isSearching) this.#synchronise(handler);
      else this.#connections.stream(handler);
    }
    const end = this.#clock.tick();
    if (end !== null) this.leave(end);
  }

  /**
   * Begins to hand over, to `wantedSid` or, for -1, to whoever is best; to ourselves when it is our
   * sid. Why it cannot be is returned, or null.
   */
  handOver(wantedSid: number): string | null {
    if (!this.established || this.#clock.isRetiring) return 'this server does not lead';
    return this.#clock.handOver.begin(wantedSid);
  }

  /** Ends the reign behind what is proposed, without a successor; false when we do not lead. */
  drainAway(): boolean {
    if (!this.established || this.#clock.isRetiring) return false;
    this.#clock.handOver.drainAway();
    return true;
  }

  get isHandingOver(): boolean {
    return !this.#clock.handOver.isIdle;
  }

  /** A session that was `owner`'s belongs to another server now. */
  onSessionMoved(owner: object, sessionHi: number, sessionLo: number): void {
    if (owner instanceof LearnerHandler) owner.onSessionMoved(sessionHi, sessionLo);
  }

  /** A reconfiguration ends the reign: learners go where they were told, and then we do. */
  retire(reason: string): void {
    this.#host.log('info', 'Leader', `Giving up epoch ${this.epoch}: ${reason}`);
    this.#clock.retire(reason);
    this.#host.onRetiring();
  }

  /** Ends the reign: closes every learner. The peer settles the disk. */
  stop(reason: string): void {
    this.#phase = 'over';
    for (const handler of this.handlers.values()) handler.close(reason);
    this.handlers.clear();
  }

  drop(handler: LearnerHandler, why: string): void {
    this.#connections.drop(handler, why);
  }

  /** `LeaderProcessCEPOCH`. */
  #onHello(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const objection = this.#hello.onHello(handler, type, zxid, buffer, start, end);
    if (objection !== null) {
      this.drop(handler, objection);
      return;
    }
    this.#connections.dropOlder(handler, `it connected anew from ${handler.link.remote}`);
    handler.state = 'epoch';
    const { sid, acceptedEpoch, isObserver } = handler;
    const isMember = this.#hello.isMember(sid);
    this.#discovery.onPromise(sid, acceptedEpoch, isMember, isObserver);
    const isOutgrown = isMember && this.established && acceptedEpoch > this.epoch;
    const claimed = isOutgrown ? this.#host.claimedEpochOf(sid) : EPOCH_UNKNOWN;
    if (claimed > this.epoch) {
      this.drop(handler, strangeHistory(claimed));
      return;
    }
    if (this.#discovery.mayAnnounce) this.#sendLeaderInfo(handler);
    if (!isOutgrown || !this.#clock.onOutgrown()) return;
    this.leave(`member ${sid} has promised epoch ${acceptedEpoch}, beyond ours`);
  }

  #sendLeaderInfo(handler: LearnerHandler): void {
    handler.state = 'ack-epoch';
    handler.deadlineMs = this.#connections.deadlineMs();
    handler.send(PacketType.LEADERINFO, makeZxid(this.epoch, 0), encodeLeaderInfo());
  }

  /** `LeaderProcessACKEPOCH`. */
  #onAckEpoch(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const r = this.#reader.reset(buffer, Math.max(start, 0), Math.max(end, 0));
    const currentEpoch = readAckEpochData(r);
    if (type !== PacketType.ACKEPOCH || r.failed || zxid < ZXID_NONE) {
      this.drop(handler, `it sent ${packetName(type)}, wanted a whole ACKEPOCH`);
      return;
    }
    handler.lastZxid = zxid;
    handler.state = 'synced-wait';
    if (!this.#discovery.onEpochAck(handler.sid, currentEpoch, zxid, handler.isObserver)) {
      this.drop(handler, 'its history is ahead of ours');
      return;
    }
    if (currentEpoch > this.epoch) this.drop(handler, strangeHistory(currentEpoch));
    else if (this.#broadcast !== null) this.#synchronise(handler);
  }

  /** Our currentEpoch is stored: our own acknowledgement of NEWLEADER counts. */
  #startSynchronization(): void {
    this.#phase = 'synchronization';
    this.#broadcast = new LeaderBroadcast(this.#host, this, this.epoch);
    this.#ackedNewLeader.add(this.#host.sid);
    for (const handler of this.handlers.values()) {
      if (handler.state === 'synced-wait') this.#synchronise(handler);
    }
    this.#checkNewLeaderAcks();
  }

  #synchronise(handler: LearnerHandler): void {
    if (this.#broadcast?.synchronise(handler, this.established) !== true) return;
    handler.deadlineMs = this.#connections.deadlineMs();
    this.#connections.stream(handler);
  }

  #onPacketInSync(handler: LearnerHandler, type: number, zxid: number): void {
    if (type !== PacketType.ACK) {
      this.drop(handler, `it sent ${packetName(type)}, wanted ACK`);
      return;
    }
    if (zxid !== makeZxid(this.epoch, 0)) {
      // Released Java learners may acknowledge proposals first (S6). It counts once the rest does.
      if (epochOf(zxid) === this.epoch) handler.earlyAckZxid = zxid;
      return;
    }
    if (this.#connections.mayAckNewLeader(handler)) this.#onAckNewLeader(handler);
  }

  /** `LeaderProcessACKLD`. */
  #onAckNewLeader(handler: LearnerHandler): void {
    handler.state = 'acked';
    handler.onAcked(makeZxid(this.epoch, 0), this.#host.nowMs());
    if (this.established) {
      this.#broadcast?.onAckNewLeader(handler);
      return;
    }
    if (!handler.isObserver) this.#ackedNewLeader.add(handler.sid);
    this.#checkNewLeaderAcks();
  }

  #checkNewLeaderAcks(): void {
    const { verifiers } = this.#host;
    if (!hasQuorumOfAll(verifiers, (sid) => this.#ackedNewLeader.has(sid))) return;
    this.#phase = 'broadcast';
    this.#clock.onEstablished();
    const end = this.#host.reconfig.onEstablished();
    if (end === null) this.#host.onEstablished(this.epoch);
    else this.retire(end);
    for (const handler of this.handlers.values()) this.#broadcast?.completeSync(handler);
  }

  /** The reign is over. */
  leave(reason: string): void {
    if (this.isOver) return;
    const level = this.#clock.handOver.isDone ? 'info' : 'warn';
    this.#host.log(level, 'Leader', `Stopping to lead epoch ${this.epoch}: ${reason}`);
    this.stop(reason);
    this.#host.leave(reason);
  }
}

/** Of a later epoch than one that a quorum has entered: see `ClaimedEpochs`. */
function strangeHistory(epoch: number): string {
  return `its history of epoch ${epoch} is not of this ensemble`;
}
