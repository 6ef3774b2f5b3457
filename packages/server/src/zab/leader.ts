// The leader of one epoch (Zab's phases 1 to 3 from the leader's side; quorum spec 6 to 9, Zab.tla
// actions `LeaderProcess*`). One object per reign: no field survives into the next.
//
// Persist before you speak: LEADERINFO leaves only after acceptedEpoch is stored, the leader's own
// NEWLEADER acknowledgement counts only after currentEpoch and its log are stored, its own
// acknowledgement of a proposal only after the sync of its log. These words are spoken in the
// completion handlers `onStored` and `onSynced`.

import {
  counterOf,
  COUNTER_MAX,
  EPOCH_MAX,
  epochOf,
  makeZxid,
  PacketType,
  utf8Encode,
} from '@zabra/protocol';
import { LearnerHandler } from './learner-handler.ts';
import { decodeLearnerInfo, encodeLeaderInfo, PROTOCOL_VERSION } from './learner-info.ts';
import { Proposals } from './proposals.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { hasQuorumOfAll } from './quorum-verifier.ts';
import { planSync } from './synchronization.ts';
import type { LeaderHost, PacketLink, Proposal } from './zab-host.ts';

/** A learner that accepted an epoch this far beyond ours is broken or lies (ruling 6). */
const EPOCH_JUMP_MAX = 1 << 16;

export type LeaderPhase = 'discovery' | 'synchronization' | 'broadcast' | 'over';

export class Leader {
  readonly #host: LeaderHost;
  readonly #verifiers: readonly QuorumVerifier[];
  readonly #handlers = new Map<number, LearnerHandler>();
  #phase: LeaderPhase = 'discovery';
  #deadlineMs: number;
  #epoch = -1;
  #maxAcceptedEpoch: number;
  readonly #promised = new Set<number>();
  readonly #ackedEpoch = new Set<number>();
  readonly #ackedNewLeader = new Set<number>();
  #acceptedToken = 0;
  #acceptedStored = false;
  #currentToken = 0;
  #logToken = 0;
  #proposals = new Proposals(0);
  #nextPingMs = 0;
  #fullTick = false;
  /** Our own history when we began to lead: fixed before anybody is compared with it. */
  readonly #summaryEpoch: number;
  readonly #summaryZxid: number;

  constructor(host: LeaderHost, verifiers: readonly QuorumVerifier[]) {
    this.#host = host;
    this.#verifiers = verifiers;
    this.#summaryEpoch = host.storage.currentEpoch;
    this.#summaryZxid = host.storage.lastLoggedZxid;
    this.#maxAcceptedEpoch = host.storage.acceptedEpoch;
    this.#deadlineMs = this.#initDeadline();
  }

  get epoch(): number {
    return this.#epoch;
  }

  get phase(): LeaderPhase {
    return this.#phase;
  }

  get established(): boolean {
    return this.#phase === 'broadcast';
  }

  get lastProposed(): number {
    return this.#proposals.lastProposed;
  }

  get lastCommitted(): number {
    return this.#proposals.lastCommitted;
  }

  get outstandingCount(): number {
    return this.#proposals.count;
  }

