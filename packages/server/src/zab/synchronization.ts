// How a leader brings a learner to its own history: DIFF, TRUNC or SNAP (quorum spec 7). A pure
// decision over the learner's last zxid, the leader's last processed zxid and the committed log;
// the three are frozen together because one turn of the machine reads them (scenario S15).

import { counterOf, epochOf } from '@zabra/protocol';
import type { CommittedHistory } from './zab-host.ts';

export type SyncPlan =
  /** `zxid` of the packet; then the history from index `from` on, as PROPOSAL and COMMIT. */
  | { readonly kind: 'DIFF'; readonly zxid: number; readonly from: number }
  | { readonly kind: 'TRUNC'; readonly zxid: number; readonly from: number }
  | { readonly kind: 'SNAP' };

const SNAP: SyncPlan = { kind: 'SNAP' };

/**
 * @param learnerZxid last zxid the learner has logged, from ACKEPOCH
 * @param lastProcessed the leader's own
 * @param mayTruncate false towards learners whose TRUNC is not trusted (scenario S2): SNAP instead
 */
export function planSync(
  learnerZxid: number,
  lastProcessed: number,
  history: CommittedHistory,
  mayTruncate: boolean,
): SyncPlan {
  const empty = history.length === 0;
  const min = empty ? lastProcessed : history.minZxid;
  const max = empty ? lastProcessed : history.maxZxid;
  if (learnerZxid === lastProcessed) {
    return { kind: 'DIFF', zxid: learnerZxid, from: history.length };
  }
  if (learnerZxid > max && counterOf(learnerZxid) !== 0) {
    return mayTruncate ? { kind: 'TRUNC', zxid: max, from: history.length } : SNAP;
  }
  if (empty || learnerZxid < min || learnerZxid > max) return SNAP;
  return walk(learnerZxid, max, history, mayTruncate);
}

function walk(
  learnerZxid: number,
  max: number,
  history: CommittedHistory,
  mayTruncate: boolean,
): SyncPlan {
  const at = firstAtOrAfter(history, learnerZxid);
  const found = history.at(at).zxid;
  if (found === learnerZxid) return { kind: 'DIFF', zxid: max, from: at + 1 };
  // An epoch mark is no transaction: there is nothing to undo.
  if (counterOf(learnerZxid) === 0) return { kind: 'DIFF', zxid: max, from: at };
  if (at === 0 || !mayTruncate) return SNAP;
  const previous = history.at(at - 1).zxid;
  // A TRUNC must not cross an epoch: what the learner has beyond is of another leader's reign.
  if (epochOf(previous) !== epochOf(learnerZxid)) return SNAP;
  return { kind: 'TRUNC', zxid: previous, from: at };
}

/** Index of the first entry >= zxid; the caller knows that one exists. */
function firstAtOrAfter(history: CommittedHistory, zxid: number): number {
  let low = 0;
  let high = history.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (history.at(middle).zxid >= zxid) high = middle;
    else low = middle + 1;
  }
  return low;
}
