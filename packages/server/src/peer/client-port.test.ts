/**
 * Connections as a whole: how many there may be, how fast they are read, what becomes of a client
 * that does not read, and what is left when a role or their time is over (client-protocol.md 17).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode } from '@zabra/protocol';
import { type Body, createBody, multiBody } from '../ops/state-bed.test-kit.ts';
import type { BedClient } from './bed-client.test-kit.ts';
import { PrimaryOrder } from './primary-order.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const HALF_MIB = new Uint8Array(512 * 1024).fill(7);
const PING = new Uint8Array([0, 0, 0, 8, 255, 255, 255, 254, 0, 0, 0, 11]);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Reads of `path` in one chunk, xids from `first` on. */
function readsOf(client: BedClient, path: string, first: number, count: number): void {
  const parts: Uint8Array[] = [];
  const send = client.sendRaw;
  client.sendRaw = (bytes) => parts.push(bytes);
  for (let xid = first; xid < first + count; xid++) client.getData(xid, path);
  client.sendRaw = send;
  client.sendRaw(joined(parts));
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe('how many connections there may be', () => {
  it('maxClientCnxns closes what is more from one address, and counts each address alone', () => {
    const bed = new ServerBed({ maxClientCnxns: 2 });
    const clients = [bed.connect(), bed.connect(), bed.connect(), bed.connect('10.0.0.2')];
    bed.run();
    assert.deepEqual(
      clients.map(({ closed }) => closed),
      ['', '', 'cut', ''],
    );
    assert.equal(bed.core.stats.connectionRejectedCount, 1);
    clients[0]?.hangUp();
    assert.equal(bed.connect().handshake()?.timeoutMs, 10_000);
  });

  it('maxCnxns closes what is more in all', () => {
    const bed = new ServerBed({ maxClientCnxns: 0, maxCnxns: 2 });
    const clients = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => bed.connect(host));
    bed.run();
    assert.deepEqual(
      clients.map(({ closed }) => closed),
      ['', '', 'cut'],
    );
  });

  it('0 is no limit', () => {
    const bed = new ServerBed({ maxClientCnxns: 0 });
    for (let count = 0; count < 100; count++) bed.connect();
    bed.run();
    assert.equal(bed.port.connectionCount, 100);
  });
});

describe('globalOutstandingLimit', () => {
  it('stops to read who has a request outstanding, and goes on when there are fewer', () => {
    const bed = new ServerBed({ globalOutstandingLimit: 5 });
    const client = bed.client();
    const other = bed.client();
    bed.disk.isLogStuck = true;
    for (let xid = 1; xid <= 20; xid++) client.create(xid, `/a${xid}`);
    bed.run();
    assert.equal(client.connection.pauseReading, true);
    assert.equal(bed.core.stats.outstandingRequests, 6);
    // Who waits for nothing is served all the same.
    other.getData(1, '/');
    bed.run();
    assert.deepEqual(other.xids(), [1]);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(client.xids(), range(1, 20));
    assert.equal(client.connection.pauseReading, false);
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });

  it('never stops for good a connection that waits for nothing any more', () => {
    const bed = new ServerBed({ globalOutstandingLimit: 1 });
    const clients = [bed.client(), bed.client(), bed.client()];
    for (const client of clients) client.create(1, `/of${client.connection.id}`);
    bed.run();
    // As if others had more in hand than there may be, for ever.
    bed.core.stats.outstandingRequests += 100;
    for (const client of clients) {
      for (let xid = 2; xid <= 9; xid++) client.setData(xid, `/of${client.connection.id}`, PING);
    }
    bed.run();
    for (const client of clients) assert.deepEqual(client.xids(), range(1, 9));
  });

  it('counts pings, so that nobody can queue them without bound', () => {
    const bed = new ServerBed({ globalOutstandingLimit: 10 });
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    client.sendRaw(joined(range(0, 1000).map(() => PING)));
    bed.run();
    assert.ok(client.connection.queue.length <= 11, `${client.connection.queue.length} are queued`);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(
      client.xids(),
      [1, ...range(0, 1000).map(() => -2)],
      'each is answered, in its place',
    );
  });
});

