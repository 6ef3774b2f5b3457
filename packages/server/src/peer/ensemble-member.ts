/**
 * EnsembleMember: a server's life in an ensemble: it looks for a leader, leads or follows, and when
 * a role ends settles its disk and looks again (quorum-protocol.md 4.1 and 8.3, ZooKeeper's
 * `QuorumPeer`). The order when a role ends is strict: no more packets, no more requests, the log
 * on disk, memory equal to it, and only then a vote.
 */

import { type Id, PacketType, ServerState } from '@zabra/protocol';
import { type EnsembleConfig, memberOf } from '../zab/ensemble-config.ts';
import type { Vote } from '../zab/vote.ts';
import { Campaign } from './campaign.ts';
import type { ClientPort } from './client-port.ts';
import { Leading } from './leading.ts';
import { Learning } from './learning.ts';
import { makeMemberParts, type MemberParts } from './member-parts.ts';
import type { PeerCore } from './peer-core.ts';
import { type LinksOwner, type MeshLink, PeerLinks, type QuorumLink } from './peer-links.ts';
import type { Role } from './peer-status.ts';
import type { LinkKind, Output, Ready } from './ready.ts';

/** A role that ended sooner than this, and never served, got nowhere. */
const ROLE_MS_MIN = 1000;
/** How long to wait with the next election after the second role in a row that got nowhere. */
const PATIENCE_MIN_MS = 50;
const PATIENCE_MAX_MS = 1000;

export class EnsembleMember implements LinksOwner {
  readonly sid: number;
  readonly isObserver: boolean;
  readonly ready: Ready;
  readonly links: PeerLinks;
  readonly campaign: Campaign;
  readonly #core: PeerCore;
  readonly #parts: MemberParts;
  #role: Leading | Learning | null;
  /** Of `settle`, 0 while no role is being left. */
  #settleToken: number;
  #reloadAfterSettling: boolean;
  /** The log is being cut by a role that is over: nothing is settled before that has ended. */
  #isTruncating: boolean;
  #roleSinceMs: number;
  /** Roles in a row that got nowhere: a leader that refuses us is not to be asked without pause. */
  #failedRoles: number;
  /** When to look for a leader again; -1 while that is not awaited. */
  #lookAtMs: number;
  #stopping: boolean;

