/**
 * Campaign: a member's side of elections: the mesh of election connections and fast leader
 * election over it. It casts the vote that disk and memory justify, and tells who won. Until then,
 * read-only clients may be served.
 */

import { assert, type HostPort, type Notification } from '@zabra/protocol';
import { ClaimedEpochs } from '../zab/claimed-epochs.ts';
import { ElectionMesh } from '../zab/election-mesh.ts';
import { FastLeaderElection } from '../zab/fast-leader-election.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { Vote } from '../zab/vote.ts';
import type { ElectionHost, ElectionLink, MeshHost } from '../zab/zab-host.ts';
import type { MemberParts } from './member-parts.ts';
import { electionAddresses } from './member-ports.ts';
import type { LogLevel } from './ready.ts';
import { ReadOnlyService } from './read-only-service.ts';
import type { Appointment } from './reconfiguration.ts';

/** Names that do not resolve and members that are missing are tried again at least this often. */
const POLL_MAX_MS = 2000;

export class Campaign implements ElectionHost, MeshHost {
  readonly sid: number;
  readonly pollMaxMs: number;
  readonly mesh: ElectionMesh;
  /** Of members, which are few. */
  readonly claimedEpochs: ClaimedEpochs;
  readonly #parts: MemberParts;
  readonly #readOnly: ReadOnlyService;
  readonly #election: FastLeaderElection;
  /** Decided and not yet taken up: a role never begins inside of an election's call. */
  #decided: Vote | null;
  #lookingSinceMs: number;

  constructor(parts: MemberParts) {
    const { config, prng } = parts.core;
    const self = parts.membership.own;
    assert(self !== null, `Cannot take part as server ${config.sid}: the ensemble has it not`);
    this.#parts = parts;
    this.#readOnly = new ReadOnlyService(parts.port);
    this.sid = config.sid;
    this.pollMaxMs = POLL_MAX_MS;
    const options = {
      multiAddress: self.addresses.length > 1,
      connectTimeoutMs: config.electionConnectTimeoutMs,
      helloTimeoutMs: config.syncLimitTicks * config.tickTimeMs,
      authenticates: config.quorumAuth?.learnerRequiresSasl === true,
    };
    this.mesh = new ElectionMesh(this, parts.membership.members, options, prng.fork());
    this.claimedEpochs = new ClaimedEpochs();
    this.#election = new FastLeaderElection(this);
    this.#decided = null;
    this.#lookingSinceMs = 0;
  }

  get isObserver(): boolean {
    return this.#parts.isObserver;
  }

  get electionAddresses(): readonly HostPort[] {
    return electionAddresses(this.#parts.membership.own);
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.#parts.verifiers;
  }

  get memberSids(): readonly number[] {
    return this.#parts.membership.members.map(({ sid }) => sid);
  }

  get ensembleText(): string {
    return this.#parts.ensembleText;
  }

  get emptyNeedsAllVoters(): boolean {
    const { config, disk } = this.#parts.core;
    return config.emptyNeedsAllVoters && !config.initializeMarker && disk.isEmpty;
  }

  /** Enters LOOKING with a vote that covers everything in the log, and nothing more (S1). */
  look(): void {
    const { disk, state, stats } = this.#parts.core;
    assert(
      state.lastProcessedZxid === disk.lastLoggedZxid,
      `Cannot vote: memory is at ${state.lastProcessedZxid}, disk at ${disk.lastLoggedZxid}`,
    );
    stats.lookingCount++;
    this.#lookingSinceMs = this.nowMs();
    this.log('info', 'QuorumPeer', 'LOOKING');
    this.#readOnly.onLooking();
    this.#election.start(disk.lastLoggedZxid, disk.currentEpoch);
  }

  /** A reconfiguration said who leads: no election takes place. */
  appoint({ leaderSid, zxid }: Appointment): Vote {
    return this.#election.appoint(leaderSid, zxid, this.#parts.core.disk.currentEpoch);
  }

  tick(): void {
    this.mesh.tick();
    this.#election.tick();
    this.#readOnly.tick();
  }

  /** A role is over: nothing is said until the disk is in order and we look. */
  silence(): void {
    this.#decided = null;
    this.#election.stop();
  }

  /** The decision of the election, once. */
  takeDecision(): Vote | null {
    const vote = this.#decided;
    if (vote === null) return null;
    this.#decided = null;
    this.#readOnly.end();
    this.#parts.core.stats.electionTimeMs.add(this.nowMs() - this.#lookingSinceMs);
    return vote;
  }

  /** Discovery is over: members that ask are told the new epoch (quorum-protocol.md 3.5). */
  onEpochEstablished(epoch: number): void {
    this.#election.onEpochEstablished(epoch);
  }

  stop(): void {
    this.#readOnly.end();
    this.#election.stop();
    this.mesh.stop();
  }

  nowMs(): number {
    return this.#parts.core.nowMs();
  }

  log(level: LogLevel, source: string, message: string): void {
    this.#parts.core.log(level, source, message);
  }

  sendVote(toSid: number, vote: Vote): void {
    this.mesh.send(toSid, vote);
  }

  connectAll(): void {
    this.mesh.connectAll();
  }

  onDecided(vote: Vote): void {
    this.#decided = vote;
    this.#parts.core.ready.wantsTurn = true;
  }

  dial(address: HostPort): ElectionLink {
    const { links } = this.#parts;
    const link = links.openMesh(`${address.host}:${address.port}`);
    links.dial(link, address);
    return link;
  }

  isConnected(sid: number): boolean {
    return this.mesh.isConnected(sid);
  }

  onNotification(sid: number, notification: Notification, isZabra: boolean): void {
    const { config } = notification;
    if (this.#election.looking && config !== null) this.#adopt(config);
    if (this.memberSids.includes(sid)) this.claimedEpochs.onVote(sid, notification);
    this.#election.onNotification(sid, notification, isZabra);
  }

  /** A newer configuration is committed than the one that this round counts by: it begins anew. */
  #adopt(text: string): void {
    const { disk } = this.#parts.core;
    if (!this.#parts.reconfiguration.adopt(text)) return;
    this.#decided = null;
    this.#election.start(disk.lastLoggedZxid, disk.currentEpoch);
  }

  onConnected(sid: number): void {
    this.#election.onConnected(sid);
  }
}
