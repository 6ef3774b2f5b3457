/**
 * Fast failure detection, on real members over simulated networks and disks: who is cut off is
 * noticed in the time that was set, and nobody who is only slow is taken for dead.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Plan, QUIET_PLAN } from './plan.ts';
import { simulate } from './simulation.ts';

const DETECTION_MS = 600;
/** Turns come at least so often; the one that notices may come that late. */
const TURN_MS = 25;

const PLAN: Plan = {
  ...QUIET_PLAN,
  voterCount: 3,
  observerCount: 1,
  // Java's time is five times as long.
  tickTimeMs: 600,
  failureDetectionMs: DETECTION_MS,
  faultsUs: 8_000_000,
};

interface Seen {
  /** Of leaders and of learners, ms. */
  readonly silencesMs: { readonly leader: number[]; readonly learner: number[] };
  /** Noticed in Java's time. */
  readonly late: string[];
  readonly reigns: number;
}

function run(seed: number, plan: Plan): Seen {
  const silencesMs = { leader: [] as number[], learner: [] as number[] };
  const late: string[] = [];
  const onLine = (_atUs: number, where: string, what: string): void => {
    if (!where.startsWith('server')) return;
    const fast = /nothing was heard of (it|the leader) for (\d+) ms$/.exec(what);
    if (fast !== null && what.includes('Closing learner')) {
      silencesMs.learner.push(Number(fast[2]));
    } else if (fast !== null && what.includes('Stopping to follow')) {
      silencesMs.leader.push(Number(fast[2]));
    }
    if (/was silent for \d+ ms$/.test(what)) late.push(what);
  };
  const { failure, counts } = simulate(seed, { onLine }, plan);
  assert.equal(failure, null);
  return { silencesMs, late, reigns: counts.reigns };
}

describe('fast failure detection', () => {
  it('notices in time who is cut off without a word, in 8 seeds', () => {
    const faults = { ...QUIET_PLAN.faults, isolate: 1 };
    const found = { leader: 0, learner: 0 };
    for (let seed = 1; seed <= 8; seed++) {
      const { silencesMs, late } = run(seed, { ...PLAN, faults, faultEveryUs: 2_000_000 });
      assert.deepEqual(late, [], `seed ${seed}`);
      for (const ms of [...silencesMs.leader, ...silencesMs.learner]) {
        assert.ok(ms <= DETECTION_MS + TURN_MS, `seed ${seed}: ${ms} ms`);
      }
      found.leader += silencesMs.leader.length;
      found.learner += silencesMs.learner.length;
    }
    assert.ok(found.leader > 2 && found.learner > 2, JSON.stringify(found));
  });

  it('raises no false alarm where turns, syncs and packets take half as long, in 8 seeds', () => {
    const plan: Plan = {
      ...PLAN,
      net: { ...PLAN.net, slowOneIn: 50, slowUsMax: 100_000 },
      disk: { ...PLAN.disk, stallOneIn: 100, stallUsMax: 300_000 },
      pace: { ...PLAN.pace, pauseOneIn: 2000, pauseUsMax: 300_000 },
    };
    for (let seed = 1; seed <= 8; seed++) {
      const { silencesMs, late, reigns } = run(seed, plan);
      assert.deepEqual(silencesMs, { leader: [], learner: [] }, `seed ${seed}`);
      assert.deepEqual(late, [], `seed ${seed}`);
      assert.equal(reigns, 1, `seed ${seed}`);
    }
  });
});
