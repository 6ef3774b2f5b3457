/**
 * create and its kin: the order of the checks, the kinds of znodes, names and counters
 * (client-protocol.md 7.3 to 7.6, 8.1; traps 23 to 28, 31, 32, 36, 41).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateMode,
  type ErrorName,
  errorName,
  JuteReader,
  OpCode,
  readStat,
  readTxnHeader,
} from '@zabra/protocol';
import {
  ALICE,
  type Body,
  createBody,
  EXPIRED,
  MOVED,
  multiBody,
  pathVersionBody,
  pathWatchBody,
  reader,
  setAclBody,
  StateBed,
  type Who,
  worldAcl,
} from './state-bed.test-kit.ts';

/** A tree in which every check of create can fail. */
function bedWithTraps(): StateBed {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/locked', { acl: worldAcl(1) });
  bed.create('/eph', { flags: CreateMode.EPHEMERAL });
  bed.create('/full');
  bed.create('/full/child');
  bed.create('/zookeeper/quota/full');
  bed.create('/zookeeper/quota/full/zookeeper_limits', {
    data: 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2',
  });
  bed.create('/zookeeper/quota/full/zookeeper_stats');
  bed.create('/zookeeper/quota/eph');
  bed.create('/zookeeper/quota/eph/zookeeper_limits', { data: 'countHardLimit=1' });
  bed.create('/zookeeper/quota/eph/zookeeper_stats');
  return bed;
}

const CHECK_ORDER: readonly [string, ErrorName, Body, Who?][] = [
  ['flags', 'BADARGUMENTS', createBody('noslash', { flags: 7, acl: [] }), EXPIRED],
  ['negative flags', 'BADARGUMENTS', createBody('noslash', { flags: -1, acl: [] }), EXPIRED],
  ['TTL without extended types', 'UNIMPLEMENTED', createBody('x', { flags: 5, acl: [] }), EXPIRED],
  ['session', 'SESSIONEXPIRED', createBody(null, { acl: [] }), EXPIRED],
  ['session moved', 'SESSIONMOVED', createBody(null, { acl: [] }), MOVED],
  ['null path', 'MARSHALLINGERROR', createBody(null, { acl: [] })],
  ['no slash', 'BADARGUMENTS', createBody('noslash', { acl: [] })],
  ['NUL', 'BADARGUMENTS', createBody('/a\0', { acl: [] })],
  ['ACL', 'INVALIDACL', createBody('/missing/..', { acl: [] })],
  ['null ACL', 'INVALIDACL', createBody('/missing/..', { acl: null })],
  ['parent', 'NONODE', createBody('/missing/..')],
  ['parent with a trailing slash', 'NONODE', createBody('/locked//b')],
  ['relative parent', 'NONODE', createBody('a/b')],
  ['permission', 'NOAUTH', createBody('/locked/..')],
  ['trailing slash', 'BADARGUMENTS', createBody('/full/')],
  ['two slashes', 'BADARGUMENTS', createBody('//x')],
  ['dots', 'BADARGUMENTS', createBody('/full/..')],
  ['surrogate', 'BADARGUMENTS', createBody('/full/\u{1f600}')],
  ['existing', 'NODEEXISTS', createBody('/full/child')],
  ['root', 'NODEEXISTS', createBody('/')],
  ['ephemeral parent', 'NOCHILDRENFOREPHEMERALS', createBody('/eph/child')],
  ['quota', 'QUOTAEXCEEDED', createBody('/full/other')],
];

test('the first check of create that fails decides the code', () => {
  const bed = bedWithTraps();
  for (const opcode of [OpCode.create, OpCode.create2, OpCode.createContainer]) {
    for (const [name, expected, body, who] of CHECK_ORDER) {
      const before = bed.dump();
      assert.equal(bed.write(opcode, body, who).err, expected, `${name} of ${opcode}`);
      assert.deepEqual(bed.dump(), before, `${name} changed the tree`);
    }
  }
});

