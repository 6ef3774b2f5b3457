/**
 * Watches and identities of a session: armed when the reply comes, told once, asked for again on a
 * new connection; identities claimed first and in order.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddWatchMode,
  ErrorCode,
  EventType,
  type JuteWriter,
  makeStat,
  readSetWatches,
  readSetWatches2,
  WatcherType,
  writeStat,
} from '@zabra/protocol';
import { ExistsRequest, GetChildrenRequest, GetDataRequest, SyncRequest } from './requests.ts';
import { NamedWatcher, ScriptedPeer } from './scripted-peer.test-kit.ts';
import type { SessionOptions } from './session-options.ts';
import { AddWatchRequest, RemoveWatchesRequest } from './watch-requests.ts';

const PAUSE_MS = 1000;

const dataReply = (w: JuteWriter): void => {
  w.bytes(null);
  writeStat(w, makeStat());
};
const statReply = (w: JuteWriter): void => writeStat(w, makeStat());
const childrenReply = (w: JuteWriter): void => {
  w.int(0);
  writeStat(w, makeStat());
};

/** A session with one watch of each kind, each with a watcher of its own. */
function watching(options: Partial<SessionOptions> = {}): ScriptedPeer {
  const peer = new ScriptedPeer(options);
  peer.establish();
  peer.submit(
    new GetDataRequest('/d', new NamedWatcher('data')),
    new ExistsRequest('/e', new NamedWatcher('exist')),
    new GetChildrenRequest('/c', new NamedWatcher('child')),
    new AddWatchRequest('/p', AddWatchMode.PERSISTENT, new NamedWatcher('persistent')),
    new AddWatchRequest('/r', AddWatchMode.PERSISTENT_RECURSIVE, new NamedWatcher('recursive')),
  );
  peer.answer(10, ErrorCode.OK, dataReply);
  peer.answer(10, ErrorCode.NONODE);
  peer.answer(10, ErrorCode.OK, childrenReply);
  peer.answer(10, ErrorCode.OK, (w) => w.int(0));
  peer.answer(10, ErrorCode.OK, (w) => w.int(0));
  peer.take();
  return peer;
}

const { NODE_CREATED, NODE_DELETED, NODE_DATA_CHANGED, NODE_CHILDREN_CHANGED } = EventType;

/** Two events of the same kind at a path: who hears the first, who the second. */
const EVENTS: readonly [number, string, string, string][] = [
  [NODE_DATA_CHANGED, '/d', 'data', ''],
  [NODE_DELETED, '/d', 'data', ''],
  [NODE_CHILDREN_CHANGED, '/d', '', ''],
  [NODE_CREATED, '/e', 'exist', ''],
  [NODE_CHILDREN_CHANGED, '/c', 'child', ''],
  [NODE_DELETED, '/c', 'child', ''],
  [NODE_DATA_CHANGED, '/c', '', ''],
  [NODE_DATA_CHANGED, '/p', 'persistent', 'persistent'],
  [NODE_CHILDREN_CHANGED, '/p', 'persistent', 'persistent'],
  [NODE_DATA_CHANGED, '/p/x', '', ''],
  [NODE_CREATED, '/r', 'recursive', 'recursive'],
  [NODE_DELETED, '/r/x/y', 'recursive', 'recursive'],
  [NODE_CHILDREN_CHANGED, '/r/x', '', ''],
  [NODE_CREATED, '/rr', '', ''],
];

for (const [type, path, first, second] of EVENTS) {
  const heard = first === '' ? 'nobody' : second === '' ? `${first} once` : `${first} again`;
  test(`SessionWatches tells an event of type ${type} at ${path} to ${heard}`, () => {
    const peer = watching();
    peer.notify(type, path, 11);
    const lines = peer.take();
    peer.notify(type, path, 12);
    const suffixes = [...lines, ...peer.take()].map((line) => line.replace(/^event \w+ /, ''));
    const wanted = [
      ...(first === '' ? [] : [`${path} zxid=11 to ${first}`]),
      ...(second === '' ? [] : [`${path} zxid=12 to ${second}`]),
    ];
    assert.deepEqual(suffixes, wanted);
  });
}

