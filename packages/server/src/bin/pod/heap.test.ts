/** The heap of a pod against the memory limit of its container. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkHeapVariables, fitHeap, heapBytes } from './heap.ts';

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

describe('checkHeapVariables', () => {
  const LIMIT = ': the memory limit is 1024M';
  const refused: readonly [NodeJS.ProcessEnv, message: string][] = [
    [{ SERVER_JVMFLAGS: '-Da=b -Xmx2g' }, `Cannot use "-Xmx2g" of SERVER_JVMFLAGS${LIMIT}`],
    [{ JVMFLAGS: '-Xmx1025M' }, `Cannot use "-Xmx1025M" of JVMFLAGS${LIMIT}`],
    [{ KAFKA_HEAP_OPTS: '-Xmx9g -Xms1g' }, `Cannot use "-Xmx9g" of KAFKA_HEAP_OPTS${LIMIT}`],
    [{ ZK_SERVER_HEAP: '2000' }, `Cannot use "ZK_SERVER_HEAP=2000"${LIMIT}`],
    [{ JVMFLAGS: '-Xmxlots' }, 'Cannot read "-Xmxlots" of JVMFLAGS: wanted bytes, like 512m or 2g'],
  ];
  for (const [environment, message] of refused) {
    it(`refuses ${JSON.stringify(environment)}`, () => {
      assert.throws(() => checkHeapVariables(environment, GIB), { message, exitCode: 1 });
    });
  }

  it('lets pass what fits, and what a later flag takes back', () => {
    checkHeapVariables({ JVMFLAGS: '-Xmx1g', ZK_SERVER_HEAP: '1000' }, GIB);
    checkHeapVariables({ SERVER_JVMFLAGS: '-Xmx2g -Dx=y -Xmx512m' }, GIB);
    checkHeapVariables({}, GIB);
  });
});
