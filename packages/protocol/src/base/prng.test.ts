/**
 * The generator is the same on every machine: its first outputs are written down here. The rest
 * is what its callers rely on: bounds, fairness within reason, independence of forks.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Prng } from './prng.ts';

const draw = (prng: Prng, count: number) => Array.from({ length: count }, () => prng.uint32());

test('Prng gives the recorded sequence for a seed', () => {
  assert.deepEqual(draw(new Prng(1), 4), [3020229288, 2183141213, 2743156739, 426346300]);
  assert.deepEqual(draw(new Prng(-1), 4), [4218376638, 3611392708, 1768889995, 2742687149]);
});

test('Prng gives the same sequence for the same seed, and another for another', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (seed, other) => {
      assert.deepEqual(draw(new Prng(seed), 8), draw(new Prng(seed), 8));
      if (seed !== other) assert.notDeepEqual(draw(new Prng(seed), 8), draw(new Prng(other), 8));
    }),
  );
});

test('Prng refuses a seed that is not a safe integer', () => {
  for (const seed of [0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => new Prng(seed), /wanted a safe integer/);
  }
});

test('below stays below its bound and reaches every value', () => {
  const prng = new Prng(7);
  for (const bound of [1, 2, 3, 10]) {
    const seen = new Set<number>();
    for (let draws = 0; draws < 500; draws++) seen.add(prng.below(bound));
    assert.deepEqual(
      [...seen].toSorted((a, b) => a - b),
      [...Array(bound).keys()],
    );
  }
  for (let draws = 0; draws < 100; draws++) assert.ok(prng.below(2 ** 32) < 2 ** 32);
});

test('below refuses bounds that it cannot serve', () => {
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1]) {
    assert.throws(() => new Prng(1).below(bound), /Cannot draw below/);
  }
});

test('below is as likely to draw each value, within five standard deviations', () => {
  const prng = new Prng(11);
  const counts = new Array<number>(10).fill(0);
  for (let draws = 0; draws < 100_000; draws++) (counts[prng.below(10)] as number)++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 5 * Math.sqrt(9000));
});

test('chance is never for 0 and always for the whole', () => {
  const prng = new Prng(3);
  for (let draws = 0; draws < 100; draws++) {
    assert.equal(prng.chance(0, 10), false);
    assert.equal(prng.chance(10, 10), true);
  }
});

test('shuffle keeps the items and reaches every order of three', () => {
  const prng = new Prng(5);
  const seen = new Set<string>();
  for (let round = 0; round < 200; round++) {
    const items = ['a', 'b', 'c'];
    prng.shuffle(items);
    assert.deepEqual(items.toSorted(), ['a', 'b', 'c']);
    seen.add(items.join(''));
  }
  assert.equal(seen.size, 6);
});

test('pick refuses an empty list', () => {
  assert.throws(() => new Prng(1).pick([]), /empty list/);
  assert.equal(new Prng(1).pick(['only']), 'only');
});

test('fork makes a generator whose draws leave its parent alone', () => {
  const parent = new Prng(9);
  const twin = new Prng(9);
  const child = parent.fork();
  twin.fork();
  draw(child, 100);
  assert.deepEqual(draw(parent, 4), draw(twin, 4));
  assert.notDeepEqual(draw(child, 4), draw(parent, 4));
});
