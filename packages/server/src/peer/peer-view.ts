/**
 * PeerView: a server as it shows itself: to four-letter words, metrics, the health port, tests and
 * the simulator's checkers. It only reads.
 */

import { counterOf, int64Hex } from '@zabra/protocol';
import type { LearnerHandler } from '../zab/learner-handler.ts';
import type { ObserverMaster } from '../zab/observer-master.ts';
import type { ClientPort } from './client-port.ts';
import type { EnsembleMember } from './ensemble-member.ts';
import {
  answerWord,
  TRACE_MASK_DEFAULT,
  type TraceMask,
  type WordView,
} from './four-letter-words.ts';
import { ListView } from './list-view.ts';
import { type MetricRow, type MetricView, readMetrics } from './metrics.ts';
import type { PeerConfig } from './peer-config.ts';
import type { PeerCore } from './peer-core.ts';
import type { PeerStatus, Role } from './peer-status.ts';
import type { ServerStats } from './server-stats.ts';

/** A leader is heard every half tick at least; whoever missed four of those is not in step. */
const IN_STEP_TICKS = 2;

export class PeerView implements WordView, MetricView {
  readonly #core: PeerCore;
  readonly #port: ClientPort;
  readonly #member: EnsembleMember | null;
  readonly lists: ListView;
  readonly traceMask: TraceMask;
  #servingSinceMs: number;

  constructor(core: PeerCore, port: ClientPort, member: EnsembleMember | null) {
    this.#core = core;
    this.#port = port;
    this.#member = member;
    this.lists = new ListView(core, port);
    this.traceMask = { hi: 0, lo: TRACE_MASK_DEFAULT };
    this.#servingSinceMs = -1;
  }

  answer(word: string, tail: Uint8Array): ReturnType<typeof answerWord> {
    return answerWord(word, this, tail);
  }

  yieldLead(): boolean {
    return this.#member?.yieldLead() ?? false;
  }

  requestLead(): boolean {
    return this.#member?.requestLead() ?? false;
  }

  status(): PeerStatus {
    const { config, disk, state, stats } = this.#core;
    const digest = state.digest();
    const member = this.#member;
    return {
      sid: config.sid,
      role: this.role,
      phase: this.#core.isLoading ? 'recovery' : (member?.phase ?? 'broadcast'),
      serving: this.serving,
      inStep: this.serving && this.#isLeaderHeard,
      keepsClients: this.#port.hold.isKeeping,
      readOnly: this.isReadOnly,
      recovered: stats.dbInitTimeMs.count > 0,
      configVersion: member?.membership.committed.version ?? 0,
      leaderSid: member === null ? config.sid : member.leaderSid,
      unreachable: member?.campaign.mesh.unreachable() ?? [],
      currentEpoch: stats.dbInitTimeMs.count > 0 ? disk.currentEpoch : -1,
      acceptedEpoch: stats.dbInitTimeMs.count > 0 ? disk.acceptedEpoch : -1,
      lastProcessedZxid: state.lastProcessedZxid,
      lastLoggedZxid: stats.dbInitTimeMs.count > 0 ? disk.lastLoggedZxid : 0,
      syncedZxid: stats.dbInitTimeMs.count > 0 ? disk.syncedZxid : 0,
      digest: int64Hex(digest.hi | 0, digest.lo | 0),
      digestMismatchCount: state.digestMismatchCount,
      connectionCount: this.connectionCount,
      sessionCount: this.globalSessionCount,
      localSessionCount: this.localSessionCount,
      outstandingRequestCount: stats.outstandingRequests,
    };
  }

  metrics(): MetricRow[] {
    return readMetrics(this);
  }

