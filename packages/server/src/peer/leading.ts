/**
 * Leading: the surroundings of one reign: it gives the leader its disk, its state and its learners'
 * links, and turns requests of learners into proposals by the order of writes that the reign has.
 */

import { type Id, makeZxid } from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { Leader } from '../zab/leader.ts';
import { hasSyncedQuorum } from '../zab/learner-liveness.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type {
  HistoryStream,
  LeaderHost,
  LearnerOwner,
  Proposal,
  SnapshotStream,
  SyncKind,
} from '../zab/zab-host.ts';
import { CurrentRequest } from './pending-request.ts';
import { PrimaryOrder } from './primary-order.ts';
import { judgeReconfig, type ReconfigContext } from './reconfig-judge.ts';
import type { Campaign } from './campaign.ts';
import type { MemberParts } from './member-parts.ts';
import { RoleHost } from './role-host.ts';

const NO_IDENTITIES: readonly Id[] = [];

export class Leading extends RoleHost implements LeaderHost {
  readonly leader: Leader;
  /** Null until a quorum follows. */
  order: PrimaryOrder | null;
  readonly #request: CurrentRequest;
  /** Where our log stood on disk when it last came forward, and when that was. */
  #syncedZxid: number;
  #syncedAtMs: number;

  constructor(parts: MemberParts, campaign: Campaign, onLeft: (reason: string) => void) {
    super(parts, campaign, onLeft, parts.membership.sid);
    this.order = null;
    this.#request = new CurrentRequest();
    this.#syncedZxid = this.storage.syncedZxid;
    this.#syncedAtMs = this.nowMs();
    this.leader = new Leader(this);
  }

  get ensemble(): EnsembleConfig {
    return this.parts.ensemble;
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.parts.verifiers;
  }

  get ensembleText(): string {
    const { membership } = this.parts;
    return this.leader.established ? membership.committedText : membership.lastSeenText;
  }

  claimedEpochOf(sid: number): number {
    return this.campaign.claimedEpochs.of(sid);
  }

  openSnapshot(): SnapshotStream {
    return this.core.state.openStream();
  }

  openHistory(afterZxid: number, untilZxid: number): HistoryStream | null {
    return this.core.disk.openHistory(afterZxid, untilZxid);
  }

  onEstablished(epoch: number): void {
    const { state, disk, config } = this.core;
    const { port } = this.parts;
    state.lastProcessedZxid = makeZxid(epoch, 0);
    this.campaign.onEpochEstablished(epoch);
    this.parts.reconfiguration.show();
    state.onLeader(true);
    this.order = new PrimaryOrder(this.core, this.storage, port.orderClient, this.leader);
    state.core.reconfigJudge = (request, zxid) => judgeReconfig(request, zxid, this.#context);
    if (config.leaderServes) port.hold.serve(this.order);
    else this.closeKept('a leader serves no clients here');
    this.log(
      'info',
      'Leader',
      `Leading epoch ${epoch} from zxid ${disk.lastLoggedZxid.toString(16)}`,
    );
    this.order.closeDeadOwners();
  }

  onDraining(isDraining: boolean): void {
    const { hold } = this.parts.port;
    this.order?.pause(isDraining);
    if (isDraining) hold.begin();
    else hold.goOn();
  }

  onRetiring(): void {
    this.order?.end();
  }

  commit(proposal: Proposal): void {
    if (this.order === null) {
      // Of an earlier reign, and it may be what a client waits for.
      this.closeKept('transactions of the last reign were not committed yet');
      this.applyUnserved(proposal);
    } else {
      this.order.onCommitted(proposal);
    }
    this.storage.onApplied(proposal.zxid);
  }

  onLearnerRequest(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const identities = auth ?? NO_IDENTITIES;
    const request = this.#request;
    request.set(sessionHi, sessionLo, cxid, opcode, buffer, start, end, identities);
    this.order?.onForwarded(learner, request);
  }

  /**
   * Answered behind the commits of all that the session has asked for elsewhere: a learner knows
   * its requests by session and xid, and a client may begin its xids anew when it moves.
   */
  onRevalidate(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    timeoutMs: number,
    answer: (valid: boolean) => void,
  ): void {
    const isClaimed = this.order?.claim(learner, sessionHi, sessionLo, timeoutMs) ?? false;
    this.leader.sync(() => {
      // A local session that became global just now is known by this time.
      answer(isClaimed && this.core.state.core.sessions.has(sessionHi, sessionLo));
    });
  }

  onTouch(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    this.order?.onTouched(sessionHi, sessionLo, timeoutMs);
  }

  onSynchronise(kind: SyncKind, isFromLog: boolean): void {
    this.core.stats.onSynchronise(kind, isFromLog);
  }

  onLearnerGone(_learner: LearnerOwner): void {
    // Its sessions keep their clocks: they move to another member or expire.
  }

  get #context(): ReconfigContext {
    const { standaloneEnabled, multiAddressEnabled } = this.core.config;
    const { membership } = this.parts;
    return {
      membership,
      standaloneEnabled,
      multiAddressEnabled,
      hasSyncedQuorum: (verifier) =>
        hasSyncedQuorum(this.sid, this.leader.handlers.values(), verifier, membership.committed),
    };
  }

  /** The reign is over: whatever still comes in this turn is ordered by nobody. */
  end(): void {
    this.core.state.core.reconfigJudge = null;
    this.order?.end();
    this.order = null;
  }

  tick(): void {
    this.leader.tick();
    this.order?.tick();
    this.#watchDisk();
  }

  /**
   * Followers make a quorum without us, so commits would go on while our own disk stands still, and
   * our memory would run ahead of it without bound: whoever has a disk that works is to lead.
   */
  #watchDisk(): void {
    const { disk } = this.core;
    const { syncLimitTicks, tickTimeMs } = this.limits;
    const now = this.nowMs();
    if (disk.unsyncedBytes === 0 || disk.syncedZxid !== this.#syncedZxid) {
      this.#syncedZxid = disk.syncedZxid;
      this.#syncedAtMs = now;
      return;
    }
    const stuckMs = now - this.#syncedAtMs;
    if (stuckMs > syncLimitTicks * tickTimeMs) this.leave(`our disk is stuck for ${stuckMs} ms`);
  }
}
