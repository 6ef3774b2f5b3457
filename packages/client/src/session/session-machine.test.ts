/**
 * The session machine against a scripted server: handshake, order of frames, replies, time,
 * reconnection, expiry, and bytes cut anywhere. Watches and identities, logins, moves and the end
 * of a session have files of their own.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, makeStat, OpCode, writeMultiResponse, writeStat } from '@zabra/protocol';
import { MultiRequest } from './multi-request.ts';
import { CreateRequest, DeleteRequest, ExistsRequest, SyncRequest } from './requests.ts';
import { GetDataRequest } from './requests.ts';
import { PASSWORD, ScriptedPeer } from './scripted-peer.test-kit.ts';
import type { SessionOptions } from './session-options.ts';
import { connectTimeoutMs, pingAfterMs, readTimeoutMs } from './session-timing.ts';

const SERVERS = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
/** Longer than any pause between attempts, ms. */
const PAUSE_MS = 1000;

function established(options: Partial<SessionOptions> = {}): ScriptedPeer {
  const peer = new ScriptedPeer(options);
  peer.establish();
  peer.take();
  return peer;
}

test('SessionMachine writes nothing behind the connect request until it is answered', () => {
  const peer = new ScriptedPeer();
  peer.addAuth('digest', 'bob:bob');
  peer.submit(new SyncRequest('/a'));
  peer.accept();
  assert.deepEqual(peer.take(), [
    'dial a:1',
    '> connect session=0/0 zxid=0 timeout=3000 readOnly=false',
  ]);
  peer.grant(5);
  assert.deepEqual(peer.take(), ['> auth xid=-4', '> sync xid=1', 'state CONNECTED']);
  assert.equal(peer.machine.session.lo, 5);
});

test('SessionMachine does not offer the id of a read-only server to the ensemble', () => {
  const peer = new ScriptedPeer({ readOnly: true });
  peer.accept();
  peer.grant(9, 3000, true);
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.grant(5, 3000);
  assert.deepEqual(peer.take(), [
    'dial a:1',
    '> connect session=0/0 zxid=0 timeout=3000 readOnly=true',
    'state CONNECTEDREADONLY',
    'state CONNECTING: reset',
    'dial a:1',
    '> connect session=0/0 zxid=0 timeout=3000 readOnly=true',
    'state CONNECTED',
  ]);
});

test('SessionMachine matches replies in order and takes lastZxid from ordinary ones alone', () => {
  const peer = established();
  const exists = new ExistsRequest('/a');
  const removal = new DeleteRequest('/b', -1);
  peer.submit(exists, removal, new SyncRequest('/c'));
  peer.reply(-2, 99, ErrorCode.OK);
  peer.answer(7, ErrorCode.OK, (w) => writeStat(w, { ...makeStat(), version: 3 }));
  peer.answer(8, ErrorCode.NOTEMPTY);
  peer.reply(-2, 99, ErrorCode.OK);
  assert.equal(peer.machine.session.lastZxid, 8);
  peer.answer(0, ErrorCode.OK, (w) => w.string('/c'));
  assert.equal(peer.machine.session.lastZxid, 8);
  assert.deepEqual(peer.take(), [
    '> exists xid=1',
    '> delete xid=2',
    '> sync xid=3',
    'reply exists /a OK zxid=7',
    'reply delete /b NOTEMPTY zxid=8',
    'reply sync /c OK zxid=0',
  ]);
  assert.equal(exists.reply?.version, 3);
  assert.equal(removal.reply, null);
});

test('SessionMachine decodes the same whatever way the bytes are cut', () => {
  for (const pieceBytes of [1, 2, 3, 5, 7, 16, 31]) {
    const peer = new ScriptedPeer();
    peer.pieceBytes = pieceBytes;
    peer.establish();
    const read = new GetDataRequest('/a');
    peer.submit(read, new SyncRequest('/b'));
    peer.answer(7, ErrorCode.OK, (w) => {
      w.bytes(PASSWORD);
      writeStat(w, makeStat());
    });
    peer.answer(8, ErrorCode.OK, (w) => w.string('/b'));
    assert.deepEqual(read.reply?.data, PASSWORD, `pieces of ${pieceBytes}`);
    assert.equal(peer.take().at(-1), 'reply sync /b OK zxid=8');
  }
});

