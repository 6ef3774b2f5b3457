/** Who is to lead: the order of Apache, and what our own kind adds while a proposal is pending. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SID_NONE } from '@zabra/protocol';
import { CandidateOrder } from './candidate-order.ts';
import { ElectionBed, looking } from './election-bed.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf } from './script-host.test-kit.ts';

const OLD = makeVerifier(configOf('server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2'));
const NEW = makeVerifier(
  configOf([1, 2, 3, 4, 5, 6].map((sid) => `server.${sid}=h${sid}:1:2`).join('\n')),
);

const of = (leader: number, zxid = 5, peerEpoch = 1) => ({ leader, zxid, peerEpoch });

test('epoch, zxid and sid decide, and nothing else within one configuration', () => {
  const order = new CandidateOrder(1);
  assert.equal(order.beats(of(3), of(2), [OLD]), true);
  assert.equal(order.beats(of(2), of(3), [OLD]), false);
  assert.equal(order.beats(of(2, 6), of(3), [OLD]), true);
  assert.equal(order.beats(of(2, 4, 2), of(3), [OLD]), true);
  assert.equal(order.beats(of(2), of(SID_NONE, 9, 9), [OLD]), true);
  assert.equal(order.beats(of(1, 9, 9), of(2), [OLD]), false, 'an echo of our own vote');
  assert.equal(order.beats(of(6, 9, 9), of(2), [OLD]), false, 'no voter');
});

test('of equals, one that votes by the committed configuration goes first', () => {
  const order = new CandidateOrder(2);
  order.onHeard(3, true);
  assert.equal(order.beats(of(6), of(3), [OLD, NEW]), false);
  assert.equal(order.beats(of(3), of(6), [OLD, NEW]), true);
  assert.equal(order.beats(of(6), of(5), [OLD, NEW]), true, 'both only proposed');
  assert.equal(order.beats(of(6, 6), of(3), [OLD, NEW]), true, 'what it holds counts before');
});

test('of equals, one without weight gives way, whatever is proposed (seed 702901)', () => {
  const lines = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:1:2\ngroup.${sid}=${sid}`);
  const weighted = makeVerifier(configOf([...lines, 'weight.3=0'].join('\n')));
  const alone = makeVerifier(configOf('server.3=h3:1:2'));
  const order = new CandidateOrder(3);
  order.onHeard(1, true);
  assert.equal(order.beats(of(1), of(3), [weighted, alone]), true, '2 knows no proposal');
  assert.equal(order.beats(of(1, 4), of(3), [weighted, alone]), false);
  const second = new CandidateOrder(2);
  second.onHeard(1, true);
  assert.equal(second.beats(of(3), of(1), [weighted, alone]), false);
  assert.equal(second.beats(of(3, 6), of(1), [weighted, alone]), true);
});

test('beside members of Apache the sid decides as with them', () => {
  const order = new CandidateOrder(2);
  order.onHeard(3, false);
  assert.equal(order.beats(of(6), of(3), [OLD, NEW]), true);
  order.onHeard(3, true);
  assert.equal(order.beats(of(6), of(3), [OLD, NEW]), false);
  order.onHeard(9, false);
  assert.equal(order.beats(of(6), of(3), [OLD, NEW]), false, 'a stranger is no member');
});

test('a proposal that half of its voters never heard of keeps nobody waiting (seed 351)', () => {
  // Of six proposed voters 2, 3 and 6 hold the proposal; 1 knows the committed three alone.
  const bed = new ElectionBed(3);
  bed.verifiers = [OLD, NEW];
  bed.election.start(5, 1);
  for (const sid of [6, 2]) bed.election.onNotification(sid, looking(sid, 5, 1, 1), true);
  for (const sid of [6, 2]) bed.election.onNotification(sid, looking(3, 5, 1, 1), true);
  assert.deepEqual(bed.decided, [], 'three of six');
  bed.election.onNotification(1, looking(3, 5, 1, 1), true);
  bed.election.tick();
  bed.after(200);
  assert.deepEqual(bed.decided, ['LEADING 3 5 r1 e1']);
});
