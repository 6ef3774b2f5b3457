/**
 * How much the server takes on at once: requests that are held until fewer are in process, large
 * requests, and the memory of one connection's input (client-protocol.md 17).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, OpCode, OPEN_ACL_UNSAFE, writeAclVector } from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';
import { NO_THROTTLE, type ThrottleConfig } from './throttle-config.ts';

function bedWith(changes: Partial<ThrottleConfig>): ServerBed {
  return new ServerBed({ throttle: { ...NO_THROTTLE, ...changes } });
}

function codes(client: BedClient): string[] {
  return client.replies().map(({ xid, err }) => `${xid} ${err}`);
}

function held(bed: ServerBed): number {
  return bed.core.stats.throttleWaitCount;
}

/** What one connection makes the server hold: queued requests and bytes that are no frame yet. */
function inputBytes({ connection }: BedClient): number {
  return connection.queuedBytes + connection.reader.bytesHeld;
}

function multiOf(xid: number, dataBytes: number): Uint8Array {
  const w = new JuteWriter();
  w.int(0);
  w.int(xid);
  w.int(OpCode.multi);
  w.int(OpCode.create);
  w.bool(false);
  w.int(-1);
  w.string(`/m${xid}`);
  w.bytes(new Uint8Array(dataBytes));
  writeAclVector(w, OPEN_ACL_UNSAFE);
  w.int(0);
  w.int(-1);
  w.bool(true);
  w.int(-1);
  w.patchInt(0, w.position - 4);
  return w.toBytes();
}

describe('request_throttle_max_requests', () => {
  it('holds what is more, and answers everything in its order', () => {
    const bed = bedWith({ requestsMax: 2 });
    const client = bed.client();
    const other = bed.client();
    bed.disk.isLogStuck = true;
    for (let xid = 1; xid <= 5; xid++) client.create(xid, `/a${xid}`);
    bed.run();
    other.getData(1, '/');
    client.getData(6, '/a5');
    client.request(-2, OpCode.ping);
    bed.run();
    assert.equal(bed.core.stats.outstandingRequests, 2 + 1, 'two writes, and the ping behind them');
    assert.equal(held(bed), 5);
    assert.deepEqual(codes(other), [], 'a read waits as well');
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(codes(client), [...[1, 2, 3, 4, 5, 6].map((xid) => `${xid} OK`), '-2 OK']);
    assert.deepEqual(codes(other), ['1 OK']);
    assert.equal(bed.core.stats.outstandingRequests, 0);
    assert.equal(bed.core.stats.throttleQueueTimeMs.count, 5);
  });

  it('never has more in process than it says', () => {
    const bed = bedWith({ requestsMax: 3 });
    const clients = [bed.client(), bed.client(), bed.client()];
    for (let xid = 1; xid <= 20; xid++) {
      for (const client of clients) client.setData(xid, '/', new Uint8Array(xid));
    }
    let most = 0;
    for (let turn = 0; turn < 300; turn++) {
      bed.turn();
      most = Math.max(most, bed.core.stats.outstandingRequests);
    }
    assert.equal(most, 3);
    for (const client of clients) assert.equal(client.replies().length, 20);
  });

  it('holds sessions that connect, multis, syncs and closeSession, and loses none', () => {
    const bed = bedWith({ requestsMax: 1 });
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    client.sendRaw(multiOf(2, 10));
    client.request(3, OpCode.sync, (w) => w.string('/a'));
    client.request(4, OpCode.closeSession);
    const late = bed.connect();
    late.greet({});
    bed.run();
    assert.equal(held(bed), 4);
    assert.equal(late.connection.state, 'connecting');
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(codes(client), ['1 OK', '2 OK', '3 OK', '4 OK']);
    assert.equal(client.closed, 'gently');
    assert.equal(late.connection.state, 'open');
    assert.notEqual(bed.core.state.core.tree.nodes.find('/m2'), 0);
  });

  it('is not kept up by a client that does not read', () => {
    const bed = bedWith({ requestsMax: 2 });
    const [slow, client] = [bed.client(), bed.client()];
    slow.create(1, '/big', new Uint8Array(512 * 1024));
    bed.run();
    bed.disk.isLogStuck = true;
    slow.create(2, '/a');
    for (let xid = 3; xid <= 20; xid++) slow.getData(xid, '/big');
    bed.run();
    slow.stopReading();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.ok(slow.connection.queue.length > 2, 'its reads wait for it');
    for (let xid = 1; xid <= 5; xid++) client.create(xid, `/b${xid}`);
    bed.run();
    assert.deepEqual(
      codes(client),
      [1, 2, 3, 4, 5].map((xid) => `${xid} OK`),
    );
  });

  it('drops the requests of a connection that is gone', () => {
    const bed = bedWith({ requestsMax: 1 });
    const client = bed.client();
    const gone = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    gone.create(1, '/b');
    gone.getData(2, '/b');
    bed.run();
    gone.hangUp();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(bed.core.state.core.tree.nodes.find('/b'), 0);
    assert.equal(bed.core.stats.staleRequestsDropped, 2);
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });

  it('carries them out all the same when it is told not to drop what is stale', () => {
    for (const changes of [{ dropsStale: false }, { isStaleWhenClosed: false }]) {
      const bed = bedWith({ requestsMax: 1, ...changes });
      const client = bed.client();
      const gone = bed.client();
      bed.disk.isLogStuck = true;
      client.create(1, '/a');
      bed.run();
      gone.create(1, '/b');
      gone.getData(2, '/b');
      bed.run();
      gone.hangUp();
      bed.disk.isLogStuck = false;
      bed.run();
      assert.notEqual(bed.core.state.core.tree.nodes.find('/b'), 0);
      assert.equal(bed.core.stats.staleRequestsDropped, 0);
      assert.equal(bed.core.stats.outstandingRequests, 0);
    }
  });

  it('closes the connection of a request that is older than its session may be', () => {
    const bed = bedWith({ requestsMax: 1, isStaleWhenLate: true });
    const client = bed.client(40_000);
    const late = bed.client(4000);
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    late.create(1, '/b');
    bed.run();
    bed.stall(4500);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(late.closed, 'cut');
    assert.equal(bed.core.state.core.tree.nodes.find('/b'), 0);
    assert.deepEqual(codes(client), ['1 OK']);
  });

  it('forgets what it held when the role ends', () => {
    const bed = bedWith({ requestsMax: 1 });
    const client = bed.client();
    bed.disk.isLogStuck = true;
    for (let xid = 1; xid <= 5; xid++) client.create(xid, `/a${xid}`);
    bed.run();
    bed.endRole();
    bed.disk.isLogStuck = false;
    bed.run();
    bed.serve();
    const next = bed.client();
    next.create(1, '/b');
    bed.run();
    assert.deepEqual(codes(next), ['1 OK']);
    assert.equal(bed.core.stats.outstandingRequests, 0);
  });
});