test('SessionMachine fails a multi by the operation at fault, though its header says OK', () => {
  const peer = established({ chroot: '/app' });
  const multi = new MultiRequest([
    { type: OpCode.delete, request: { path: '/a', version: -1 } },
    { type: OpCode.check, request: { path: '/b', version: 0 } },
    { type: OpCode.delete, request: { path: '/c', version: -1 } },
  ]);
  peer.submit(multi);
  const errors = [ErrorCode.OK, ErrorCode.NONODE, ErrorCode.RUNTIMEINCONSISTENCY];
  const results = errors.map((err) => ({ type: OpCode.error, err }));
  peer.answer(7, ErrorCode.OK, (w) => writeMultiResponse(w, results));
  assert.equal(peer.take().at(-1), 'reply multi  NONODE zxid=7');
  assert.equal(multi.failedIndex, 1);
});

test('SessionMachine puts the chroot before paths and takes it off again', () => {
  const peer = established({ chroot: '/app' });
  const create = new CreateRequest(OpCode.create, '/a', null, [], 0);
  const multi = new MultiRequest([
    { type: OpCode.create, request: { path: '/b', data: null, acl: [], flags: 0 } },
  ]);
  peer.submit(create, new SyncRequest('/'), new DeleteRequest('/', -1), multi);
  const paths = peer.frames.slice(0, 3).map(({ body }) => body.string());
  assert.deepEqual(paths, ['/app/a', '/app', '/']);
  peer.answer(1, ErrorCode.OK, (w) => w.string('/app/a'));
  peer.answer(1, ErrorCode.OK, (w) => w.string('/app'));
  peer.answer(1, ErrorCode.BADARGUMENTS);
  peer.answer(1, ErrorCode.OK, (w) =>
    writeMultiResponse(w, [{ type: OpCode.create, path: '/app/b' }]),
  );
  assert.equal(create.reply?.path, '/a');
  assert.deepEqual(multi.reply, [{ type: OpCode.create, path: '/b' }]);
});

test('SessionMachine refuses a request that no server would read', () => {
  const peer = established({ requestBytesMax: 100 });
  const request = new CreateRequest(OpCode.create, '/a', new Uint8Array(90), [], 0);
  peer.submit(request, new SyncRequest('/b'));
  assert.deepEqual(peer.take(), ['> sync xid=2', 'reply create /a BADARGUMENTS zxid=0']);
  assert.match(request.fault, /^the request has \d+ bytes, the limit is 100$/);
});

const STRAY_REPLIES: readonly [string, (peer: ScriptedPeer) => void, RegExp][] = [
  ['a reply to nothing', (peer) => peer.reply(1, 1, 0), /answered xid 1 unasked/],
  [
    'a reply out of order',
    (peer) => {
      peer.submit(new SyncRequest('/a'), new SyncRequest('/b'));
      peer.reply(2, 1, 0, (w) => w.string('/b'));
    },
    /answered xid 2 where 1 was due/,
  ],
  [
    'a reply cut short',
    (peer) => {
      peer.submit(new ExistsRequest('/a'));
      peer.answer(1, 0, (w) => w.int(5));
    },
    /malformed reply to xid 1/,
  ],
  ['a frame too short', (peer) => peer.send((w) => w.int(1)), /shorter than a reply header/],
  ['an event cut short', (peer) => peer.reply(-1, 1, 0, (w) => w.int(1)), /malformed event/],
  ['a negative length', (peer) => peer.sendRaw(new Uint8Array(4).fill(255)), /negative-length/],
  ['a huge length', (peer) => peer.sendRaw(new Uint8Array(4).fill(127)), /oversized/],
];

