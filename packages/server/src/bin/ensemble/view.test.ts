/** What the local ensemble shows of states: a table, what to type next, lines of change. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePlan } from './plan.ts';
import { changes, isServing, screen, type ServerState } from './view.ts';

const PLAN = makePlan('/data', 2181, 3);
const STATES: readonly ServerState[] = [
  { sid: 1, clientPort: 2181, pid: 11, role: 'follower', zxid: '0x100000002', clientCount: 4 },
  { sid: 2, clientPort: 2182, pid: 12, role: 'leader', zxid: '0x100000002', clientCount: 0 },
  { sid: 3, clientPort: 2183, pid: null, role: 'down', zxid: '', clientCount: 0 },
];

describe('screen', () => {
  it('shows who leads, zxids, clients, processes and what to type next', () => {
    const lines = screen(PLAN, STATES, ['a', 'b', 'c', 'd', 'e']).split('\n');
    for (const line of [
      '  1        127.0.0.1:2181   follower   0x100000002   4         11',
      '  2        127.0.0.1:2182   leader     0x100000002   0         12',
      '  3        127.0.0.1:2183   down',
      '  write something:  bin/zkCli.sh -server 127.0.0.1:2181 create /hello world',
      '  read it:          bin/zkCli.sh -server 127.0.0.1:2182 get -s /hello',
      '  kill the leader:  kill -9 12',
    ]) {
      assert.ok(lines.includes(line), `wanted "${line}" in\n${lines.join('\n')}`);
    }
    assert.equal(lines.includes('  a'), false);
    assert.equal(lines.includes('  e'), true);
  });
});

describe('changes', () => {
  it('tells of roles that changed and of nothing else', () => {
    const busier = STATES.map((state) => ({ ...state, zxid: '0x2', clientCount: 9 }));
    assert.deepEqual(changes(STATES, busier), []);
    const [first = busier[0], second, third] = STATES;
    const after = [{ ...first, role: 'leader' } as ServerState, second, third] as ServerState[];
    assert.deepEqual(changes(STATES, after), [
      'server 1 (127.0.0.1:2181): leader, zxid 0x100000002',
    ]);
    assert.equal(changes([], STATES).length, 3);
  });
});

describe('isServing', () => {
  it('is true of roles that clients can use', () => {
    const serving = ['leader', 'follower', 'observer', 'standalone', 'looking', 'starting', 'down']
      .map((role) => ({ ...(STATES[0] as ServerState), role }))
      .filter(isServing);
    assert.equal(serving.length, 4);
  });
});
