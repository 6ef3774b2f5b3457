/**
 * EnsembleMember: a server's life in an ensemble: it looks for a leader, leads or follows, and when
 * a role ends settles its disk and looks again (quorum-protocol.md 4.1 and 8.3, ZooKeeper's
 * `QuorumPeer`). The order when a role ends is strict: no more packets, no more requests, the log
 * on disk, memory equal to it, and only then a vote.
 */

import { type Id, ServerState } from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import type { Vote } from '../zab/vote.ts';
import { Campaign } from './campaign.ts';
import type { ClientPort } from './client-port.ts';
import { Leading } from './leading.ts';
import { Learning } from './learning.ts';
import { MemberParts } from './member-parts.ts';
import { MemberPorts } from './member-ports.ts';
import type { Membership } from './membership.ts';
import { admitObserver } from './observer-service.ts';
import type { PeerCore } from './peer-core.ts';
import { type LinksOwner, type MeshLink, PeerLinks, type QuorumLink } from './peer-links.ts';
import type { Role } from './peer-status.ts';
import { QuorumGate, type QuorumGateOwner } from './quorum-gate.ts';
import type { Ready } from './ready.ts';
import { RolePatience } from './role-patience.ts';

/** How long clients are kept across a hand-over before somebody has to be elected. */
const HAND_OVER_MS_MAX = 1000;
/** How long clients that connect may wait for the next role, after one that served. */
const CONNECT_WAIT_MS = 500;

export class EnsembleMember implements LinksOwner, QuorumGateOwner {
  readonly sid: number;
  readonly ready: Ready;
  readonly links: PeerLinks;
  readonly campaign: Campaign;
  readonly gate: QuorumGate;
  readonly ports: MemberPorts;
  readonly #core: PeerCore;
  readonly #parts: MemberParts;
  readonly #patience: RolePatience;
  #role: Leading | Learning | null;
  /** Of `settle`, 0 while no role is being left. */
  #settleToken: number;
  #reloadAfterSettling: boolean;
  /** The log is being cut by a role that is over: nothing is settled before that has ended. */
  #isTruncating: boolean;
  /** When to look for a leader again; -1 while that is not awaited. */
  #lookAtMs: number;
  #stopping: boolean;
  /** It has given up the lead to end, and does not vote again. */
  #isGoing: boolean;

