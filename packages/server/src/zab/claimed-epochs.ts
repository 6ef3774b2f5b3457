/**
 * ClaimedEpochs: the epoch of the history that each server voted for itself with, the newest word
 * of each. A leader that a quorum follows cannot meet a history of a later epoch than its own:
 * whoever has one was in another ensemble, or has its disk from there (quorum-protocol.md 3.1).
 */

import { ServerState } from '@zabra/protocol';
import type { Vote } from './vote.ts';

/** Of servers that nothing is known of. */
export const EPOCH_UNKNOWN = -1;

export class ClaimedEpochs {
  /** By sid. */
  readonly #epochs = new Map<number, number>();

  /** Only a vote for oneself says what one has. */
  onVote(sid: number, { state, leader, peerEpoch }: Vote): void {
    if (state === ServerState.LOOKING && leader === sid) this.#epochs.set(sid, peerEpoch);
  }

  of(sid: number): number {
    return this.#epochs.get(sid) ?? EPOCH_UNKNOWN;
  }
}
