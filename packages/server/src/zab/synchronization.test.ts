/**
 * The sync decision of quorum-protocol.md 7 as a table, and the committed log it is taken from.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { makeZxid } from '@zabra/protocol';
import { CommittedLog, follows } from './committed-log.ts';
import { txn } from './script-host.test-kit.ts';
import { planSync } from './synchronization.ts';

const z = makeZxid;

function logOf(zxids: readonly number[], countMax = 500): CommittedLog {
  const log = new CommittedLog(countMax);
  for (const zxid of zxids) log.add(txn(zxid));
  return log;
}

interface Row {
  readonly name: string;
  readonly learner: number;
  readonly processed: number;
  readonly history: readonly number[];
  /** Last outstanding proposal. */
  readonly proposed?: number;
  readonly trusted: string;
  readonly untrusted: string;
}

/** Ring of the tests: the end of epoch 1, epoch 2 without a transaction, epoch 3. */
const RING = [z(1, 4), z(1, 5), z(3, 1), z(3, 2)];

const rows: readonly Row[] = [
  {
    name: 'in step',
    learner: z(3, 2),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 -',
    untrusted: 'DIFF 3:2 -',
  },
  {
    name: 'both fresh',
    learner: 0,
    processed: 0,
    history: [],
    trusted: 'DIFF 0:0 -',
    untrusted: 'DIFF 0:0 -',
  },
  {
    name: 'at the mark of the new epoch',
    learner: z(4, 0),
    processed: z(4, 0),
    history: RING,
    trusted: 'DIFF 4:0 -',
    untrusted: 'DIFF 4:0 -',
  },
  {
    name: 'at the end of the ring, leader at its mark',
    learner: z(3, 2),
    processed: z(4, 0),
    history: RING,
    trusted: 'DIFF 3:2 -',
    untrusted: 'DIFF 3:2 -',
  },
  {
    name: 'lacks the end',
    learner: z(1, 5),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 3:1',
    untrusted: 'DIFF 3:2 3:1',
  },
  {
    name: 'holds the first of the ring',
    learner: z(1, 4),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 1:5',
    untrusted: 'DIFF 3:2 1:5',
  },
  {
    name: 'at the very end of what the ring no longer has',
    learner: z(1, 3),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 1:4',
    untrusted: 'DIFF 3:2 1:4',
  },
  {
    name: 'older than the ring',
    learner: z(1, 2),
    processed: z(3, 2),
    history: RING,
    trusted: 'LOG 3:2 1:4',
    untrusted: 'LOG 3:2 1:4',
  },
  {
    name: 'fresh',
    learner: 0,
    processed: z(3, 2),
    history: RING,
    trusted: 'SNAP',
    untrusted: 'SNAP',
  },
  {
    name: 'an epoch mark within the ring',
    learner: z(3, 0),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 3:1',
    untrusted: 'DIFF 3:2 3:1',
  },
  {
    name: 'an epoch mark without transactions',
    learner: z(2, 0),
    processed: z(3, 2),
    history: RING,
    trusted: 'DIFF 3:2 3:1',
    untrusted: 'DIFF 3:2 3:1',
  },
  {
    name: 'a tail of an epoch within the ring',
    learner: z(1, 7),
    processed: z(3, 2),
    history: RING,
    trusted: 'TRUNC 1:5 3:1',
    untrusted: 'SNAP',
  },
  {
    name: 'a tail of an epoch that the ring lacks',
    learner: z(2, 1),
    processed: z(3, 2),
    history: RING,
    trusted: 'SNAP',
    untrusted: 'SNAP',
  },
  {
    name: 'a tail beyond our end, same epoch',
    learner: z(3, 4),
    processed: z(3, 2),
    history: RING,
    trusted: 'TRUNC 3:2 -',
    untrusted: 'SNAP',
  },
  {
    name: 'a tail beyond our end, other epoch',
    learner: z(4, 1),
    processed: z(3, 2),
    history: RING,
    trusted: 'SNAP',
    untrusted: 'SNAP',
  },
  {
    name: 'an epoch mark beyond our end',
    learner: z(4, 0),
    processed: z(3, 2),
    history: RING,
    trusted: 'SNAP',
    untrusted: 'SNAP',
  },
  {
    name: 'nothing in memory, behind',
    learner: z(1, 1),
    processed: z(1, 2),
    history: [],
    trusted: 'SNAP',
    untrusted: 'SNAP',
  },
  {
    name: 'nothing in memory, beyond',
    learner: z(1, 3),
    processed: z(1, 2),
    history: [],
    trusted: 'TRUNC 1:2 -',
    untrusted: 'SNAP',
  },
  {
    name: 'holds an outstanding proposal',
    learner: z(3, 3),
    processed: z(3, 2),
    history: RING,
    proposed: z(3, 4),
    trusted: 'DIFF 3:3 -',
    untrusted: 'SNAP',
  },
  {
    name: 'holds more than was proposed',
    learner: z(3, 5),
    processed: z(3, 2),
    history: RING,
    proposed: z(3, 4),
    trusted: 'TRUNC 3:2 -',
    untrusted: 'SNAP',
  },
  {
    name: 'holds the first of the reign, outstanding',
    learner: z(4, 1),
    processed: z(4, 0),
    history: RING,
    proposed: z(4, 1),
    trusted: 'DIFF 4:1 -',
    untrusted: 'SNAP',
  },
];

