/** The layout of session ids (client-protocol.md 2.1). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { int64Hex } from '@zabra/protocol';
import { SessionIds } from './session-ids.ts';

describe('SessionIds', () => {
  it('puts the server in the high byte and 40 bits of the clock behind it', () => {
    const ids = new SessionIds(1, 0x12_3456_789a);
    ids.next();
    assert.equal(int64Hex(ids.hi, ids.lo), '1123456789a0001');
  });

  it('wraps the clock at 40 bits and keeps the server', () => {
    const ids = new SessionIds(0xfe, 2 ** 40 + 5);
    ids.next();
    assert.equal(int64Hex(ids.hi, ids.lo), 'fe00000000050001');
  });

  it('carries the counter into the clock', () => {
    const ids = new SessionIds(3, 0xffff);
    for (let index = 0; index < 0x10000; index++) ids.next();
    assert.equal(int64Hex(ids.hi, ids.lo), '300000100000000');
  });
});
