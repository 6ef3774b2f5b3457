/** Members that a reconfig request asks for: what they come to, and what is wrong with them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorName } from '@zabra/protocol';
import type { ReconfigRequest, ReconfigVerdict } from '../ops/state-options.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import { Membership } from './membership.ts';
import { judgeReconfig, type ReconfigContext } from './reconfig-judge.ts';

const ZXID = 0x100000009;
const MEMBERS = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888:participant;0.0.0.0:2181`);
const [ONE = '', TWO = '', THREE = ''] = MEMBERS;
const CURRENT = [...MEMBERS, 'version=100000004'].join('\n');
const GROUPED = [ONE, TWO, 'group.1=1:2', 'version=100000004'].join('\n');
const ANY = { joining: null, leaving: null, newMembers: null, fromVersion: -1 };
const OBSERVER = 'server.9=h9:2888:3888:observer;2181';
const OBSERVERS = [ONE, TWO].map((line) => line.replace('participant', 'observer'));

function configOf(text: string): EnsembleConfig {
  const { config, error } = parseEnsembleText(text);
  assert.equal(error, null);
  return config as EnsembleConfig;
}

function contextOf(text: string, changes: Partial<ReconfigContext> = {}): ReconfigContext {
  return {
    membership: new Membership(1, configOf(text), null),
    standaloneEnabled: true,
    multiAddressEnabled: false,
    hasSyncedQuorum: (verifier) => verifier.isQuorum((sid) => sid <= 3),
    ...changes,
  };
}

function judge(request: Partial<ReconfigRequest>, context = contextOf(CURRENT)): ReconfigVerdict {
  return judgeReconfig({ ...ANY, ...request }, ZXID, context);
}

describe('judgeReconfig', () => {
  const rows: readonly [name: string, request: Partial<ReconfigRequest>, wanted: string][] = [
    ['lets an observer join', { joining: OBSERVER }, 'OK'],
    ['lets a member come back changed', { joining: 'server.3=h3:1:2:observer;3' }, 'OK'],
    ['lets one of three leave', { leaving: '3' }, 'OK'],
    ['lets one go and another come', { joining: OBSERVER, leaving: ' 1 ' }, 'OK'],
    ['takes an id that is no member', { leaving: '77' }, 'OK'],
    ['takes a change of nothing', {}, 'OK'],
    ['takes the present version', { leaving: '3', fromVersion: 0x100000004 }, 'OK'],
    ['refuses another version', { leaving: '3', fromVersion: 0x100000005 }, 'BADVERSION'],
    ['looks at the version first', { joining: 'some thing', fromVersion: 1 }, 'BADVERSION'],
    ['refuses what is no server line', { joining: 'some thing' }, 'BADARGUMENTS'],
    ['refuses a line that is wrong', { joining: 'server.9=h9:1' }, 'BADARGUMENTS'],
    ['wants a client port', { joining: 'server.9=h9:1:2:observer' }, 'BADARGUMENTS'],
    ['takes what joins twice as it came last', { joining: `${OBSERVER},${OBSERVER}` }, 'OK'],
    ['takes any word before the id', { joining: '9=h9:1:2:observer;3' }, 'OK'],
    ['wants an id', { joining: 'server.x=h9:1:2;3' }, 'MARSHALLINGERROR'],
    [
      'refuses an address that is taken',
      { joining: 'server.9=h2:2888:1:observer;3' },
      'BADARGUMENTS',
    ],
    [
      'refuses it as client port, too',
      { joining: 'server.9=h9:1:2:observer;h2:3888' },
      'BADARGUMENTS',
    ],
    [
      'refuses a voter too many',
      { joining: 'server.8=h8:1:2;3', leaving: '2,3' },
      'NEWCONFIGNOQUORUM',
    ],
    ['refuses several addresses', { joining: 'server.9=h9:1:2|g9:1:2:observer;3' }, 'BADARGUMENTS'],
    ['refuses to leave one voter', { leaving: '1,2' }, 'BADARGUMENTS'],
    ['refuses to leave nobody', { leaving: '1,2,3' }, 'BADARGUMENTS'],
    ['cannot read an id that is no number', { leaving: 'x' }, 'MARSHALLINGERROR'],
    ['takes all members at once', { newMembers: MEMBERS.slice(1).join(',') }, 'OK'],
    ['parts members by newlines, too', { newMembers: MEMBERS.join('\n') }, 'OK'],
    ['takes the last of two lines', { newMembers: [ONE, TWO, TWO].join('\n') }, 'OK'],
    ['reads over comments', { newMembers: ['# x', ONE, TWO].join('\n') }, 'OK'],
    ['reads over a version', { newMembers: [ONE, TWO, 'version=77'].join('\n') }, 'OK'],
    ['but reads it', { newMembers: [ONE, TWO, 'version=x'].join('\n') }, 'MARSHALLINGERROR'],
    ['knows no other keys', { newMembers: [ONE, TWO, 'foo=1'].join('\n') }, 'BADARGUMENTS'],
    ['refuses one voter alone', { newMembers: ONE }, 'BADARGUMENTS'],
    ['trips over an observer of one', { newMembers: `${ONE},${OBSERVER}` }, 'MARSHALLINGERROR'],
    ['trips over observers alone', { newMembers: OBSERVERS.join() }, 'MARSHALLINGERROR'],
    ['refuses absent members', { newMembers: `${ONE},server.8=h8:1:2;3` }, 'NEWCONFIGNOQUORUM'],
    ['takes empty members for members', { newMembers: '', leaving: '3' }, 'BADARGUMENTS'],
    ['takes groups', { newMembers: [ONE, TWO, 'group.1=1:2'].join('\n') }, 'OK'],
    ['with everybody in', { newMembers: [ONE, TWO, 'group.1=1'].join('\n') }, 'BADARGUMENTS'],
    ['and numbers', { newMembers: [ONE, TWO, 'group.x=1:2'].join('\n') }, 'MARSHALLINGERROR'],
  ];
  for (const [name, request, wanted] of rows) {
    it(name, () => assert.equal(errorName(judge(request).code), wanted));
  }

  it('says what the configuration becomes', () => {
    const { text } = judge({ joining: OBSERVER, leaving: '2' });
    const line = 'server.9=h9:2888:3888:observer;0.0.0.0:2181';
    assert.equal(text, [ONE, THREE, line, 'version=100000009'].join('\n'));
    const grouped = judge({ newMembers: [ONE, TWO, 'group.1=1:2', 'weight.2=3'].join('\n') });
    const weights = ['group.1=1:2', 'weight.1=1', 'weight.2=3', 'version=100000009'];
    assert.equal(grouped.text, [ONE, TWO, ...weights].join('\n'));
  });

  it('changes groups all at once only', () => {
    const context = contextOf(GROUPED);
    assert.equal(errorName(judge({ leaving: '9' }, context).code), 'BADARGUMENTS');
    assert.equal(errorName(judge({ newMembers: GROUPED }, context).code), 'OK');
  });

  it('takes one change at a time', () => {
    const context = contextOf(CURRENT);
    context.membership.propose(configOf(CURRENT.replace('100000004', '100000005')));
    assert.equal(errorName(judge({ leaving: '3' }, context).code), 'RECONFIGINPROGRESS');
  });

  it('lets one voter remain where no server stands alone', () => {
    const context = contextOf(CURRENT, { standaloneEnabled: false });
    assert.equal(errorName(judge({ leaving: '2,3' }, context).code), 'OK');
    assert.equal(errorName(judge({ newMembers: `${ONE},${OBSERVER}` }, context).code), 'OK');
    assert.equal(errorName(judge({ leaving: '1,2,3' }, context).code), 'BADARGUMENTS');
    assert.equal(errorName(judge({ newMembers: '' }, context).code), 'MARSHALLINGERROR');
  });

  it('takes several addresses where they are enabled', () => {
    const context = contextOf(CURRENT, { multiAddressEnabled: true });
    const joining = 'server.9=h9:1:2|g9:1:2:observer;3';
    assert.equal(errorName(judge({ joining }, context).code), 'OK');
  });
});