test('trap 31: NOAUTH hides whether the znode is there, NONODE of its parent comes first', () => {
  const bed = new StateBed();
  bed.create('/p');
  bed.create('/p/c');
  assert.equal(bed.write(OpCode.setACL, setAclBody('/p', worldAcl(1))).err, 'OK');
  assert.equal(bed.write(OpCode.create, createBody('/p/c')).err, 'NOAUTH');
  assert.equal(bed.write(OpCode.create, createBody('/p/q/c')).err, 'NONODE');
  assert.equal(bed.write(OpCode.delete, pathVersionBody('/p/none', -1)).err, 'NOAUTH');
  assert.equal(bed.write(OpCode.delete, pathVersionBody('/p/c', -1)).err, 'NOAUTH');
  assert.equal(bed.write(OpCode.delete, pathVersionBody('/p/q/c', -1)).err, 'NONODE');
});

test('trap 32: the ACL is judged before existence, a trailing slash only after the parent', () => {
  const bed = bedWithTraps();
  assert.equal(bed.write(OpCode.create, createBody('no', { acl: [] })).err, 'BADARGUMENTS');
  assert.equal(bed.write(OpCode.create, createBody('/no/x', { acl: [] })).err, 'INVALIDACL');
  assert.equal(bed.write(OpCode.setACL, setAclBody('/no/x', [])).err, 'INVALIDACL');
  assert.equal(bed.write(OpCode.create, createBody('/no/')).err, 'NONODE');
  assert.equal(bed.write(OpCode.create, createBody('/locked/')).err, 'NOAUTH');
  assert.equal(bed.write(OpCode.create, createBody('/full/')).err, 'BADARGUMENTS');
});

test('an undecodable create is not well-formed', () => {
  const bed = new StateBed();
  const request = bed.request(OpCode.create, createBody('/a'));
  assert.equal(bed.isWellFormed(request), true);
  for (let end = request.start; end < request.end; end++) {
    assert.equal(bed.isWellFormed({ ...request, end }), false, `cut at ${end}`);
  }
});

type Kind = 'persistent' | 'ephemeral' | 'container' | 'ttl' | ErrorName;

function kindAfter(bed: StateBed, opcode: number, flags: number, ttlMs: number): Kind {
  const reply = bed.write(opcode, createBody('/n', { opcode, flags, ttlMs }));
  if (reply.err !== 'OK') return reply.err as ErrorName;
  const { nodes } = bed.state.core.tree;
  const path = reader(reply).string() ?? '';
  const ref = nodes.find(path);
  const hi = nodes.ownerHi(ref);
  const lo = nodes.ownerLo(ref);
  if (hi === 0 && lo === 0) return 'persistent';
  if (hi === ALICE.hi && lo === ALICE.lo) return 'ephemeral';
  if (hi === -0x80000000 && lo === 0) return 'container';
  if (hi >>> 24 === 0xff && lo === ttlMs) return 'ttl';
  return 'SYSTEMERROR';
}

const KINDS: readonly [number, number, number, Kind, Kind][] = [
  // Opcode, flags, ttl, kind without extended types, kind with them.
  [OpCode.create, 0, -1, 'persistent', 'persistent'],
  [OpCode.create, 1, -1, 'ephemeral', 'ephemeral'],
  [OpCode.create, 2, -1, 'persistent', 'persistent'],
  [OpCode.create, 3, -1, 'ephemeral', 'ephemeral'],
  [OpCode.create, 4, -1, 'persistent', 'persistent'],
  [OpCode.create, 5, -1, 'UNIMPLEMENTED', 'BADARGUMENTS'],
  [OpCode.create2, 1, -1, 'ephemeral', 'ephemeral'],
  [OpCode.create2, 4, -1, 'persistent', 'persistent'],
  [OpCode.create2, 6, -1, 'UNIMPLEMENTED', 'BADARGUMENTS'],
  [OpCode.createContainer, 0, -1, 'container', 'container'],
  [OpCode.createContainer, 1, -1, 'container', 'container'],
  [OpCode.createContainer, 2, -1, 'container', 'container'],
  [OpCode.createContainer, 3, -1, 'container', 'container'],
  [OpCode.createContainer, 4, -1, 'container', 'container'],
  [OpCode.createContainer, 5, -1, 'UNIMPLEMENTED', 'BADARGUMENTS'],
  [OpCode.createTTL, 0, -1, 'BADARGUMENTS', 'BADARGUMENTS'],
  [OpCode.createTTL, 0, 7, 'BADARGUMENTS', 'BADARGUMENTS'],
  [OpCode.createTTL, 4, 7, 'BADARGUMENTS', 'BADARGUMENTS'],
  [OpCode.createTTL, 5, 7, 'UNIMPLEMENTED', 'ttl'],
  [OpCode.createTTL, 6, 7, 'UNIMPLEMENTED', 'ttl'],
  [OpCode.createTTL, 5, 0, 'UNIMPLEMENTED', 'BADARGUMENTS'],
  [OpCode.createTTL, 5, -1, 'UNIMPLEMENTED', 'BADARGUMENTS'],
  [OpCode.createTTL, 5, 2 ** 40, 'UNIMPLEMENTED', 'BADARGUMENTS'],
];

