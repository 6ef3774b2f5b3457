/**
 * Synchronisation and broadcast on the leader's side (Zab's phases 2 and 3; quorum-protocol.md 6.3,
 * 7 and 9; Zab.tla actions `LeaderSyncFollower`, `LeaderBroadcastTxn`, `LeaderProcessACK`): what
 * each learner is sent, and when a proposal is committed. It begins with the epoch mark e:0 and
 * dies with the reign; who is connected, alive or late is the affair of `leader.ts`.
 *
 * One turn covers the sync decision, the history and the registration for forwarding (S15), and
 * likewise position and queues of a proposal (B1), so nothing falls between.
 */

import { epochOf, makeZxid, PacketType, utf8Encode, zxidToHex } from '@zabra/protocol';
import type { LearnerHandler } from './learner-handler.ts';
import { Proposals } from './proposals.ts';
import { planSync, SNAP_PLAN, type SyncPlan } from './synchronization.ts';
import type { LeaderHost, Proposal } from './zab-host.ts';

/** Snapshots on their way at once; voters are exempt, as in Apache. */
const SNAPSHOTS_MAX = 10;

/** How many times the usual bound may wait behind a snapshot. */
const STREAMING_PATIENCE = 16;

export interface BroadcastOwner {
  readonly handlers: ReadonlyMap<number, LearnerHandler>;
  /** True once the reign is over: nothing is sent or committed any more. */
  readonly isOver: boolean;
  drop(handler: LearnerHandler, why: string): void;
}

export class LeaderBroadcast {
  readonly #host: LeaderHost;
  readonly #owner: BroadcastOwner;
  readonly #proposals: Proposals;
  readonly #epoch: number;
  readonly #epochStart: number;

  constructor(host: LeaderHost, owner: BroadcastOwner, epoch: number) {
    this.#host = host;
    this.#owner = owner;
    this.#epoch = epoch;
    this.#epochStart = makeZxid(epoch, 0);
    this.#proposals = new Proposals(this.#epochStart);
  }

  get lastProposed(): number {
    return this.#proposals.lastProposed;
  }

  /** Syncs that wait for a commit. */
  get syncCount(): number {
    return this.#proposals.syncCount;
  }

