/**
 * createIfNotExists and removeRecursive of ClickHouse Keeper on their own: what they answer, what
 * they log, and that nothing they log is of a kind that Apache's servers do not know.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Acl,
  type ErrorName,
  type Id,
  type MultiOp,
  OpCode,
  Perms,
  writeTxnHeader,
  JuteWriter,
} from '@zabra/protocol';
import { keeperBed, removeBody, txnText } from './keeper-bed.test-kit.ts';
import {
  ALICE,
  type Body,
  BOB,
  createBody,
  type CreateOptions,
  EXPIRED,
  MOVED,
  multiBody,
  pathVersionBody,
  pathWatchBody,
  type Prepared,
  reader,
  setDataBody,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';

const IF_NOT = OpCode.createIfNotExists;
const REMOVE = OpCode.removeRecursive;

test('createIfNotExists creates what is not there and is content with what is', () => {
  const bed = keeperBed();
  bed.create('/p');
  const first = bed.prepare(IF_NOT, createBody('/p/c', { data: 'one' }));
  const reply = bed.commit(first);
  assert.deepEqual([reply.err, reader(reply).string()], ['OK', '/p/c']);
  assert.equal(txnText(first.entry), '1 /p/c');
  const before = bed.dump();
  const second = bed.prepare(IF_NOT, createBody('/p/c', { data: 'two', flags: 1 }));
  const again = bed.commit(second);
  assert.deepEqual([again.err, reader(again).string()], ['OK', '/p/c']);
  assert.equal(txnText(second.entry), 'multi 13 /p/c');
  assert.deepEqual(bed.dump(), before);
  assert.equal(bed.state.lastProcessedZxid, second.zxid);
});

test('createIfNotExists makes ephemerals, and sees what is not applied yet', () => {
  const bed = keeperBed();
  const first = bed.prepare(IF_NOT, createBody('/e', { flags: 1 }));
  const second = bed.prepare(IF_NOT, createBody('/e', { flags: 1 }), BOB);
  const gone = bed.prepare(OpCode.delete, pathVersionBody('/e', 0));
  const third = bed.prepare(IF_NOT, createBody('/e'), BOB);
  const texts = [first, second, third].map(({ entry }) => txnText(entry));
  assert.deepEqual(texts, ['1 /e', 'multi 13 /e', '1 /e']);
  for (const one of [first, second]) assert.equal(reader(bed.commit(one)).string(), '/e');
  assert.equal(bed.mustStat('/e').ephemeralOwnerLo, ALICE.lo);
  for (const one of [gone, third]) assert.equal(bed.commit(one).err, 'OK');
  assert.equal(bed.mustStat('/e').ephemeralOwnerLo, 0);
});

test('createIfNotExists is refused as create is, whether or not the znode is there', () => {
  const bed = keeperBed();
  bed.create('/closed', { acl: worldAcl(31) });
  bed.create('/closed/c');
  bed.write(OpCode.setACL, (w) => {
    w.string('/closed');
    w.int(1);
    w.int(Perms.READ);
    w.string('world');
    w.string('anyone');
    w.int(-1);
  });
  bed.create('/e', { flags: 1 });
  const rows: readonly [string | null, CreateOptions, ErrorName][] = [
    [null, {}, 'MARSHALLINGERROR'],
    ['no-slash', {}, 'BADARGUMENTS'],
    ['/a/', {}, 'NONODE'],
    ['/e//', {}, 'NONODE'],
    ['/missing/c', {}, 'NONODE'],
    ['/closed/c', {}, 'NOAUTH'],
    ['/closed/d', {}, 'NOAUTH'],
    ['/e/c', {}, 'NOCHILDRENFOREPHEMERALS'],
    ['/a', { acl: [] }, 'INVALIDACL'],
    ['/e', { acl: [] }, 'INVALIDACL'],
    ['/a-', { flags: 2 }, 'BADARGUMENTS'],
    ['/a-', { flags: 3 }, 'BADARGUMENTS'],
    ['/a', { flags: 7 }, 'BADARGUMENTS'],
    ['/a', { flags: 5 }, 'UNIMPLEMENTED'],
  ];
  const before = bed.dump();
  for (const [path, options, code] of rows) {
    const prepared = bed.prepare(IF_NOT, createBody(path, options));
    assert.match(txnText(prepared.entry), /^error /);
    const { err, body } = bed.commit(prepared);
    assert.deepEqual([err, body.length], [code, 0], `${path} ${JSON.stringify(options)}`);
  }
  assert.equal(bed.write(IF_NOT, createBody('/e'), EXPIRED).err, 'SESSIONEXPIRED');
  assert.equal(bed.write(IF_NOT, createBody('/e'), MOVED).err, 'SESSIONMOVED');
  assert.deepEqual(bed.dump(), before);
});

test('a body that is cut short gets no zxid', () => {
  const bed = keeperBed();
  for (const [opcode, body] of [
    [IF_NOT, createBody('/a', { data: 'x' })],
    [REMOVE, removeBody('/a')],
  ] as const) {
    const request = bed.request(opcode, body);
    assert.equal(bed.isWellFormed(request), true);
    for (let { end } = request; end > request.start; end--) {
      assert.equal(bed.isWellFormed({ ...request, end: end - 1 }), false);
    }
  }
});

function plantTree(bed: StateBed): void {
  for (const path of ['/r', '/r/a', '/r/a/x', '/r/a/x/deep', '/r/b', '/rest']) bed.create(path);
  bed.create('/r/e', { flags: 1 }, BOB);
  bed.create('/r/a/n', { data: null });
}

test('removeRecursive is logged as deletes, children first, and spares what is beside', () => {
  const bed = keeperBed();
  plantTree(bed);
  const prepared = bed.prepare(REMOVE, removeBody('/r', 7));
  const { err, body } = bed.commit(prepared);
  assert.deepEqual([err, body.length], ['OK', 0]);
  assert.equal(
    txnText(prepared.entry),
    'multi 2 /r/e, 2 /r/b, 2 /r/a/x/deep, 2 /r/a/x, 2 /r/a/n, 2 /r/a, 2 /r',
  );
  assert.deepEqual(
    ['/r', '/r/a/x/deep', '/r/e'].map((path) => bed.stat(path)),
    [null, null, null],
  );
  assert.equal(bed.mustStat('/rest').numChildren, 0);
  assert.equal(bed.state.core.tree.ephemeralCount(BOB.hi, BOB.lo), 0);
  assert.equal(bed.mustStat('/').pzxid, prepared.zxid);
});

test('one znode more than the client allows is NOTEMPTY, and nothing goes', () => {
  const bed = keeperBed();
  plantTree(bed);
  const before = bed.dump();
  for (const nodesMax of [0, 1, 6]) {
    const prepared = bed.prepare(REMOVE, removeBody('/r', nodesMax));
    assert.equal(txnText(prepared.entry), 'error -111');
    assert.equal(bed.commit(prepared).err, 'NOTEMPTY');
  }
  assert.deepEqual(bed.dump(), before);
  assert.equal(bed.write(REMOVE, removeBody('/r', 0xffffffff)).err, 'OK');
});

test('a subtree that no transaction holds is NOTEMPTY', () => {
  const long = 'x'.repeat(200);
  for (const [count, err] of [
    [14, 'OK'],
    [20, 'NOTEMPTY'],
  ] as const) {
    const bed = keeperBed({ txnBytesMax: 4400 });
    bed.create('/r');
    for (let index = 0; index < count; index++) bed.create(`/r/${long}${index}`);
    assert.equal(bed.write(REMOVE, removeBody('/r')).err, err, `${count} children`);
    assert.equal(bed.stat('/r') === null, err === 'OK');
  }
});

test('a znode that is not there is removed already', () => {
  const bed = keeperBed();
  bed.create('/r');
  const before = bed.dump();
  for (const path of ['/missing', '/missing/c', '/r/c', '/r/']) {
    const prepared = bed.prepare(REMOVE, removeBody(path));
    assert.equal(txnText(prepared.entry), `multi 13 ${path}`);
    assert.equal(bed.commit(prepared).err, 'OK', path);
  }
  assert.deepEqual(bed.dump(), before);
});

test('removeRecursive asks what each delete asks, and spares what every tree has', () => {
  const bed = keeperBed();
  bed.create('/p', { acl: worldAcl(Perms.ALL) });
  bed.create('/p/leaf', { acl: worldAcl(Perms.READ) });
  bed.create('/q');
  bed.create('/q/inner', { acl: worldAcl(Perms.READ | Perms.CREATE) });
  bed.create('/q/inner/leaf');
  bed.create('/closed', { acl: worldAcl(Perms.ALL & ~Perms.DELETE) });
  bed.create('/closed/leaf');
  const rows: readonly [string | null, ErrorName][] = [
    [null, 'MARSHALLINGERROR'],
    ['/', 'BADARGUMENTS'],
    ['', 'BADARGUMENTS'],
    ['no-slash', 'BADARGUMENTS'],
    ['/a\0', 'BADARGUMENTS'],
    ['/zookeeper', 'BADARGUMENTS'],
    ['/zookeeper/quota', 'BADARGUMENTS'],
    ['/closed/leaf', 'NOAUTH'],
    ['/closed/missing', 'NOAUTH'],
    ['/q', 'NOAUTH'],
    ['/q/inner', 'NOAUTH'],
    // Its ACL says nothing about its own end; that of its parent does.
    ['/p', 'OK'],
  ];
  for (const [path, code] of rows) {
    assert.equal(bed.write(REMOVE, removeBody(path)).err, code, String(path));
  }
  assert.equal(bed.write(REMOVE, removeBody('/q'), EXPIRED).err, 'SESSIONEXPIRED');
  const superUser = { ...ALICE, identities: [{ scheme: 'super', id: '' } satisfies Id] };
  assert.equal(bed.write(REMOVE, removeBody('/q'), superUser).err, 'OK');
});

test('every znode that goes has its event, and so has its parent', () => {
  const bed = keeperBed();
  plantTree(bed);
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  const paths = ['/', '/r', '/r/a', '/r/a/x'];
  for (const path of paths) {
    bed.read(OpCode.getChildren, pathWatchBody(path, true), ALICE, watcher);
  }
  const prepared = bed.prepare(REMOVE, removeBody('/r'));
  bed.commit(prepared);
  const { zxid } = prepared;
  assert.deepEqual(
    watcher.take(),
    ['/r', '/r/a/x', '/r/a', '/'].map((path) => `children ${path} ${zxid}`),
  );
});

const STEP_PATHS = ['/r', '/r/a', '/r/b', '/r/a/x', '/r/a/y', '/r/a/x/z', '/s'];
const ACLS: readonly (readonly Acl[])[] = [worldAcl(31), worldAcl(31), worldAcl(31 & ~8)];

const growth = fc.array(
  fc.record({
    path: fc.constantFrom(...STEP_PATHS),
    kind: fc.constantFrom('create', 'create', 'create', 'delete', 'set'),
    acl: fc.constantFrom(...ACLS),
    flags: fc.constantFrom(0, 0, 0, 1),
  }),
  { maxLength: 25 },
);

type Growth = typeof growth extends fc.Arbitrary<infer T> ? T : never;

function grow(bed: StateBed, steps: Growth): void {
  for (const { path, kind, acl, flags } of steps) {
    if (kind === 'create') bed.write(OpCode.create, createBody(path, { acl, flags }));
    else if (kind === 'set') bed.write(OpCode.setData, setDataBody(path, 'x'));
    else bed.write(OpCode.delete, pathVersionBody(path, -1));
  }
}

/** What a client of Apache would send: the deletes that it takes, from what it sees. */
function deletesOf(bed: StateBed, root: string): MultiOp[] {
  const { nodes } = bed.state.core.tree;
  const ref = nodes.find(root);
  const ops: MultiOp[] = [];
  if (ref === 0) return ops;
  nodes.forEachInSubtree(ref, (one) => {
    ops.unshift({ type: OpCode.delete, request: { path: nodes.path(one), version: -1 } });
  });
  return ops;
}

