/** The heap of a pod against the memory limit of its container. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitHeap, heapBytes } from './heap.ts';

const GIB = 1024 ** 3;

describe('heapBytes', () => {
  for (const [text, bytes] of [
    ['512M', GIB / 2],
    ['2g', 2 * GIB],
    ['1024K', 1024 ** 2],
    ['77', 77],
  ] as const) {
    it(`makes ${bytes} of ${text}`, () => assert.equal(heapBytes(text), bytes));
  }
});

describe('fitHeap', () => {
  it('refuses a heap above the limit', () => {
    const message = 'Cannot use "--heap=2G": the memory limit is 1024M';
    assert.throws(() => fitHeap('2G', true, GIB, '--heap'), { message, exitCode: 1 });
  });

  it('warns of a heap above three quarters of the limit', () => {
    const { text, warning } = fitHeap('1G', true, GIB, '--heap');
    assert.equal(text, '1G');
    assert.equal(warning, '--heap=1G is above 3/4 of the memory limit, which is 1024M');
    assert.equal(fitHeap('768M', true, GIB, '--heap').warning, null);
  });

  it('makes the default fit, without a word', () => {
    const heap = fitHeap('2G', false, GIB, '--heap');
    assert.deepEqual(heap, { text: '768M', bytes: 768 * 1024 ** 2, warning: null });
    assert.equal(fitHeap('2G', false, 4 * GIB, '--heap').text, '2G');
  });
});
