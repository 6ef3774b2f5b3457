/**
 * Whether learners are alive, as the leader sees it (quorum-protocol.md 9, "slow-learner checks",
 * and 19): which one must be closed because it is late, and whether those that are left make a
 * quorum. Rules over the marks of the handlers alone.
 */

import { type EnsembleConfig, memberOf } from './ensemble-config.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { hasQuorumOfAll, type QuorumVerifier } from './quorum-verifier.ts';
import type { MemberPace } from './member-pace.ts';
import type { ZabLimits } from './zab-host.ts';

/** Why the learner must be closed now, or null; once a turn. */
export function lateness(
  handler: LearnerHandler,
  limits: ZabLimits,
  pace: MemberPace,
  nowMs: number,
): string | null {
  const syncLimitMs = limits.syncLimitTicks * limits.tickTimeMs;
  switch (handler.state) {
    case 'hello':
    case 'ack-epoch':
    case 'sync':
      return nowMs > handler.deadlineMs ? `no word from it in "${handler.state}"` : null;
    case 'broadcast': {
      const silentMs = nowMs - handler.lastPacketMs;
      if (silentMs > syncLimitMs) return `it was silent for ${silentMs} ms`;
      const tooLongMs = handler.heartbeat.tooLongMs(pace, nowMs);
      if (tooLongMs > 0) {
        pace.silenceCount++;
        return `nothing was heard of it for ${tooLongMs} ms`;
      }
      const isStuck = handler.unackedSinceMs >= 0 && nowMs - handler.unackedSinceMs > syncLimitMs;
      return isStuck ? 'it leaves a proposal without its ACK' : null;
    }
    default:
      // It waits for us.
      return null;
  }
}

/**
 * A learner that is being synchronised counts for a while: else a follower that reconnects would
 * dethrone the leader that it returns to.
 */
export function hasLiveQuorum(
  ownSid: number,
  handlers: Iterable<LearnerHandler>,
  verifiers: readonly QuorumVerifier[],
  nowMs: number,
): boolean {
  const live = new Set<number>([ownSid]);
  for (const handler of handlers) {
    if (handler.state === 'hello') continue;
    if (handler.state === 'broadcast' || nowMs <= handler.graceUntilMs) live.add(handler.sid);
  }
  return hasQuorumOfAll(verifiers, (sid) => live.has(sid));
}

/**
 * True when the followers that are up to date, and we, are a quorum. Observers do not count, nor
 * followers that have not heard yet that they are to observe (Apache counts these): they would take
 * part neither in the vote on the configuration nor in an election that it has a say in.
 */
export function hasSyncedQuorum(
  ownSid: number,
  handlers: Iterable<LearnerHandler>,
  verifier: QuorumVerifier,
  committed: EnsembleConfig,
): boolean {
  const synced = new Set<number>([ownSid]);
  for (const { state, isObserver, sid } of handlers) {
    const observes = isObserver || memberOf(committed, sid)?.role === 'observer';
    if (state === 'broadcast' && !observes) synced.add(sid);
  }
  return verifier.isQuorum((sid) => synced.has(sid));
}