test('it does what a multi of the deletes does, or nothing where that is refused', () => {
  fc.assert(
    fc.property(growth, fc.constantFrom(...STEP_PATHS), (steps, root) => {
      const ours = keeperBed();
      const theirs = new StateBed();
      grow(ours, steps);
      grow(theirs, steps);
      const multi = theirs.prepare(OpCode.multi, multiBody(deletesOf(theirs, root)));
      const removed: Prepared = ours.prepare(REMOVE, removeBody(root));
      theirs.commit(multi);
      const { err } = ours.commit(removed);
      const isLawful = multi.code === 0 && deletesOf(ours, root).length > 0;
      assert.ok(!isLawful || err === 'OK', `${err} although the deletes are lawful`);
      assert.deepEqual(ours.dump(), theirs.dump());
      assert.deepEqual(ours.state.digest(), theirs.state.digest());
    }),
    { numRuns: 300 },
  );
});

test('no transaction has the number of an operation of Keeper', () => {
  for (const type of [OpCode.checkNotExists, IF_NOT, REMOVE, OpCode.filteredList]) {
    const bed = keeperBed();
    bed.create('/n');
    const w = new JuteWriter();
    const header = { clientHi: 1, clientLo: 2, cxid: 1, zxid: 2, timeMs: 5, type };
    writeTxnHeader(w, header);
    const body: Body = type === IF_NOT ? createBody('/m') : pathVersionBody('/n', 9);
    body(w);
    const result = bed.apply({ entry: w.toBytes() });
    assert.equal(result.isMalformed, true, String(type));
    assert.equal(bed.state.lastProcessedZxid, 1);
  }
});
