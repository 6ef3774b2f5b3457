/**
 * Observers that followers serve, in a simulated ensemble: none goes to the leader, and they find
 * another master when theirs is gone. Every checker watches.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Plan, QUIET_PLAN } from './plan.ts';
import { simulate } from './simulation.ts';

const PLAN: Plan = {
  ...QUIET_PLAN,
  voterCount: 3,
  observerCount: 2,
  hasObserverMasters: true,
};

/** Runs it; who brought an observer in step, as what it was then. */
function mastersOf(seed: number, plan: Plan): { role: string; server: string }[] {
  const roles = new Map<string, string>();
  const found: { role: string; server: string }[] = [];
  const onLine = (_atUs: number, server: string, what: string): void => {
    const role = /QuorumPeer: (LOOKING|FOLLOWING|LEADING)/.exec(what)?.[1];
    if (role !== undefined) roles.set(server, role);
    const sid = Number(/LearnerHandler: Synchronising (\d+) at/.exec(what)?.[1] ?? 0);
    if (sid > plan.voterCount) found.push({ role: roles.get(server) ?? '', server });
  };
  const { failure } = simulate(seed, { onLine }, plan);
  assert.equal(failure, null);
  return found;
}

describe('observers at followers', () => {
  it('go to followers alone', () => {
    for (let seed = 1; seed <= 2; seed++) {
      const masters = mastersOf(seed, PLAN);
      assert.ok(masters.length >= 2, `${masters.length} times`);
      assert.deepEqual(new Set(masters.map(({ role }) => role)), new Set(['FOLLOWING']));
    }
  });

  it('find others when members die, pause and lose each other', () => {
    const faults = { ...QUIET_PLAN.faults, kill: 5, powerCut: 2, isolate: 2, pause: 1, cut: 3 };
    const plan = { ...PLAN, faults, faultEveryUs: 400_000, observerMasterBytesMax: 2000 };
    const servers = new Set<string>();
    let count = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const masters = mastersOf(seed, plan);
      for (const { role, server } of masters) {
        assert.equal(role, 'FOLLOWING');
        servers.add(server);
      }
      count += masters.length;
    }
    assert.ok(count > 20, `${count} times`);
    assert.ok(servers.size >= 2, [...servers].join());
  });
});
