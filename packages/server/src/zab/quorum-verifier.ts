/**
 * When a set of acknowledgements is enough (quorum-protocol.md 14). A verifier is a pure rule over
 * sids, built once per configuration; observers and unknown sids never count. Rules about two
 * configurations at once (committed and proposed) are `hasQuorumOfAll`.
 */

import type { EnsembleConfig } from './ensemble-config.ts';

export interface QuorumVerifier {
  readonly version: number;
  /** Sids of the participants, ascending. */
  readonly voters: readonly number[];
  isVoter(sid: number): boolean;
  /** Zero for observers and strangers. */
  weightOf(sid: number): number;
  /** True when the voters for which `has` answers true form a quorum. */
  isQuorum(has: (sid: number) => boolean): boolean;
}

class MajorityVerifier implements QuorumVerifier {
  readonly version: number;
  readonly voters: readonly number[];
  readonly #set: ReadonlySet<number>;

  constructor(config: EnsembleConfig) {
    this.version = config.version;
    this.voters = votersOf(config);
    this.#set = new Set(this.voters);
  }

  isVoter(sid: number): boolean {
    return this.#set.has(sid);
  }

  weightOf(sid: number): number {
    return this.#set.has(sid) ? 1 : 0;
  }

  isQuorum(has: (sid: number) => boolean): boolean {
    let count = 0;
    for (const sid of this.voters) if (has(sid)) count += 1;
    return count > this.voters.length >> 1;
  }
}

/** More than half of the groups of weight, each with more than half of its own weight. */
class HierarchicalVerifier implements QuorumVerifier {
  readonly version: number;
  readonly voters: readonly number[];
  readonly #groups: readonly (readonly number[])[];
  readonly #weights: ReadonlyMap<number, number>;
  readonly #set: ReadonlySet<number>;

  constructor(config: EnsembleConfig) {
    this.version = config.version;
    this.voters = votersOf(config);
    this.#set = new Set(this.voters);
    this.#weights = config.weights;
    this.#groups = [...config.groups.values()].map((sids) => sids.filter((s) => this.isVoter(s)));
  }

  isVoter(sid: number): boolean {
    return this.#set.has(sid);
  }

  weightOf(sid: number): number {
    return this.#set.has(sid) ? (this.#weights.get(sid) ?? 1) : 0;
  }

  isQuorum(has: (sid: number) => boolean): boolean {
    let groups = 0;
    let groupsWon = 0;
    for (const group of this.#groups) {
      let total = 0;
      let won = 0;
      for (const sid of group) {
        const weight = this.weightOf(sid);
        total += weight;
        if (has(sid)) won += weight;
      }
      if (total === 0) continue;
      groups += 1;
      if (won > Math.floor(total / 2)) groupsWon += 1;
    }
    return groupsWon > groups >> 1;
  }
}

function votersOf(config: EnsembleConfig): readonly number[] {
  return config.members
    .filter((m) => m.role === 'participant')
    .map((m) => m.sid)
    .sort((a, b) => a - b);
}

export function makeVerifier(config: EnsembleConfig): QuorumVerifier {
  return config.groups.size > 0 ? new HierarchicalVerifier(config) : new MajorityVerifier(config);
}

/** A quorum in the committed configuration and in each other one that is in force. */
export function hasQuorumOfAll(
  verifiers: readonly QuorumVerifier[],
  has: (sid: number) => boolean,
): boolean {
  for (const verifier of verifiers) if (!verifier.isQuorum(has)) return false;
  return verifiers.length > 0;
}

/** True when the sid votes in any configuration that is in force. */
export function isVoterOfAny(verifiers: readonly QuorumVerifier[], sid: number): boolean {
  return verifiers.some((verifier) => verifier.isVoter(sid));
}
