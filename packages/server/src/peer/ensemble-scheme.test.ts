/**
 * What a connection gets that asks for an ensemble by `auth`: its reply, or its end without one
 * (client-protocol.md 13.3 and 13.5).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, utf8Encode } from '@zabra/protocol';
import { NO_SCHEMES } from '../ops/auth.ts';
import { NO_AUTHENTICATION } from './authentication-config.ts';
import type { BedClient } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

function bedOf(names: readonly string[] | null): ServerBed {
  const ensembleNames = names === null ? null : new Set(names);
  const schemes = { ...NO_SCHEMES, ensemble: true, ensembleNames };
  return new ServerBed({ authentication: { ...NO_AUTHENTICATION, schemes } });
}

function ask(client: BedClient, xid: number, name: string | null): void {
  client.request(xid, OpCode.auth, (w) => {
    w.int(0);
    w.string('ensemble');
    w.bytes(name === null ? null : utf8Encode(name));
  });
}

function counts({ core }: ServerBed): number[] {
  const { ensembleAuthSuccessCount, ensembleAuthFailCount, ensembleAuthSkipCount } = core.stats;
  return [ensembleAuthSuccessCount, ensembleAuthFailCount, ensembleAuthSkipCount];
}

describe('a client that asks for an ensemble', () => {
  it('goes on when it is the right one, as whom it was', () => {
    const bed = bedOf(['east', 'west']);
    const client = bed.client();
    for (const [index, name] of ['east', 'west', '', null].entries()) ask(client, index, name);
    client.request(9, OpCode.whoAmI);
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [0, 1, 2, 3, 9].map((xid) => [xid, 'OK']),
    );
    assert.equal(replies[0]?.zxid, 0);
    assert.equal(client.connection.identities.length, 1);
    assert.deepEqual(counts(bed), [2, 0, 2]);
  });

  it('is closed without a word when it is not, and its session lives on', () => {
    const bed = bedOf(['east']);
    const client = bed.connect();
    const session = client.handshake();
    ask(client, -4, 'north');
    client.create(1, '/late');
    bed.run();
    assert.deepEqual([client.closed, client.raw().length], ['cut', 0]);
    assert.deepEqual(bed.connect().handshake({ session }), session);
    assert.deepEqual(counts(bed), [0, 1, 0]);
    assert.equal(bed.core.stats.authFailedCount, 0);
  });

  it('is welcome whatever it asks for where the ensemble has no name', () => {
    const bed = bedOf(null);
    const client = bed.client();
    ask(client, -4, 'anything');
    bed.run();
    assert.deepEqual(client.xids(), [-4]);
    assert.deepEqual(counts(bed), [0, 0, 1]);
  });
});