test('SessionMachine says why there is a reply in place of a connect response', () => {
  const peer = new ScriptedPeer();
  peer.accept();
  peer.reply(0, 0, ErrorCode.NOTREADONLY);
  assert.equal(peer.machine.lastFailure, 'the server refused the session: NOTREADONLY');
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.reply(0, 0, ErrorCode.OK);
  assert.equal(peer.machine.lastFailure, 'the server sent a malformed connect response');
});

for (const [name, misbehave, failure] of STRAY_REPLIES) {
  test(`SessionMachine drops the connection on ${name} and keeps the session`, () => {
    const peer = established();
    misbehave(peer);
    assert.match(peer.machine.lastFailure, failure);
    const lines = peer.take();
    assert.ok(lines.includes('hang up 1'));
    assert.ok(!lines.some((line) => line.startsWith('reply') && line.includes('OK')));
    peer.pass(PAUSE_MS);
    peer.accept();
    assert.ok(peer.take().at(-1)?.startsWith('> connect session=5/7'));
  });
}

test('SessionMachine fails what was sent with a lost connection and resumes the session', () => {
  const peer = established();
  const sent = new DeleteRequest('/a', -1);
  peer.submit(sent, new DeleteRequest('/b', -1));
  peer.answer(12, ErrorCode.OK);
  peer.submit(new SyncRequest('/c'));
  peer.cut('reset by peer');
  const waiting = new DeleteRequest('/d', -1);
  peer.submit(waiting);
  peer.pass(PAUSE_MS);
  peer.establish();
  assert.deepEqual(peer.take(), [
    '> delete xid=1',
    '> delete xid=2',
    'reply delete /a OK zxid=12',
    '> sync xid=3',
    'reply delete /b CONNECTIONLOSS zxid=0',
    'reply sync /c CONNECTIONLOSS zxid=0',
    'state CONNECTING: reset by peer',
    'dial a:1',
    '> connect session=5/7 zxid=12 timeout=3000 readOnly=false',
    '> delete xid=4',
    'state CONNECTED',
  ]);
  assert.ok(sent.wasSent && waiting.wasSent);
});

test('SessionMachine lets what waits survive refusals until every server has refused', () => {
  const peer = new ScriptedPeer({ servers: SERVERS });
  const request = new SyncRequest('/a');
  peer.submit(request);
  const dialed = new Set(peer.take());
  peer.refuse();
  peer.pass(0);
  for (const line of peer.take()) dialed.add(line);
  peer.accept();
  peer.cut('closed without an answer');
  peer.pass(0);
  assert.equal(request.phase, 'queued');
  for (const line of peer.take()) dialed.add(line);
  peer.refuse();
  assert.deepEqual(peer.take(), ['reply sync /a CONNECTIONLOSS zxid=0', 'unreachable: refused']);
  assert.equal(request.wasSent, false);
  assert.deepEqual([...dialed].filter((line) => line.startsWith('dial')).toSorted(), [
    'dial a:1',
    'dial b:1',
    'dial c:1',
  ]);
});

test('SessionMachine takes back what no connection has seen', () => {
  const peer = new ScriptedPeer();
  const withdrawn = new SyncRequest('/a');
  const kept = new SyncRequest('/b');
  peer.submit(withdrawn, kept);
  assert.equal(peer.machine.withdraw(withdrawn), true);
  peer.establish();
  assert.deepEqual(peer.take().slice(2), ['> sync xid=1', 'state CONNECTED']);
  assert.equal(peer.machine.withdraw(kept), false);
});

