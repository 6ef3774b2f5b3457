/**
 * The state as a stream, out and in (storage-and-config.md 5.1, 6.4, 7; ADR 5).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  JuteWriter,
  makeStatPersisted,
  OpCode,
  opName,
  writeStatPersisted,
} from '@zabra/protocol';
import {
  ALICE,
  BOB,
  type Body,
  createBody,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  setAclBody,
  setDataBody,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';
import type { StateBody, StateLoad } from './whole-state.ts';

function bedWithHistory(): StateBed {
  const bed = new StateBed();
  bed.write(OpCode.createSession, (w) => w.int(30_000), ALICE);
  bed.write(OpCode.createSession, (w) => w.int(10_000), BOB);
  bed.create('/p', { data: null });
  for (let index = 0; index < 20; index++) {
    bed.create(`/p/n-`, { data: 'x'.repeat(index * 7), flags: 2 + (index % 2) });
  }
  bed.create('/p/locked', { acl: worldAcl(1), flags: 0 }, BOB);
  bed.create('/c', { opcode: OpCode.createContainer });
  bed.delete('/p/n-0000000003');
  bed.create('/zookeeper/quota/p');
  bed.create('/zookeeper/quota/p/zookeeper_limits', { data: 'count=100,bytes=-1' });
  bed.create('/zookeeper/quota/p/zookeeper_stats');
  return bed;
}

function readAll(stream: StateBody, bytesMax: number): Uint8Array {
  const w = new JuteWriter();
  while (stream.next(w, bytesMax));
  assert.equal(stream.failed, false);
  stream.close();
  return w.toBytes();
}

/** Pushes pieces of `size` bytes; returns how many bytes were consumed. */
function pushAll(load: StateLoad, bytes: Uint8Array, size: number): number {
  let consumed = 0;
  while (!load.ended && load.error === null && consumed < bytes.length) {
    consumed += load.push(bytes, consumed, Math.min(consumed + size, bytes.length));
  }
  return consumed;
}

test('what is streamed out loads into the same state, wherever it is cut', () => {
  const bed = bedWithHistory();
  const body = readAll(bed.state.openStream(), 500);
  const trailing = new Uint8Array([...body, 1, 2, 3]);
  for (const size of [1, 7, 1000, trailing.length]) {
    const other = new StateBed();
    other.create('/old', { flags: 1 });
    const load = other.state.beginLoad();
    assert.equal(pushAll(load, trailing, size), body.length);
    assert.deepEqual([load.ended, load.error], [true, null]);
    assert.ok(other.stat('/old') !== null, 'the present state stays until install');
    load.install(bed.zxid);
    assert.deepEqual(other.dump(), bed.dump());
    assert.deepEqual(other.state.digest(), bed.state.digest());
    const { sessions } = other.state.core;
    const timeouts = [ALICE, BOB].map(({ hi, lo }) => sessions.timeoutMs(hi, lo));
    assert.deepEqual([sessions.size, timeouts], [2, [30_000, 10_000]]);
  }
});

test('a loaded state goes on where the other is', () => {
  const bed = bedWithHistory();
  const other = new StateBed();
  const load = other.state.beginLoad();
  pushAll(load, readAll(bed.state.openStream(), 4096), 4096);
  load.install(bed.zxid);
  const more = [
    bed.prepare(OpCode.create, createBody('/p/n-', { flags: 2 })),
    bed.prepare(OpCode.create, createBody('/p/n-', { data: 'yes', flags: 3 }), BOB),
    bed.prepare(OpCode.closeSession, () => undefined, ALICE),
  ];
  for (const one of more) {
    bed.apply(one);
    assert.equal(other.apply(one).code, ErrorCode.OK);
  }
  assert.equal(other.state.digestMismatchCount, 0);
  assert.deepEqual(other.dump(), bed.dump());
});

test('a stream is a point in time, several at once', () => {
  const bed = bedWithHistory();
  const before = bed.dump();
  const stream = bed.state.openStream();
  assert.equal(stream.zxid, bed.zxid);
  bed.create('/later');
  const second = bed.state.openStream();
  bed.setData('/p', 'changed');
  bed.delete('/p/n-0000000004');
  bed.write(OpCode.closeSession, () => undefined, BOB);
  const bodies = [readAll(stream, 64), readAll(second, 64)];
  const dumps = bodies.map((body) => {
    const other = new StateBed();
    const load = other.state.beginLoad();
    pushAll(load, body, body.length);
    load.install(stream.zxid);
    assert.equal(other.state.core.sessions.size, 2);
    return other.dump();
  });
  assert.deepEqual(dumps[0], before);
  const wasThere = dumps[1]
    ?.filter((line) => !before.includes(line))
    .map((line) => line.split(' ')[0]);
  assert.deepEqual(wasThere, ['/', '/later']);
});

