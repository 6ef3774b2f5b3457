/**
 * Campaign: a member's side of elections: the mesh of election connections and fast leader
 * election over it. It casts the vote that disk and memory justify, and tells who won.
 */

import { assert, type HostPort, type Notification } from '@zabra/protocol';
import { ElectionMesh } from '../zab/election-mesh.ts';
import { memberOf } from '../zab/ensemble-config.ts';
import { FastLeaderElection } from '../zab/fast-leader-election.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { Vote } from '../zab/vote.ts';
import type { ElectionHost, ElectionLink, MeshHost } from '../zab/zab-host.ts';
import type { MemberParts } from './member-parts.ts';
import type { LogLevel } from './ready.ts';

/** Names that do not resolve and members that are missing are tried again at least this often. */
const POLL_MAX_MS = 2000;

export class Campaign implements ElectionHost, MeshHost {
  readonly sid: number;
  readonly isObserver: boolean;
  readonly electionAddresses: readonly HostPort[];
  readonly pollMaxMs: number;
  readonly mesh: ElectionMesh;
  readonly #parts: MemberParts;
  readonly #election: FastLeaderElection;
  /** Decided and not yet taken up: a role never begins inside of an election's call. */
  #decided: Vote | null;
  #lookingSinceMs: number;

  constructor(parts: MemberParts) {
    const { config, prng } = parts.core;
    const self = memberOf(parts.ensemble, config.sid);
    assert(self !== null, `Cannot take part as server ${config.sid}: the ensemble has it not`);
    this.#parts = parts;
    this.sid = config.sid;
    this.isObserver = parts.isObserver;
    this.electionAddresses = self.addresses.map(({ host, electionPort }) => ({
      host,
      port: electionPort,
    }));
    this.pollMaxMs = POLL_MAX_MS;
    const options = {
      multiAddress: self.addresses.length > 1,
      connectTimeoutMs: config.electionConnectTimeoutMs,
      helloTimeoutMs: config.syncLimitTicks * config.tickTimeMs,
    };
    this.mesh = new ElectionMesh(this, parts.ensemble, options, prng.fork());
    this.#election = new FastLeaderElection(this);
    this.#decided = null;
    this.#lookingSinceMs = 0;
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.#parts.verifiers;
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
    this.#election.start(disk.lastLoggedZxid, disk.currentEpoch);
  }

  tick(): void {
    this.mesh.tick();
    this.#election.tick();
  }

  /** The decision of the election, once. */
  takeDecision(): Vote | null {
    const vote = this.#decided;
    if (vote === null) return null;
    this.#decided = null;
    this.#parts.core.stats.electionTimeMs.add(this.nowMs() - this.#lookingSinceMs);
    return vote;
  }

  /** Discovery is over: members that ask are told the new epoch (quorum-protocol.md 3.5). */
  onEpochEstablished(epoch: number): void {
    this.#election.onEpochEstablished(epoch);
  }

  stop(): void {
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

  onNotification(sid: number, notification: Notification): void {
    this.#election.onNotification(sid, notification);
  }

  onConnected(sid: number): void {
    this.#election.onConnected(sid);
  }
}