test('SessionMachine ends when the server does not know the session any more', () => {
  const peer = established();
  peer.cut();
  peer.submit(new SyncRequest('/a'));
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.take();
  peer.reject();
  peer.submit(new SyncRequest('/b'));
  assert.deepEqual(peer.take(), [
    'hang up 2',
    'reply sync /a SESSIONEXPIRED zxid=0',
    'state EXPIRED: the server does not know it',
    'reply sync /b SESSIONEXPIRED zxid=0',
  ]);
  peer.pass(10 * PAUSE_MS);
  assert.deepEqual(peer.take(), []);
  assert.equal(peer.machine.deadlineMs, Number.POSITIVE_INFINITY);
});

test('SessionMachine takes an answer for another session as the end of its own', () => {
  const peer = established();
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.grant(6);
  assert.equal(peer.machine.state, 'EXPIRED');
});

test('SessionMachine resumes the session that it was given', () => {
  const credentials = { sessionHi: 0, sessionLo: 5, password: PASSWORD };
  const peer = new ScriptedPeer({ credentials });
  peer.accept();
  assert.equal(peer.take().at(-1), '> connect session=5/7 zxid=0 timeout=3000 readOnly=false');
});

test('SessionMachine ignores news of connections that it has left', () => {
  const peer = established();
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.take();
  peer.machine.onDisconnected(1, 'late');
  peer.machine.onConnected(1);
  peer.machine.onBytes(1, new Uint8Array(4).fill(255), 0, 4);
  peer.drain();
  assert.deepEqual(peer.take(), []);
});

test('SessionMachine pings when it is idle and not when it talks', () => {
  const peer = established();
  const pingAfter = pingAfterMs(3000);
  peer.pass(pingAfter - 1);
  peer.submit(new SyncRequest('/a'));
  peer.answer(1, ErrorCode.OK, (w) => w.string('/a'));
  peer.pass(pingAfter - 1);
  assert.deepEqual(peer.take(), ['> sync xid=1', 'reply sync /a OK zxid=1']);
  peer.pass(1);
  assert.deepEqual(peer.take(), ['> ping xid=-2']);
  peer.reply(-2, 1, 0);
  peer.pass(pingAfter);
  assert.deepEqual(peer.take(), ['> ping xid=-2']);
});

test('SessionMachine leaves a server that is silent for two thirds of the timeout', () => {
  const peer = established();
  peer.pass(readTimeoutMs(3000) - 1);
  assert.deepEqual(peer.take(), ['> ping xid=-2']);
  peer.pass(1);
  assert.deepEqual(peer.take().slice(0, 2), [
    'hang up 1',
    'state CONNECTING: the server was silent for too long',
  ]);
});

test('SessionMachine gives each server its share of the timeout, for dial and handshake', () => {
  const peer = new ScriptedPeer({ servers: SERVERS });
  peer.take();
  peer.pass(connectTimeoutMs(3000, 3) - 1);
  assert.deepEqual(peer.take(), []);
  peer.pass(1);
  const [hangUp, dial] = peer.take();
  assert.equal(hangUp, 'hang up 1');
  assert.match(dial ?? '', /^dial/);
  peer.accept();
  peer.take();
  peer.pass(connectTimeoutMs(3000, 3) - 1);
  assert.deepEqual(peer.take(), []);
  peer.pass(1);
  assert.equal(peer.take()[0], 'hang up 2');
});

const TIMES: readonly [number, number, number, number][] = [
  // timeout, read timeout, ping after, connect timeout with three servers
  [3000, 2000, 1000, 1000],
  [4000, 2666, 1000, 1333],
  [6000, 4000, 1000, 2000],
  [9000, 6000, 2000, 3000],
  [30000, 20000, 9000, 10000],
  [120000, 80000, 10000, 40000],
];

for (const [timeoutMs, readMs, pingMs, connectMs] of TIMES) {
  test(`A session of ${timeoutMs} ms reads for ${readMs}, pings after ${pingMs}`, () => {
    assert.equal(readTimeoutMs(timeoutMs), readMs);
    assert.equal(pingAfterMs(timeoutMs), pingMs);
    assert.equal(connectTimeoutMs(timeoutMs, 3), connectMs);
  });
}
