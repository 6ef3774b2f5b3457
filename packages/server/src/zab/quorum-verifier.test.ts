/**
 * The rules of quorum-protocol.md 14.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { hasQuorumOfAll, isVoterOfAny, makeVerifier } from './quorum-verifier.ts';
import { configOf } from './script-host.test-kit.ts';

function ensembleOf(voters: number, more: readonly string[] = []): string {
  const lines = Array.from({ length: voters }, (_, i) => `server.${i + 1}=a${i}:1:2`);
  return [...lines, ...more].join('\n');
}

const NINE = ensembleOf(9, ['group.1=1:2:3', 'group.2=4:5:6', 'group.3=7:8:9']);
const WEIGHED = ensembleOf(4, ['group.1=1:2:3', 'group.2=4', 'weight.1=3', 'weight.4=0']);

test('a verifier counts what its configuration says, and nothing else', () => {
  const rows: [string, string, number[], boolean][] = [
    ['one of one', ensembleOf(1), [1], true],
    ['one of two', ensembleOf(2), [1], false],
    ['two of two', ensembleOf(2), [1, 2], true],
    ['one of three', ensembleOf(3), [2], false],
    ['two of three', ensembleOf(3), [2, 3], true],
    ['two of four', ensembleOf(4), [1, 2], false],
    ['three of four', ensembleOf(4), [1, 2, 4], true],
    ['strangers do not count', ensembleOf(3), [1, 8, 9], false],
    ['observers do not count', ensembleOf(3, ['server.4=o:1:2:observer']), [1, 4], false],
    ['two groups of three', NINE, [1, 2, 4, 5], true],
    ['one whole group', NINE, [1, 2, 3, 4, 7], false],
    ['nobody', NINE, [], false],
    ['weight beats number', WEIGHED, [1], true],
    ['number without weight', WEIGHED, [2, 3, 4], false],
  ];
  for (const [name, text, sids, wanted] of rows) {
    const has = (sid: number): boolean => sids.includes(sid);
    assert.equal(makeVerifier(configOf(text)).isQuorum(has), wanted, name);
  }
});

test('weights are those of the configuration: zero for who does not vote', () => {
  const plain = makeVerifier(configOf(ensembleOf(2, ['server.3=o:1:2:observer'])));
  assert.deepEqual(
    [1, 3, 9].map((sid) => plain.weightOf(sid)),
    [1, 0, 0],
  );
  const weighed = makeVerifier(configOf(WEIGHED));
  assert.deepEqual(
    [1, 2, 4].map((sid) => weighed.weightOf(sid)),
    [3, 1, 0],
  );
  assert.deepEqual(weighed.voters, [1, 2, 3, 4]);
});

test('with two configurations in force both need a quorum', () => {
  const three = makeVerifier(configOf(ensembleOf(3)));
  const five = makeVerifier(configOf(ensembleOf(5)));
  const rows: [number[], boolean][] = [
    [[1, 2], false],
    [[3, 4, 5], false],
    [[1, 2, 3], true],
    [[2, 3, 5], true],
  ];
  for (const [sids, wanted] of rows) {
    assert.equal(
      hasQuorumOfAll([three, five], (sid) => sids.includes(sid)),
      wanted,
    );
  }
  assert.equal(isVoterOfAny([three, five], 5), true);
  assert.equal(isVoterOfAny([three], 5), false);
});

test('without any configuration there is never a quorum', () => {
  assert.equal(
    hasQuorumOfAll([], () => true),
    false,
  );
});
