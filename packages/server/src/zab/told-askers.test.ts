/** Servers that take each other for askers: every question is answered, and no answer is. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerState, SID_NONE, ZXID_MIN } from '@zabra/protocol';
import { ElectionBed, looking, settled, show, started } from './election-bed.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, THREE_TEXT } from './script-host.test-kit.ts';

const { FOLLOWING } = ServerState;
/** What a server without a vote says in its second round. */
const asking = looking(SID_NONE, 0, 2, 0);
const question = looking(SID_NONE, 7, 1, ZXID_MIN);

test('an asker is told, but not the same again before it can have asked again', () => {
  const bed = started(1);
  assert.equal(bed.hear(9, question).length, 1);
  assert.deepEqual(bed.hear(9, question), []);
  assert.equal(bed.hear(8, question).length, 1, 'somebody else');
  assert.equal(bed.hear(9, looking(SID_NONE, 7, 2, ZXID_MIN)).length, 1, 'of another round');
  assert.equal(bed.hear(9, question).length, 1);
  bed.now += 100;
  assert.equal(bed.hear(9, question).length, 1, 'the next poll');
});

test('an asker is told at once when there is something else to tell', () => {
  const bed = started(1);
  assert.match(bed.hear(9, question)[0] ?? '', /LOOKING/);
  bed.election.appoint(3, 5, 1);
  assert.deepEqual(bed.hear(9, question), ['9 FOLLOWING 3 5 r1 e1']);
});

test('who has found its leader asks nothing', () => {
  const bed = started(1);
  assert.deepEqual(bed.hear(9, settled(FOLLOWING, 3, 1, 1)), []);
});

test('two servers do not answer each other for ever', () => {
  const asker = new ElectionBed(4);
  const other = new ElectionBed(5);
  // To the one the other is a voter, behind by a round; to that one the first only asks.
  asker.verifiers = [makeVerifier(configOf(`${THREE_TEXT}\nserver.5=h5:1:2`))];
  other.verifiers = [makeVerifier(configOf(THREE_TEXT))];
  other.election.start(0, 0);
  asker.election.start(0, 0);
  asker.election.start(0, 0);
  let asks = asker.sent.splice(0).includes(`5 ${show(asking)}`);
  let messages = 0;
  while (asks && messages < 100) {
    messages++;
    const answers = other.hear(4, asking).filter((line) => line.startsWith('4 '));
    asks = answers.length > 0 && asker.hear(5, looking(SID_NONE, 0, 1, 0)).length > 0;
  }
  assert.equal(messages, 2);
});
