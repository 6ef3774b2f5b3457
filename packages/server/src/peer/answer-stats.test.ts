/** What `cons` tells of answers: the operations of the wire by the names that ZooKeeper has. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpCode } from '@zabra/protocol';
import { AnswerStats } from './answer-stats.ts';

test('AnswerStats keeps the last answer, and the extremes since the beginning', () => {
  const stats = new AnswerStats();
  assert.equal(stats.lastOpText, 'null');
  for (const ms of [7, 2, 4]) stats.onAnswered(OpCode.setData, 3, 9, 1000 + ms, ms);
  stats.onAnswered(OpCode.ping, -2, 10, 2000, 5);
  const { lastOpText, lastCxid, lastZxid, lastMs, lastLatencyMs } = stats;
  assert.deepEqual(
    [lastOpText, lastCxid, lastZxid, lastMs, lastLatencyMs],
    ['PING', 3, 10, 2000, 5],
  );
  const { minLatencyMs, averageLatencyMs, maxLatencyMs } = stats;
  assert.deepEqual([minLatencyMs, averageLatencyMs, maxLatencyMs], [0, 4, 7]);
});

test('AnswerStats.reset makes the least latency a true one', () => {
  const stats = new AnswerStats();
  stats.onAnswered(OpCode.getData, 1, 1, 1, 9);
  stats.reset();
  const { lastOpText, lastCxid, lastZxid, minLatencyMs, maxLatencyMs } = stats;
  assert.deepEqual(
    [lastOpText, lastCxid, lastZxid, minLatencyMs, maxLatencyMs],
    ['NA', -1, -1, 0, 0],
  );
  for (const ms of [6, 3]) stats.onAnswered(OpCode.getChildren2, 1, 1, 1, ms);
  assert.deepEqual([stats.minLatencyMs, stats.averageLatencyMs], [3, 4]);
  assert.equal(stats.lastOpText, 'GETC');
});
