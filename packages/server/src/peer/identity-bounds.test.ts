/**
 * How much a connection may say it is: identities are compared with each `auth` and sent along with
 * each forwarded write, so there is an end to them.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CONNECTION_IDENTITIES_MAX,
  CONNECTION_IDENTITY_CHARACTERS_MAX,
  OpCode,
  utf8Encode,
  writeAuthPacket,
} from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

function authenticate(client: BedClient, xid: number, credentials: string): void {
  client.request(xid, OpCode.auth, (w) =>
    writeAuthPacket(w, { type: 0, scheme: 'digest', auth: utf8Encode(credentials) }),
  );
}

describe('Authentication, of a connection with many identities', () => {
  it('refuses one too many, and closes', () => {
    const bed = new ServerBed();
    const client = bed.client();
    // The address is one already.
    for (let count = 1; count <= CONNECTION_IDENTITIES_MAX; count++) {
      authenticate(client, count, `user${count}:password`);
    }
    bed.run();
    const codes = client.replies().map(({ err }) => err);
    assert.deepEqual([...new Set(codes.slice(0, -1))], ['OK']);
    assert.deepEqual([codes.length, codes.at(-1)], [CONNECTION_IDENTITIES_MAX, 'AUTHFAILED']);
    assert.equal(client.closed, 'gently');
    assert.equal(client.connection.identities.length, CONNECTION_IDENTITIES_MAX);
  });

  it('refuses names that are too long together', () => {
    const bed = new ServerBed();
    const client = bed.client();
    authenticate(client, 1, `${'x'.repeat(CONNECTION_IDENTITY_CHARACTERS_MAX / 2)}:password`);
    authenticate(client, 2, `${'y'.repeat(CONNECTION_IDENTITY_CHARACTERS_MAX / 2)}:password`);
    bed.run();
    assert.deepEqual(
      client.replies().map(({ err }) => err),
      ['OK', 'AUTHFAILED'],
    );
    assert.equal(client.closed, 'gently');
  });

  it('takes the same identity as often as it comes', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const count = 2 * CONNECTION_IDENTITIES_MAX;
    for (let xid = 1; xid <= count; xid++) authenticate(client, xid, 'bob:bob');
    bed.run();
    assert.equal(client.replies().filter(({ err }) => err === 'OK').length, count);
    assert.equal(client.connection.identities.length, 2);
  });
});
