/**
 * RefSet against the Set that it stands for, and what it holds when it is empty again.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RefSet } from './ref-set.ts';

test('RefSet is a set', () => {
  const ref = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0xffffffc0, max: 0xffffffff }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(ref, fc.boolean()), { maxLength: 400, size: 'max' }), (steps) => {
      const set = new RefSet();
      const model = new Set<number>();
      for (const [member, adds] of steps) {
        if (adds) {
          assert.equal(set.add(member), !model.has(member));
          model.add(member);
        } else {
          assert.equal(set.remove(member), model.delete(member));
        }
        assert.equal(set.size, model.size);
        assert.equal(set.has(member), adds);
      }
      const walked: number[] = [];
      set.forEach((member) => walked.push(member));
      const sorted = (members: Iterable<number>) => [...members].sort((a, b) => a - b);
      assert.deepEqual(sorted(walked), sorted(model));
      const copied = [...set.copySlots()].filter((member) => member !== 0);
      assert.deepEqual(copied, walked);
    }),
  );
});

test('RefSet gives storage back when it empties', () => {
  const set = new RefSet();
  for (let ref = 1; ref <= 10_000; ref++) set.add(ref);
  const full = set.bytes;
  for (let ref = 1; ref <= 9_999; ref++) set.remove(ref);
  assert.ok(set.bytes <= 64 && full >= 40_000, `${full} and then ${set.bytes}`);
  assert.ok(set.has(10_000));
});
