/**
 * The order of replies and events on one connection, and the requests that are answered in no
 * ordinary way (client-protocol.md 4, 6 and 13.5).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, ErrorCode, errorName, JuteReader, OpCode } from '@zabra/protocol';
import { type Body, createBody, pathBody } from '../ops/state-bed.test-kit.ts';
import type { BedClient } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);

function auth(client: BedClient, xid: number, scheme: string, data: string): void {
  client.request(xid, OpCode.auth, (w) => {
    w.int(0);
    w.string(scheme);
    w.bytes(Buffer.from(data));
  });
}

function ping(client: BedClient, xid = -2): void {
  client.request(xid, OpCode.ping);
}

function sync(client: BedClient, xid: number, path: string | null): void {
  client.request(xid, OpCode.sync, (w) => w.string(path));
}

/** Data of a getData reply. */
function dataOf(body: Uint8Array): string {
  const r = new JuteReader().reset(body, 0, body.length);
  return bytesToHex(r.bytes() ?? new Uint8Array(0));
}

describe('FIFO', () => {
  it('answers reads, pings, auth, syncs and refusals in their place behind slow writes', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/a', ONE);
    bed.run();
    client.replies();
    bed.disk.isLogStuck = true;
    client.setData(10, '/a', TWO);
    client.getData(11, '/a');
    ping(client);
    auth(client, -4, 'digest', 'bob:bob');
    sync(client, 12, '/a');
    client.request(13, OpCode.getData);
    client.create(14, '/a');
    client.request(15, OpCode.sasl, (w) => w.bytes(ONE));
    client.getData(16, '/nowhere');
    bed.run();
    assert.deepEqual(client.replies(), []);
    bed.disk.isLogStuck = false;
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [
        [10, 'OK'],
        [11, 'OK'],
        [-2, 'OK'],
        [-4, 'OK'],
        [12, 'OK'],
        [13, 'MARSHALLINGERROR'],
        [14, 'NODEEXISTS'],
        [15, 'OK'],
        [16, 'NONODE'],
      ],
    );
    assert.equal(dataOf(replies[1]?.body ?? ONE), '02', 'a read sees the writes before it');
    assert.equal(bytesToHex(replies[4]?.body ?? ONE), '000000022f61', 'a sync repeats its path');
    assert.equal(bytesToHex(replies[7]?.body ?? ONE), 'ffffffff', 'sasl: a null token');
  });

  it('answers a read at once when nothing is before it, with the last zxid applied', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const other = bed.client();
    client.create(1, '/a', ONE);
    bed.run();
    bed.disk.isLogStuck = true;
    other.setData(1, '/a', TWO);
    client.replies();
    client.getData(2, '/a');
    bed.run();
    const [reply] = client.replies();
    assert.equal(dataOf(reply?.body ?? TWO), '01');
    assert.equal(reply?.zxid, bed.core.state.lastProcessedZxid);
  });

  it('gives replies to writes the zxid of their transaction, refused or not', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const first = bed.core.state.lastProcessedZxid + 1;
    client.create(1, '/a');
    client.create(2, '/a');
    client.create(3, '/b');
    bed.run();
    assert.deepEqual(
      client.replies().map(({ zxid, err }) => [zxid - first, err]),
      [
        [0, 'OK'],
        [1, 'NODEEXISTS'],
        [2, 'OK'],
      ],
    );
  });

  it('keeps xids as they come, even the same one twice', () => {
    const bed = new ServerBed();
    const client = bed.client();
    for (const xid of [0, 7, 7, -8, 0x7fffffff, -0x80000000]) client.getData(xid, '/');
    bed.run();
    assert.deepEqual(client.xids(), [0, 7, 7, -8, 0x7fffffff, -0x80000000]);
  });
});

describe('ping', () => {
  it('is answered with xid -2 whatever its own was, and keeps the session alive', () => {
    const bed = new ServerBed();
    const client = bed.client(4000);
    for (let count = 0; count < 10; count++) {
      ping(client, count);
      bed.pass(2000);
    }
    assert.deepEqual(client.xids(), new Array(10).fill(-2));
    assert.equal(client.closed, '');
  });
});

describe('auth', () => {
  it('holds for what comes behind it, not for what came before', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const whoAmI = (xid: number): void => client.request(xid, OpCode.whoAmI);
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    whoAmI(2);
    auth(client, -4, 'digest', 'bob:bob');
    whoAmI(3);
    bed.disk.isLogStuck = false;
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [1, 2, -4, 3],
    );
    const known = (body: Uint8Array | undefined): boolean =>
      Buffer.from(body ?? ONE).includes('bob');
    assert.equal(known(replies[1]?.body), false);
    assert.equal(known(replies[3]?.body), true);
    assert.equal(replies[2]?.zxid, 0);
  });

  it('is refused and closes behind what was asked before', () => {
    const bed = new ServerBed();
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    auth(client, 9, 'kerberos', 'x');
    client.getData(2, '/');
    bed.run();
    assert.equal(client.closed, '');
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(
      client.replies().map(({ xid, err, zxid }) => [xid, err, zxid === 0]),
      [
        [1, 'OK', false],
        [9, 'AUTHFAILED', true],
      ],
    );
    assert.equal(client.closed, 'gently');
  });

  it('that cannot be decoded closes without a word', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.request(-4, OpCode.auth, (w) => w.int(0));
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
  });
});

