/**
 * The steps of a learner from the first dial to the service of clients, and the phases of Zab that
 * they belong to (quorum-protocol.md 6 and 8.1). Each step names what is awaited.
 */

export type LearnerPhase = 'connecting' | 'discovery' | 'synchronization' | 'broadcast' | 'over';

/** Where a learner stands; in this order, but it may connect once more to ask for a snapshot. */
export type LearnerStep =
  | 'connecting'
  | 'hello' // FOLLOWERINFO sent, LEADERINFO awaited
  | 'promising' // acceptedEpoch is being stored
  | 'op' // ACKEPOCH sent, DIFF, TRUNC or SNAP awaited
  | 'truncating'
  | 'snapshot' // the body of SNAP is coming
  | 'installing' // the snapshot is being stored
  | 'history' // PROPOSAL and COMMIT up to NEWLEADER
  | 'syncing-log' // NEWLEADER came: history to disk
  | 'storing-epoch' // then currentEpoch
  | 'acked' // ACK(e:0) sent, UPTODATE awaited
  | 'serving'
  | 'over';

export const phaseOf: Readonly<Record<LearnerStep, LearnerPhase>> = {
  connecting: 'connecting',
  hello: 'discovery',
  promising: 'discovery',
  op: 'synchronization',
  truncating: 'synchronization',
  snapshot: 'synchronization',
  installing: 'synchronization',
  history: 'synchronization',
  'syncing-log': 'synchronization',
  'storing-epoch': 'synchronization',
  acked: 'synchronization',
  serving: 'broadcast',
  over: 'over',
};

/** Behind ACK(e:0): the shorter limit of silence counts, and the log's progress is acknowledged. */
export function isSynchronised(step: LearnerStep): boolean {
  return step === 'acked' || step === 'serving';
}
