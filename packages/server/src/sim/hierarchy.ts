/**
 * Hierarchical quorums of a simulated ensemble: groups of voters and their weights, as a plan has
 * drawn them. Some voters weigh nothing: they follow, and neither lead nor count. From
 * quorum-protocol.md 14.
 */

import type { Prng } from '@zabra/protocol';

export interface Hierarchy {
  /** Sids by group; empty for majorities. */
  readonly groups: readonly (readonly number[])[];
  /** Of the voter with sid 1, then of the others; empty for majorities. */
  readonly weights: readonly number[];
}

export const MAJORITIES: Hierarchy = { groups: [], weights: [] };

/** One ensemble of three and more in six has groups. */
export function drawHierarchy(prng: Prng, voterCount: number): Hierarchy {
  if (voterCount < 3 || !prng.chance(1, 6)) return MAJORITIES;
  const sids = Array.from({ length: voterCount }, (_, index) => index + 1);
  prng.shuffle(sids);
  const groups = Array.from({ length: prng.pick([1, 2, 3]) }, (): number[] => []);
  for (const [index, sid] of sids.entries()) groups[index % groups.length]?.push(sid);
  const weights = sids.map(() => prng.pick([0, 1, 1, 1, 2, 3]));
  // Somebody has to count.
  weights[prng.below(voterCount)] = 2;
  return { groups, weights };
}

/** As a configuration has it: group and weight keys begin at 1. */
export function groupsOf({ groups }: Hierarchy): ReadonlyMap<number, readonly number[]> {
  return new Map(groups.map((sids, index) => [index + 1, sids]));
}

export function weightsOf({ weights }: Hierarchy): ReadonlyMap<number, number> {
  return new Map(weights.map((weight, index) => [index + 1, weight]));
}