describe('requests that are none', () => {
  const unknown = [0, 10, 13, 20, 99, 108, -1, -10, 0x7fffffff];

  for (const opcode of unknown) {
    it(`type ${opcode} is answered with UNIMPLEMENTED and zxid -1, then closed`, () => {
      const bed = new ServerBed();
      const client = bed.client();
      const before = bed.core.disk.lastLoggedZxid;
      bed.disk.isLogStuck = true;
      client.create(1, '/a');
      client.request(2, opcode, (w) => w.int(0));
      client.getData(3, '/');
      bed.disk.isLogStuck = false;
      bed.run();
      assert.deepEqual(
        client.replies().map(({ xid, err, zxid }) => [xid, err, zxid === -1]),
        [
          [1, 'OK', false],
          [2, 'UNIMPLEMENTED', true],
        ],
      );
      assert.equal(client.closed, 'gently');
      assert.equal(bed.core.disk.lastLoggedZxid, before + 1, 'only the create took a zxid');
    });
  }

  /** What a client gets for an operation that servers keep among themselves. */
  function refusalOf(bed: ServerBed, opcode: number, body: Body): void {
    const client = bed.client();
    const before = bed.core.disk.lastLoggedZxid;
    client.request(1, opcode, body);
    client.getData(2, '/');
    bed.run();
    const replies = client.replies().map((reply) => [reply.xid, reply.err, reply.body.length]);
    assert.deepEqual(replies, [[1, 'UNIMPLEMENTED', 0]]);
    assert.equal(client.closed, 'gently');
    assert.equal(bed.core.disk.lastLoggedZxid, before, 'it takes no zxid');
  }

  it('trap 29: no client deletes an empty znode by deleteContainer, which asks for no ACL', () => {
    const bed = new ServerBed();
    const owner = bed.client();
    owner.create(1, '/p');
    owner.request(2, OpCode.createContainer, createBody('/c'));
    bed.run();
    owner.replies();
    for (const path of ['/p', '/c']) refusalOf(bed, OpCode.deleteContainer, pathBody(path));
    for (const path of ['/p', '/c']) owner.getData(3, path);
    bed.run();
    assert.deepEqual(
      owner.replies().map(({ err }) => err),
      ['OK', 'OK'],
    );
  });

  it('trap 30: createSession behind the handshake gets no second ConnectResponse', () => {
    const bed = new ServerBed();
    const before = bed.core.state.core.sessions.size;
    refusalOf(bed, OpCode.createSession, (w) => w.int(10_000));
    assert.equal(bed.core.state.core.sessions.size, before + 1, 'that of the handshake');
  });

  it('a write that cannot be decoded takes no zxid and keeps its connection', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const before = bed.core.disk.lastLoggedZxid;
    client.request(1, OpCode.create, (w) => w.int(100));
    sync(client, 2, null);
    ping(client);
    bed.run();
    assert.deepEqual(
      client.replies().map(({ xid, err }) => [xid, err]),
      [
        [1, 'MARSHALLINGERROR'],
        [2, 'MARSHALLINGERROR'],
        [-2, 'OK'],
      ],
    );
    assert.equal(bed.core.disk.lastLoggedZxid, before);
    assert.equal(client.closed, '');
  });

  it('a frame too short for a header closes without a word', () => {
    for (const length of [0, 4, 7]) {
      const bed = new ServerBed();
      const client = bed.client();
      client.sendRaw(Uint8Array.from([0, 0, 0, length, ...new Array(length).fill(0)]));
      bed.run();
      assert.equal(client.closed, 'cut');
      assert.equal(client.raw().length, 0);
    }
  });

  it('a length beyond jute.maxbuffer, or below 0, closes without a word', () => {
    const rows: [length: number, closed: '' | 'cut'][] = [
      [1000, ''],
      [1001, 'cut'],
      [-1, 'cut'],
      [0x72756f6b, 'cut'],
    ];
    for (const [length, closed] of rows) {
      const bed = new ServerBed({ juteMaxBufferBytes: 1000 });
      const client = bed.client();
      const bytes = new Uint8Array(4 + 1000);
      const view = new DataView(bytes.buffer);
      view.setInt32(0, length);
      view.setInt32(8, OpCode.getData);
      client.sendRaw(bytes);
      bed.run();
      assert.equal(client.closed, closed);
      assert.equal(client.replies().length, closed === '' ? 1 : 0);
    }
  });
});

describe('closeSession', () => {
  it('is answered behind all that was asked before, then closed, and nothing follows it', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/e', null, 1);
    client.getData(2, '/e');
    client.request(3, OpCode.closeSession);
    client.create(4, '/late');
    ping(client);
    bed.run();
    assert.deepEqual(
      client.replies().map(({ xid, err, body }) => [xid, err, body.length > 0]),
      [
        [1, 'OK', true],
        [2, 'OK', true],
        [3, 'OK', false],
      ],
    );
    assert.equal(client.closed, 'gently');
    const other = bed.client();
    other.getData(1, '/e');
    other.getData(2, '/late');
    bed.run();
    assert.deepEqual(
      other.replies().map(({ err }) => err),
      ['NONODE', 'NONODE'],
    );
  });
});

describe('a session that another connection has taken', () => {
  it('lets its pending writes be, and answers nobody', () => {
    const bed = new ServerBed();
    const first = bed.connect();
    const session = first.handshake();
    bed.disk.isLogStuck = true;
    first.create(1, '/a');
    bed.run();
    const second = bed.connect();
    second.greet({ session });
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(first.closed, 'cut');
    second.frames();
    second.getData(1, '/a');
    bed.run();
    assert.deepEqual(
      second.replies().map(({ err }) => err),
      [errorName(ErrorCode.OK)],
    );
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });
});
