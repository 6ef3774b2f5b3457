/**
 * Synchronisation and broadcast on the leader's side (Zab's phases 2 and 3; quorum-protocol.md 6.3,
 * 7 and 9; Zab.tla actions `LeaderSyncFollower`, `LeaderBroadcastTxn`, `LeaderProcessACK`): what
 * each learner is sent, and when a proposal is committed. It begins with the epoch mark e:0 and
 * dies with the reign; who is connected, alive or late is the affair of `leader.ts`.
 *
 * One turn covers the sync decision, the history and the registration for forwarding (S15), and
 * likewise position and queues of a proposal (B1), so nothing falls between.
 */

import { counterOf, epochOf, JuteWriter, makeZxid, PacketType, utf8Encode } from '@zabra/protocol';
import { designateLeader } from './designated-leader.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { inform, LearnerSync, type LearnerSyncOwner } from './learner-sync.ts';
import { Proposals } from './proposals.ts';
import type { LeaderHost, Proposal } from './zab-host.ts';

export interface BroadcastOwner extends LearnerSyncOwner {
  /** True once the reign is over: nothing is sent or committed any more. */
  readonly isOver: boolean;
  /** A reconfiguration that was just committed ends the reign. */
  retire(reason: string): void;
}

export class LeaderBroadcast {
  readonly #host: LeaderHost;
  readonly #owner: BroadcastOwner;
  readonly #sync: LearnerSync;
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
    this.#sync = new LearnerSync(host, owner);
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

  /**
   * Queues all that brings the learner up to date; from then on it gets every packet. False when it
   * was dropped, or has to wait for the log files (`LearnerSync.begin`).
   */
  synchronise(handler: LearnerHandler, isEstablished: boolean): boolean {
    const { committedLog, lastProcessedZxid } = this.#host;
    const processed = isEstablished
      ? Math.max(lastProcessedZxid, this.#epochStart)
      : lastProcessedZxid;
    const { lastProposed } = this.#proposals;
    const kind = this.#sync.begin(handler, committedLog, processed, lastProposed);
    if (kind === null || kind === 'search') return false;
    // What it acknowledged before and loses now must not count: it is proposed again below.
    if (kind === 'DIFF') handler.keptZxid = handler.lastZxid;
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
    if (handler.isObserver) inform(handler, proposal, leaderSid);
    else if (leaderSid < 0) handler.send(PacketType.COMMIT, proposal.zxid);
    else {
      const w = new JuteWriter(8);
      w.number(leaderSid);
      const type = PacketType.COMMITANDACTIVATE;
      handler.sendRange(type, proposal.zxid, w.buffer, 0, w.position);
    }
    this.#checkQueue(handler);
  }

  /** T35: a learner that does not take what it is sent is closed; no packet is ever left out. */
  #checkQueue(handler: LearnerHandler): void {
    if (!handler.isOverfull(this.#host.limits.queueBytesMax)) return;
    this.#owner.drop(handler, `${handler.queuedBytes} bytes wait for it`);
  }
}
