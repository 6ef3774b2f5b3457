/**
 * RingQueue against a plain array that shifts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RingQueue } from './ring.ts';

test('RingQueue behaves as an array does, whatever is pushed, shifted and cleared', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 99 }) },
    { weight: 5, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  );
  const steps = fc.array(step, { maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 40 }), (drawn, capacity) => {
      const queue = new RingQueue<number>(capacity);
      const model: number[] = [];
      for (const action of drawn) {
        if (action === 'clear') {
          queue.clear();
          model.length = 0;
        } else if (action === 'shift') {
          assert.equal(queue.shift(), model.shift());
        } else {
          const fits = model.length < capacity;
          if (fits) model.push(action);
          assert.equal(queue.push(action), fits);
        }
        assert.equal(queue.length, model.length);
        assert.deepEqual([...queue], model);
        assert.equal(queue.peek(), model[0]);
        assert.equal(queue.peek(model.length), undefined);
        assert.equal(queue.peek(-1), undefined);
      }
    }),
  );
});

test('RingQueue gives storage back after it was large, and works on', () => {
  const queue = new RingQueue<number>();
  for (let item = 0; item < 5000; item++) queue.push(item);
  assert.equal(queue.peek(4999), 4999);
  queue.clear();
  queue.push(1);
  assert.deepEqual([...queue], [1]);
});

test('RingQueue refuses a capacity below one', () => {
  assert.throws(() => new RingQueue(0), /wanted at least 1/);
});
