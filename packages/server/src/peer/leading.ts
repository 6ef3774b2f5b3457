/**
 * Leading: the surroundings of one reign: it gives the leader its disk, its state and its learners'
 * links, and turns requests of learners into proposals by the order of writes that the reign has.
 */

import { type Id, makeZxid } from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { Leader } from '../zab/leader.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { LeaderHost, LearnerOwner, Proposal, SnapshotStream } from '../zab/zab-host.ts';
import { CurrentRequest } from './pending-request.ts';
import { PrimaryOrder } from './primary-order.ts';
import type { Campaign } from './campaign.ts';
import type { MemberParts } from './member-parts.ts';
import { RoleHost } from './role-host.ts';

const NO_IDENTITIES: readonly Id[] = [];

export class Leading extends RoleHost implements LeaderHost {
  readonly leader: Leader;
  /** Null until a quorum follows. */
  order: PrimaryOrder | null;
  readonly #request: CurrentRequest;

  constructor(parts: MemberParts, campaign: Campaign, onLeft: (reason: string) => void) {
    super(parts, campaign, onLeft);
    this.order = null;
    this.#request = new CurrentRequest();
    this.leader = new Leader(this);
  }

  get ensemble(): EnsembleConfig {
    return this.parts.ensemble;
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.parts.verifiers;
  }

  get ensembleText(): string {
    return this.parts.ensembleText;
  }

  openSnapshot(): SnapshotStream {
    return this.core.state.openStream();
  }

  onEstablished(epoch: number): void {
    const { state, disk, config } = this.core;
    const { port } = this.parts;
    state.lastProcessedZxid = makeZxid(epoch, 0);
    this.campaign.onEpochEstablished(epoch);
    this.showEnsemble();
    this.order = new PrimaryOrder(this.core, this.storage, port.orderClient, this.leader);
    if (config.leaderServes) port.order = this.order;
    this.log(
      'info',
      'Leader',
      `Leading epoch ${epoch} from zxid ${disk.lastLoggedZxid.toString(16)}`,
    );
    this.order.closeDeadOwners();
  }

  commit(proposal: Proposal): void {
    if (this.order === null) {
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

  onRevalidate(learner: LearnerOwner, sessionHi: number, sessionLo: number): boolean {
    const timeoutMs = this.core.state.core.sessions.timeoutMs(sessionHi, sessionLo);
    if (timeoutMs < 0 || this.order === null) return false;
    return this.order.claim(learner, sessionHi, sessionLo, timeoutMs);
  }

  onTouch(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    this.order?.onTouched(sessionHi, sessionLo, timeoutMs);
  }

  onLearnerGone(_learner: LearnerOwner): void {
    // Its sessions keep their clocks: they move to another member or expire.
  }

  /** The reign is over: whatever still comes in this turn is ordered by nobody. */
  end(): void {
    this.order?.end();
    this.order = null;
  }

  tick(): void {
    this.leader.tick();
    this.order?.tick();
  }
}
