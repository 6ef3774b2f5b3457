/**
 * Transactions that others wrote: damaged, old, doubled, from another leader
 * (storage-and-config.md 3.4 to 3.6, 4.1, 9; T15 to T17).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  readStat,
  writeAclVector,
  writeTxnHeader,
} from '@zabra/protocol';
import {
  ALICE,
  type Body,
  NO_BODY,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  reader,
  setDataBody,
  StateBed,
  worldAcl,
} from './state-bed.test-kit.ts';

/** An entry as another server might have logged it. */
function foreign(bed: StateBed, type: number, body: Body): Uint8Array {
  bed.zxid++;
  const w = new JuteWriter();
  const { hi, lo } = ALICE;
  writeTxnHeader(w, { clientHi: hi, clientLo: lo, cxid: 1, zxid: bed.zxid, timeMs: 5, type });
  body(w);
  return w.toBytes();
}

test('transactions of no known type or with too few bytes are reported and change nothing', () => {
  const bed = new StateBed();
  bed.create('/n', { data: 'kept' });
  const dump = bed.dump();
  const rows: readonly [string, Uint8Array][] = [
    ['type 13', foreign(bed, OpCode.check, pathVersionBody('/n', 1))],
    ['type 99', foreign(bed, 99, NO_BODY)],
    ['read', foreign(bed, OpCode.getData, pathWatchBody('/n'))],
    ['short header', foreign(bed, OpCode.delete, NO_BODY).slice(0, 30)],
    ['short delete', foreign(bed, OpCode.delete, (w) => w.int(2))],
    ['short setData', foreign(bed, OpCode.setData, pathBody('/n'))],
    ['short create', foreign(bed, OpCode.create2, pathBody('/m'))],
    ['short setACL', foreign(bed, OpCode.setACL, pathBody('/n'))],
    ['short createSession', foreign(bed, OpCode.createSession, NO_BODY)],
    ['short multi', foreign(bed, OpCode.multi, (w) => w.int(1))],
    ['short error', foreign(bed, OpCode.error, NO_BODY)],
    ['short list', foreign(bed, OpCode.closeSession, (w) => w.int(3))],
  ];
  for (const [name, entry] of rows) {
    const result = bed.apply({ entry });
    assert.deepEqual([result.isMalformed, result.code], [true, ErrorCode.MARSHALLINGERROR], name);
    assert.equal(bed.state.lastProcessedZxid, 1, name);
    assert.deepEqual(bed.dump(), dump, name);
  }
  const good = foreign(bed, OpCode.setData, setDataBody('/n', 'changed', 1));
  assert.equal(bed.apply({ entry: good }).isMalformed, false);
  assert.equal(bed.data('/n'), 'changed');
});

test('a create without parentCversion raises the parent by one', () => {
  const bed = new StateBed();
  bed.create('/p');
  const entry = foreign(bed, OpCode.create, (w) => {
    w.string('/p/c');
    w.bytes(null);
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.bool(false);
  });
  assert.equal(bed.apply({ entry }).code, ErrorCode.OK);
  const { nodes } = bed.state.core.tree;
  assert.equal(nodes.cversion(nodes.find('/p')), 1);
  assert.equal(bed.mustStat('/p').pzxid, 2);
});

test('T17: a create onto an existing znode fixes the parent for type 1 only', () => {
  for (const type of [OpCode.create, OpCode.create2]) {
    const bed = new StateBed();
    bed.create('/p');
    bed.create('/p/c', { data: 'kept' });
    const before = bed.mustStat('/p/c');
    const entry = foreign(bed, type, (w) => {
      w.string('/p/c');
      w.string('other');
      writeAclVector(w, worldAcl(1));
      w.bool(false);
      w.int(5);
    });
    const result = bed.state.replay(entry, 0, entry.length);
    assert.deepEqual([result.isMalformed, result.code], [false, ErrorCode.NODEEXISTS]);
    assert.deepEqual([bed.data('/p/c'), bed.mustStat('/p/c')], ['kept', before]);
    const { nodes, acls } = bed.state.core.tree;
    const fixed = type === OpCode.create;
    assert.equal(nodes.cversion(nodes.find('/p')), fixed ? 5 : 1);
    assert.equal(bed.mustStat('/p').pzxid, fixed ? 3 : 2);
    assert.deepEqual(acls.get(nodes.aclId(nodes.find('/p/c'))), worldAcl(1));
  }
});

test('T16: a replayed delete of what is gone still raises the pzxid of the parent', () => {
  const bed = new StateBed();
  bed.create('/p');
  const entry = foreign(bed, OpCode.delete, pathBody('/p/gone'));
  assert.equal(bed.state.replay(entry, 0, entry.length).code, ErrorCode.NONODE);
  assert.equal(bed.mustStat('/p').pzxid, 2);
  assert.equal(bed.state.lastProcessedZxid, 2);
});

test('T15: a duplicate zxid of an error has no effect', () => {
  const bed = new StateBed();
  bed.create('/p');
  bed.zxid--;
  const entry = foreign(bed, OpCode.error, (w) => w.int(ErrorCode.MARSHALLINGERROR));
  assert.equal(bed.state.replay(entry, 0, entry.length).code, ErrorCode.MARSHALLINGERROR);
  assert.equal(bed.state.lastProcessedZxid, 1);
});

test('reconfig is refused, and the transaction of another leader is applied', () => {
  const request: Body = (w) => {
    w.string(null);
    w.string(null);
    w.string('');
    w.number(-1);
  };
  assert.equal(new StateBed().write(OpCode.reconfig, request).err, 'RECONFIGDISABLED');
  const bed = new StateBed({ reconfigEnabled: true });
  assert.equal(bed.write(OpCode.reconfig, request).err, 'UNIMPLEMENTED');
  const before = bed.mustStat('/zookeeper/config');
  const text = 'server.1=h:1:2:participant\nversion=200000000';
  const entry = foreign(bed, OpCode.reconfig, (w) => {
    w.string('/zookeeper/config');
    w.string(text);
    w.int(-1);
  });
  const result = bed.apply({ entry });
  const w = new JuteWriter();
  assert.equal(bed.state.reply(result, OpCode.reconfig, null, w), ErrorCode.OK);
  const r = reader({ body: w.toBytes() });
  assert.equal(r.string(), text);
  const after = { ...before, version: -1, mzxid: 2, mtimeMs: 5, dataLength: text.length };
  assert.deepEqual(readStat(r), after);
});
