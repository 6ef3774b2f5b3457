/**
 * How whoever serves learners brings one to its own history, once it has decided to: the op packet,
 * then the transactions that the learner lacks, or the whole state (quorum-protocol.md 6.2 and 7).
 * A leader does that for all learners, a follower for the observers behind it. And how observers
 * hear of what is committed from then on.
 */

import { JuteWriter, PacketType, zxidToHex } from '@zabra/protocol';
import type { CommittedLog } from './committed-log.ts';
import { Since } from './declaration.ts';
import { HistoryBody } from './learner-body.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { planSync, SNAP_PLAN, type SyncPlan } from './synchronization.ts';
import type { LeaderHost, Proposal, SyncKind } from './zab-host.ts';

/** Snapshots on their way at once; voters are exempt, as in Apache. */
const SNAPSHOTS_MAX = 10;
const SID_BYTES = 8;
/** The search in log files may take this part of initLimit: so long the learner hears nothing. */
const SEARCH_PART = 3;

export type LearnerSyncHost = Pick<
  LeaderHost,
  'limits' | 'nowMs' | 'log' | 'openSnapshot' | 'openHistory' | 'onSynchronise'
>;

export interface LearnerSyncOwner {
  readonly handlers: ReadonlyMap<number, LearnerHandler>;
  drop(handler: LearnerHandler, why: string): void;
}

export class LearnerSync {
  readonly #host: LearnerSyncHost;
  readonly #owner: LearnerSyncOwner;

  constructor(host: LearnerSyncHost, owner: LearnerSyncOwner) {
    this.#host = host;
    this.#owner = owner;
  }

  /**
   * Queues the op packet and what belongs to it; how is returned, or null when the learner had to
   * be dropped. `search`: the log files are asked first, nothing is decided, and this is to be
   * called again in each turn while `handler.isSearching`. `processed` and `lastProposed` are those
   * of `planSync`.
   */
  begin(
    handler: LearnerHandler,
    history: CommittedLog,
    processed: number,
    lastProposed: number,
  ): SyncKind | 'search' | null {
    const plan = this.#plan(handler, history, processed, lastProposed);
    if (plan === null) return 'search';
    const { sid, lastZxid, search } = handler;
    const isFromLog = plan.kind === 'LOG';
    const kind = plan.kind === 'LOG' ? 'DIFF' : plan.kind;
    const how = isFromLog ? `${kind} out of the log files` : kind;
    const at = zxidToHex(lastZxid);
    this.#host.log('info', 'LearnerHandler', `Synchronising ${sid} at 0x${at}: ${how}`);
    this.#host.onSynchronise(kind, isFromLog);
    if (isFromLog && search !== null) {
      handler.startHistory(plan.zxid, new HistoryBody(search, history));
      return kind;
    }
    handler.endSearch();
    if (kind !== 'SNAP') queueHistory(handler, history, plan);
    else if (!this.#startSnapshot(handler)) return null;
    return kind;
  }

  /** Null: it is not known yet whether the log files serve. */
  #plan(
    handler: LearnerHandler,
    history: CommittedLog,
    processed: number,
    lastProposed: number,
  ): SyncPlan | null {
    const { lastZxid } = handler;
    const isZabra = handler.has(Since.DECLARATION);
    const plan = planSync(lastZxid, processed, history, lastProposed, isZabra);
    if (plan.kind === 'LOG') return this.#planLog(handler, history, plan);
    // A snapshot streams as the network takes it; a history would be queued all at once.
    const isLong = history.bytesFrom(plan.from) > this.#host.limits.queueBytesMax / 2;
    return plan.kind !== 'SNAP' && isLong ? SNAP_PLAN : plan;
  }

  #planLog(handler: LearnerHandler, history: CommittedLog, plan: SyncPlan): SyncPlan | null {
    const { minZxid } = history;
    if (handler.search === null) {
      handler.search = this.#host.openHistory(handler.lastZxid, minZxid);
      const { initLimitTicks, tickTimeMs } = this.#host.limits;
      handler.searchUntilMs = this.#host.nowMs() + (initLimitTicks * tickTimeMs) / SEARCH_PART;
    }
    const { search, searchUntilMs } = handler;
    if (search === null) return SNAP_PLAN;
    if (search.state === 'searching' && this.#host.nowMs() < searchUntilMs) return null;
    if (search.state === 'found' && search.reach(minZxid)) return plan;
    if (search.state === 'failed') this.#host.log('warn', 'LearnerHandler', search.failure);
    return SNAP_PLAN;
  }

  #startSnapshot(handler: LearnerHandler): boolean {
    let count = 0;
    for (const other of this.#owner.handlers.values()) if (other.isStreamingSnapshot) count += 1;
    if (handler.isObserver && count >= SNAPSHOTS_MAX) {
      this.#owner.drop(handler, `${count} snapshots are on their way already`);
      return false;
    }
    handler.startSnapshot(this.#host.openSnapshot());
    return true;
  }
}

function queueHistory(handler: LearnerHandler, history: CommittedLog, plan: SyncPlan): void {
  handler.send(plan.kind === 'DIFF' ? PacketType.DIFF : PacketType.TRUNC, plan.zxid);
  for (let index = plan.from; index < history.length; index++) {
    const { zxid, buffer, start, end } = history.at(index);
    handler.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
    handler.send(PacketType.COMMIT, zxid);
  }
}

/** `leaderSid` is who leads from a reconfiguration on, -1 for any other transaction. */
export function inform(handler: LearnerHandler, proposal: Proposal, leaderSid: number): void {
  const { zxid, buffer, start, end } = proposal;
  if (leaderSid < 0) {
    handler.sendRange(PacketType.INFORM, zxid, buffer, start, end);
    return;
  }
  const w = new JuteWriter(end - start + SID_BYTES);
  w.number(leaderSid);
  w.raw(buffer, start, end);
  handler.sendRange(PacketType.INFORMANDACTIVATE, zxid, w.buffer, 0, w.position);
}
