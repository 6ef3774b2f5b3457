/**
 * The reads of ClickHouse Keeper, its multiRead, and the znodes below /keeper that are in no tree.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesToHex,
  decodeKeeperFeatures,
  type ErrorName,
  ListType,
  type MultiOp,
  OpCode,
  Perms,
  readAclVector,
  readListWithDataResponse,
  readMultiResponse,
  readStat,
  readStringVector,
  utf8Decode,
  writeStringVector,
} from '@zabra/protocol';
import { filteredBody, keeperBed, listBody, removeBody, ZONE } from './keeper-bed.test-kit.ts';
import {
  ALICE,
  type Body,
  multiBody,
  NO_BODY,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  type Reply,
  reader,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';

const FILTERED = OpCode.filteredList;
const WITH_DATA = OpCode.filteredListWithStatsAndData;

function plantChildren(bed: StateBed): void {
  bed.create('/p');
  bed.create('/p/plain', { data: 'one' });
  bed.create('/p/e', { flags: 1, data: 'two' });
  bed.create('/p/box', { opcode: OpCode.createContainer, flags: 4, data: null });
  bed.create('/p/ttl', { opcode: OpCode.createTTL, flags: 5, ttlMs: 9, data: '' });
}

const NAMES: readonly [ListType, string[]][] = [
  [ListType.ALL, ['plain', 'e', 'box', 'ttl']],
  [ListType.PERSISTENT_ONLY, ['plain', 'box', 'ttl']],
  [ListType.EPHEMERAL_ONLY, ['e']],
];

test('a filtered list names the children of one kind, with the Stat of the parent', () => {
  const bed = keeperBed({ extendedTypes: true });
  plantChildren(bed);
  for (const [listType, names] of NAMES) {
    const reply = bed.read(FILTERED, filteredBody('/p', { listType }));
    const r = reader(reply);
    assert.deepEqual(readStringVector(r), names);
    assert.deepEqual(readStat(r), bed.mustStat('/p'));
    assert.equal(r.remaining(), 0);
  }
  const empty = bed.read(FILTERED, filteredBody('/p/plain', { listType: 2 }));
  assert.deepEqual(readStringVector(reader(empty)), []);
});

test('a list with Stats and data has either, both or none, in the order of the names', () => {
  const bed = keeperBed({ extendedTypes: true });
  plantChildren(bed);
  for (const [listType, names] of NAMES) {
    for (const [withStat, withData] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const body = listBody('/p', { listType, withStat, withData });
      const r = reader(bed.read(WITH_DATA, body));
      const { children, stat, stats, data } = readListWithDataResponse(r);
      assert.equal(r.remaining(), 0);
      assert.deepEqual(children, names);
      assert.deepEqual(stat, bed.mustStat('/p'));
      const paths = names.map((name) => `/p/${name}`);
      assert.deepEqual(stats, withStat ? paths.map((path) => bed.mustStat(path)) : []);
      const texts = data.map((bytes) => bytes && utf8Decode(bytes, 0, bytes.length));
      assert.deepEqual(texts, withData ? paths.map((path) => bed.data(path)) : []);
    }
  }
});

test('below the root, names are whole', () => {
  const bed = keeperBed();
  bed.create('/a');
  bed.create('/e', { flags: 1 });
  const reply = bed.read(FILTERED, filteredBody('/', { listType: 1 }));
  assert.deepEqual(readStringVector(reader(reply)), ['zookeeper', 'a']);
});

test('what a list says of a child beyond its name is for those who may read the child', () => {
  const bed = keeperBed();
  bed.create('/p');
  bed.create('/p/open');
  bed.create('/p/locked', { acl: worldAcl(Perms.WRITE) });
  bed.create('/q', { acl: worldAcl(Perms.CREATE) });
  const rows: readonly [number, Body, ErrorName][] = [
    [FILTERED, filteredBody('/p'), 'OK'],
    [FILTERED, filteredBody('/p', { listType: 1 }), 'NOAUTH'],
    // Which children are ephemeral is not known to who may not read them either.
    [FILTERED, filteredBody('/p', { listType: 2 }), 'NOAUTH'],
    [WITH_DATA, listBody('/p'), 'OK'],
    [WITH_DATA, listBody('/p', { withStat: true }), 'NOAUTH'],
    [WITH_DATA, listBody('/p', { withData: true }), 'NOAUTH'],
    [WITH_DATA, listBody('/p', { listType: 2 }), 'NOAUTH'],
    [FILTERED, filteredBody('/q'), 'NOAUTH'],
    [WITH_DATA, listBody('/q'), 'NOAUTH'],
    [FILTERED, filteredBody('/missing'), 'NONODE'],
    [WITH_DATA, listBody('/missing'), 'NONODE'],
    [FILTERED, filteredBody('/p', { listType: 3 }), 'MARSHALLINGERROR'],
    [WITH_DATA, listBody('/p', { listType: 255 }), 'MARSHALLINGERROR'],
    [FILTERED, pathWatchBody('/p'), 'MARSHALLINGERROR'],
    [WITH_DATA, filteredBody('/p'), 'MARSHALLINGERROR'],
    [FILTERED, NO_BODY, 'MARSHALLINGERROR'],
  ];
  for (const [opcode, body, code] of rows) assert.equal(bed.read(opcode, body).err, code);
});

test('the watch of a list fires for every child, and is not set by a list that fails', () => {
  const bed = keeperBed();
  plantWatched(bed);
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  const request = { watch: true, listType: ListType.EPHEMERAL_ONLY };
  assert.equal(bed.read(FILTERED, filteredBody('/p', request), ALICE, watcher).err, 'OK');
  assert.equal(bed.read(WITH_DATA, listBody('/q', request), ALICE, watcher).err, 'OK');
  assert.equal(bed.read(FILTERED, filteredBody('/locked', request), ALICE, watcher).err, 'NOAUTH');
  for (const path of ['/p', '/q', '/locked']) bed.create(`${path}/persistent`);
  assert.deepEqual(watcher.take(), ['children /p 5', 'children /q 6']);
  bed.create('/p/more');
  assert.deepEqual(watcher.take(), []);
});

function plantWatched(bed: StateBed): void {
  for (const path of ['/p', '/q', '/locked']) bed.create(path);
  bed.create('/locked/secret', { acl: worldAcl(Perms.WRITE) });
}

test('checkNotExists on its own is a read', () => {
  const bed = keeperBed();
  bed.create('/n');
  bed.create('/locked', { acl: worldAcl(Perms.WRITE) });
  const rows: readonly [string | null, number, ErrorName][] = [
    ['/missing', -1, 'OK'],
    ['/missing', 0, 'OK'],
    ['/n', -1, 'NODEEXISTS'],
    ['/n', 0, 'NODEEXISTS'],
    ['/n', 1, 'OK'],
    ['/locked', -1, 'NOAUTH'],
    ['/locked', 1, 'NOAUTH'],
    ['/keeper', -1, 'NODEEXISTS'],
    ['/keeper/api_version', 0, 'NODEEXISTS'],
    ['/keeper/api_version', 1, 'OK'],
    [null, -1, 'MARSHALLINGERROR'],
  ];
  for (const [path, version, code] of rows) {
    const { err, body } = bed.read(OpCode.checkNotExists, pathVersionBody(path, version));
    assert.deepEqual([err, body.length], [code, 0], `${path} ${version}`);
  }
  assert.equal(bed.state.isWrite(OpCode.checkNotExists), false);
});

const WATCHED: readonly MultiOp[] = [
  { type: OpCode.getData, request: { path: '/p', watch: true } },
  { type: OpCode.exists, request: { path: '/missing', watch: true } },
  { type: OpCode.exists, request: { path: '/p', watch: false } },
  { type: OpCode.getChildren, request: { path: '/p', watch: false } },
  { type: OpCode.getChildren2, request: { path: '/p', watch: false } },
  { type: OpCode.filteredList, request: { path: '/p', watch: true, listType: 2 } },
  { type: WITH_DATA, request: readList('/p') },
  { type: OpCode.getData, request: { path: '/keeper/api_version', watch: false } },
];

function readList(path: string) {
  return { path, watch: false, listType: 0, withStat: true, withData: true };
}

test('multiRead takes every read of a znode, and a client of Keeper has its watches', () => {
  const bed = keeperBed();
  bed.create('/p');
  bed.create('/p/c', { data: 'x' });
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  bed.read(OpCode.getData, pathWatchBody('/keeper/feature_flags'), ALICE, watcher);
  const reply = bed.read(OpCode.multiRead, multiBody(WATCHED), ALICE, watcher);
  const results = readMultiResponse(reader(reply)) ?? assert.fail('it cannot be decoded');
  assert.deepEqual(
    results.map(({ type }) => type),
    // A filtered list has the number of the list that its reply is.
    [4, -1, 3, 8, 12, 12, 506, 4],
  );
  assert.deepEqual(results[1], { type: -1, err: -101 });
  assert.deepEqual(results[5], {
    type: OpCode.getChildren2,
    children: [],
    stat: bed.mustStat('/p'),
  });
  bed.setData('/p', 'y');
  bed.create('/missing');
  bed.create('/p/d');
  assert.deepEqual(watcher.take(), ['changed /p 3', 'created /missing 4', 'children /p 5']);
});

test('a read that fails inside a multiRead has the form that its client can decode', () => {
  const bed = keeperBed();
  const end = 'ffffffff 01 ffffffff';
  const apache = `ffffffff 00 ffffff9b ffffff9b ${end}`;
  const asks: readonly [TestWatcher, MultiOp, string][] = [
    [new TestWatcher(1), getData('/missing'), apache],
    [new TestWatcher(2), getData('/missing'), `00000004 00 ffffff9b ${end}`],
    [new TestWatcher(3), filtered('/missing'), `0000000c 00 ffffff9b ${end}`],
  ];
  for (const [watcher, op, hex] of asks) {
    bed.state.addWatcher(watcher);
    // Every client of Keeper begins with this, on each of its connections.
    const flags = pathWatchBody('/keeper/feature_flags');
    if (hex !== apache) bed.read(OpCode.getData, flags, ALICE, watcher);
    const { body } = bed.read(OpCode.multiRead, multiBody([op]), ALICE, watcher);
    assert.equal(bytesToHex(body), hex.replaceAll(' ', ''));
  }
});

function getData(path: string): MultiOp {
  return { type: OpCode.getData, request: { path, watch: true } };
}

function filtered(path: string): MultiOp {
  return { type: OpCode.filteredList, request: { path, watch: true, listType: 1 } };
}

test('any other client gets no watch from a multiRead, as from Apache', () => {
  const bed = keeperBed();
  bed.create('/p');
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  assert.equal(bed.read(OpCode.multiRead, multiBody([getData('/p')]), ALICE, watcher).err, 'OK');
  bed.setData('/p', 'y');
  assert.deepEqual(watcher.take(), []);
});

test('without the extensions nothing of all this exists', () => {
  const bed = new StateBed();
  bed.create('/p');
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  for (const opcode of [FILTERED, OpCode.checkNotExists, WITH_DATA]) {
    assert.deepEqual([bed.state.isKnown(opcode), bed.state.isRead(opcode)], [false, false]);
  }
  for (const opcode of [OpCode.createIfNotExists, OpCode.removeRecursive]) {
    assert.equal(bed.state.isKnown(opcode), false);
    assert.equal(keeperBed().state.isKnown(opcode), true);
  }
  for (const op of WATCHED.slice(1, -1)) {
    if (op.type === OpCode.getChildren) continue;
    const { err } = bed.read(OpCode.multiRead, multiBody([op]), ALICE, watcher);
    assert.equal(err, 'MARSHALLINGERROR', String(op.type));
  }
  const read = bed.read(OpCode.multiRead, multiBody(WATCHED.slice(0, 1)), ALICE, watcher);
  assert.equal(read.err, 'OK');
  bed.setData('/p', 'y');
  assert.deepEqual(watcher.take(), []);
  assert.equal(bed.read(OpCode.getData, pathWatchBody('/keeper')).err, 'NONODE');
  bed.create('/keeper');
  bed.create('/keeper/api_version', { data: 'mine' });
  const own = bed.read(OpCode.getData, pathWatchBody('/keeper/api_version'));
  assert.equal(reader(own).string(), 'mine');
});

function dataOf(reply: Reply): string | null {
  assert.equal(reply.err, 'OK');
  return reader(reply).string();
}

test('the znodes below /keeper can be read in every way', () => {
  const bed = keeperBed();
  const flags = '/keeper/feature_flags';
  const names = ['api_version', 'feature_flags', 'availability_zone'];
  const list = bed.read(OpCode.getChildren2, pathWatchBody('/keeper'));
  const r = reader(list);
  assert.deepEqual(readStringVector(r), names);
  const stat = readStat(r);
  assert.deepEqual([stat.numChildren, stat.dataLength, stat.czxid], [3, 0, 0]);
  assert.deepEqual(
    readStringVector(reader(bed.read(OpCode.getChildren, pathWatchBody('/keeper')))),
    names,
  );
  assert.equal(dataOf(bed.read(OpCode.getData, pathWatchBody('/keeper/api_version'))), '4');
  assert.equal(dataOf(bed.read(OpCode.getData, pathWatchBody('/keeper/availability_zone'))), ZONE);
  assert.equal(readStat(reader(bed.read(OpCode.exists, pathWatchBody(flags)))).dataLength, 2);
  const acl = reader(bed.read(OpCode.getACL, pathBody(flags)));
  assert.deepEqual(readAclVector(acl), worldAcl(Perms.READ));
  assert.equal(reader(bed.read(OpCode.getAllChildrenNumber, pathBody('/keeper'))).int(), 3);
  const whole = reader(bed.read(WITH_DATA, listBody('/keeper', readList('/keeper'))));
  const { children, stats, data } = readListWithDataResponse(whole);
  assert.deepEqual(children, names);
  assert.deepEqual(
    stats.map(({ dataLength }) => dataLength),
    data.map((bytes) => bytes?.length),
  );
  const none = bed.read(FILTERED, filteredBody('/keeper', { listType: 2 }));
  assert.deepEqual(readStringVector(reader(none)), []);
  assert.equal(
    bed.read(FILTERED, filteredBody('/keeper', { listType: 3 })).err,
    'MARSHALLINGERROR',
  );
  assert.equal(bed.read(OpCode.getData, pathBody(flags)).err, 'MARSHALLINGERROR');
});

test('they hide what the tree has at their paths alone, and writes know none of them', () => {
  const bed = keeperBed();
  for (const path of ['/keeper', '/keeper/other', '/keeper/api_version', '/keepers']) {
    assert.equal(bed.write(OpCode.setData, pathVersionBody(path, 0)).err, 'MARSHALLINGERROR');
    bed.create(path, { data: 'mine' });
  }
  const read = (path: string) => bed.read(OpCode.getData, pathWatchBody(path));
  assert.equal(dataOf(read('/keeper')), '');
  assert.equal(dataOf(read('/keeper/api_version')), '4');
  assert.equal(dataOf(read('/keeper/other')), 'mine');
  assert.equal(dataOf(read('/keepers')), 'mine');
  assert.equal(read('/keeper/nothing').err, 'NONODE');
  assert.equal(bed.write(OpCode.removeRecursive, removeBody('/keeper')).err, 'OK');
  assert.equal(dataOf(read('/keeper/api_version')), '4');
  assert.equal(bed.stat('/keeper'), null);
});

test('they say what the present leader can do, and where this server is', () => {
  const bed = new StateBed({ keeper: { availabilityZone: '' } });
  const flags = () => {
    const r = reader(bed.read(OpCode.getData, pathWatchBody('/keeper/feature_flags')));
    return decodeKeeperFeatures(r.bytes() ?? new Uint8Array(0));
  };
  const version = () => dataOf(bed.read(OpCode.getData, pathWatchBody('/keeper/api_version')));
  const reads = ['FILTERED_LIST', 'MULTI_READ', 'MULTI_WATCHES', 'LIST_WITH_STAT_AND_DATA'];
  assert.deepEqual([flags(), version()], [reads, '2']);
  assert.equal(bed.state.isOrderable(OpCode.removeRecursive), false);
  assert.equal(bed.state.isOrderable(OpCode.create), true);
  bed.state.onLeader(true);
  const writes = ['CHECK_NOT_EXISTS', 'CREATE_IF_NOT_EXISTS', 'REMOVE_RECURSIVE'];
  assert.deepEqual(flags(), [...reads.slice(0, 2), ...writes, ...reads.slice(2)]);
  assert.equal(version(), '4');
  assert.equal(bed.state.isOrderable(OpCode.removeRecursive), true);
  bed.state.onLeader(false);
  assert.deepEqual([flags(), version()], [reads, '2']);
  const zone = bed.read(OpCode.exists, pathWatchBody('/keeper/availability_zone'));
  assert.equal(zone.err, 'NONODE');
});

test('a watch on one of them is kept, by a client that comes back as well, and never fires', () => {
  const bed = keeperBed();
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  const read = (opcode: number, body: Body) => bed.read(opcode, body, ALICE, watcher).err;
  const paths = ['/keeper', '/keeper/feature_flags'];
  assert.equal(read(OpCode.getData, pathWatchBody('/keeper/feature_flags', true)), 'OK');
  assert.equal(read(OpCode.getChildren, pathWatchBody('/keeper', true)), 'OK');
  assert.equal(read(OpCode.removeWatches, pathVersionBody('/keeper/feature_flags', 2)), 'OK');
  assert.equal(read(OpCode.removeWatches, pathVersionBody('/keeper', 1)), 'OK');
  const lists: Body = (w) => {
    w.zxid(0);
    writeStringVector(w, paths);
    writeStringVector(w, []);
    writeStringVector(w, paths);
  };
  assert.equal(read(OpCode.setWatches, lists), 'OK');
  assert.equal(read(OpCode.removeWatches, pathVersionBody('/keeper/feature_flags', 1)), 'OK');
  assert.deepEqual(watcher.take(), []);
  const exist: Body = (w) => {
    w.zxid(0);
    writeStringVector(w, []);
    writeStringVector(w, ['/keeper/api_version']);
    writeStringVector(w, []);
  };
  assert.equal(read(OpCode.setWatches, exist), 'OK');
  assert.deepEqual(watcher.take(), ['created /keeper/api_version -1']);
});