describe('a client that does not read', () => {
  it('is not read on while its output waits, and loses nothing when it reads again', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/big', HALF_MIB);
    bed.run();
    client.replies();
    client.stopReading();
    readsOf(client, '/big', 10, 20);
    bed.run();
    assert.equal(client.closed, '');
    assert.equal(client.connection.pauseReading, true);
    assert.ok(client.connection.unsentBytes < 2 << 20, `${client.connection.unsentBytes} wait`);
    client.startReading();
    bed.run();
    assert.deepEqual(client.xids(), range(10, 20));
    assert.equal(client.connection.pauseReading, false);
  });

  it('is not answered on either when its reads wait behind a write', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/big', HALF_MIB);
    bed.run();
    client.replies();
    bed.disk.isLogStuck = true;
    client.create(2, '/a');
    readsOf(client, '/big', 10, 20);
    bed.run();
    client.stopReading();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.ok(client.connection.unsentBytes < 2 << 20, `${client.connection.unsentBytes} wait`);
    client.startReading();
    bed.run();
    assert.deepEqual(client.xids(), [2, ...range(10, 20)]);
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });

  it('has its reads run before its next write is applied, however much that is', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/big', HALF_MIB);
    bed.run();
    client.replies();
    bed.disk.isLogStuck = true;
    client.create(2, '/a');
    readsOf(client, '/big', 10, 20);
    client.getData(100, '/b');
    client.create(200, '/b');
    client.request(201, OpCode.closeSession);
    bed.run();
    client.stopReading();
    bed.disk.isLogStuck = false;
    bed.run();
    client.startReading();
    bed.run();
    const replies = client.replies();
    const xids = replies.map(({ xid }) => xid);
    assert.deepEqual(xids, [2, ...range(10, 20), 100, 200, 201]);
    assert.equal(replies.find(({ xid }) => xid === 100)?.err, 'NONODE');
    assert.equal(client.closed, 'gently');
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });

  it('is closed when it asks for more than may wait, in front of a write', () => {
    const bed = new ServerBed({ clientOutputBytesMax: 4 << 20 });
    const client = bed.client();
    client.create(1, '/big', HALF_MIB);
    bed.run();
    bed.disk.isLogStuck = true;
    client.create(2, '/a');
    readsOf(client, '/big', 10, 200);
    client.create(300, '/b');
    bed.run();
    client.stopReading();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(bed.core.stats.slowReaderCount, 1);
    assert.equal(bed.core.stats.outstandingRequests, 0);
    const peak = client.connection.bytes.buffer.length;
    assert.ok(peak <= 8 << 20, `${peak} bytes were made for it`);
  });

  it('is closed when more waits for it than may', () => {
    const bed = new ServerBed({ clientOutputBytesMax: 10_000 });
    const client = bed.client();
    const writer = bed.client();
    client.create(1, '/a');
    client.request(2, OpCode.addWatch, (w) => {
      w.string('/a');
      w.int(0);
    });
    bed.run();
    client.stopReading();
    for (let xid = 1; client.closed === '' && xid < 10_000; xid++) {
      writer.setData(xid, '/a', PING);
      bed.run();
    }
    assert.equal(client.closed, 'cut');
    assert.equal(bed.core.stats.slowReaderCount, 1);
    assert.equal(writer.closed, '');
  });
});

describe('a connection that says nothing', () => {
  it('is closed without a session after 10 s', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    bed.pass(9900);
    assert.equal(client.closed, '');
    bed.pass(1200);
    assert.equal(client.closed, 'cut');
    assert.equal(bed.core.stats.sessionlessConnectionsExpired, 1);
  });

  it('trap 6: is closed without a frame when its session expires', () => {
    const bed = new ServerBed();
    const client = bed.client(4000);
    client.create(1, '/e', null, 1);
    bed.run();
    client.replies();
    bed.pass(3900);
    assert.equal(client.closed, '');
    bed.pass(2200);
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
    const other = bed.client();
    other.getData(1, '/e');
    bed.run();
    assert.equal(other.replies()[0]?.err, 'NONODE');
  });
});

describe('a session that is over here', () => {
  it('trap 6: that has moved to another server costs its writer the connection, no code', () => {
    const moved: readonly [opcode: number, body: Body][] = [
      [OpCode.create, createBody('/b')],
      [OpCode.multi, multiBody([{ type: OpCode.check, request: { path: '/', version: -1 } }])],
    ];
    for (const [opcode, body] of moved) {
      const bed = new ServerBed();
      const client = bed.client();
      const { hi, lo } = client.connection.session ?? assert.fail('There is no session');
      const { order } = bed.port;
      assert.ok(order instanceof PrimaryOrder);
      assert.equal(order.claim({}, hi, lo, 10_000), true);
      client.request(1, opcode, body);
      bed.run();
      assert.equal(client.closed, 'cut');
      assert.equal(client.raw().length, 0);
    }
  });

  it('trap 7: that is about to be closed has its requests dropped, and its connection ends', () => {
    const bed = new ServerBed();
    const client = bed.client(4000);
    bed.disk.isLogStuck = true;
    bed.pass(6500);
    client.getData(1, '/');
    client.create(2, '/late');
    client.request(3, OpCode.sync, (w) => w.string('/'));
    client.request(-2, OpCode.ping);
    bed.run();
    assert.deepEqual([client.closed, client.raw().length], ['', 0]);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual([client.closed, client.raw().length], ['cut', 0]);
    assert.equal(bed.core.stats.outstandingRequests, 0);
    const other = bed.client();
    other.getData(1, '/late');
    bed.run();
    assert.equal(other.replies()[0]?.err, 'NONODE');
  });
});

describe('the end of a role', () => {
  it('leaves no request outstanding, whatever was in hand', () => {
    const bed = new ServerBed({ globalOutstandingLimit: 5 });
    const clients = [bed.client(), bed.client()];
    bed.disk.isLogStuck = true;
    for (const client of clients) {
      for (let xid = 1; xid <= 5; xid++) client.create(xid, `/${client.connection.id}-${xid}`);
      client.getData(6, '/');
    }
    bed.run();
    clients[0]?.hangUp();
    bed.endRole();
    assert.equal(bed.core.stats.outstandingRequests, 0);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(bed.core.stats.outstandingRequests, 0);
    assert.equal(clients[1]?.closed, 'cut');
  });

  it('closes a connection that waits for the answer to its closeSession', () => {
    const bed = new ServerBed();
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.request(1, OpCode.closeSession);
    bed.run();
    bed.endRole();
    bed.run();
    assert.equal(client.closed, 'cut');
  });

  it('lets a client come back to the next role with its session', () => {
    const bed = new ServerBed();
    const first = bed.connect();
    const session = first.handshake();
    bed.endRole();
    bed.run();
    assert.equal(bed.connect().handshake({ session }), null);
    bed.serve();
    assert.deepEqual(bed.connect().handshake({ session }), session);
  });
});