  /** Handlers past UPTODATE: what `mntr` counts as synced. */
  learners(): LearnerHandler[] {
    return [...this.#handlers.values()];
  }

  /** Begins discovery; call once, after the constructor returned. */
  start(): void {
    this.#promised.add(this.#host.sid);
    this.#checkPromises();
  }

  onLearnerConnected(link: PacketLink): void {
    if (this.#phase === 'over') {
      link.close('leader is leaving');
      return;
    }
    const now = this.#host.nowMs();
    this.#handlers.set(link.id, new LearnerHandler(link, now, this.#initDeadline()));
  }

  onLearnerClosed(link: PacketLink): void {
    const handler = this.#handlers.get(link.id);
    if (handler === undefined) return;
    this.#handlers.delete(link.id);
    handler.close('closed');
    this.#host.onLearnerGone(handler);
  }

  /** The network took what was written: a snapshot may go on. */
  onLinkDrained(link: PacketLink): void {
    const handler = this.#handlers.get(link.id);
    if (handler !== undefined && !handler.streamSnapshot()) {
      this.#drop(handler, 'its snapshot outgrew the memory bound');
    }
  }

  onPacket(
    link: PacketLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const handler = this.#handlers.get(link.id);
    if (handler === undefined || this.#phase === 'over') return;
    handler.lastPacketMs = this.#host.nowMs();
    switch (handler.state) {
      case 'hello':
        this.#onHello(handler, type, zxid, buffer, start, end);
        return;
      case 'ack-epoch':
        this.#onAckEpoch(handler, type, zxid, buffer, start, end);
        return;
      case 'epoch':
      case 'synced-wait':
        this.#drop(handler, `it sent packet type ${type} before its turn`);
        return;
      case 'sync':
        // Released Java learners may acknowledge proposals first (S6): wait for the true ACK.
        if (type === PacketType.ACK && zxid === makeZxid(this.#epoch, 0)) {
          this.#onAckNewLeader(handler);
        }
        return;
      default:
        if (type === PacketType.ACK) this.#onAck(handler, zxid);
        return;
    }
  }

  /** acceptedEpoch, currentEpoch or the log tail became durable. */
  onStored(token: number): void {
    if (this.#phase === 'over') return;
    if (token === this.#acceptedToken) {
      this.#acceptedStored = true;
      this.#log('info', `Stored accepted epoch ${this.#epoch}; sending LEADERINFO`);
      for (const handler of this.learners()) {
        if (handler.state === 'epoch') this.#sendLeaderInfo(handler);
      }
      this.#ackedEpoch.add(this.#host.sid);
      this.#checkEpochAcks();
      return;
    }
    if (token === this.#logToken) {
      this.#logToken = -1;
      this.#currentToken = this.#host.storage.storeCurrentEpoch(this.#epoch);
      return;
    }
    if (token === this.#currentToken) this.#startSynchronization();
  }

  /** Our own log is durable up to `zxid`: our acknowledgement counts from here on. */
  onSynced(zxid: number): void {
    if (this.#phase !== 'broadcast' || epochOf(zxid) !== this.#epoch) return;
    this.#proposals.onAck(this.#host.sid, zxid);
    this.#commitReady();
  }

  /** The next zxid to be proposed; `COUNTER_MAX` ends the reign (invariant I18). */
  nextZxid(): number {
    return this.#proposals.lastProposed + 1;
  }

  /** Sends a logged transaction to all followers. One turn covers log, order and queues (B1). */
  propose(proposal: Proposal): void {
    this.#proposals.add(proposal);
    const { zxid, buffer, start, end } = proposal;
    for (const handler of this.#handlers.values()) {
      if (!handler.synchronising || handler.isObserver) continue;
      handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
      if (handler.unackedSinceMs < 0) handler.unackedSinceMs = this.#host.nowMs();
      handler.lastSentProposal = zxid;
    }
    if (counterOf(zxid) + 1 >= COUNTER_MAX) this.#leave('the zxid counter of this epoch is full');
  }

  /** Calls back when everything proposed so far is committed; at once when nothing is. */
  sync(answer: () => void): void {
    this.#proposals.sync(answer);
  }

  tick(): void {
    if (this.#phase === 'over') return;
    const now = this.#host.nowMs();
    for (const handler of this.learners()) this.#checkHandler(handler, now);
    if (this.#phase !== 'broadcast' && now > this.#deadlineMs) {
      this.#leave(`no quorum within initLimit in phase ${this.#phase}`);
      return;
    }
    if (now < this.#nextPingMs) return;
    this.#nextPingMs = now + this.#host.config.tickTimeMs / 2;
    for (const handler of this.#handlers.values()) handler.ping(this.#proposals.lastProposed);
    this.#fullTick = !this.#fullTick;
    if (this.#fullTick && this.#phase === 'broadcast' && !this.#hasLiveQuorum(now)) {
      this.#leave('a quorum of followers no longer answers');
    }
  }

  /** Ends the reign: closes every learner. The peer settles the disk. */
  stop(reason: string): void {
    this.#phase = 'over';
    for (const handler of this.learners()) handler.close(reason);
    this.#handlers.clear();
  }

  #onHello(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (type !== PacketType.FOLLOWERINFO && type !== PacketType.OBSERVERINFO) {
      this.#drop(handler, `its first packet has type ${type}, wanted FOLLOWERINFO`);
      return;
    }
    const info = decodeLearnerInfo(buffer, start, end);
    handler.sid = info.sid;
    handler.isObserver = type === PacketType.OBSERVERINFO;
    handler.isZabra = info.zabraVersion > 0;
    handler.acceptedEpoch = zxid < 0 ? 0 : epochOf(zxid);
    if (info.protocolVersion < PROTOCOL_VERSION) {
      this.#drop(handler, `it speaks protocol version ${info.protocolVersion}, before 3.4`);
      return;
    }
    if (info.configVersion > this.#host.ensemble.version) {
      this.#drop(handler, 'its configuration is newer than ours');
      return;
    }
    if (handler.acceptedEpoch - this.#maxAcceptedEpoch > EPOCH_JUMP_MAX) {
      this.#drop(handler, `its accepted epoch ${handler.acceptedEpoch} is beyond reason`);
      return;
    }
    handler.state = 'epoch';
    this.#onPromise(handler);
  }

  /** LeaderProcessFOLLOWERINFO: a member's word may raise the epoch while it is not fixed. */
  #onPromise(handler: LearnerHandler): void {
    if (this.#epoch >= 0) {
      if (this.#acceptedStored) this.#sendLeaderInfo(handler);
      return;
    }
    const isMember = this.#host.ensemble.members.some((m) => m.sid === handler.sid);
    if (isMember) {
      this.#maxAcceptedEpoch = Math.max(this.#maxAcceptedEpoch, handler.acceptedEpoch);
    }
    if (!handler.isObserver) this.#promised.add(handler.sid);
    this.#checkPromises();
  }

  #checkPromises(): void {
    if (this.#epoch >= 0 || !this.#promised.has(this.#host.sid)) return;
    if (!hasQuorumOfAll(this.#verifiers, (sid) => this.#promised.has(sid))) return;
    const epoch = this.#maxAcceptedEpoch + 1;
    if (epoch > EPOCH_MAX) {
      this.#leave(`epoch ${epoch} is beyond the supported ${EPOCH_MAX}`);
      return;
    }
    this.#epoch = epoch;
    this.#deadlineMs = this.#initDeadline();
    this.#acceptedToken = this.#host.storage.storeAcceptedEpoch(epoch);
  }

  #sendLeaderInfo(handler: LearnerHandler): void {
    handler.state = 'ack-epoch';
    handler.send(PacketType.LEADERINFO, makeZxid(this.#epoch, 0), encodeLeaderInfo());
  }

  /** LeaderProcessACKEPOCH. */
  #onAckEpoch(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (type !== PacketType.ACKEPOCH || start < 0 || end - start < 4) {
      this.#drop(handler, `it sent packet type ${type}, wanted ACKEPOCH`);
      return;
    }
    const currentEpoch = new DataView(buffer.buffer, buffer.byteOffset + start, 4).getInt32(0);
    handler.lastZxid = zxid;
    handler.state = 'synced-wait';
    if (this.#currentToken !== 0 || this.#logToken !== 0) {
      if (this.#phase !== 'discovery') this.#synchronise(handler);
      return;
    }
    if (currentEpoch < 0) return;
    const ahead =
      currentEpoch > this.#summaryEpoch ||
      (currentEpoch === this.#summaryEpoch && zxid > this.#summaryZxid);
    if (ahead) {
      this.#drop(handler, 'its history is ahead of ours');
      return;
    }
    if (!handler.isObserver) this.#ackedEpoch.add(handler.sid);
    this.#checkEpochAcks();
  }

  #checkEpochAcks(): void {
    if (this.#logToken !== 0 || !this.#ackedEpoch.has(this.#host.sid)) return;
    if (!hasQuorumOfAll(this.#verifiers, (sid) => this.#ackedEpoch.has(sid))) return;
    this.#deadlineMs = this.#initDeadline();
    this.#logToken = this.#host.storage.syncBeforeLeading();
  }

  /** Our currentEpoch is stored: our own acknowledgement of NEWLEADER counts. */
  #startSynchronization(): void {
    this.#currentToken = -1;
    this.#phase = 'synchronization';
    this.#proposals = new Proposals(makeZxid(this.#epoch, 0));
    this.#ackedNewLeader.add(this.#host.sid);
    for (const handler of this.learners()) {
      if (handler.state === 'synced-wait') this.#synchronise(handler);
    }
    this.#checkNewLeaderAcks();
  }

  /** Freezes the sync decision, queues the history and registers for broadcast in one step. */
  #synchronise(handler: LearnerHandler): void {
    const history = this.#host.committedLog;
    const plan = planSync(
      handler.lastZxid,
      this.#host.lastProcessedZxid,
      history,
      handler.isZabra,
    );
    if (plan.kind === 'SNAP') {
      handler.startSnapshot(this.#host.openSnapshot());
    } else {
      handler.send(plan.kind === 'DIFF' ? PacketType.DIFF : PacketType.TRUNC, plan.zxid);
      for (let i = plan.from; i < history.length; i++) {
        const { zxid, buffer, start, end } = history.at(i);
        handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
        handler.send(PacketType.COMMIT, zxid);
      }
    }
    this.#log('info', `Synchronising ${handler.sid} at ${handler.lastZxid} with ${plan.kind}`);
    if (!handler.isObserver) {
      this.#proposals.forEach((p) =>
        handler.sendRange(PacketType.PROPOSAL, p.zxid, p.buffer, p.start, p.end),
      );
      handler.lastSentProposal = this.#proposals.lastProposed;
    }
    const config = utf8Encode(this.#host.ensembleText);
    handler.deadlineMs = this.#initDeadline();
    handler.sendNewLeader(makeZxid(this.#epoch, 0), config);
    this.onLinkDrained(handler.link);
  }

  /** LeaderProcessACKLD. */
  #onAckNewLeader(handler: LearnerHandler): void {
    handler.state = 'acked';
    if (!handler.isObserver) this.#ackedNewLeader.add(handler.sid);
    if (this.#proposals.count > 0) handler.unackedSinceMs = this.#host.nowMs();
    if (this.#phase === 'broadcast') handler.sendUpToDate();
    else this.#checkNewLeaderAcks();
  }

  #checkNewLeaderAcks(): void {
    if (this.#phase !== 'synchronization') return;
    if (!hasQuorumOfAll(this.#verifiers, (sid) => this.#ackedNewLeader.has(sid))) return;
    this.#phase = 'broadcast';
    this.#nextPingMs = this.#host.nowMs();
    this.#host.onEstablished(this.#epoch);
    for (const handler of this.learners()) {
      if (handler.state === 'acked') handler.sendUpToDate();
    }
  }

  /** LeaderProcessACK: acknowledgements of a learner arrive in zxid order. */
  #onAck(handler: LearnerHandler, zxid: number): void {
    if (zxid <= handler.ackedZxid || epochOf(zxid) !== this.#epoch) return;
    if (zxid > handler.lastSentProposal) {
      this.#drop(handler, 'it acknowledges what was never proposed to it');
      return;
    }
    handler.ackedZxid = zxid;
    handler.unackedSinceMs = zxid >= handler.lastSentProposal ? -1 : this.#host.nowMs();
    if (handler.isObserver) return;
    this.#proposals.onAck(handler.sid, zxid);
    this.#commitReady();
  }

  #commitReady(): void {
    for (;;) {
      const proposal = this.#proposals.takeCommitted(this.#verifiers);
      if (proposal === null) return;
      for (const handler of this.#handlers.values()) this.#announce(handler, proposal);
      this.#host.commit(proposal);
      this.#proposals.answerSyncs();
    }
  }

  #announce(handler: LearnerHandler, proposal: Proposal): void {
    if (!handler.synchronising) return;
    const { zxid, buffer, start, end } = proposal;
    if (handler.isObserver) handler.sendRange(PacketType.INFORM, zxid, buffer, start, end);
    else handler.send(PacketType.COMMIT, zxid);
  }

  #checkHandler(handler: LearnerHandler, now: number): void {
    const syncLimitMs = this.#host.config.syncLimitTicks * this.#host.config.tickTimeMs;
    if (handler.streaming) {
      if (!handler.streamSnapshot()) this.#drop(handler, 'its snapshot was given up');
      else handler.deadlineMs = this.#initDeadline();
      return;
    }
    if (handler.state !== 'broadcast') {
      const waitsForUs = handler.state !== 'hello' && handler.state !== 'sync';
      if (!waitsForUs && now > handler.deadlineMs) this.#drop(handler, 'it missed initLimit');
      return;
    }
    if (now - handler.lastPacketMs > syncLimitMs) {
      this.#drop(handler, `it was silent for ${now - handler.lastPacketMs} ms`);
    } else if (handler.unackedSinceMs >= 0 && now - handler.unackedSinceMs > syncLimitMs) {
      this.#drop(handler, 'it leaves a proposal without its ACK');
    }
  }

  #hasLiveQuorum(now: number): boolean {
    const syncLimitMs = this.#host.config.syncLimitTicks * this.#host.config.tickTimeMs;
    const live = new Set<number>([this.#host.sid]);
    for (const handler of this.#handlers.values()) {
      const alive = handler.state === 'broadcast' || handler.state === 'acked';
      if (alive && now - handler.lastPacketMs <= syncLimitMs) live.add(handler.sid);
      else if (handler.state !== 'hello' && now <= handler.deadlineMs) live.add(handler.sid);
    }
    return hasQuorumOfAll(this.#verifiers, (sid) => live.has(sid));
  }

  #initDeadline(): number {
    const { initLimitTicks, tickTimeMs } = this.#host.config;
    return this.#host.nowMs() + initLimitTicks * tickTimeMs;
  }

  #drop(handler: LearnerHandler, why: string): void {
    if (!this.#handlers.delete(handler.link.id)) return;
    this.#log('warn', `Closing learner ${handler.sid} (${handler.link.remote}): ${why}`);
    handler.close(why);
    this.#host.onLearnerGone(handler);
  }

  #leave(reason: string): void {
    this.#log('warn', `Stopping to lead epoch ${this.#epoch}: ${reason}`);
    this.#host.leave(reason);
  }

  #log(level: 'info' | 'warn', message: string): void {
    this.#host.log(level, 'Leader', message);
  }
}
