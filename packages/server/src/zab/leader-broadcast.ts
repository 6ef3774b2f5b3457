/**
 * Synchronisation and broadcast on the leader's side (Zab's phases 2 and 3; quorum-protocol.md 6.3,
 * 7 and 9; Zab.tla actions `LeaderSyncFollower`, `LeaderBroadcastTxn`, `LeaderProcessACK`): what
 * each learner is sent, and when a proposal is committed. It begins with the epoch mark e:0 and
 * dies with the reign; who is connected, alive or late is the affair of `leader.ts`.
 *
 * One turn covers the sync decision, the history and the registration for forwarding (S15), and
 * likewise position and queues of a proposal (B1), so nothing falls between.
 */

import {
  counterOf,
  epochOf,
  JuteWriter,
  makeZxid,
  PacketType,
  utf8Encode,
  zxidToHex,
} from '@zabra/protocol';
import { designateLeader } from './designated-leader.ts';
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
  /** A reconfiguration that was just committed ends the reign. */
  retire(reason: string): void;
}

export class LeaderBroadcast {
  readonly #host: LeaderHost;
  readonly #owner: BroadcastOwner;
  readonly #proposals: Proposals;
  readonly #epoch: number;
  readonly #epochStart: number;
  /** The reconfiguration that waits for its commit; there is at most one (I19). */
  #reconfigZxid: number;
  /** Another leads from the last commit on: what follows it is for the next epoch to decide. */
  #isRetired: boolean;

  constructor(host: LeaderHost, owner: BroadcastOwner, epoch: number) {
    this.#host = host;
    this.#owner = owner;
    this.#epoch = epoch;
    this.#epochStart = makeZxid(epoch, 0);
    this.#proposals = new Proposals(this.#epochStart);
    this.#reconfigZxid = Number.POSITIVE_INFINITY;
    this.#isRetired = false;
  }

  get lastProposed(): number {
    return this.#proposals.lastProposed;
  }

  /** Nothing that was proposed waits for its commit. */
  get isDrained(): boolean {
    return this.#proposals.count === 0;
  }

  /** The epoch has no zxid left. */
  get isUsedUp(): boolean {
    return counterOf(this.#proposals.lastProposed) >= this.#host.limits.zxidsPerEpoch;
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
    if (!handler.isObserver) {
      handler.lastSentZxid = Math.max(this.#epochStart, handler.keptZxid);
    }
    // A reconfiguration that is only proposed follows UPTODATE, as if it had been proposed later:
    // Apache's learners take what NEWLEADER carries for committed, and forget what came before it.
    this.#queueOutstanding(handler, this.#epochStart, this.#reconfigZxid);
    handler.sendNewLeader(this.#epochStart, utf8Encode(this.#host.ensembleText));
    this.#queueOutstanding(handler, this.#reconfigZxid, Number.POSITIVE_INFINITY);
    return true;
  }

  /** Proposals from one zxid up to, and without, another, to a learner that lacks them. */
  #queueOutstanding(handler: LearnerHandler, fromZxid: number, toZxid: number): void {
    if (handler.isObserver) return;
    const now = this.#host.nowMs();
    for (const { zxid, buffer, start, end } of this.#proposals.outstanding()) {
      if (zxid <= handler.keptZxid || zxid < fromZxid || zxid >= toZxid) continue;
      handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
      handler.onProposalQueued(zxid, now);
    }
  }

  /** Sends a logged transaction to everybody who follows. */
  propose(proposal: Proposal): void {
    this.#proposals.add(proposal);
    const { zxid, buffer, start, end } = proposal;
    const config = this.#host.reconfig.configIn(buffer, start, end);
    if (config !== null) {
      this.#reconfigZxid = zxid;
      this.#host.reconfig.onProposed(config);
    }
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
      // Apache's older learners acknowledge the history of a DIFF as well, if it is of this epoch.
      if (zxid <= this.#proposals.lastCommitted) return;
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
    while (!this.#owner.isOver && !this.#isRetired) {
      const proposal = this.#proposals.takeCommitted(this.#host.verifiers);
      if (proposal === null) return;
      const isReconfig = proposal.zxid === this.#reconfigZxid;
      const leaderSid = isReconfig ? this.#designate(proposal.zxid) : -1;
      for (const handler of this.#owner.handlers.values()) {
        this.#announce(handler, proposal, leaderSid);
      }
      this.#host.committedLog.add(proposal);
      this.#host.commit(proposal);
      if (isReconfig) this.#onReconfigCommitted(proposal.zxid, leaderSid);
      this.#proposals.answerSyncs();
      for (const handler of this.#owner.handlers.values()) this.completeSync(handler);
    }
  }

  #designate(zxid: number): number {
    const { sid, ensemble, reconfig } = this.#host;
    const handlers = [...this.#owner.handlers.values()];
    return designateLeader(sid, ensemble, reconfig.lastSeen, zxid, {
      ackedBy: (voter) => this.#proposals.ackedBy(voter),
      follows: (voter) =>
        handlers.some((handler) => handler.sid === voter && handler.state === 'broadcast'),
    });
  }

  #onReconfigCommitted(zxid: number, leaderSid: number): void {
    this.#reconfigZxid = Number.POSITIVE_INFINITY;
    const end = this.#host.reconfig.onCommitted(zxid, leaderSid);
    if (end === null) return;
    this.#isRetired = true;
    this.#owner.retire(end);
  }

  /** `leaderSid` is -1 unless the proposal is a reconfiguration. */
  #announce(handler: LearnerHandler, proposal: Proposal, leaderSid: number): void {
    if (!handler.isForwarded) return;
    const { zxid, buffer, start, end } = proposal;
    if (leaderSid >= 0) {
      const w = new JuteWriter(end - start + 8);
      w.number(leaderSid);
      if (handler.isObserver) w.raw(buffer, start, end);
      const type = handler.isObserver ? PacketType.INFORMANDACTIVATE : PacketType.COMMITANDACTIVATE;
      handler.sendRange(type, zxid, w.buffer, 0, w.position);
    } else if (handler.isObserver) handler.sendRange(PacketType.INFORM, zxid, buffer, start, end);
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
