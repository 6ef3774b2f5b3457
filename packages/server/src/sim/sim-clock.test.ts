/** Order, cancelling and determinism of the queue of planned things. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import { type Planned, SimClock } from './sim-clock.ts';

describe('SimClock', () => {
  it('lets things happen by time, and in the order of planning within one time', () => {
    const clock = new SimClock();
    const happened: string[] = [];
    clock.at(30, () => happened.push('c'));
    clock.at(10, () => happened.push('a'));
    clock.at(30, () => happened.push('d'));
    clock.at(20, () => {
      happened.push('b');
      clock.after(0, () => happened.push('b2'));
    });
    clock.runUntil(100);
    assert.deepEqual(happened, ['a', 'b', 'b2', 'c', 'd']);
    assert.equal(clock.nowUs, 100);
    assert.equal(clock.stepCount, 5);
  });

  it('leaves what lies beyond the given time for later', () => {
    const clock = new SimClock();
    let count = 0;
    clock.at(10, () => count++);
    clock.at(11, () => count++);
    clock.runUntil(10);
    assert.equal(count, 1);
    clock.runUntil(11);
    assert.equal(count, 2);
  });

  it('does not do what was cancelled', () => {
    const clock = new SimClock();
    let count = 0;
    const planned = clock.at(10, () => count++);
    clock.at(20, () => count++);
    clock.cancel(planned);
    clock.cancel(null);
    clock.runUntil(50);
    assert.equal(count, 1);
  });

  it('refuses the past', () => {
    const clock = new SimClock();
    clock.runUntil(10);
    assert.throws(() => clock.at(9, () => undefined), /Cannot plan/);
  });

  it('keeps a thousand things in order, whatever is planned and cancelled between', () => {
    const prng = new Prng(7);
    const clock = new SimClock();
    const happened: number[] = [];
    const planned: Planned[] = [];
    for (let index = 0; index < 1000; index++) {
      const atUs = prng.below(500);
      planned.push(clock.at(atUs, () => happened.push(atUs)));
    }
    for (let index = 0; index < 300; index++) clock.cancel(prng.pick(planned));
    const wanted = planned.filter((one) => one.action !== null).map((one) => one.atUs);
    clock.runUntil(500);
    assert.deepEqual(
      happened,
      wanted.sort((a, b) => a - b),
    );
  });
});