  /** Queues all that brings the learner up to date; from then on it gets every packet. */
  synchronise(handler: LearnerHandler, isEstablished: boolean): boolean {
    const plan = this.#plan(handler, isEstablished);
    this.#host.onSynchronise(plan.kind);
    if (plan.kind === 'SNAP' && !this.#startSnapshot(handler)) return false;
    if (plan.kind !== 'SNAP') this.#queueHistory(handler, plan);
    // What it acknowledged before and loses now must not count: it is proposed again below.
    if (plan.kind === 'DIFF') handler.keptZxid = handler.lastZxid;
    else this.#proposals.forgetAcks(handler.sid);
    const now = this.#host.nowMs();
    if (!handler.isObserver) {
      handler.lastSentZxid = Math.max(this.#epochStart, handler.keptZxid);
      for (const { zxid, buffer, start, end } of this.#proposals.outstanding()) {
        if (zxid <= handler.keptZxid) continue;
        handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
        handler.onProposalQueued(zxid, now);
      }
    }
    handler.sendNewLeader(this.#epochStart, utf8Encode(this.#host.ensembleText));
    return true;
  }

  /** Sends a logged transaction to everybody who follows. */
  propose(proposal: Proposal): void {
    this.#proposals.add(proposal);
    const { zxid, buffer, start, end } = proposal;
    const now = this.#host.nowMs();
    for (const handler of this.#owner.handlers.values()) {
      if (!handler.isForwarded || handler.isObserver) continue;
      handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
      handler.onProposalQueued(zxid, now);
      this.#checkQueue(handler);
    }
  }

  /**
   * `LeaderProcessACKLD` of an established leader: the learner is up to date once all that it
   * keeps is committed; until then its clients would see what may yet be lost.
   */
  onAckNewLeader(handler: LearnerHandler): void {
    if (epochOf(handler.keptZxid) === this.#epoch) this.onAck(handler, handler.keptZxid);
    if (handler.earlyAckZxid >= 0) this.onAck(handler, handler.earlyAckZxid);
    this.completeSync(handler);
  }

  /** UPTODATE, when it is due. */
  completeSync(handler: LearnerHandler): void {
    if (handler.state !== 'acked' || this.#owner.isOver) return;
    if (handler.keptZxid > this.#proposals.lastCommitted) return;
    handler.sendUpToDate(this.#host.nowMs());
  }

  /** `LeaderProcessACK`: acknowledgements of one learner arrive in zxid order. */
  onAck(handler: LearnerHandler, zxid: number): void {
    // Observers do not count; history of older epochs and e:0 are not waited for here.
    if (handler.isObserver || epochOf(zxid) !== this.#epoch) return;
    if (zxid <= handler.ackedZxid) return;
    if (zxid > handler.lastSentZxid) {
      this.#owner.drop(handler, 'it acknowledges what was never proposed to it');
      return;
    }
    handler.onAcked(zxid, this.#host.nowMs());
    this.#proposals.onAck(handler.sid, zxid);
    this.#commitReady();
  }

  /** Our own log is on stable storage up to `zxid`: our own word counts. */
  onSynced(zxid: number): void {
    if (epochOf(zxid) !== this.#epoch) return;
    this.#proposals.onAck(this.#host.sid, zxid);
    this.#commitReady();
  }

  /** Calls `answer` when everything proposed so far is committed; now when it is (B9). */
  sync(answer: () => void): void {
    this.#proposals.sync(answer);
  }

  #plan(handler: LearnerHandler, isEstablished: boolean): SyncPlan {
    const { committedLog, lastProcessedZxid, limits } = this.#host;
    const { lastProposed } = this.#proposals;
    const processed = isEstablished
      ? Math.max(lastProcessedZxid, this.#epochStart)
      : lastProcessedZxid;
    let plan = planSync(handler.lastZxid, processed, committedLog, lastProposed, handler.isZabra);
    // A snapshot streams as the network takes it; a history would be queued all at once.
    if (plan.kind !== 'SNAP' && committedLog.bytesFrom(plan.from) > limits.queueBytesMax / 2) {
      plan = SNAP_PLAN;
    }
    const at = zxidToHex(handler.lastZxid);
    this.#host.log(
      'info',
      'LearnerHandler',
      `Synchronising ${handler.sid} at 0x${at}: ${plan.kind}`,
    );
    return plan;
  }

  #startSnapshot(handler: LearnerHandler): boolean {
    let count = 0;
    for (const other of this.#owner.handlers.values()) if (other.isStreaming) count += 1;
    if (handler.isObserver && count >= SNAPSHOTS_MAX) {
      this.#owner.drop(handler, `${count} snapshots are on their way already`);
      return false;
    }
    handler.startSnapshot(this.#host.openSnapshot());
    return true;
  }

  #queueHistory(handler: LearnerHandler, plan: SyncPlan): void {
    const history = this.#host.committedLog;
    handler.send(plan.kind === 'DIFF' ? PacketType.DIFF : PacketType.TRUNC, plan.zxid);
    for (let index = plan.from; index < history.length; index++) {
      const { zxid, buffer, start, end } = history.at(index);
      handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
      handler.send(PacketType.COMMIT, zxid);
    }
  }

  #commitReady(): void {
    while (!this.#owner.isOver) {
      const proposal = this.#proposals.takeCommitted(this.#host.verifiers);
      if (proposal === null) return;
      for (const handler of this.#owner.handlers.values()) this.#announce(handler, proposal);
      this.#host.committedLog.add(proposal);
      this.#host.commit(proposal);
      this.#proposals.answerSyncs();
      for (const handler of this.#owner.handlers.values()) this.completeSync(handler);
    }
  }

  #announce(handler: LearnerHandler, proposal: Proposal): void {
    if (!handler.isForwarded) return;
    const { zxid, buffer, start, end } = proposal;
    if (handler.isObserver) handler.sendRange(PacketType.INFORM, zxid, buffer, start, end);
    else handler.send(PacketType.COMMIT, zxid);
    this.#checkQueue(handler);
  }

  /** T35: a learner that does not take what it is sent is closed; no packet is ever left out. */
  #checkQueue(handler: LearnerHandler): void {
    // Behind a snapshot on its way everything waits: a big tree under writes must still arrive.
    const patience = handler.isStreaming ? STREAMING_PATIENCE : 1;
    if (handler.queuedBytes <= this.#host.limits.queueBytesMax * patience) return;
    this.#owner.drop(handler, `${handler.queuedBytes} bytes wait for it`);
  }
}
