/**
 * How a leader brings a learner to its own history: DIFF, TRUNC or SNAP (quorum-protocol.md 7). A
 * pure decision over the learner's last zxid, the leader's last processed zxid and the committed
 * log; the three are frozen together because one turn of the machine reads them (scenario S15).
 *
 * Where the table of the spec and this differ, it is towards SNAP, which is always right, or
 * towards what only learners of our own kind get, because they verify it. TRUNC never crosses an
 * epoch: a learner whose tail lies beyond our own last transaction of that same epoch loses the
 * tail; one whose tail is of an epoch that we do not end in gets the whole state, since nothing
 * says that it holds our last transaction. And a learner that returns with proposals of this very
 * reign that are still outstanding keeps them: it may have acknowledged them, so that to cut them
 * off would take back a word that the leader counts.
 *
 * Whether the log files go back to where a learner stands that is older than the committed log is
 * not for this decision: it says that they may be asked.
 */

import { counterOf, epochOf } from '@zabra/protocol';
import type { CommittedLog } from './committed-log.ts';
import type { SyncKind } from './zab-host.ts';

/** `zxid` of the packet; then the history from index `from` on, as PROPOSAL and COMMIT. */
export interface SyncPlan {
  /** `LOG`: a DIFF that begins in the log files, if they hold the learner's last zxid; or SNAP. */
  readonly kind: SyncKind | 'LOG';
  /** Nothing for SNAP, whose zxid is that of the stream. */
  readonly zxid: number;
  readonly from: number;
}

export const SNAP_PLAN: SyncPlan = { kind: 'SNAP', zxid: -1, from: 0 };

/**
 * @param learnerZxid last zxid the learner has logged, from ACKEPOCH
 * @param lastProcessed the leader's own; e:0 or later once it is established
 * @param lastProposed the last of the outstanding proposals, or below `lastProcessed` for none
 * @param isTrusted false towards learners whose TRUNC is not trusted (scenario S2): SNAP instead
 */
export function planSync(
  learnerZxid: number,
  lastProcessed: number,
  history: CommittedLog,
  lastProposed: number,
  isTrusted: boolean,
): SyncPlan {
  const empty = history.length === 0;
  const min = empty ? lastProcessed : history.minZxid;
  const max = empty ? lastProcessed : history.maxZxid;
  if (learnerZxid === lastProcessed) return diff(learnerZxid, history.length);
  if (isTrusted && learnerZxid > lastProcessed && isOutstanding(learnerZxid, lastProposed)) {
    return diff(learnerZxid, history.length);
  }
  if (learnerZxid > max) {
    return isTrusted && counterOf(learnerZxid) !== 0 && sameEpoch(learnerZxid, max)
      ? { kind: 'TRUNC', zxid: max, from: history.length }
      : SNAP_PLAN;
  }
  if (empty) return SNAP_PLAN;
  // Our history continues where the learner's ends, though the log does not reach back to it.
  if (learnerZxid + 1 === min && sameEpoch(learnerZxid, min)) return diff(max, 0);
  // Whoever has nothing, or says so because it wants nothing else, gets the whole state.
  if (learnerZxid < min) return learnerZxid > 0 ? { kind: 'LOG', zxid: max, from: 0 } : SNAP_PLAN;
  return walk(learnerZxid, max, history, isTrusted);
}

/** The learner's last zxid lies within the history, though it may not be one of it. */
function walk(
  learnerZxid: number,
  max: number,
  history: CommittedLog,
  isTrusted: boolean,
): SyncPlan {
  const at = history.indexFrom(learnerZxid);
  if (history.at(at).zxid === learnerZxid) return diff(max, at + 1);
  // An epoch mark is no transaction: there is nothing to undo.
  if (counterOf(learnerZxid) === 0) return diff(max, at);
  const previous = history.at(at - 1).zxid;
  return isTrusted && sameEpoch(previous, learnerZxid)
    ? { kind: 'TRUNC', zxid: previous, from: at }
    : SNAP_PLAN;
}

function isOutstanding(zxid: number, lastProposed: number): boolean {
  return zxid <= lastProposed && sameEpoch(zxid, lastProposed) && counterOf(zxid) !== 0;
}

function diff(zxid: number, from: number): SyncPlan {
  return { kind: 'DIFF', zxid, from };
}

function sameEpoch(a: number, b: number): boolean {
  return epochOf(a) === epochOf(b);
}
