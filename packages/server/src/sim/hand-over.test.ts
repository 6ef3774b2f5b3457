/**
 * The leadership moves again and again while clients work, and nobody notices: in a world without
 * faults no request fails, no connection is closed, no session ends, and writes stand still for a
 * moment only. So it is when epochs run out of zxids.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Plan, QUIET_PLAN } from './plan.ts';
import { simulate } from './simulation.ts';

/** By then every ensemble serves and every client has its session. */
const SETTLED_US = 1_000_000;
/** From the end of one reign to the beginning of the next. */
const PAUSE_US_MAX = 50_000;

const KINDS = [
  [3, 0],
  [3, 1],
  [5, 2],
] as const;

interface Seen {
  readonly lost: string[];
  readonly pausesUs: number[];
  readonly rollovers: number;
}

/** Runs without faults; pauses are those of reigns that were handed over. */
function run(seed: number, plan: Plan): Seen {
  const lost: string[] = [];
  const pausesUs: number[] = [];
  let sinceUs = -1;
  let rollovers = 0;
  const onLine = (atUs: number, where: string, what: string): void => {
    if (atUs < SETTLED_US) return;
    if (where.startsWith('client') && /^(reply \d+ -4 |CONNECTING|EXPIRED)/.test(what)) {
      lost.push(`${atUs} ${where} ${what}`);
    }
    if (what.includes('a new epoch begins')) rollovers += 1;
    if (what.includes('Leaving LEADING')) sinceUs = atUs;
    if (what.includes('Leading epoch') && sinceUs >= 0) pausesUs.push(atUs - sinceUs);
  };
  const { failure } = simulate(seed, { onLine }, plan);
  assert.equal(failure, null);
  return { lost, pausesUs, rollovers };
}

describe('an ensemble whose leadership moves all the time', () => {
  for (const [voterCount, observerCount] of KINDS) {
    it(`of ${voterCount} voters and ${observerCount} observers loses no request`, () => {
      for (let seed = 1; seed <= 3; seed++) {
        const plan = { ...QUIET_PLAN, voterCount, observerCount, handOverEveryUs: 100_000 };
        const { lost, pausesUs } = run(seed, plan);
        assert.deepEqual(lost, []);
        assert.ok(pausesUs.length > 20, `only ${pausesUs.length} hand-overs`);
        assert.ok(Math.max(...pausesUs) <= PAUSE_US_MAX, `${Math.max(...pausesUs)} us`);
      }
    });
  }
});

describe('an ensemble whose epochs run out of zxids', () => {
  for (const [voterCount, observerCount] of KINDS) {
    it(`of ${voterCount} voters and ${observerCount} observers loses no request`, () => {
      for (let seed = 1; seed <= 3; seed++) {
        const plan = { ...QUIET_PLAN, voterCount, observerCount, zxidsPerEpoch: 400 };
        const { lost, pausesUs, rollovers } = run(seed, plan);
        assert.deepEqual(lost, []);
        assert.ok(rollovers >= 2, `${rollovers} rollovers`);
        assert.equal(pausesUs.length, rollovers, 'no reign ended in another way');
        assert.ok(Math.max(...pausesUs) <= PAUSE_US_MAX, `${Math.max(...pausesUs)} us`);
      }
    });
  }
});
