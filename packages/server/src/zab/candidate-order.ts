/**
 * CandidateOrder: which of two candidates is to lead. Epoch, zxid and sid decide, as in Apache's
 * members; among our own kind candidates that hold the same are told apart by their weight in the
 * committed configuration first. Whoever never heard of a proposal that is pending cannot vote for
 * a member that has weight in the proposal alone, and its vote may be needed: two members that hold
 * the proposal would then wait for it without end.
 */

import { SID_NONE } from '@zabra/protocol';
import { isVoterOfAny, type QuorumVerifier } from './quorum-verifier.ts';
import { isBetter } from './vote.ts';

/** What a vote proposes, without the voter's own state and round. */
export interface Candidate {
  readonly leader: number;
  readonly zxid: number;
  readonly peerEpoch: number;
}

export class CandidateOrder {
  readonly #ownSid: number;
  /** Of each sid that was ever heard, whether its last notification declared our own kind. */
  readonly #declared: Map<number, boolean>;

  constructor(ownSid: number) {
    this.#ownSid = ownSid;
    this.#declared = new Map();
  }

  onHeard(sid: number, isZabra: boolean): void {
    this.#declared.set(sid, isZabra);
  }

  wasHeard(sid: number): boolean {
    return this.#declared.has(sid);
  }

  isZabra(sid: number): boolean {
    return this.#declared.get(sid) === true;
  }

  /**
   * `verifiers`: the committed one first. A candidate without weight never wins; any real one wins
   * over a server without a vote. What we hold ourselves we know better than an echo of what we
   * said in an earlier election.
   */
  beats(one: Candidate, other: Candidate, verifiers: readonly QuorumVerifier[]): boolean {
    const { leader, zxid, peerEpoch } = one;
    if (leader === this.#ownSid) return false;
    if (verifiers.every((verifier) => verifier.weightOf(leader) === 0)) return false;
    if (other.leader === SID_NONE) return true;
    const isEqual = zxid === other.zxid && peerEpoch === other.peerEpoch;
    if (isEqual && !this.#isApacheHeard(verifiers)) {
      const canLead = hasWeight(verifiers[0], leader);
      if (canLead !== hasWeight(verifiers[0], other.leader)) return canLead;
    }
    return isBetter(peerEpoch, zxid, leader, other.peerEpoch, other.zxid, other.leader);
  }

  /** Beside Apache's members we vote as they do. */
  #isApacheHeard(verifiers: readonly QuorumVerifier[]): boolean {
    for (const [sid, isZabra] of this.#declared) {
      if (!isZabra && isVoterOfAny(verifiers, sid)) return true;
    }
    return false;
  }
}

function hasWeight(verifier: QuorumVerifier | undefined, sid: number): boolean {
  return verifier !== undefined && verifier.weightOf(sid) > 0;
}
