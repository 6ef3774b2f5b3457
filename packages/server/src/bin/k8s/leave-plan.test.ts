/** Who leaves when a set becomes smaller, and when nobody may. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EnsembleConfig } from '../../zab/ensemble-config.ts';
import { parseEnsembleText } from '../../zab/ensemble-text.ts';
import {
  haveCaughtUp,
  highestZxid,
  judgeLeaving,
  leavingMembers,
  type MemberState,
  type MemberStates,
} from './leave-plan.ts';

function configOf(voters: readonly number[], observers: readonly number[] = []): EnsembleConfig {
  const line = (role: string) => (sid: number) => `server.${sid}=h${sid}:1:2:${role};3`;
  const lines = [...voters.map(line('participant')), ...observers.map(line('observer'))];
  const { config, error } = parseEnsembleText([...lines, 'version=0'].join('\n'));
  assert.ok(config !== null, String(error));
  return config;
}

function statesOf(zxids: Readonly<Record<number, number>>): MemberStates {
  const state = (zxid: number): MemberState => {
    return zxid < 0
      ? { mode: null, zxid: 0, reason: 'nobody answers' }
      : { mode: 'follower', zxid, reason: '' };
  };
  return new Map(Object.entries(zxids).map(([sid, zxid]) => [Number(sid), state(zxid)]));
}

describe('leavingMembers', () => {
  const rows: readonly (readonly [number, number, readonly number[]])[] = [
    [1, 3, [5, 4]],
    [1, 5, []],
    [1, 9, []],
    [1, 0, [5, 4, 3, 2, 1]],
    [101, 1, [102]],
    [101, 0, [102, 101]],
  ];
  for (const [firstId, replicas, wanted] of rows) {
    it(`of the set from ${firstId} on, at ${replicas} pods: ${wanted.join(' ')}`, () => {
      const found = leavingMembers(configOf([1, 2, 3, 4, 5], [101, 102]), firstId, replicas);
      assert.deepEqual(
        found.map(({ sid }) => sid),
        wanted,
      );
    });
  }
});

describe('judgeLeaving', () => {
  const rows: readonly (readonly [
    string,
    readonly number[],
    Record<number, number>,
    number,
    RegExp | null,
  ])[] = [
    ['all serve', [1, 2, 3, 4, 5], { 1: 9, 2: 9, 3: 9, 4: 9, 5: 9 }, 5, null],
    ['the one that leaves is down', [1, 2, 3], { 1: 9, 2: 9, 3: -1 }, 3, null],
    ['a majority of the rest serves', [1, 2, 3, 4], { 1: 9, 2: 9, 3: -1, 4: 9 }, 4, null],
    [
      'half of the rest serves',
      [1, 2, 3],
      { 1: 9, 2: -1, 3: 9 },
      3,
      /of the 2 voters .* 1 serve, .*server 2: nobody answers/,
    ],
    [
      'too few of the rest',
      [1, 2, 3, 4, 5],
      { 1: 9, 2: -1, 3: -1, 4: 9, 5: 9 },
      5,
      /2 serve, which is no quorum/,
    ],
    ['it is the last one', [1], { 1: 9 }, 1, /nobody would be left to vote/],
  ];
  for (const [name, voters, zxids, sid, wanted] of rows) {
    it(`${wanted === null ? 'lets it go' : 'refuses'}: ${name}`, () => {
      const { refusal } = judgeLeaving(configOf(voters), sid, statesOf(zxids));
      if (wanted === null) assert.equal(refusal, null);
      else assert.match(String(refusal), wanted);
    });
  }

  it('does not count observers', () => {
    const config = configOf([1, 2, 3], [4, 5]);
    const states = statesOf({ 1: 9, 2: -1, 3: 9, 4: 9, 5: 9 });
    assert.match(String(judgeLeaving(config, 3, states).refusal), /1 serve/);
    assert.equal(judgeLeaving(config, 5, states).refusal, null);
  });
});

describe('haveCaughtUp', () => {
  it('wants a quorum of those that stay at the highest zxid', () => {
    const config = configOf([1, 2, 3, 4]);
    const behind = statesOf({ 1: 7, 2: 9, 3: 8, 4: 9 });
    assert.equal(highestZxid(behind), 9);
    assert.equal(haveCaughtUp(config, 4, behind, 9), false);
    assert.equal(haveCaughtUp(config, 4, statesOf({ 1: 7, 2: 9, 3: 9, 4: 9 }), 9), true);
    assert.equal(haveCaughtUp(config, 4, statesOf({ 1: -1, 2: 9, 3: -1, 4: 9 }), 9), false);
  });
});
