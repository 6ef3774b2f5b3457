/**
 * RoleHost: what the leader's and the learner's surroundings have in common, over the parts of the
 * server. A role and its host are made together on entering the role and dropped on leaving, so
 * that no field of one reign survives into the next.
 */

import { assert, OpCode } from '@zabra/protocol';
import type { CommittedLog } from '../zab/committed-log.ts';
import type { MemberPace } from '../zab/member-pace.ts';
import type { Proposal, ZabLimits } from '../zab/zab-host.ts';
import type { Campaign } from './campaign.ts';
import type { MemberParts } from './member-parts.ts';
import type { MemberStorage } from './member-storage.ts';
import { zabLimits } from './options.ts';
import type { PeerCore } from './peer-core.ts';
import type { LogLevel } from './ready.ts';
import { NOTHING_UNANSWERED, type Unanswered } from './request-order.ts';
import { RoleMembership } from './role-membership.ts';

export abstract class RoleHost {
  readonly parts: MemberParts;
  readonly campaign: Campaign;
  readonly core: PeerCore;
  readonly sid: number;
  readonly limits: ZabLimits;
  readonly pace: MemberPace;
  readonly storage: MemberStorage;
  readonly committedLog: CommittedLog;
  readonly reconfig: RoleMembership;
  readonly #onLeft: (reason: string) => void;

  constructor(
    parts: MemberParts,
    campaign: Campaign,
    onLeft: (reason: string) => void,
    leaderSid: number,
  ) {
    this.parts = parts;
    this.campaign = campaign;
    this.core = parts.core;
    this.sid = parts.core.config.sid;
    this.limits = zabLimits(parts.core.config);
    this.pace = parts.core.pace;
    this.storage = parts.storage;
    this.committedLog = parts.core.committedLog;
    this.reconfig = new RoleMembership(parts.core, parts.reconfiguration, leaderSid);
    this.#onLeft = onLeft;
  }

  get lastProcessedZxid(): number {
    return this.core.state.lastProcessedZxid;
  }

  nowMs(): number {
    return this.core.nowMs();
  }

  log(level: LogLevel, source: string, message: string): void {
    this.core.log(level, source, message);
  }

  onHandOver(successorSid: number, zxid: number): void {
    const { core, reconfiguration, port } = this.parts;
    core.stats.handOverCount++;
    reconfiguration.appoint(successorSid, zxid);
    port.hold.keep(this.unanswered());
  }

  /** What our clients have asked for and nobody has ordered in this role. */
  unanswered(): Unanswered {
    return NOTHING_UNANSWERED;
  }

  leave(reason: string): void {
    this.#onLeft(reason);
  }

  /** Clients that were kept across a hand-over cannot be kept any longer. */
  closeKept(why: string): void {
    if (this.parts.port.hold.isHeld) this.parts.port.closeAll(why);
  }

  /**
   * A commit while no client is served: none that is kept here has asked for it, since nobody has
   * ordered yet what they wait for. Watches are told as ever.
   */
  applyUnserved(proposal: Proposal): void {
    const { state, stats } = this.core;
    const result = state.apply(proposal.buffer, proposal.start, proposal.end);
    assert(!result.isMalformed, 'Cannot apply a committed transaction: it is malformed');
    stats.commitCount++;
    if (result.type !== OpCode.closeSession) return;
    this.parts.port.orderClient.onSessionClosed(result.sessionHi, result.sessionLo);
  }
}