test('SessionWatches tells a watcher once of an event that several of its watches match', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  const watcher = new NamedWatcher('both');
  const other = new NamedWatcher('other');
  peer.submit(
    new GetDataRequest('/a', watcher),
    new GetDataRequest('/a', other),
    new GetChildrenRequest('/a', watcher),
    new AddWatchRequest('/', AddWatchMode.PERSISTENT_RECURSIVE, watcher),
  );
  peer.answer(1, ErrorCode.OK, dataReply);
  peer.answer(1, ErrorCode.OK, dataReply);
  peer.answer(1, ErrorCode.OK, childrenReply);
  peer.answer(1, ErrorCode.OK, (w) => w.int(0));
  peer.take();
  peer.notify(NODE_DELETED, '/a', 5);
  peer.notify(NODE_CREATED, '/a', 6);
  assert.deepEqual(peer.take(), [
    'event NODE_DELETED /a zxid=5 to both other',
    'event NODE_CREATED /a zxid=6 to both',
  ]);
});

test('SessionWatches arms a watch with its reply, so an event before that is not its own', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.submit(new GetDataRequest('/a', new NamedWatcher('w')));
  peer.take();
  peer.notify(NODE_DATA_CHANGED, '/a', 5);
  peer.answer(5, ErrorCode.OK, dataReply);
  peer.notify(NODE_DATA_CHANGED, '/a', 6);
  assert.deepEqual(peer.take(), [
    'reply getData /a OK zxid=5',
    'event NODE_DATA_CHANGED /a zxid=6 to w',
  ]);
});

test('SessionWatches arms nothing for a read that failed', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.submit(
    new GetDataRequest('/a', new NamedWatcher('w')),
    new ExistsRequest('/a', new NamedWatcher('w')),
    new GetChildrenRequest('/a', new NamedWatcher('w')),
  );
  peer.answer(1, ErrorCode.NONODE);
  peer.answer(1, ErrorCode.NOAUTH);
  peer.answer(1, ErrorCode.NONODE);
  assert.deepEqual(peer.machine.watches.registry.batches(), []);
});

test('SessionWatches asks a new connection for every watch, from the last zxid seen', () => {
  const peer = watching();
  peer.submit(new ExistsRequest('/e2', new NamedWatcher('found')));
  peer.answer(20, ErrorCode.OK, statReply);
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.take();
  peer.establish();
  assert.deepEqual(peer.take().slice(1), ['> setWatches2 xid=7', 'state CONNECTED']);
  const frame = peer.frames[0];
  assert.ok(frame !== undefined);
  assert.deepEqual(readSetWatches2(frame.body), {
    relativeZxid: 20,
    dataWatches: ['/d', '/e2'],
    existWatches: ['/e'],
    childWatches: ['/c'],
    persistentWatches: ['/p'],
    persistentRecursiveWatches: ['/r'],
  });
  peer.notify(NODE_DELETED, '/d');
  peer.answer(30);
  assert.deepEqual(peer.take(), ['event NODE_DELETED /d zxid=-1 to data']);
});

test('SessionWatches names server paths to the server and client paths to watchers', () => {
  const peer = watching({ chroot: '/app' });
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.establish();
  peer.take();
  const frame = peer.frames[0];
  assert.ok(frame !== undefined);
  assert.deepEqual(readSetWatches2(frame.body).dataWatches, ['/app/d']);
  peer.notify(NODE_CREATED, '/app/r/x', 9);
  peer.notify(NODE_CREATED, '/r/x', 9);
  assert.deepEqual(peer.take(), ['event NODE_CREATED /r/x zxid=9 to recursive']);
});

test('SessionWatches uses the old request while there are one-shot watches alone', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.submit(new GetDataRequest('/a', new NamedWatcher('w')));
  peer.answer(4, ErrorCode.OK, dataReply);
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.establish();
  assert.ok(peer.take().includes('> setWatches xid=2'));
  const frame = peer.frames[0];
  assert.ok(frame !== undefined);
  assert.deepEqual(readSetWatches(frame.body).dataWatches, ['/a']);
});

