/** Refusals of reconfig, in ZooKeeper's order (client-protocol.md 16). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, OpCode } from '@zabra/protocol';
import { ALICE, type Body, EXPIRED, StateBed, type Who } from './state-bed.test-kit.ts';
import type { ReconfigRequest, StateOptions } from './state-options.ts';

const BODY: Body = (w) => {
  w.string('server.9=h:1:2');
  w.string(null);
  w.string('');
  w.number(-1);
};
const SUPER: Who = { ...ALICE, identities: [{ scheme: 'super', id: '' }] };
const ON: Partial<StateOptions> = { reconfigEnabled: true, judgeReconfig: () => ErrorCode.OK };
const BAD: Partial<StateOptions> = {
  reconfigEnabled: true,
  judgeReconfig: () => ErrorCode.BADARGUMENTS,
};

describe('reconfig', () => {
  const rows: readonly [name: string, options: Partial<StateOptions>, who: Who, err: string][] = [
    [
      'is disabled before all else',
      { ...BAD, reconfigEnabled: false },
      EXPIRED,
      'RECONFIGDISABLED',
    ],
    ['needs a session', BAD, EXPIRED, 'SESSIONEXPIRED'],
    ['needs an ensemble', { reconfigEnabled: true }, SUPER, 'UNIMPLEMENTED'],
    ['needs members that can be, permitted or not', BAD, ALICE, 'BADARGUMENTS'],
    ['needs the permission', ON, ALICE, 'NOAUTH'],
    ['is not offered in the end', ON, SUPER, 'UNIMPLEMENTED'],
  ];
  for (const [name, options, who, err] of rows) {
    it(name, () => assert.equal(new StateBed(options).write(OpCode.reconfig, BODY, who).err, err));
  }

  it('is judged by what it asks for and by the configuration that stands', () => {
    const asked: [string, ReconfigRequest][] = [];
    const judgeReconfig: StateOptions['judgeReconfig'] = (current, request) => {
      asked.push([current, request]);
      return ErrorCode.BADVERSION;
    };
    const bed = new StateBed({ reconfigEnabled: true, judgeReconfig });
    bed.state.core.tree.setConfigNode(new TextEncoder().encode('version=7'), 7, 1);
    assert.equal(bed.write(OpCode.reconfig, BODY, ALICE).err, 'BADVERSION');
    const request = { joining: 'server.9=h:1:2', leaving: null, newMembers: '', fromVersion: -1 };
    assert.deepEqual(asked, [['version=7', request]]);
  });
});
