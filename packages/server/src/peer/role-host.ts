/**
 * RoleHost: what the leader's and the learner's surroundings have in common, over the parts of the
 * server. A role and its host are made together on entering the role and dropped on leaving, so
 * that no field of one reign survives into the next.
 */

import { assert, utf8Encode } from '@zabra/protocol';
import type { CommittedLog } from '../zab/committed-log.ts';
import type { Proposal, ZabLimits } from '../zab/zab-host.ts';
import type { Campaign } from './campaign.ts';
import type { MemberParts } from './member-parts.ts';
import type { MemberStorage } from './member-storage.ts';
import { zabLimits } from './options.ts';
import type { PeerCore } from './peer-core.ts';
import type { LogLevel } from './ready.ts';

export abstract class RoleHost {
  readonly parts: MemberParts;
  readonly campaign: Campaign;
  readonly core: PeerCore;
  readonly sid: number;
  readonly limits: ZabLimits;
  readonly storage: MemberStorage;
  readonly committedLog: CommittedLog;
  readonly #onLeft: (reason: string) => void;

  constructor(parts: MemberParts, campaign: Campaign, onLeft: (reason: string) => void) {
    this.parts = parts;
    this.campaign = campaign;
    this.core = parts.core;
    this.sid = parts.core.config.sid;
    this.limits = zabLimits(parts.core.config);
    this.storage = parts.storage;
    this.committedLog = parts.core.committedLog;
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

  leave(reason: string): void {
    this.#onLeft(reason);
  }

  /** A commit while no client is served: nobody waits for it. */
  applyUnserved(proposal: Proposal): void {
    const { state, stats } = this.core;
    const result = state.apply(proposal.buffer, proposal.start, proposal.end);
    assert(!result.isMalformed, 'Cannot apply a committed transaction: it is malformed');
    stats.commitCount++;
  }

  /** The configuration's znode says what this server was told: it is no transaction's effect. */
  showEnsemble(): void {
    const { ensemble, ensembleText } = this.parts;
    const { tree } = this.core.state.core;
    tree.setConfigNode(utf8Encode(ensembleText), ensemble.version, this.core.wallMs());
  }
}
