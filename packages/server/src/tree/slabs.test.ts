/**
 * Blocks of slabs never overlap, come back for their own size, and go from one owner to the next.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BLOCK_UNITS_MAX,
  offsetOf,
  SlabPool,
  Slabs,
  slabOf,
  UNIT_BYTES,
  unitsFor,
} from './slabs.ts';

test('unitsFor rounds up to whole units', () => {
  const rows: [number, number][] = [
    [1, 1],
    [16, 1],
    [17, 2],
    [108, 7],
    [112, 7],
  ];
  for (const [bytes, units] of rows) assert.equal(unitsFor(bytes), units);
});

test('Slabs gives out blocks that never overlap, whatever is freed in between', () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: BLOCK_UNITS_MAX }) },
    fc.constant(0),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400, size: 'max' }), fc.nat(), (actions, seed) => {
      const slabs = new Slabs(null);
      const live = new Map<number, number>();
      const used = new Set<number>();
      for (const units of actions) {
        if (units === 0) {
          const refs = [...live.keys()];
          const ref = refs[seed % Math.max(refs.length, 1)];
          if (ref === undefined) continue;
          const held = live.get(ref) as number;
          for (let unit = 0; unit < held; unit++) used.delete(ref + unit);
          live.delete(ref);
          slabs.free(ref, held);
          continue;
        }
        const ref = slabs.alloc(units);
        assert.notEqual(ref, 0);
        const slab = slabs.arrays[slabOf(ref)] as Uint8Array;
        assert.ok(offsetOf(ref) + units * UNIT_BYTES <= slab.length);
        for (let unit = 0; unit < units; unit++) {
          assert.ok(!used.has(ref + unit), `unit ${ref + unit} is given out twice`);
          used.add(ref + unit);
        }
        live.set(ref, units);
      }
    }),
    { numRuns: 60 },
  );
});

test('Slabs gives a freed block out again for its size only', () => {
  const slabs = new Slabs(null);
  const first = slabs.alloc(7);
  slabs.alloc(7);
  slabs.free(first, 7);
  assert.notEqual(slabs.alloc(6), first);
  assert.equal(slabs.alloc(7), first);
});

test('Slabs uses what is left of a full slab as a smaller block', () => {
  const slabs = new Slabs(null);
  // 64 KiB less one unit leaves 511 units behind seven blocks of 512.
  const taken = Array.from({ length: 7 }, () => slabs.alloc(BLOCK_UNITS_MAX));
  assert.equal(slabOf(taken[6] as number), 0);
  const next = slabs.alloc(BLOCK_UNITS_MAX);
  assert.equal(slabOf(next), 1);
  const rest = slabs.alloc(511);
  assert.equal(slabOf(rest), 0);
  assert.equal(offsetOf(rest), UNIT_BYTES + 7 * BLOCK_UNITS_MAX * UNIT_BYTES);
});

test('SlabPool hands the slabs of one owner to the next, up to its bound', () => {
  const pool = new SlabPool(1);
  const first = new Slabs(pool);
  // 64 KiB, 256 KiB, 1 MiB, 4 MiB, then two of 16 MiB.
  while (first.arrays.length < 6) first.alloc(BLOCK_UNITS_MAX);
  assert.equal(first.bytes, 16 * 2 ** 20 * 2 + 2 ** 16 * (1 + 4 + 16 + 64));
  first.dispose();
  assert.equal(pool.bytes, 16 * 2 ** 20);
  const second = new Slabs(pool);
  while (second.arrays.length < 5) second.alloc(BLOCK_UNITS_MAX);
  assert.equal(pool.bytes, 0);
});
