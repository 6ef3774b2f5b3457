/**
 * Learning: the surroundings of a follower or observer: it applies what the leader commits, takes
 * over the leader's history by TRUNC or SNAP, and forwards the writes of our clients.
 */

import { epochOf, type HostPort, type Id, PacketType } from '@zabra/protocol';
import { Learner } from '../zab/learner.ts';
import type { LearnerHost, PacketLink, Proposal } from '../zab/zab-host.ts';
import { LearnerOrder } from './learner-order.ts';
import type { LearnerMaster } from './learner-masters.ts';
import { ObserverService } from './observer-service.ts';
import type { QuorumLink } from './peer-links.ts';
import type { Campaign } from './campaign.ts';
import type { MemberParts } from './member-parts.ts';
import type { Unanswered } from './request-order.ts';
import { RoleHost } from './role-host.ts';
import { SnapshotIntake } from './snapshot-intake.ts';

/** Of a state that may be ahead of its zxid. */
const UNKNOWN_DIGEST = { hi: 0, lo: 0 };

/** How long a follower that we would observe may take to answer: others are there as well. */
const MASTER_DIAL_TICKS = 2;

/** What became of a TRUNC, told to the learner in a turn of its own. */
type TruncationEnd = 'none' | 'impossible' | 'done';

export class Learning extends RoleHost implements LearnerHost {
  readonly learner: Learner;
  readonly isObserver: boolean;
  /** Whom we are attached to: the leader, or for an observer perhaps one of its followers. */
  readonly masterSid: number;
  readonly dialLimitTicks: number;
  readonly #master: LearnerMaster;
  /** 0 for an Apache member, which orders Apache's writes alone. */
  leaderVersion: number;
  /** Null until UPTODATE. */
  order: LearnerOrder | null;
  /** Null until UPTODATE, and where no observers are served. */
  observers: ObserverService | null;
  /**
   * Memory is not what the disk says: a TRUNC was cut but not reloaded, or a received snapshot is
   * not durable yet. A role that ends like this is followed by recovery (scenario S3).
   */
  isMemoryUnbacked: boolean;
  /** The log is being cut: nothing may be settled before storage says that it is. */
  isTruncating: boolean;
  #intake: SnapshotIntake | null;
  #installToken: number;
  #truncationEnd: TruncationEnd;

  constructor(
    parts: MemberParts,
    campaign: Campaign,
    onLeft: (reason: string) => void,
    leaderSid: number,
  ) {
    super(parts, campaign, onLeft, leaderSid);
    this.isObserver = parts.isObserver;
    const master = parts.masters.next(leaderSid);
    this.masterSid = master.sid;
    const { initLimitTicks } = this.limits;
    const isLeader = master.sid === leaderSid;
    this.dialLimitTicks = isLeader ? initLimitTicks : Math.min(MASTER_DIAL_TICKS, initLimitTicks);
    this.#master = master;
    this.leaderVersion = 0;
    this.order = null;
    this.observers = null;
    this.isMemoryUnbacked = false;
    this.isTruncating = false;
    this.#intake = null;
    this.#installToken = 0;
    this.#truncationEnd = 'none';
    this.learner = new Learner(this, leaderSid, master.addresses);
  }

  get configVersion(): number {
    return this.parts.ensemble.version;
  }

  dial(address: HostPort): PacketLink {
    const link = this.parts.links.openQuorum(`${address.host}:${address.port}`);
    this.parts.links.dial(link, address);
    return link;
  }

  commit(proposal: Proposal): void {
    if (this.order !== null) {
      this.order.onCommitted(proposal);
    } else {
      this.applyUnserved(proposal);
    }
    this.storage.onApplied(proposal.zxid);
  }

  inform(proposal: Proposal, leaderSid: number): void {
    this.observers?.master.onCommitted(proposal, leaderSid);
  }

  /** From our leader, or from an observer that we serve. */
  onPacket(
    link: QuorumLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (link.kind === 'observerMaster') {
      this.observers?.master.onPacket(link, type, zxid, buffer, start, end, auth);
      return;
    }
    const { stats } = this.core;
    if (type === PacketType.PROPOSAL) stats.learnerProposalReceivedCount++;
    else if (type === PacketType.COMMIT) stats.learnerCommitReceivedCount++;
    this.learner.onPacket(link, type, zxid, buffer, start, end, auth);
  }

  onLinkClosed(link: QuorumLink, reason: string): void {
    if (link.kind === 'observerMaster') this.observers?.master.onLearnerClosed(link);
    else this.learner.onLinkClosed(link, reason);
  }