test('SessionWatches splits what would not fit one request', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  const long = 'x'.repeat(1000);
  const paths = Array.from({ length: 300 }, (_, index) => `/${index}${long}`);
  for (const path of paths) {
    peer.submit(new GetDataRequest(path, new NamedWatcher(path)));
    peer.answer(4, ErrorCode.OK, dataReply);
  }
  peer.cut();
  peer.submit(new SyncRequest('/'));
  peer.pass(PAUSE_MS);
  peer.establish();
  const sizes = peer.frames.map(({ body }) => body.remaining());
  assert.equal(sizes.length, 4);
  for (const size of sizes) assert.ok(size < 140_000);
  const asked = peer.frames.slice(0, 3).flatMap(({ body }) => readSetWatches(body).dataWatches);
  assert.deepEqual(asked, paths);
});

test('RemoveWatchesRequest asks the server only for the last watcher of its path and type', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  const one = new NamedWatcher('one');
  const two = new NamedWatcher('two');
  const data = WatcherType.DATA;
  peer.submit(new GetDataRequest('/a', one), new GetDataRequest('/a', two));
  peer.answer(1, ErrorCode.OK, dataReply);
  peer.answer(1, ErrorCode.OK, dataReply);
  peer.take();
  peer.submit(new RemoveWatchesRequest('/a', data, one, false));
  peer.submit(new RemoveWatchesRequest('/a', data, one, false));
  peer.submit(new RemoveWatchesRequest('/a', WatcherType.CHILDREN, two, false));
  peer.submit(new RemoveWatchesRequest('/a', data, two, false));
  peer.answer(2);
  peer.notify(NODE_DATA_CHANGED, '/a', 6);
  assert.deepEqual(peer.take(), [
    'event DATA_WATCH_REMOVED /a zxid=-1 to one',
    'reply removeWatches /a OK zxid=0',
    'reply removeWatches /a NOWATCHER zxid=0',
    'reply removeWatches /a NOWATCHER zxid=0',
    '> removeWatches xid=3',
    'event DATA_WATCH_REMOVED /a zxid=-1 to two',
    'reply removeWatches /a OK zxid=2',
  ]);
});

test('RemoveWatchesRequest that is local removes even when the connection is lost', () => {
  for (const [local, left] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const peer = watching();
    peer.submit(new RemoveWatchesRequest('/p', WatcherType.ANY, null, local));
    peer.cut();
    assert.equal(peer.machine.watches.registry.has(WatcherType.PERSISTENT, '/p', null), !local);
    peer.pass(PAUSE_MS);
    peer.establish();
    const frame = peer.frames[0];
    assert.ok(frame !== undefined);
    assert.equal(readSetWatches2(frame.body).persistentWatches.length, left);
  }
});

test('Identities are claimed on every connection before anything else, each once', () => {
  const peer = new ScriptedPeer();
  peer.addAuth('digest', 'a:a');
  peer.addAuth('digest', 'b:b');
  peer.addAuth('digest', 'a:a');
  peer.establish();
  peer.submit(new GetDataRequest('/a', new NamedWatcher('w')));
  peer.reply(-4, 0, 0);
  peer.reply(-4, 0, 0);
  peer.answer(1, ErrorCode.OK, dataReply);
  peer.cut();
  peer.submit(new SyncRequest('/'));
  peer.pass(PAUSE_MS);
  peer.establish();
  const frames = peer.take().filter((line) => /^(> |auth)/.test(line));
  assert.deepEqual(frames, [
    '> connect session=0/0 zxid=0 timeout=3000 readOnly=false',
    '> auth xid=-4',
    '> auth xid=-4',
    '> getData xid=1',
    'authenticated digest',
    'authenticated digest',
    '> connect session=5/7 zxid=1 timeout=3000 readOnly=false',
    '> auth xid=-4',
    '> auth xid=-4',
    '> setWatches xid=2',
    '> sync xid=3',
  ]);
});

test('A refused identity ends the session and everything with it', () => {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.addAuth('nosuch', 'x');
  peer.submit(new SyncRequest('/a'));
  peer.take();
  peer.reply(-4, 0, ErrorCode.AUTHFAILED);
  peer.submit(new SyncRequest('/b'));
  assert.deepEqual(peer.take(), [
    'hang up 1',
    'reply sync /a AUTHFAILED zxid=0',
    'state AUTH_FAILED: the server refused the authentication by scheme "nosuch"',
    'reply sync /b AUTHFAILED zxid=0',
  ]);
});
