/** maxCnxns and maxClientCnxns, for each listener alone. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionLimits } from './connection-limits.ts';
import { ServerBed } from './server-bed.test-kit.ts';

describe('ConnectionLimits', () => {
  it('says which limit is reached, and makes room when a connection is gone', () => {
    const limits = new ConnectionLimits(3, 2);
    assert.equal(limits.onOpen('a'), null);
    assert.equal(limits.onOpen('a'), null);
    assert.match(limits.onOpen('a') ?? '', /^Too many connections from a - max is 2$/);
    assert.match(limits.onOpen('b') ?? '', /^Too many connections 3 - max is 3$/);
    for (const host of ['a', 'a', 'b']) limits.onClosed(host);
    assert.equal(limits.onOpen('a'), null);
    assert.equal(limits.onOpen('b'), null);
  });

  it('knows no limit of 0', () => {
    const limits = new ConnectionLimits(0, 0);
    for (let count = 0; count < 1000; count++) assert.equal(limits.onOpen('a'), null);
  });
});

describe('a port for TLS', () => {
  it('counts its connections apart from those of the plain port', () => {
    const bed = new ServerBed({ maxClientCnxns: 1, maxCnxns: 0 });
    const states = [null, null, [], []].map(
      (proven, index) => bed.port.onOpen('10.0.0.1', 1000 + index, proven).destroy,
    );
    assert.deepEqual(states, [false, true, false, true]);
    assert.equal(bed.core.stats.connectionRejectedCount, 2);
  });
});