  /** Once a turn: remembers since when clients are served. */
  tick(): void {
    if (!this.serving && !this.isReadOnly) this.#servingSinceMs = -1;
    else if (this.#servingSinceMs < 0) this.#servingSinceMs = this.#core.nowMs();
  }

  get role(): Role {
    return this.#member === null ? 'standalone' : this.#member.role;
  }

  get config(): PeerConfig {
    return this.#core.config;
  }

  get stats(): ServerStats {
    return this.#core.stats;
  }

  /** Reads and writes; a server in read-only mode has no leader and does not serve. */
  get serving(): boolean {
    const { order } = this.#port;
    return (order !== null && !order.isReadOnly) || (this.#member?.serving ?? false);
  }

  get #isLeaderHeard(): boolean {
    const silentMs = this.#member?.leaderSilentMs ?? 0;
    return silentMs <= IN_STEP_TICKS * this.config.tickTimeMs;
  }

  get isReadOnly(): boolean {
    return this.#port.order?.isReadOnly ?? false;
  }

  get mode(): string {
    return this.isReadOnly ? 'read-only' : this.role;
  }

  /** Not to those who ask a server in read-only mode, as in Apache. */
  get isEnsemble(): boolean {
    return this.#member !== null && !this.isReadOnly;
  }

  get peerState(): string | null {
    const member = this.#member;
    if (member === null || this.isReadOnly) return null;
    const state = PEER_STATES[member.role] ?? member.role;
    const parts = [state];
    if (member.phase !== 'election') parts.push(member.phase);
    if (member.syncKind !== '') parts.push(member.syncKind.toLowerCase());
    return parts.join(' - ');
  }

  get observerMasterSid(): number | null {
    const member = this.#member;
    if (member === null || this.isReadOnly || !member.membership.isObserver) return null;
    return member.learning?.masterSid ?? -1;
  }

  get servesObservers(): boolean {
    return this.role === 'leader' || this.observers !== null;
  }

  get zxid(): number {
    return this.#core.state.lastProcessedZxid;
  }

  /** Apache counts the root twice: its map has it under two names. */
  get znodeCount(): number {
    return this.#core.state.core.tree.nodes.count + 1;
  }

  get watchCount(): number {
    const { watches } = this.#core.state.core;
    return watches.dataWatchCount + watches.childWatchCount;
  }

  get watchBytes(): number {
    return this.#core.state.core.watches.bytes;
  }

  get ephemeralCount(): number {
    let total = 0;
    this.#core.state.core.tree.forEachEphemeralOwner((_hi, _lo, count) => {
      total += count;
    });
    return total;
  }

  get approximateDataBytes(): number {
    return this.#core.state.core.tree.bytes;
  }

  get treeBytes(): number {
    return this.#core.state.core.tree.bytes;
  }

  get globalSessionCount(): number {
    return this.#core.state.core.sessions.size;
  }

  get localSessionCount(): number {
    return this.#port.locals.count;
  }

  get digestMismatchCount(): number {
    return this.#core.state.digestMismatchCount;
  }

  get connectionCount(): number {
    return this.#port.connectionCount;
  }

  get uptimeMs(): number {
    return this.#servingSinceMs < 0 ? 0 : this.#core.nowMs() - this.#servingSinceMs;
  }

  get quorumSize(): number {
    return this.#member?.membership.voters.length ?? 1;
  }

  get learnerCount(): number {
    return this.#member?.leading?.leader.handlers.size ?? 0;
  }

  get syncedFollowerCount(): number {
    return this.#countSynced(({ isObserver, sid }) => !isObserver && this.#isVoter(sid));
  }

  get syncedObserverCount(): number {
    const { observers } = this;
    if (observers !== null) return observers.syncedCount;
    return this.#countSynced(({ isObserver }) => isObserver);
  }

  get syncedNonVotingCount(): number {
    return this.#countSynced(({ isObserver, sid }) => !isObserver && !this.#isVoter(sid));
  }

  get pendingSyncCount(): number {
    return this.#member?.leading?.leader.pendingSyncCount ?? 0;
  }

  get leaderUptimeMs(): number {
    return this.role === 'leader' ? this.uptimeMs : 0;
  }

  get lastZxid(): number {
    return this.zxid;
  }

  get epoch(): number {
    return this.#member?.leading?.leader.epoch ?? this.#core.disk.currentEpoch;
  }

  get unsyncedLogBytes(): number {
    return this.#core.disk.unsyncedBytes;
  }

  get zxidsLeft(): number {
    return this.config.zxidsPerEpoch - counterOf(this.lastZxid);
  }

  get silenceCount(): number {
    return this.#core.pace.silenceCount;
  }

  get detectionFloorMs(): number {
    return this.#core.pace.floorMs;
  }

  get dropProbability(): number {
    return this.#port.dropProbability;
  }

  directoryBytes(directory: 'snap' | 'log'): number {
    const { reader } = this.#core;
    let total = 0;
    for (const name of reader.list(directory)) {
      total += Math.max(0, reader.sizeBytes(directory, name));
    }
    return total;
  }

  /** Null unless this follower serves observers. */
  get observers(): ObserverMaster | null {
    return this.#member?.learning?.observers?.master ?? null;
  }

  #isVoter(sid: number): boolean {
    return this.#member?.membership.voters.includes(sid) ?? false;
  }

  #countSynced(counts: (learner: LearnerHandler) => boolean): number {
    let count = 0;
    for (const learner of this.#member?.leading?.leader.handlers.values() ?? []) {
      if (learner.state === 'broadcast' && counts(learner)) count++;
    }
    return count;
  }

  get clientPort(): number {
    return this.#port.listener.address.port;
  }

  get ensembleText(): string | null {
    return this.#member?.membership.committedText ?? null;
  }

  get electionPort(): number {
    return this.#member?.campaign.electionAddresses[0]?.port ?? -1;
  }

  get quorumPort(): number {
    return this.#member?.membership.own?.addresses[0]?.quorumPort ?? -1;
  }

  get peerType(): number {
    return this.#member?.membership.isObserver === true ? 1 : 0;
  }
}

const PEER_STATES: Readonly<Record<string, string>> = {
  looking: 'looking',
  leader: 'leading',
  follower: 'following',
  observer: 'observing',
};