function show(zxid: number): string {
  return `${Math.floor(zxid / 2 ** 32)}:${zxid % 2 ** 32}`;
}

test('planSync decides by the table of quorum-protocol.md 7, and towards SNAP', () => {
  for (const { name, learner, processed, history, proposed, trusted, untrusted } of rows) {
    for (const [isTrusted, wanted] of [
      [true, trusted],
      [false, untrusted],
    ] as const) {
      const log = logOf(history);
      const plan = planSync(learner, processed, log, proposed ?? -1, isTrusted);
      const rest = plan.from < log.length ? show(log.at(plan.from).zxid) : '-';
      const found = plan.kind === 'SNAP' ? 'SNAP' : `${plan.kind} ${show(plan.zxid)} ${rest}`;
      assert.equal(found, wanted, `${name}, ${isTrusted ? 'Zabra' : 'Java'} learner`);
    }
  }
});

test('CommittedLog keeps the newest transactions, by count and by bytes', () => {
  const byCount = logOf([z(1, 1), z(1, 2), z(1, 3), z(1, 4)], 3);
  assert.deepEqual([byCount.length, byCount.minZxid, byCount.maxZxid], [3, z(1, 2), z(1, 4)]);
  const byBytes = new CommittedLog(100, 10);
  for (let counter = 1; counter <= 9; counter++) byBytes.add(txn(z(1, counter), 'abcd'));
  assert.deepEqual([byBytes.length, byBytes.minZxid], [2, z(1, 8)]);
  assert.equal(byBytes.bytesFrom(1), 4);
  byBytes.add(txn(z(1, 10), 'longer than the bound'));
  assert.equal(byBytes.length, 0);
  assert.deepEqual([byBytes.minZxid, byBytes.maxZxid], [-1, -1]);
});

test('CommittedLog finds where a zxid is or would be', () => {
  const log = logOf(RING);
  const found = [0, z(1, 4), z(1, 6), z(3, 2), z(3, 3)].map((zxid) => log.indexFrom(zxid));
  assert.deepEqual(found, [0, 0, 2, 3, 4]);
});

test('CommittedLog never spans a hole', () => {
  const log = logOf([z(1, 1), z(1, 2), z(1, 4), z(1, 5)]);
  assert.deepEqual([log.length, log.minZxid], [2, z(1, 4)]);
  log.add(txn(z(2, 2)));
  assert.deepEqual([log.length, log.minZxid], [1, z(2, 2)]);
  for (let counter = 3; counter < 3000; counter++) log.add(txn(z(2, counter)));
  assert.deepEqual([log.length, log.minZxid, log.at(499).zxid], [500, z(2, 2500), z(2, 2999)]);
});

test('follows accepts the next zxid of an epoch and the first of a later one', () => {
  const found: [number, number, boolean][] = [
    [z(1, 1), z(1, 2), true],
    [z(1, 1), z(1, 3), false],
    [z(1, 2), z(1, 2), false],
    [z(1, 2), z(1, 1), false],
    [z(1, 2), z(2, 1), true],
    [z(1, 2), z(3, 1), true],
    [z(1, 2), z(2, 2), false],
    [z(1, 2), z(2, 0), false],
    [z(2, 0), z(2, 1), true],
    [z(2, 1), z(1, 9), false],
    [0, 1, true],
  ];
  for (const [last, next, wanted] of found) assert.equal(follows(last, next), wanted);
});
