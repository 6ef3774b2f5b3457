/**
 * Global sessions and their timeouts, whatever the halves of an id look like.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionTable } from './session-table.ts';

test('SessionTable keeps the timeout of each session, whatever its halves', () => {
  const table = new SessionTable();
  const rows: [number, number, number][] = [
    [0x01000000, 1, 4000],
    [0x01000000, -1, 30000],
    [-0x01000000, 1, 6000],
    [0, 0, 0],
  ];
  for (const [hi, lo, timeoutMs] of rows) table.put(hi, lo, timeoutMs);
  assert.equal(table.size, 4);
  for (const [hi, lo, timeoutMs] of rows) assert.equal(table.timeoutMs(hi, lo), timeoutMs);
  const walked: number[][] = [];
  table.forEach((hi, lo, timeoutMs) => walked.push([hi, lo, timeoutMs]));
  assert.deepEqual(walked, [rows[0], rows[1], rows[2], rows[3]]);
});

test('SessionTable counts a session once, and forgets it once', () => {
  const table = new SessionTable();
  table.put(1, 2, 100);
  table.put(1, 2, 200);
  assert.equal(table.size, 1);
  assert.equal(table.timeoutMs(1, 2), 200);
  assert.equal(table.remove(1, 3), false);
  assert.equal(table.remove(1, 2), true);
  assert.equal(table.remove(1, 2), false);
  assert.equal(table.size, 0);
  assert.equal(table.has(1, 2), false);
  assert.equal(table.timeoutMs(1, 2), -1);
});
