/**
 * The commit rule alone (quorum-protocol.md 9: B1 to B4, B9).
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { makeZxid } from '@zabra/protocol';
import { Proposals } from './proposals.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, THREE_TEXT, txn } from './script-host.test-kit.ts';

const start = makeZxid(7, 0);
const verifiers = [makeVerifier(configOf(THREE_TEXT))];

function filled(count: number): Proposals {
  const proposals = new Proposals(start);
  for (let counter = 1; counter <= count; counter++) proposals.add(txn(start + counter));
  return proposals;
}

function takeAll(proposals: Proposals): number[] {
  const taken: number[] = [];
  for (;;) {
    const next = proposals.takeCommitted(verifiers);
    if (next === null) return taken;
    taken.push(next.zxid - start);
  }
}

test('a proposal is committed when a quorum has acknowledged it or a later one', () => {
  const proposals = filled(4);
  proposals.onAck(1, start + 3);
  assert.deepEqual(takeAll(proposals), []);
  proposals.onAck(4, start + 4);
  assert.deepEqual(takeAll(proposals), [], 'an observer is no voter');
  proposals.onAck(2, start + 2);
  assert.deepEqual(takeAll(proposals), [1, 2]);
  proposals.onAck(2, start + 1);
  assert.deepEqual(takeAll(proposals), [], 'an old ACK takes nothing back');
  proposals.onAck(3, start + 4);
  assert.deepEqual(takeAll(proposals), [3]);
  assert.equal(proposals.lastCommitted, start + 3);
  assert.deepEqual(
    [...proposals.outstanding()].map(({ zxid }) => zxid),
    [start + 4],
  );
});

test('a word that is taken back does not count', () => {
  const proposals = filled(1);
  proposals.onAck(2, start + 1);
  proposals.forgetAcks(2);
  proposals.onAck(1, start + 1);
  assert.deepEqual(takeAll(proposals), []);
});

test('proposals without a gap, or none', () => {
  assert.throws(() => filled(2).add(txn(start + 4)), /without a gap/);
  assert.throws(() => filled(2).add(txn(start + 2)), /without a gap/);
});

test('syncs are answered behind the proposals before them, and in order', () => {
  const proposals = filled(0);
  const answered: string[] = [];
  proposals.sync(() => answered.push('idle'));
  proposals.add(txn(start + 1));
  proposals.sync(() => answered.push('first'));
  proposals.sync(() => answered.push('second'));
  proposals.add(txn(start + 2));
  proposals.sync(() => answered.push('third'));
  proposals.answerSyncs();
  assert.deepEqual(answered, ['idle']);
  for (const sid of [1, 2]) proposals.onAck(sid, start + 1);
  takeAll(proposals);
  proposals.sync(() => answered.push('fourth'));
  proposals.answerSyncs();
  assert.deepEqual(answered, ['idle', 'first', 'second']);
  for (const sid of [1, 2]) proposals.onAck(sid, start + 2);
  takeAll(proposals);
  proposals.answerSyncs();
  assert.deepEqual(answered, ['idle', 'first', 'second', 'third', 'fourth']);
});

test('whatever the order of ACKs, commits are in order and exactly what two voters have', () => {
  const ack = fc.tuple(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(fc.array(ack), (acks) => {
      const proposals = filled(9);
      const highest = [0, 0, 0];
      const taken: number[] = [];
      for (const [sid, counter] of acks) {
        proposals.onAck(sid, start + counter);
        highest[sid - 1] = Math.max(highest[sid - 1] as number, counter);
        taken.push(...takeAll(proposals));
        const second = [...highest].sort((a, b) => b - a)[1] as number;
        assert.deepEqual(
          taken,
          Array.from({ length: second }, (_, index) => index + 1),
        );
      }
    }),
  );
});