  constructor(core: PeerCore, port: ClientPort, ensemble: EnsembleConfig) {
    this.#core = core;
    this.sid = core.config.sid;
    this.isObserver = memberOf(ensemble, this.sid)?.role === 'observer';
    this.ready = core.ready;
    this.links = new PeerLinks(this, core.config);
    this.#parts = makeMemberParts(core, port, this.links, ensemble, this.isObserver);
    this.campaign = new Campaign(this.#parts);
    this.#role = null;
    this.#settleToken = 0;
    this.#reloadAfterSettling = false;
    this.#isTruncating = false;
    this.#roleSinceMs = 0;
    this.#failedRoles = 0;
    this.#lookAtMs = -1;
    this.#stopping = false;
  }

  get voterCount(): number {
    return this.#parts.verifiers[0]?.voters.length ?? 0;
  }

  isVoter(sid: number): boolean {
    return memberOf(this.#parts.ensemble, sid)?.role === 'participant';
  }

  get ensembleText(): string {
    return this.#parts.ensembleText;
  }

  get role(): Role {
    if (this.#role instanceof Leading) return 'leader';
    if (this.#role === null) return 'looking';
    return this.isObserver ? 'observer' : 'follower';
  }

  get leading(): Leading | null {
    return this.#role instanceof Leading ? this.#role : null;
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

  get quorumPort(): number {
    return memberOf(this.#parts.ensemble, this.sid)?.addresses[0]?.quorumPort ?? -1;
  }

  get serving(): boolean {
    return this.#role !== null && this.#role.order !== null;
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

  /** Another server knocks at one of our ports. */
  onLinkOpen(kind: LinkKind, remote: string): Output {
    if (kind === 'election') {
      const link = this.links.openMesh(remote);
      this.campaign.mesh.onAccepted(link);
      return link.output;
    }
    const link = this.links.openQuorum(remote);
    if (this.#role instanceof Leading) this.#role.leader.onLearnerConnected(link);
    else link.close('this server does not lead');
    return link.output;
  }

  onDialed(id: number): void {
    const link = this.links.find(id);
    if (link === undefined) return;
    if (link.kind === 'election') this.campaign.mesh.onDialed(link as MeshLink);
    else if (this.#role instanceof Learning) this.#role.learner.onDialed(link as QuorumLink);
  }

  onLinkClosed(id: number, reason: string): void {
    const link = this.links.remove(id);
    if (link === undefined) return;
    if (link.kind === 'election') this.campaign.mesh.onLinkClosed(link as MeshLink, reason);
    else if (this.#role instanceof Leading) this.#role.leader.onLearnerClosed(link as QuorumLink);
    else this.#role?.learner.onLinkClosed(link as QuorumLink, reason);
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
    const { stats } = this.#core;
    if (type === PacketType.PROPOSAL) stats.learnerProposalReceivedCount++;
    else if (type === PacketType.COMMIT) stats.learnerCommitReceivedCount++;
    role?.learner.onPacket(link, type, zxid, buffer, start, end, auth);
  }

  onSnapshotBytes(link: QuorumLink, buffer: Uint8Array, start: number, end: number): number {
    if (!(this.#role instanceof Learning)) return end - start;
    return this.#role.onSnapshotBytes(link, buffer, start, end);
  }

  onStored(token: number): void {
    if (token === this.#settleToken) this.#onSettled();
    else if (this.#role instanceof Leading) this.#role.leader.onStored(token);
    else this.#role?.onStored(token);
  }

  onSynced(zxid: number): void {
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

  /** The quorum port is lost: nobody could join us any more (scenario S17). */
  onQuorumListenFailed(reason: string): void {
    if (this.#role instanceof Leading) this.#leave(`the quorum port is not available: ${reason}`);
  }

  listenForElections(): void {
    const { config } = this.#core;
    for (const { host, port } of this.campaign.electionAddresses) {
      const bindHost = config.quorumListenOnAllIps ? '' : host;
      this.ready.listens.push({ kind: 'election', host: bindHost, port, open: true });
    }
  }

  /** Once a turn. */
  tick(): void {
    if (this.#lookAtMs >= 0 && this.#core.nowMs() >= this.#lookAtMs) {
      this.#lookAtMs = -1;
      this.#look();
    }
    this.campaign.tick();
    const vote = this.campaign.takeDecision();
    if (vote !== null && !this.#stopping) this.#takeUp(vote);
    this.#role?.tick();
  }

  /** The process ends: no vote is cast any more. */
  stop(): void {
    this.#stopping = true;
    if (this.#role !== null) this.#leave('this server is stopping');
    this.campaign.stop();
  }

  #look(): void {
    if (!this.#stopping) this.campaign.look();
  }

  /** Memory is as the disk: we may vote. */
  #lookSoon(): void {
    const failures = this.#failedRoles;
    if (failures < 2) {
      this.#look();
      return;
    }
    const patienceMs = Math.min(PATIENCE_MIN_MS * 2 ** (failures - 1), PATIENCE_MAX_MS);
    this.#lookAtMs = this.#core.nowMs() + patienceMs;
  }

  #takeUp(vote: Vote): void {
    this.#roleSinceMs = this.#core.nowMs();
    const onLeft = (reason: string): void => this.#leave(reason);
    if (vote.state === ServerState.LEADING) {
      this.#core.log('info', 'QuorumPeer', 'LEADING');
      this.#listenForLearners(true);
      const role = new Leading(this.#parts, this.campaign, onLeft);
      this.#role = role;
      role.leader.start();
      return;
    }
    this.#core.log(
      'info',
      'QuorumPeer',
      `${this.isObserver ? 'OBSERVING' : 'FOLLOWING'} ${vote.leader}`,
    );
    const leader = memberOf(this.#parts.ensemble, vote.leader);
    const addresses = (leader?.addresses ?? []).map(({ host, quorumPort }) => ({
      host,
      port: quorumPort,
    }));
    const role = new Learning(this.#parts, this.campaign, onLeft, vote.leader, addresses);
    this.#role = role;
    role.learner.start();
  }

  /** What a role calls when it is over; its links are closed already. */
  #leave(reason: string): void {
    const role = this.#role;
    if (role === null) return;
    this.#role = null;
    const isFailure = role.order === null && this.#core.nowMs() - this.#roleSinceMs < ROLE_MS_MIN;
    this.#failedRoles = isFailure ? this.#failedRoles + 1 : 0;
    this.#core.log(
      'warn',
      'QuorumPeer',
      `Leaving ${role instanceof Leading ? 'LEADING' : 'FOLLOWING'}: ${reason}`,
    );
    if (role instanceof Leading) {
      role.end();
      role.leader.stop(reason);
      this.#listenForLearners(false);
      this.#reloadAfterSettling = false;
    } else {
      role.learner.stop(reason);
      role.abandon();
      this.#reloadAfterSettling = role.isMemoryUnbacked;
      this.#isTruncating = role.isTruncating;
    }
    this.#parts.port.closeAll(reason);
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

  /** The quorum port is open while we lead, and only then. */
  #listenForLearners(open: boolean): void {
    const { config } = this.#core;
    for (const { host, quorumPort } of memberOf(this.#parts.ensemble, this.sid)?.addresses ?? []) {
      const bindHost = config.quorumListenOnAllIps ? '' : host;
      this.ready.listens.push({ kind: 'quorum', host: bindHost, port: quorumPort, open });
    }
  }
}