describe('globalOutstandingLimit', () => {
  it('is not reached by the reads of a client that does not take their replies', () => {
    const bed = new ServerBed({ globalOutstandingLimit: 10 });
    const [slow, client] = [bed.client(), bed.client()];
    slow.create(1, '/big', new Uint8Array(512 * 1024));
    bed.run();
    bed.disk.isLogStuck = true;
    slow.create(2, '/a');
    for (let xid = 3; xid <= 40; xid++) slow.getData(xid, '/big');
    bed.run();
    slow.stopReading();
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(slow.connection.queue.length > 5, true);
    bed.disk.isLogStuck = true;
    for (let xid = 1; xid <= 5; xid++) client.create(xid, `/b${xid}`);
    bed.run();
    assert.equal(client.connection.queue.length, 5, 'nobody else is held up');
    slow.startReading();
    bed.disk.isLogStuck = false;
    bed.pass(1000);
    assert.equal(client.replies().length, 5);
    assert.equal(slow.replies().length, 40);
  });
});

describe('throttled_op_wait_time', () => {
  it('refuses what was held longer, in its place, without carrying it out', () => {
    const bed = bedWith({ requestsMax: 1, waitMsMax: 100 });
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    client.create(2, '/b');
    client.getData(3, '/a');
    client.request(-2, OpCode.ping);
    bed.run();
    bed.pass(200);
    client.create(4, '/c');
    bed.run();
    const zxid = bed.core.state.lastProcessedZxid;
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(codes(client), ['1 OK', '2 THROTTLEDOP', '3 THROTTLEDOP', '-2 OK', '4 OK']);
    assert.equal(bed.core.state.core.tree.nodes.find('/b'), 0);
    assert.equal(bed.core.state.lastProcessedZxid, zxid + 2, 'a refusal is no transaction');
    assert.equal(bed.core.stats.throttledOps, 2);
  });

  it('never refuses the beginning or the end of a session', () => {
    const bed = bedWith({ requestsMax: 1, waitMsMax: 100 });
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    client.request(2, OpCode.closeSession);
    const late = bed.connect();
    late.greet({});
    bed.run();
    bed.pass(1000);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(codes(client), ['1 OK', '2 OK']);
    assert.equal(late.connection.state, 'open');
  });
});