  constructor(core: PeerCore, port: ClientPort, ensemble: EnsembleConfig) {
    this.#core = core;
    this.sid = core.config.sid;
    this.ready = core.ready;
    this.links = new PeerLinks(this, core.config);
    this.#parts = new MemberParts(core, port, this.links, ensemble);
    this.campaign = new Campaign(this.#parts);
    this.ports = new MemberPorts(this.#parts, this.campaign.mesh);
    this.#parts.reconfiguration.owner = this.ports;
    this.gate = new QuorumGate(core, this.links, this.campaign.mesh, this);
    this.#patience = new RolePatience();
    this.#role = null;
    this.#settleToken = 0;
    this.#reloadAfterSettling = false;
    this.#isTruncating = false;
    this.#lookAtMs = -1;
    this.#stopping = false;
    this.#isGoing = false;
  }

  get membership(): Membership {
    return this.#parts.membership;
  }

  get role(): Role {
    if (this.#role instanceof Leading) return 'leader';
    if (this.#role === null) return 'looking';
    return this.#parts.isObserver ? 'observer' : 'follower';
  }

  get leading(): Leading | null {
    return this.#role instanceof Leading ? this.#role : null;
  }

  get learning(): Learning | null {
    return this.#role instanceof Learning ? this.#role : null;
  }

  get phase(): string {
    if (this.#settleToken !== 0 || this.#isTruncating) return 'settling';
    if (this.#role === null) return 'election';
    return this.#role instanceof Leading ? this.#role.leader.phase : this.#role.learner.phase;
  }

  get syncKind(): string {
    return this.#role instanceof Learning ? this.#role.learner.syncKind : '';
  }

  get leaderSid(): number {
    if (this.#role === null) return -1;
    return this.#role instanceof Leading ? this.sid : this.#role.learner.leaderSid;
  }

  get serving(): boolean {
    return this.#role !== null && this.#role.order !== null;
  }

  /** 0 unless another one leads. */
  get leaderSilentMs(): number {
    return this.#role instanceof Learning ? this.#role.learner.watch.silentMs : 0;
  }

  /** History is loaded: look for a leader. */
  start(): void {
    this.#look();
  }

  /** First of all in a turn, so long after the last one. */
  onTurn(sinceMs: number): void {
    if (!(this.#role instanceof Leading)) return;
    const { syncLimitTicks, tickTimeMs } = this.#core.config;
    // Whoever followed us has given us up by now: no read may be answered as if nothing was.
    if (sinceMs > syncLimitTicks * tickTimeMs) this.#leave(`we stood still for ${sinceMs} ms`);
  }

  /** From QuorumGateOwner. */
  onLearner(link: QuorumLink): void {
    if (link.kind === 'observerMaster') admitObserver(this.learning?.observers, link);
    else if (this.#role instanceof Leading) this.#role.leader.onLearnerConnected(link);
    else this.#parts.door.onLinkOpen(link);
  }

  /** From QuorumGateOwner. */
  onLeaderReached(link: QuorumLink): void {
    if (this.#role instanceof Learning) this.#role.learner.onDialed(link);
  }

  onLinkClosed(id: number, reason: string): void {
    const link = this.links.remove(id);
    if (link === undefined || this.gate.onLinkClosed(link)) return;
    if (link.kind === 'election') {
      this.campaign.mesh.onLinkClosed(link as MeshLink, reason);
      return;
    }
    this.#parts.door.onLinkClosed(link as QuorumLink);
    if (this.#role instanceof Leading) this.#role.leader.onLearnerClosed(link as QuorumLink);
    else this.#role?.onLinkClosed(link as QuorumLink, reason);
  }

  onMeshBytes(link: MeshLink, buffer: Uint8Array, start: number, end: number): void {
    this.campaign.mesh.onBytes(link, buffer, start, end);
  }

  /** A peer that cannot be understood costs its connection. */
  onLinkFault(link: QuorumLink, message: string): void {
    this.#core.log('warn', 'QuorumPeer', message);
    link.close(message);
  }

  onPacket(
    link: QuorumLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const role = this.#role;
    if (role instanceof Leading) {
      role.leader.onPacket(link, type, zxid, buffer, start, end, auth);
      return;
    }
    role?.onPacket(link, type, zxid, buffer, start, end, auth);
  }

  onSnapshotBytes(link: QuorumLink, buffer: Uint8Array, start: number, end: number): number {
    if (!(this.#role instanceof Learning)) return end - start;
    return this.#role.onSnapshotBytes(link, buffer, start, end);
  }

  onStored(token: number): void {
    if (this.#parts.reconfiguration.hold(() => this.onStored(token))) return;
    if (token === this.#settleToken) this.#onSettled();
    else if (this.#role instanceof Leading) this.#role.leader.onStored(token);
    else this.#role?.onStored(token);
  }

  onSynced(zxid: number): void {
    if (this.#parts.reconfiguration.hold(() => this.onSynced(zxid))) return;
    if (this.#role instanceof Leading) this.#role.leader.onSynced(zxid);
    else this.#role?.learner.onSynced(zxid);
  }

  onTruncated(done: boolean): void {
    if (this.#role instanceof Learning) {
      this.#role.onTruncated(done);
      return;
    }
    // The role ended while the log was being cut: it waits for a reload of whatever is left.
    this.#isTruncating = false;
    this.#settle();
  }

  /** Once the whole quorum port is lost nobody could join us any more (scenario S17). */
  onQuorumListenFailed(host: string, port: number, reason: string): void {
    const { door } = this.#parts;
    door.onListenFailed(host, port, reason);
    if (door.failure === null || !(this.#role instanceof Leading)) {
      this.#core.log('warn', 'QuorumPeer', reason);
      return;
    }
    this.#leave(`the quorum port is not available: ${door.failure}`);
  }

  /** What was to be stored beside zoo.cfg is. Why the process must end is returned, or null. */
  onConfigStored(token: number, error: string | null): string | null {
    return this.#parts.reconfiguration.onStored(token, error);
  }

  /** Once a turn. */
  tick(): void {
    if (this.#lookAtMs >= 0 && this.#core.nowMs() >= this.#lookAtMs) {
      this.#lookAtMs = -1;
      this.#look();
    }
    this.gate.tick();
    this.campaign.tick();
    const vote = this.campaign.takeDecision();
    if (vote !== null && !this.#stopping) this.#takeUp(vote);
    this.#role?.tick();
    if (this.#parts.port.hold.keptMs() > HAND_OVER_MS_MAX) this.#giveUpHandOver();
  }

  /** Whoever was to lead does not come to. */
  #giveUpHandOver(): void {
    const reason = 'nobody leads after the hand-over';
    if (this.#role !== null && this.#role.order === null) this.#leave(reason);
    else this.#parts.port.closeAll(reason);
  }

  /**
   * This server is about to end: whoever can take over leads from here; else the reign ends behind
   * what is proposed. True when that is on its way.
   */
  leaveLead(): boolean {
    if (!(this.#role instanceof Leading)) return false;
    const { leader } = this.#role;
    if (leader.handOver(-1) === null) return true;
    this.#isGoing = leader.drainAway();
    return this.#isGoing;
  }

  /** The lead is being handed over, or was and nobody leads yet. */
  get isLeavingLead(): boolean {
    if (this.#role instanceof Leading) return this.#role.leader.isHandingOver;
    return this.#parts.port.hold.isKeeping;
  }

  /** Hands the leadership to another member; false when that cannot be. */
  yieldLead(): boolean {
    if (this.#role instanceof Leading) return this.#role.leader.handOver(-1) === null;
    return this.serving;
  }

  /** Asks for the leadership; false when we cannot have it. */
  requestLead(): boolean {
    const role = this.#role;
    if (role instanceof Leading) return role.leader.established;
    if (role === null || role.order === null || this.#parts.isObserver) return false;
    return role.learner.requestLeadership();
  }

  /** The process ends: no vote is cast any more. */
  stop(): void {
    this.#stopping = true;
    if (this.#role !== null) this.#leave('this server is stopping');
    this.campaign.stop();
    this.#parts.door.close();
  }

  #look(): void {
    if (this.#stopping || this.#isGoing) return;
    this.#parts.reconfiguration.onLooking();
    this.#parts.door.open();
    this.campaign.look();
  }

  /** Memory is as the disk: we may vote, unless it is known who leads. */
  #lookSoon(): void {
    const appointment = this.#parts.reconfiguration.takeAppointment();
    if (appointment !== null && !this.#stopping) {
      this.#takeUp(this.campaign.appoint(appointment));
      return;
    }
    const { delayMs } = this.#patience;
    if (delayMs === 0) this.#look();
    else this.#lookAtMs = this.#core.nowMs() + delayMs;
  }

  #takeUp(vote: Vote): void {
    this.#patience.onBegun(this.#core.nowMs());
    const onLeft = (reason: string): void => this.#leave(reason);
    if (vote.state === ServerState.LEADING) {
      this.#lead(onLeft);
      return;
    }
    this.#parts.door.close();
    this.#core.log(
      'info',
      'QuorumPeer',
      `${this.#parts.isObserver ? 'OBSERVING' : 'FOLLOWING'} ${vote.leader}`,
    );
    const role = new Learning(this.#parts, this.campaign, onLeft, vote.leader);
    this.#role = role;
    role.learner.start();
  }

  #lead(onLeft: (reason: string) => void): void {
    this.#core.log('info', 'QuorumPeer', 'LEADING');
    const role = new Leading(this.#parts, this.campaign, onLeft);
    this.#role = role;
    const { failure } = this.#parts.door;
    if (failure !== null) {
      this.#leave(`the quorum port is not available: ${failure}`);
      return;
    }
    this.#parts.door.open();
    role.leader.start();
    this.#parts.door.admit(role.leader);
  }

  /** What a role calls when it is over; its links are closed already. */
  #leave(reason: string): void {
    const role = this.#role;
    if (role === null) return;
    this.#role = null;
    this.campaign.silence();
    const now = this.#core.nowMs();
    const hasServed = role.order !== null;
    this.#patience.onOver(hasServed, now);
    const isHandedOver = this.#parts.port.hold.takeEnd();
    this.#core.log(
      isHandedOver ? 'info' : 'warn',
      'QuorumPeer',
      `Leaving ${role instanceof Leading ? 'LEADING' : 'FOLLOWING'}: ${reason}`,
    );
    if (role instanceof Leading) {
      role.end();
      role.leader.stop(reason);
      this.#reloadAfterSettling = false;
    } else {
      role.learner.stop(reason);
      role.abandon(reason);
      this.#reloadAfterSettling = role.isMemoryUnbacked;
      this.#isTruncating = role.isTruncating;
    }
    const { appointment } = this.#parts.reconfiguration;
    // Whoever asked for a reconfiguration that ends this role is to hear of it.
    const isGraceful = appointment !== null || this.#isGoing || this.#stopping;
    if (!isHandedOver) this.#parts.port.closeAll(reason, isGraceful);
    if (appointment?.leaderSid === this.sid) this.#parts.door.open();
    if (hasServed && !this.#stopping) this.#parts.port.awaitRole(now + CONNECT_WAIT_MS);
    this.#core.state.discardPending();
    if (this.#core.isLoading) {
      this.#reloadAfterSettling = false;
      this.#core.reload(() => this.#lookSoon());
    } else if (!this.#isTruncating) {
      this.#settle();
    }
  }

  #settle(): void {
    this.#settleToken = this.#core.disk.settle();
  }

  /** The log is on disk: memory follows it, and then we may vote. */
  #onSettled(): void {
    this.#settleToken = 0;
    const { state, disk, committedLog } = this.#core;
    const { storage } = this.#parts;
    if (this.#reloadAfterSettling) {
      this.#reloadAfterSettling = false;
      storage.forgetTail();
      this.#core.reload(() => this.#lookSoon());
      return;
    }
    storage.takeTail((entry) => {
      state.replay(entry.buffer, entry.start, entry.end);
      committedLog.add(entry);
    });
    // A leader's zxid of a new epoch exists in memory only (T14).
    state.lastProcessedZxid = disk.lastLoggedZxid;
    this.#lookSoon();
  }
}
