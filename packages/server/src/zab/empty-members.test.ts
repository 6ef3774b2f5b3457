/**
 * Elections among members without a history (ADR 11): by majority as in Apache, or only when every
 * voter was heard and has none either.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { makeZxid } from '@zabra/protocol';
import { ElectionBed, looking } from './election-bed.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf } from './script-host.test-kit.ts';

test('empty members elect by majority, or only all together where that is asked for', () => {
  const host = new ElectionBed(2);
  host.emptyNeedsAllVoters = true;
  host.election.start(0, 0);
  host.hear(3, looking(3));
  assert.deepEqual(host.after(5000), []);
  host.hear(1, looking(3));
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r1 e0']);
  const withHistory = new ElectionBed(2);
  withHistory.emptyNeedsAllVoters = true;
  withHistory.election.start(0, 0);
  withHistory.hear(3, looking(3, makeZxid(1, 1), 1, 1));
  assert.equal(withHistory.after(200).length, 1);
});

test('an empty voter without weight has to be heard, and need not agree', () => {
  const lines = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'group.1=1:2:3'];
  const host = new ElectionBed(2);
  host.verifiers = [makeVerifier(configOf([...lines, 'weight.3=0'].join('\n')))];
  host.emptyNeedsAllVoters = true;
  host.election.start(0, 0);
  host.hear(1, looking(2));
  assert.deepEqual(host.after(5000), []);
  host.hear(3, looking(3));
  assert.deepEqual(host.after(200), ['LEADING 2 0 r1 e0']);
});
