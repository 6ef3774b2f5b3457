/**
 * createSession and closeSession (client-protocol.md 8.7, storage-and-config.md 3.4, 9 and T8).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  JuteReader,
  JuteWriter,
  OpCode,
  readCloseSessionTxn,
  readTxnDigest,
  readTxnHeader,
  type TxnHeader,
} from '@zabra/protocol';
import {
  ALICE,
  BOB,
  createBody,
  EXPIRED,
  NO_BODY,
  pathVersionBody,
  type Prepared,
  reader,
  setDataBody,
  StateBed,
} from './state-bed.test-kit.ts';

function headerOf({ entry }: Prepared): TxnHeader {
  return readTxnHeader(new JuteReader().reset(entry, 0, entry.length));
}

function pathsOf({ entry }: Prepared): readonly string[] | null {
  const r = new JuteReader().reset(entry, 0, entry.length);
  readTxnHeader(r);
  const { paths } = readCloseSessionTxn(r);
  assert.ok(readTxnDigest(r) !== null);
  assert.equal(r.remaining(), 0);
  return paths;
}

test('createSession makes the session known to the state, under the id of its header', () => {
  const bed = new StateBed();
  const prepared = bed.prepare(OpCode.createSession, (w) => w.int(30_000), BOB);
  assert.equal(prepared.code, ErrorCode.OK);
  const { clientHi, clientLo } = headerOf(prepared);
  assert.deepEqual([clientHi, clientLo], [BOB.hi, BOB.lo]);
  const result = bed.apply(prepared);
  assert.deepEqual([result.type, result.timeoutMs], [OpCode.createSession, 30_000]);
  assert.equal(bed.state.core.sessions.timeoutMs(BOB.hi, BOB.lo), 30_000);
  assert.equal(bed.state.core.sessions.timeoutMs(ALICE.hi, ALICE.lo), -1);
});

test('closeSession ends the session and its ephemerals, committed and pending, no others', () => {
  const bed = new StateBed();
  bed.write(OpCode.createSession, (w) => w.int(1000));
  bed.create('/p');
  bed.create('/p/e1', { flags: 1 });
  bed.create('/p/e2', { flags: 1 });
  bed.create('/p/bobs', { flags: 1 }, BOB);
  const pending = [
    bed.prepare(OpCode.create, createBody('/p/e3', { flags: 1 })),
    bed.prepare(OpCode.delete, pathVersionBody('/p/e1', -1)),
    bed.prepare(OpCode.create, createBody('/p/e1', { flags: 1 }), BOB),
    bed.prepare(OpCode.delete, pathVersionBody('/p/bobs', -1)),
    bed.prepare(OpCode.create, createBody('/p/bobs', { flags: 1 })),
    bed.prepare(OpCode.setData, setDataBody('/p/e2', 'x')),
  ];
  const close = bed.prepare(OpCode.closeSession, (w) => w.string('whatever'));
  assert.deepEqual(pathsOf(close), ['/p/bobs', '/p/e2', '/p/e3']);
  for (const one of pending) bed.commit(one);
  const reply = bed.commit(close);
  assert.deepEqual([reply.err, reply.body.length], ['OK', 0]);
  assert.deepEqual([bed.stat('/p/e2'), bed.stat('/p/e3'), bed.stat('/p/bobs')], [null, null, null]);
  assert.equal(bed.mustStat('/p/e1').ephemeralOwnerHi, BOB.hi);
  assert.equal(bed.mustStat('/p').pzxid, close.zxid);
  assert.equal(bed.state.core.sessions.size, 0);
});

test('a closing session frees the parent for a delete that is prepared behind it', () => {
  const bed = new StateBed();
  bed.create('/p');
  bed.create('/p/e', { flags: 1 });
  const close = bed.prepare(OpCode.closeSession, NO_BODY);
  const after = bed.prepare(OpCode.delete, pathVersionBody('/p', -1), BOB);
  const again = bed.prepare(OpCode.create, createBody('/p'), BOB);
  for (const one of [close, after, again]) assert.equal(bed.commit(one).err, 'OK');
  assert.equal(bed.mustStat('/p').czxid, again.zxid);
});

test('closeSession asks nobody: an expired session closes too, and an unknown one', () => {
  const bed = new StateBed();
  bed.create('/e', { flags: 1 });
  assert.equal(bed.write(OpCode.closeSession, NO_BODY, EXPIRED).err, 'OK');
  assert.equal(bed.stat('/e'), null);
  const empty = bed.prepare(OpCode.closeSession, NO_BODY);
  assert.deepEqual(pathsOf(empty), []);
  assert.equal(bed.commit(empty).err, 'OK');
});

test('without closeSessionTxn the transaction is bare, and all ephemerals go all the same', () => {
  const bed = new StateBed({ closeSessionTxn: false });
  bed.create('/e1', { flags: 1 });
  bed.create('/e2', { flags: 1 });
  const close = bed.prepare(OpCode.closeSession, NO_BODY);
  assert.equal(pathsOf(close), null);
  assert.equal(bed.commit(close).err, 'OK');
  assert.deepEqual([bed.stat('/e1'), bed.stat('/e2')], [null, null]);
});

test('T8: a list too long to be read back is cut, and the rest dies with the session', () => {
  const bed = new StateBed({ txnBytesMax: 2048 });
  for (let index = 0; index < 50; index++)
    bed.create(`/e-${index}-${'x'.repeat(40)}`, { flags: 1 });
  const close = bed.prepare(OpCode.closeSession, NO_BODY);
  const listed = pathsOf(close)?.length ?? 0;
  assert.ok(listed > 0 && listed < 50, `${listed} listed`);
  assert.ok(close.entry.length <= 2048);
  assert.equal(bed.commit(close).err, 'OK');
  assert.equal(bed.state.core.tree.ephemeralCount(ALICE.hi, ALICE.lo), 0);
  assert.equal(bed.mustStat('/').numChildren, 1);
});

test('an entry of closeSession takes what the list forgot, and forgives what is gone', () => {
  const bed = new StateBed();
  bed.create('/e1', { flags: 1 });
  bed.create('/e2', { flags: 1 });
  const close = bed.prepare(OpCode.closeSession, NO_BODY);
  const w = new JuteWriter();
  w.raw(close.entry, 0, 32);
  w.int(2);
  w.string('/gone');
  w.string('/e2');
  const result = bed.apply({ entry: w.toBytes() });
  assert.deepEqual([result.isMalformed, result.code], [false, ErrorCode.OK]);
  assert.deepEqual([bed.stat('/e1'), bed.stat('/e2')], [null, null]);
});

test('forEachDeadOwner finds owners without a session', () => {
  const bed = new StateBed();
  bed.write(OpCode.createSession, (w) => w.int(1000));
  bed.create('/e', { flags: 1 });
  bed.create('/d', { flags: 1 }, BOB);
  const dead: number[][] = [];
  bed.state.forEachDeadOwner((hi, lo) => dead.push([hi, lo]));
  assert.deepEqual(dead, [[BOB.hi, BOB.lo]]);
});

test('the reply to a session that has moved or expired is its code and no body', () => {
  const bed = new StateBed();
  const reply = bed.write(OpCode.create, createBody('/a'), EXPIRED);
  assert.deepEqual([reply.err, reply.body.length], ['SESSIONEXPIRED', 0]);
  assert.equal(reader(reply).remaining(), 0);
});