test('installing counts quotas afresh and knows them again', () => {
  const bed = bedWithHistory();
  const stats = '/zookeeper/quota/p/zookeeper_stats';
  const right = bed.data(stats);
  bed.setData(stats, 'count=0,bytes=0');
  const other = new StateBed();
  const load = other.state.beginLoad();
  pushAll(load, readAll(bed.state.openStream(), 4096), 4096);
  load.install(bed.zxid);
  assert.equal(other.data(stats), right);
  assert.equal(right, 'count=21,bytes=1309');
  other.zxid = bed.zxid;
  other.create('/p/one', { data: '1' });
  assert.equal(other.data(stats), 'count=22,bytes=1310');
});

test('the quotas of the state before are forgotten', () => {
  const other = bedWithHistory();
  assert.equal(other.state.core.quota.isIdle, false);
  const load = other.state.beginLoad();
  pushAll(load, readAll(new StateBed().state.openStream(), 4096), 4096);
  load.install(0);
  assert.equal(other.state.core.quota.isIdle, true);
});

/** A body whose znode /n has an ACL that the table lacks. */
function damagedBody(): Uint8Array {
  const w = new JuteWriter();
  w.int(0);
  w.int(0);
  for (const [path, aclId] of [
    ['', -1],
    ['/n', 77],
    ['/zookeeper', -1],
  ] as const) {
    w.string(path);
    w.string('data');
    w.number(aclId);
    writeStatPersisted(w, makeStatPersisted());
  }
  w.string('/');
  return w.toBytes();
}

test('a znode whose ACL nobody knows can be neither read nor written, and tells nobody', () => {
  const bed = new StateBed();
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  const load = bed.state.beginLoad();
  const body = damagedBody();
  pushAll(load, body, body.length);
  assert.deepEqual([load.ended, load.error], [true, null]);
  load.install(0);
  const rows: readonly [number, Body][] = [
    [OpCode.create, createBody('/n/c')],
    [OpCode.delete, pathVersionBody('/n/c', -1)],
    [OpCode.setData, setDataBody('/n', 'x')],
    [OpCode.setACL, setAclBody('/n', worldAcl(31))],
  ];
  for (const [opcode, request] of rows) {
    assert.equal(bed.write(opcode, request).err, 'MARSHALLINGERROR', opName(opcode));
  }
  for (const opcode of [OpCode.exists, OpCode.getData, OpCode.getChildren]) {
    assert.equal(bed.read(opcode, pathWatchBody('/n')).err, 'MARSHALLINGERROR', opName(opcode));
  }
  assert.equal(bed.read(OpCode.getACL, pathBody('/n')).err, 'MARSHALLINGERROR');
  const watch = pathVersionBody('/n', 0);
  assert.equal(bed.read(OpCode.addWatch, watch, ALICE, watcher).err, 'OK');
  bed.delete('/n');
  assert.deepEqual(watcher.take(), []);
  assert.equal(bed.state.digestMismatchCount, 0);
});

test('digests are not compared where a snapshot may be ahead of its name', () => {
  const bed = new StateBed();
  bed.create('/a');
  const body = readAll(bed.state.openStream(), 4096);
  const other = new StateBed();
  const load = other.state.beginLoad();
  pushAll(load, body, body.length);
  load.install(bed.zxid, bed.zxid + 2);
  for (let index = 0; index < 3; index++) {
    const { entry } = bed.prepare(OpCode.create, createBody(`/n${index}`));
    bed.apply({ entry });
    entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1;
    other.apply({ entry });
  }
  assert.deepEqual([other.state.digestMismatchCount, other.state.digestMismatchZxid], [1, 4]);
});

test('a load that fails or is given up leaves the present state alone', () => {
  const bed = bedWithHistory();
  const before = bed.dump();
  const load = bed.state.beginLoad();
  const garbage = new Uint8Array(64).fill(0xff);
  pushAll(load, garbage, 64);
  assert.ok(load.error !== null);
  assert.throws(() => load.install(1), /not whole/);
  load.abandon();
  load.abandon();
  assert.deepEqual(bed.dump(), before);
});

test('a stream fails when its tree is replaced under it', () => {
  const bed = bedWithHistory();
  const stream = bed.state.openStream();
  const w = new JuteWriter();
  stream.next(w, 64);
  bed.state.reset();
  while (stream.next(w, 64));
  assert.equal(stream.failed, true);
  stream.close();
});
