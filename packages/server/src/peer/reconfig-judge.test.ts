/** Members that a reconfig request asks for, and what is wrong with them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorName } from '@zabra/protocol';
import type { ReconfigRequest } from '../ops/state-options.ts';
import { judgeReconfig } from './reconfig-judge.ts';

const MEMBERS = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888:participant;0.0.0.0:2181`);
const CURRENT = [...MEMBERS, 'version=100000004'].join('\n');
const ANY = { joining: null, leaving: null, newMembers: null, fromVersion: -1 };
const OBSERVER = 'server.9=h9:2888:3888:observer;2181';

describe('judgeReconfig', () => {
  const rows: readonly [name: string, request: Partial<ReconfigRequest>, wanted: string][] = [
    ['lets an observer join', { joining: OBSERVER }, 'OK'],
    ['lets a member come back changed', { joining: 'server.3=h3:1:2:observer' }, 'OK'],
    ['lets one of three leave', { leaving: '3' }, 'OK'],
    ['lets one go and another come', { joining: OBSERVER, leaving: ' 1 ' }, 'OK'],
    ['takes an id that is no member', { leaving: '77' }, 'OK'],
    ['takes the present version', { leaving: '3', fromVersion: 0x100000004 }, 'OK'],
    ['refuses another version', { leaving: '3', fromVersion: 0x100000005 }, 'BADVERSION'],
    ['looks at the version first', { joining: 'some thing', fromVersion: 1 }, 'BADVERSION'],
    ['refuses what is no server line', { joining: 'some thing' }, 'BADARGUMENTS'],
    ['refuses a line that is wrong', { joining: 'server.9=h9:1' }, 'BADARGUMENTS'],
    ['refuses a server that joins twice', { joining: `${OBSERVER},${OBSERVER}` }, 'BADARGUMENTS'],
    ['refuses to leave one voter', { leaving: '1,2' }, 'BADARGUMENTS'],
    ['refuses to leave nobody', { leaving: '1,2,3' }, 'BADARGUMENTS'],
    ['cannot read an id that is no number', { leaving: 'x' }, 'MARSHALLINGERROR'],
    ['takes all members at once', { newMembers: MEMBERS.slice(1).join(',') }, 'OK'],
    ['parts members by newlines, too', { newMembers: MEMBERS.join('\n') }, 'OK'],
    ['refuses one voter alone', { newMembers: MEMBERS[0] as string }, 'BADARGUMENTS'],
    ['takes empty members for members', { newMembers: '', leaving: '3' }, 'BADARGUMENTS'],
  ];
  for (const [name, request, wanted] of rows) {
    it(name, () => {
      assert.equal(errorName(judgeReconfig(CURRENT, { ...ANY, ...request })), wanted);
    });
  }

  it('changes groups all at once only', () => {
    const grouped = ['server.1=a:1:2', 'server.2=b:1:2', 'group.1=1:2'].join('\n');
    assert.equal(errorName(judgeReconfig(grouped, { ...ANY, leaving: '9' })), 'BADARGUMENTS');
    assert.equal(errorName(judgeReconfig(grouped, { ...ANY, newMembers: grouped })), 'OK');
  });
});
