/**
 * multi and multiRead: lists of operations and results by the common checks, and the requests that
 * the reference cannot decode as a whole.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import * as multi from './multi.ts';
import { OpCode } from './opcode.ts';
import * as kit from './record.test-kit.ts';
import { checkRecord, int32, record, stat, text, textOrNull, texts } from './record.test-kit.ts';

const typed = <T extends number>(...types: T[]) => fc.constantFrom(...types);
const create = { path: textOrNull, data: kit.data, acl: kit.aclsOrNull, flags: int32 };
const pathVersion = record({ path: textOrNull, version: int32 });
const pathWatch = record({ path: textOrNull, watch: kit.bool });

const writeOps: fc.Arbitrary<multi.MultiOp> = fc.oneof(
  record({
    type: typed(OpCode.create, OpCode.create2, OpCode.createContainer),
    request: record(create),
  }),
  record({ type: typed(OpCode.createTTL), request: record({ ...create, ttlMs: kit.long }) }),
  record({ type: typed(OpCode.delete), request: pathVersion }),
  record({ type: typed(OpCode.check), request: pathVersion }),
  record({
    type: typed(OpCode.setData),
    request: record({ path: textOrNull, data: kit.data, version: int32 }),
  }),
  record({ type: typed(OpCode.checkNotExists), request: pathVersion }),
  record({ type: typed(OpCode.createIfNotExists), request: record(create) }),
  record({
    type: typed(OpCode.removeRecursive),
    request: record({ path: textOrNull, nodesMax: fc.nat(0xffffffff) }),
  }),
);
const filtered = { path: textOrNull, watch: kit.bool, listType: fc.nat(255) };
const readOps: fc.Arbitrary<multi.MultiOp> = fc.oneof(
  record({ type: typed(OpCode.getData), request: pathWatch }),
  record({ type: typed(OpCode.getChildren), request: pathWatch }),
  record({ type: typed(OpCode.exists), request: pathWatch }),
  record({ type: typed(OpCode.getChildren2), request: pathWatch }),
  record({ type: typed(OpCode.filteredList), request: record(filtered) }),
  record({
    type: typed(OpCode.filteredListWithStatsAndData),
    request: record({ ...filtered, withStat: kit.bool, withData: kit.bool }),
  }),
);
const results: fc.Arbitrary<multi.MultiResult> = fc.oneof(
  record({ type: typed(OpCode.create), path: text }),
  record({ type: typed(OpCode.create2), path: text, stat }),
  record({ type: typed(OpCode.delete) }),
  record({ type: typed(OpCode.check) }),
  record({ type: typed(OpCode.setData), stat }),
  record({ type: typed(OpCode.getData), data: kit.data, stat }),
  record({ type: typed(OpCode.getChildren), children: texts }),
  record({ type: typed(OpCode.checkNotExists) }),
  record({ type: typed(OpCode.createIfNotExists), path: text }),
  record({ type: typed(OpCode.removeRecursive) }),
  record({ type: typed(OpCode.exists), stat }),
  record({ type: typed(OpCode.getChildren2), children: texts, stat }),
  record({
    type: typed(OpCode.filteredListWithStatsAndData),
    children: texts,
    stat,
    stats: fc.array(stat, { maxLength: 2 }),
    data: fc.array(kit.data, { maxLength: 2 }),
  }),
  record({ type: typed(OpCode.error), err: int32 }),
);

checkRecord(
  'MultiHeader',
  record({ type: int32, done: kit.bool, err: int32 }),
  multi.writeMultiHeader,
  multi.readMultiHeader,
);
checkRecord('multi request', fc.array(writeOps, { maxLength: 5 }), multi.writeMultiRequest, (r) =>
  multi.readMultiRequest(r, OpCode.multi),
);
checkRecord(
  'multiRead request',
  fc.array(readOps, { maxLength: 5 }),
  multi.writeMultiRequest,
  (r) => multi.readMultiRequest(r, OpCode.multiRead),
);
checkRecord(
  'multi response',
  fc.array(results, { maxLength: 5 }),
  multi.writeMultiResponse,
  multi.readMultiResponse,
);

const getData: multi.MultiOp = { type: OpCode.getData, request: { path: '/a', watch: false } };
const check: multi.MultiOp = { type: OpCode.check, request: { path: '/a', version: -1 } };

const encoded = (write: (w: JuteWriter) => void): JuteReader => {
  const w = new JuteWriter();
  write(w);
  return new JuteReader().reset(w.toBytes(), 0, w.position);
};

/** Name, operation that carries it, bytes. */
const UNDECODABLE: readonly (readonly [string, number, (w: JuteWriter) => void])[] = [
  ['a read in a multi', OpCode.multi, (w) => multi.writeMultiRequest(w, [check, getData])],
  ['a write in a multiRead', OpCode.multiRead, (w) => multi.writeMultiRequest(w, [check])],
  ['no bytes at all', OpCode.multi, () => undefined],
  ['a header cut short', OpCode.multi, (w) => w.long(0, 0)],
];

for (const [name, op, write] of UNDECODABLE) {
  test(`readMultiRequest refuses ${name}`, () => {
    assert.equal(multi.readMultiRequest(encoded(write), op), null);
  });
}

test('readMultiRequest refuses every type of operation that may not stand in a multi', () => {
  const allowed = new Set([1, 2, 4, 5, 8, 13, 15, 19, 21]);
  for (let type = -12; type <= 110; type++) {
    if (allowed.has(type)) continue;
    const r = encoded((w) => {
      multi.writeMultiHeader(w, { type, done: false, err: -1 });
      w.string('/a');
      for (let index = 0; index < 8; index++) w.int(0);
      multi.writeMultiEnd(w);
    });
    assert.equal(multi.readMultiRequest(r, OpCode.multi), null, `type ${type}`);
  }
});

test('an empty multi is a list of nothing, and bytes behind its end are nobody’s error', () => {
  const r = encoded((w) => {
    multi.writeMultiEnd(w);
    w.int(7);
  });
  assert.deepEqual(multi.readMultiRequest(r, OpCode.multi), []);
  assert.equal(r.remaining(), 4);
});

test('a result that failed may keep the type of its operation, as those of Keeper do', () => {
  const r = encoded((w) => {
    multi.writeMultiHeader(w, { type: OpCode.getData, done: false, err: -101 });
    multi.writeMultiHeader(w, { type: OpCode.exists, done: false, err: -102 });
    multi.writeMultiEnd(w);
  });
  assert.deepEqual(multi.readMultiResponse(r), [
    { type: OpCode.error, err: -101 },
    { type: OpCode.error, err: -102 },
  ]);
  assert.equal(r.remaining(), 0);
});

test('readMultiResponse refuses a result of a type it does not know', () => {
  const r = encoded((w) => {
    multi.writeMultiHeader(w, { type: OpCode.setACL, done: false, err: 0 });
    multi.writeMultiEnd(w);
  });
  assert.equal(multi.readMultiResponse(r), null);
});