  truncate(zxid: number): void {
    this.closeKept('our history is truncated');
    this.log('info', 'Learner', `Truncating our history to get in step, at 0x${zxid.toString(16)}`);
    if (this.core.disk.truncate(zxid) === 'impossible') {
      this.#truncationEnd = 'impossible';
      return;
    }
    this.isMemoryUnbacked = true;
    this.isTruncating = true;
  }

  /** From storage: the cut is durable, or turned out to be impossible. */
  onTruncated(done: boolean): void {
    this.isTruncating = false;
    if (!done) {
      this.isMemoryUnbacked = false;
      this.#truncationEnd = 'impossible';
      return;
    }
    this.storage.forgetTail();
    this.core.reload(() => {
      this.isMemoryUnbacked = false;
      this.#truncationEnd = 'done';
    });
  }

  receiveSnapshot(link: PacketLink, zxid: number): void {
    this.closeKept('the leader sends a snapshot');
    this.#intake = new SnapshotIntake(this.core.state.beginLoad(), zxid);
    (link as QuorumLink).packets.enterRaw();
  }

  /** Bytes of the body; returns how many belong to it. */
  onSnapshotBytes(link: QuorumLink, buffer: Uint8Array, start: number, end: number): number {
    this.learner.onSnapshotBytes();
    const intake = this.#intake;
    if (intake === null) return end - start;
    const taken = intake.push(buffer, start, end);
    if (intake.error !== null) {
      this.#intake = null;
      this.learner.onSnapshotReceived(intake.error);
    } else if (intake.ended) {
      link.packets.leaveRaw();
      this.learner.onSnapshotReceived(null);
    }
    return taken;
  }

  installSnapshot(): number {
    const { state, disk, committedLog, config } = this.core;
    const intake = this.#intake as SnapshotIntake;
    this.#intake = null;
    const isExact = this.leaderVersion > 0;
    intake.install(isExact);
    this.isMemoryUnbacked = true;
    committedLog.clear();
    this.storage.forgetTail();
    if (!config.reconfigEnabled) this.parts.reconfiguration.show();
    const digest = config.digestEnabled ? (isExact ? state.digest() : UNKNOWN_DIGEST) : null;
    this.#installToken = disk.installSnapshot(state.openStream(), intake.zxid, digest);
    return this.#installToken;
  }

  onStored(token: number): void {
    if (token === this.#installToken) this.isMemoryUnbacked = false;
    this.learner.onStored(token);
  }

  onServing(epoch: number): void {
    const { state } = this.core;
    const { port } = this.parts;
    this.campaign.onEpochEstablished(epoch);
    this.parts.reconfiguration.show();
    state.onLeader(this.leaderVersion > 0);
    state.assumeExact();
    const isOurKind = this.leaderVersion > 0;
    this.order = new LearnerOrder(this.core, port.orderClient, this.learner, isOurKind);
    port.hold.serve(this.order);
    this.#master.onServing();
    this.#serveObservers(this.order, epoch);
    const seen = epochOf(state.lastProcessedZxid);
    this.log(
      'info',
      'Learner',
      `Serving clients in epoch ${epoch}; last transaction is of epoch ${seen}`,
    );
  }

  #serveObservers(order: LearnerOrder, epoch: number): void {
    if (this.isObserver || this.core.config.observerMasterPort <= 0) return;
    this.observers = new ObserverService(this, order, epoch);
    order.observers = this.observers.sessions;
    this.observers.start();
  }

  onPrepareToLead(): void {
    this.parts.door.open();
  }

  onSessionMoved(hi: number, lo: number): void {
    this.parts.port.orderClient.onSessionMoved(hi, lo);
  }

  override unanswered(): Unanswered {
    return this.order?.takeUnanswered() ?? super.unanswered();
  }

  takeTouches(): Uint8Array {
    return this.order?.takeTouches() ?? new Uint8Array(0);
  }

  onSyncAnswer(): void {
    this.order?.onSyncAnswer();
  }

  onRevalidated(sessionHi: number, sessionLo: number, valid: boolean): void {
    this.order?.onRevalidated(sessionHi, sessionLo, valid);
  }

  tick(): void {
    const end = this.#truncationEnd;
    this.#truncationEnd = 'none';
    if (end !== 'none') this.learner.onTruncated(end === 'done');
    this.learner.tick();
    this.observers?.master.tick();
  }

  /** The role is over: whom we served goes elsewhere, a snapshot that was coming is nothing. */
  abandon(reason: string): void {
    this.observers?.stop(reason);
    this.observers = null;
    this.#intake?.abandon();
    this.#intake = null;
  }
}