test('the kind of a znode follows from opcode and flags together', () => {
  for (const [opcode, flags, ttlMs, plain, extended] of KINDS) {
    const name = `opcode ${opcode}, flags ${flags}, ttl ${ttlMs}`;
    assert.equal(kindAfter(new StateBed(), opcode, flags, ttlMs), plain, name);
    const bed = new StateBed({ extendedTypes: true });
    assert.equal(kindAfter(bed, opcode, flags, ttlMs), extended, `${name}, extended`);
  }
});

test('trap 41: containers and TTL znodes show no owner, and are stored with one', () => {
  const bed = new StateBed({ extendedTypes: true });
  bed.create('/c', { opcode: OpCode.createContainer, flags: 4 });
  bed.create('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 2 ** 40 - 1 });
  bed.create('/e', { flags: 1 });
  for (const path of ['/c', '/t']) {
    const { ephemeralOwnerHi, ephemeralOwnerLo } = bed.mustStat(path);
    assert.deepEqual([ephemeralOwnerHi, ephemeralOwnerLo], [0, 0], path);
    const stat = readStat(reader(bed.read(OpCode.exists, pathWatchBody(path))));
    assert.deepEqual([stat.ephemeralOwnerHi, stat.ephemeralOwnerLo], [0, 0], path);
  }
  const { nodes } = bed.state.core.tree;
  const stored = (path: string): number[] => {
    const ref = nodes.find(path);
    return [nodes.ownerHi(ref) >>> 0, nodes.ownerLo(ref) >>> 0];
  };
  assert.deepEqual(stored('/c'), [0x80000000, 0]);
  assert.deepEqual(stored('/t'), [0xff0000ff, 0xffffffff]);
  assert.equal(bed.mustStat('/e').ephemeralOwnerLo, ALICE.lo);
  assert.equal(bed.create('/c/x'), '/c/x');
  assert.equal(bed.create('/t/x'), '/t/x');
});

test('trap 27: flags 4 make a persistent znode by create, and a container inside a multi', () => {
  for (const type of [OpCode.create, OpCode.create2]) {
    const bed = new StateBed();
    bed.create('/p', { opcode: type, flags: 4 });
    const request = { path: '/m', data: null, acl: worldAcl(31), flags: 4 };
    assert.equal(bed.write(OpCode.multi, multiBody([{ type, request }])).err, 'OK');
    const { nodes } = bed.state.core.tree;
    assert.equal(nodes.ownerHi(nodes.find('/p')), 0);
    assert.equal(nodes.ownerHi(nodes.find('/m')), -0x80000000);
  }
});

test('trap 28: createTTL without TTL flags and with a negative ttl is not logged', () => {
  const bed = new StateBed({ extendedTypes: true });
  for (const flags of [0, 1, 2, 3, 4]) {
    const body = createBody('/n', { opcode: OpCode.createTTL, flags, ttlMs: -1 });
    const prepared = bed.prepare(OpCode.createTTL, body);
    assert.equal(errorName(prepared.code), 'BADARGUMENTS');
    const r = new JuteReader().reset(prepared.entry, 0, prepared.entry.length);
    assert.equal(readTxnHeader(r).type, OpCode.error, 'what is logged is the refusal');
    assert.equal(bed.commit(prepared).err, 'BADARGUMENTS');
    assert.equal(bed.stat('/n'), null);
  }
});

test('a created znode and its parent have the Stat of the protocol', () => {
  const bed = new StateBed();
  bed.create('/p');
  const before = bed.mustStat('/p');
  bed.create('/p/c', { data: 'xyz', flags: 1 });
  assert.deepEqual(bed.mustStat('/p/c'), {
    czxid: 2,
    mzxid: 2,
    pzxid: 2,
    ctimeMs: 1020,
    mtimeMs: 1020,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwnerHi: ALICE.hi,
    ephemeralOwnerLo: ALICE.lo,
    dataLength: 3,
    numChildren: 0,
  });
  assert.deepEqual(bed.mustStat('/p'), { ...before, cversion: 1, pzxid: 2, numChildren: 1 });
});

test('create replies with the path, its kin with path and Stat', () => {
  const bed = new StateBed();
  const plain = bed.write(OpCode.create, createBody('/a'));
  assert.equal(plain.body.length, 4 + 2);
  for (const opcode of [OpCode.create2, OpCode.createContainer]) {
    const r = reader(bed.write(opcode, createBody(`/b${opcode}`, { data: 'd' })));
    assert.equal(r.string(), `/b${opcode}`);
    assert.equal(readStat(r).dataLength, 1);
    assert.equal(r.remaining(), 0);
  }
});

test('null data stays null, empty data stays empty', () => {
  const bed = new StateBed();
  bed.create('/null', { data: null });
  bed.create('/empty', { data: '' });
  assert.equal(bed.data('/null'), null);
  assert.equal(bed.data('/empty'), '');
  assert.equal(bed.mustStat('/null').dataLength, 0);
});

test('trap 36: perms of any value are accepted and stored', () => {
  const bed = new StateBed();
  bed.create('/odd', { acl: [...worldAcl(999), ...worldAcl(0)] });
  const { nodes, acls } = bed.state.core.tree;
  const acl = acls.get(nodes.aclId(nodes.find('/odd')));
  assert.deepEqual(
    acl?.map((entry) => entry.perms),
    [999, 0],
  );
});

test('trap 23: the displayed cversion counts creates and deletes, the suffix creates only', () => {
  const bed = new StateBed();
  assert.equal(bed.mustStat('/').cversion, -1);
  assert.equal(bed.mustStat('/zookeeper').cversion, -2);
  bed.create('/s');
  assert.equal(bed.create('/s/n-', { flags: 2 }), '/s/n-0000000000');
  assert.equal(bed.mustStat('/s').cversion, 1);
  bed.delete('/s/n-0000000000');
  assert.equal(bed.mustStat('/s').cversion, 2);
  assert.equal(bed.create('/s/n-', { flags: 2 }), '/s/n-0000000001');
  assert.equal(bed.mustStat('/s').cversion, 3);
});

test('trap 24: any create advances the sequence, deletes and failed multis do not', () => {
  const bed = new StateBed();
  bed.create('/s');
  bed.create('/s/plain');
  bed.delete('/s/plain');
  const doomed = multiBody([
    { type: OpCode.create, request: { path: '/s/x', data: null, acl: worldAcl(31), flags: 2 } },
    { type: OpCode.check, request: { path: '/s', version: 77 } },
  ]);
  assert.equal(bed.write(OpCode.multi, doomed).err, 'OK');
  assert.equal(bed.create('/s/', { flags: 3 }), '/s/0000000001');
  assert.equal(
    bed.create('/s/q-', { flags: 2, opcode: OpCode.createContainer }),
    '/s/q-0000000002',
  );
});

test('pipelined sequential creates count each other', () => {
  const bed = new StateBed();
  bed.create('/s');
  const prepared = [0, 1, 2].map(() =>
    bed.prepare(OpCode.create, createBody('/s/n', { flags: 2 })),
  );
  const names = prepared.map((one) => reader(bed.commit(one)).string());
  assert.deepEqual(names, ['/s/n0000000000', '/s/n0000000001', '/s/n0000000002']);
});

test('trap 25: at the end of the counter the suffix sticks and pzxid stands still', () => {
  const bed = new StateBed();
  bed.create('/s');
  bed.state.core.tree.raiseParent('/s', 0x7fffffff, bed.zxid);
  const { pzxid } = bed.mustStat('/s');
  assert.equal(bed.create('/s/n', { flags: 2 }), '/s/n2147483647');
  assert.equal(bed.mustStat('/s').pzxid, pzxid);
  assert.equal(bed.write(OpCode.create, createBody('/s/n', { flags: 2 })).err, 'NODEEXISTS');
  bed.delete('/s/n2147483647');
  assert.equal(bed.create('/s/n', { flags: 2 }), '/s/n2147483647');
  const both = [0, 1].map(() => bed.prepare(OpCode.create, createBody('/s/m', { flags: 2 })));
  assert.deepEqual(
    both.map(({ code }) => errorName(code)),
    ['OK', 'NODEEXISTS'],
  );
});
