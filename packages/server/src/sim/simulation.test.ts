/** Whole runs: seeds pass, the same seed is the same run, and a run can be told from another. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import { drawPlan, type Plan, QUIET_PLAN } from './plan.ts';
import { simulate } from './simulation.ts';

/** Enough to meet elections, crashes and every operation; the long runs are `npm run sim`. */
const SEEDS = 6;

describe('simulate', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`finds nothing wrong with seed ${seed}`, () => {
      const { failure, counts } = simulate(seed, null);
      assert.equal(failure, null);
      assert.ok(counts.operations > 0);
    });
  }

  it('gives the same trace for the same seed, in one process, and another for another', () => {
    const one = simulate(3, null);
    const lines: string[] = [];
    const again = simulate(3, {
      onLine: (atUs, where, what) => lines.push(`${atUs} ${where} ${what}`),
    });
    assert.deepEqual([again.hash, again.counts], [one.hash, one.counts]);
    assert.ok(lines.length > 1000);
    assert.notEqual(simulate(4, null).hash, one.hash);
  });

  it('draws plans that differ, from the smallest ensemble to the largest', () => {
    const plans = Array.from({ length: 100 }, (_, seed): Plan => drawPlan(new Prng(seed)));
    assert.deepEqual([...new Set(plans.map(({ voterCount }) => voterCount))].sort(), [1, 3, 5, 7]);
    assert.ok(plans.some(({ observerCount }) => observerCount > 0));
    assert.ok(plans.some(({ hierarchy }) => hierarchy.weights.includes(0)));
    assert.equal(new Set(plans.map((plan) => JSON.stringify(plan))).size, plans.length);
  });

  it('lets observers behind followers in where epochs are short, as in seed 701942', () => {
    const { failure, plan } = simulate(701_942, null);
    assert.equal(failure, null);
    assert.ok(plan.hasObserverMasters && plan.observerCount > 0 && plan.zxidsPerEpoch === 100);
  });

  it('serves at least a hundred operations a second where nothing fails', () => {
    const { failure, counts } = simulate(1, null, QUIET_PLAN);
    assert.equal(failure, null);
    assert.ok(counts.operations * 1000 >= 100 * counts.simulatedMs, JSON.stringify(counts));
  });
});