describe('large requests', () => {
  const LIMITS = { largeRequestBytes: 1000, largeRequestBytesMax: 5000 };

  it('close the connection whose request exceeds what all may have in process', () => {
    const bed = bedWith(LIMITS);
    const [first, second, third] = [bed.client(), bed.client(), bed.client()];
    bed.disk.isLogStuck = true;
    first.create(1, '/a', new Uint8Array(3000));
    bed.run();
    second.create(1, '/b', new Uint8Array(3000));
    third.create(1, '/c', new Uint8Array(900));
    bed.run();
    assert.equal(second.closed, 'cut');
    assert.equal(bed.core.stats.largeRequestsRejected, 1);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(codes(first), ['1 OK']);
    assert.deepEqual(codes(third), ['1 OK'], 'a small one is nothing to it');
    first.create(2, '/d', new Uint8Array(4500));
    bed.run();
    assert.deepEqual(codes(first), ['2 OK'], 'what was answered counts no more');
  });

  it('are refused before they are whole', () => {
    const bed = bedWith(LIMITS);
    const client = bed.client();
    const bytes = multiOf(1, 8000);
    client.sendRaw(bytes.subarray(0, 4000));
    bed.run();
    assert.equal(client.closed, '');
    client.sendRaw(bytes.subarray(4000, 6000));
    bed.run();
    assert.equal(client.closed, 'cut');
  });

  it('count no more when their connection is gone', () => {
    const bed = bedWith(LIMITS);
    const client = bed.client();
    bed.disk.isLogStuck = true;
    client.create(1, '/a', new Uint8Array(4500));
    bed.run();
    client.hangUp();
    const next = bed.client.bind(bed);
    bed.disk.isLogStuck = false;
    bed.run();
    const other = next();
    other.create(1, '/b', new Uint8Array(4500));
    bed.run();
    assert.deepEqual(codes(other), ['1 OK']);
  });
});

describe('the memory of the input of one connection', () => {
  const JUTE_MAX_BUFFER = 300_000;
  const CHUNK = 65_536;

  /** Sends it as a socket would, and keeps the most that the server held. */
  function feed(bed: ServerBed, client: BedClient, bytes: Uint8Array): number {
    let most = 0;
    for (let at = 0; at < bytes.length && client.closed === ''; at += CHUNK) {
      client.sendRaw(bytes.subarray(at, at + CHUNK));
      bed.run();
      most = Math.max(most, inputBytes(client));
    }
    return most;
  }

  it('is at most twice jute.maxbuffer, whatever waits', () => {
    for (const dataBytes of [10, 5000, 90_000, 299_000]) {
      const bed = new ServerBed({
        juteMaxBufferBytes: JUTE_MAX_BUFFER,
        globalOutstandingLimit: 1_000_000,
      });
      const client = bed.client();
      bed.disk.isLogStuck = true;
      const count = Math.ceil(3_000_000 / (dataBytes + 100));
      const parts = Array.from({ length: count }, (_, index) => multiOf(index + 1, dataBytes));
      const most = feed(bed, client, Uint8Array.from(Buffer.concat(parts)));
      assert.ok(most <= 2 * JUTE_MAX_BUFFER, `${most} bytes with data of ${dataBytes}`);
      assert.ok(most > JUTE_MAX_BUFFER / 2, `${most} bytes: nothing was queued`);
      bed.disk.isLogStuck = false;
      let answered = 0;
      for (let round = 0; round < 1000 && answered < count; round++) {
        bed.run();
        answered += client.replies().length;
      }
      assert.equal(answered, count, 'and everything is answered');
      assert.equal(client.connection.queuedBytes, 0);
    }
  });

  it('takes a frame of the largest size and none above it', () => {
    const bed = new ServerBed({ juteMaxBufferBytes: JUTE_MAX_BUFFER });
    const [client, other] = [bed.client(), bed.client()];
    const overhead = multiOf(1, 0).length - 4;
    feed(bed, client, multiOf(1, JUTE_MAX_BUFFER - overhead));
    assert.deepEqual(codes(client), ['1 OK']);
    feed(bed, other, multiOf(2, JUTE_MAX_BUFFER - overhead + 1));
    assert.equal(other.closed, 'cut');
  });
});
