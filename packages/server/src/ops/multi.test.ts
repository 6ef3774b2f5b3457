/**
 * multi: what it decodes, what it logs, what it answers (client-protocol.md 9 and trap 14,
 * storage-and-config.md 3.5 and 16.1).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesToHex,
  ErrorCode,
  JuteReader,
  type MultiOp,
  OpCode,
  readMultiResponse,
  readMultiTxn,
  readTxnDigest,
  readTxnHeader,
  STAT_BYTES,
  writeMultiEnd,
  writeMultiHeader,
} from '@zabra/protocol';
import {
  ALICE,
  type Body,
  createBody,
  EXPIRED,
  MOVED,
  multiBody,
  NO_BODY,
  pathVersionBody,
  type Reply,
  reader,
  setAclBody,
  setDataBody,
  StateBed,
  worldAcl,
} from './state-bed.test-kit.ts';

const OPEN = worldAcl(31);

type CreateType = typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer;

function createOp(path: string, flags = 0, type: CreateType = OpCode.create): MultiOp {
  return { type, request: { path, data: null, acl: OPEN, flags } };
}

function deleteOp(path: string, version = -1): MultiOp {
  return { type: OpCode.delete, request: { path, version } };
}

function checkOp(path: string, version = -1): MultiOp {
  return { type: OpCode.check, request: { path, version } };
}

function setOp(path: string, text: string, version = -1): MultiOp {
  const data = new TextEncoder().encode(text);
  return { type: OpCode.setData, request: { path, data, version } };
}

/** Results as text: "15 /a", "5", "error -101". */
function results(reply: Reply): string[] {
  assert.equal(reply.err, 'OK');
  const r = reader(reply);
  const found = readMultiResponse(r);
  assert.ok(found !== null);
  assert.equal(r.remaining(), 0);
  return found.map((result) => {
    if (result.type === OpCode.error) return `error ${result.err}`;
    return 'path' in result ? `${result.type} ${result.path}` : String(result.type);
  });
}

function txnOf(entry: Uint8Array): { type: number; subs: string[]; hasDigest: boolean } {
  const r = new JuteReader().reset(entry, 0, entry.length);
  const { type } = readTxnHeader(r);
  if (type !== OpCode.multi) return { type, subs: [], hasDigest: false };
  const { txns } = readMultiTxn(r);
  const subs = txns.map((sub) => {
    const body = bytesToHex(sub.data ?? new Uint8Array(0));
    return sub.type === OpCode.error ? `error ${body}` : String(sub.type);
  });
  return { type, subs, hasDigest: readTxnDigest(r) !== null && r.remaining() === 0 };
}

test('the operations of a multi see each other, share zxid and time, and answer in order', () => {
  const bed = new StateBed({ extendedTypes: true });
  bed.create('/p');
  const ttl = { path: '/p/t', data: null, acl: OPEN, flags: 5, ttlMs: 9 };
  const prepared = bed.prepare(
    OpCode.multi,
    multiBody([
      createOp('/p/a'),
      checkOp('/p/a', 0),
      createOp('/p/a/b', 1, OpCode.create2),
      createOp('/p/s-', 2),
      createOp('/p/s-', 2),
      createOp('/p/c', 4, OpCode.createContainer),
      { type: OpCode.createTTL, request: ttl },
      setOp('/p/a', 'x', 0),
      deleteOp('/p/a/b', 0),
    ]),
  );
  assert.deepEqual(results(bed.commit(prepared)), [
    '1 /p/a',
    '13',
    '15 /p/a/b',
    '1 /p/s-0000000001',
    '1 /p/s-0000000002',
    '15 /p/c',
    '15 /p/t',
    '5',
    '2',
  ]);
  assert.deepEqual(txnOf(prepared.entry), {
    type: OpCode.multi,
    subs: ['1', '13', '1', '1', '1', '19', '21', '5', '2'],
    hasDigest: true,
  });
  const stat = bed.mustStat('/p/a');
  assert.deepEqual([stat.czxid, stat.mzxid, stat.pzxid, stat.version], [2, 2, 2, 1]);
  assert.equal(stat.ctimeMs, stat.mtimeMs);
});

test('a Stat in a result is that right after its operation', () => {
  const bed = new StateBed();
  bed.create('/n');
  const reply = bed.write(OpCode.multi, multiBody([setOp('/n', 'a'), setOp('/n', 'bcd')]));
  const [first, second] = readMultiResponse(reader(reply)) ?? [];
  assert.ok(first?.type === OpCode.setData && second?.type === OpCode.setData);
  assert.deepEqual([first.stat.version, first.stat.dataLength], [1, 1]);
  assert.deepEqual([second.stat.version, second.stat.dataLength], [2, 3]);
  const again = bed.apply(bed.prepare(OpCode.multi, multiBody([setOp('/n', 'a')])));
  assert.equal(again.stats.position, STAT_BYTES, 'the Stats of earlier multis are dropped');
});

test('trap 14: a refused multi has header OK, changes nothing, and costs a zxid', () => {
  const bed = new StateBed();
  bed.create('/a');
  const before = bed.dump();
  const prepared = bed.prepare(
    OpCode.multi,
    multiBody([deleteOp('/a'), checkOp('/b', 0), createOp('/c'), createOp('/d')]),
  );
  assert.equal(prepared.code, ErrorCode.NONODE);
  assert.deepEqual(results(bed.commit(prepared)), [
    'error 0',
    'error -101',
    'error -2',
    'error -2',
  ]);
  assert.deepEqual(bed.dump(), before);
  assert.equal(bed.state.lastProcessedZxid, 2);
  assert.deepEqual(txnOf(prepared.entry), {
    type: OpCode.multi,
    subs: ['2', 'error ffffff9b', 'error fffffffe', 'error fffffffe'],
    hasDigest: true,
  });
});

test('the golden reply of a failed multi', () => {
  const bed = new StateBed();
  bed.create('/a');
  const reply = bed.write(OpCode.multi, multiBody([deleteOp('/a'), checkOp('/b', 0)]));
  assert.equal(
    bytesToHex(reply.body),
    'ffffffff 00 00000000 00000000 ffffffff 00 ffffff9b ffffff9b ffffffff 01 ffffffff'
      .split(' ')
      .join(''),
  );
});

test('what a refused multi announced is forgotten, what was announced before is not', () => {
  const bed = new StateBed();
  bed.create('/s');
  const first = bed.prepare(OpCode.create, createBody('/s/n', { flags: 2 }));
  const refused = bed.prepare(
    OpCode.multi,
    multiBody([
      createOp('/s/n', 2),
      setOp('/s', 'x'),
      deleteOp('/s/n0000000000'),
      createOp('/s/n0000000000'),
      checkOp('/nowhere'),
    ]),
  );
  const last = bed.prepare(OpCode.create, createBody('/s/n', { flags: 2 }));
  const set = bed.prepare(OpCode.setData, setDataBody('/s', 'y', 0));
  const twice = bed.prepare(OpCode.create, createBody('/s/n0000000000'));
  assert.equal(reader(bed.commit(first)).string(), '/s/n0000000000');
  assert.deepEqual(results(bed.commit(refused)).at(-1), 'error -101');
  assert.equal(reader(bed.commit(last)).string(), '/s/n0000000001');
  assert.equal(bed.commit(set).err, 'OK');
  assert.equal(bed.commit(twice).err, 'NODEEXISTS');
  assert.equal(bed.state.pendingCount, 0);
});

test('a multi that sets a znode twice, another between, has the digest of the last data', () => {
  const bed = new StateBed();
  bed.create('/a');
  bed.create('/b');
  const ops = [setOp('/a', 'first'), setOp('/b', 'between'), setOp('/a', 'last')];
  bed.commit(bed.prepare(OpCode.multi, multiBody(ops)));
  bed.commit(bed.prepare(OpCode.setACL, setAclBody('/a', OPEN)));
  assert.equal(bed.state.digestMismatchCount, 0);
});

test('an empty multi is a success and a transaction', () => {
  const bed = new StateBed();
  const prepared = bed.prepare(OpCode.multi, multiBody([]), EXPIRED);
  assert.deepEqual(results(bed.commit(prepared)), []);
  assert.deepEqual(txnOf(prepared.entry), { type: OpCode.multi, subs: [], hasDigest: true });
});

test('a multi of a session that has moved is not answered but closed', () => {
  const bed = new StateBed();
  const reply = bed.write(OpCode.multi, multiBody([createOp('/a'), createOp('/b')]), MOVED);
  assert.deepEqual([reply.err, reply.body.length], ['SESSIONMOVED', 0]);
  const expired = bed.write(OpCode.multi, multiBody([createOp('/a'), createOp('/b')]), EXPIRED);
  assert.deepEqual(results(expired), ['error -112', 'error -2']);
});

test('TTL without extended types fails as an operation of its own', () => {
  const bed = new StateBed();
  const request = { path: '/t', data: null, acl: OPEN, flags: 5, ttlMs: 9 };
  const reply = bed.write(OpCode.multi, multiBody([{ type: OpCode.createTTL, request }]));
  assert.deepEqual(results(reply), ['error -6']);
});

test('createTTL without a TTL mode is a plain create inside a multi', () => {
  const bed = new StateBed();
  const request = { path: '/t', data: null, acl: OPEN, flags: 0, ttlMs: 9 };
  const prepared = bed.prepare(OpCode.multi, multiBody([{ type: OpCode.createTTL, request }]));
  assert.deepEqual(results(bed.commit(prepared)), ['1 /t']);
  assert.deepEqual(txnOf(prepared.entry).subs, ['1']);
});

function rawMulti(type: number, body: Body, ends = true): Body {
  return (w) => {
    writeMultiHeader(w, { type, done: false, err: -1 });
    body(w);
    if (ends) writeMultiEnd(w);
  };
}

function readBody(path: string): Body {
  return (w) => {
    w.string(path);
    w.bool(false);
  };
}

/** The last column: a refusal that has a place in the log. */
const UNDECODABLE: readonly [string, Body, boolean][] = [
  ['nothing', NO_BODY, true],
  ['no end', rawMulti(OpCode.create, createBody('/a'), false), true],
  ['half a header', (w) => w.int(-1), true],
  ['setACL', rawMulti(OpCode.setACL, NO_BODY), true],
  ['deleteContainer', rawMulti(OpCode.deleteContainer, (w) => w.string('/a')), true],
  ['exists', rawMulti(OpCode.exists, pathVersionBody('/a', 0)), true],
  ['getData', rawMulti(OpCode.getData, readBody('/a')), true],
  ['getChildren', rawMulti(OpCode.getChildren, readBody('/a')), true],
  ['multi', rawMulti(OpCode.multi, multiBody([])), true],
  ['closeSession', rawMulti(OpCode.closeSession, NO_BODY), true],
  ['bad flags', rawMulti(OpCode.create, createBody('/a', { flags: 7 })), true],
  ['bad flags and null ACL', rawMulti(1, createBody('/a', { flags: 7, acl: null })), true],
  ['TTL flags on create', rawMulti(OpCode.create, createBody('/a', { flags: 5 })), true],
  ['TTL flags on create2', rawMulti(OpCode.create2, createBody('/a', { flags: 6 })), true],
  ['null ACL', rawMulti(OpCode.create, createBody('/a', { acl: null })), false],
  ['null ACL and TTL flags', rawMulti(1, createBody('/a', { flags: 5, acl: null })), false],
  ['null ACL and no end', rawMulti(19, createBody('/a', { acl: null }), false), false],
  ['null path', rawMulti(OpCode.check, pathVersionBody(null, 0)), true],
  ['null path of a create', rawMulti(OpCode.create, createBody(null)), true],
  ['null path and null ACL', rawMulti(OpCode.create, createBody(null, { acl: null })), false],
  ['short body', rawMulti(OpCode.delete, (w) => w.string('/a'), false), true],
];

test('one undecodable operation makes the whole multi undecodable', () => {
  for (const [name, body, logged] of UNDECODABLE) {
    const bed = new StateBed();
    bed.create('/kept');
    const whole: Body = (w) => {
      writeMultiHeader(w, { type: OpCode.delete, done: false, err: -1 });
      pathVersionBody('/kept', -1)(w);
      body(w);
    };
    assert.equal(bed.isWellFormed(bed.request(OpCode.multi, whole)), logged, name);
    const prepared = bed.prepare(OpCode.multi, whole);
    assert.deepEqual(txnOf(prepared.entry).type, OpCode.error, name);
    assert.equal(bed.commit(prepared).err, 'MARSHALLINGERROR', name);
    assert.ok(bed.stat('/kept') !== null, name);
    assert.equal(bed.state.pendingCount, 0, name);
  }
});

test('a null id of an ACL spoils the whole multi, not one operation of it', () => {
  const bed = new StateBed();
  const acl = [{ perms: 31, scheme: 'world', id: null }];
  const ops: MultiOp[] = [
    createOp('/a'),
    { type: OpCode.create, request: { path: '/b', data: null, acl, flags: 0 } },
  ];
  const prepared = bed.prepare(OpCode.multi, multiBody(ops));
  assert.deepEqual(txnOf(prepared.entry).type, OpCode.error);
  assert.equal(bed.state.pendingCount, 0);
  assert.equal(bed.commit(prepared).err, 'MARSHALLINGERROR');
  assert.equal(bed.stat('/a'), null);
});

test('a multi of reads alone is refused with a zxid, whatever stands behind them', () => {
  const bed = new StateBed();
  const reads = rawMulti(OpCode.getData, readBody('/a'));
  assert.equal(bed.isWellFormed(bed.request(OpCode.multi, reads)), true);
  assert.equal(bed.write(OpCode.multi, reads).err, 'MARSHALLINGERROR');
  const mixed: Body = (w) => {
    rawMulti(OpCode.getData, readBody('/a'), false)(w);
    rawMulti(OpCode.create, createBody('/b', { acl: null }))(w);
  };
  assert.equal(bed.isWellFormed(bed.request(OpCode.multi, mixed)), false);
});

test('reading stops at the first header that says done, whatever else it says', () => {
  const bed = new StateBed();
  const body: Body = (w) => {
    writeMultiHeader(w, { type: OpCode.create, done: false, err: -1 });
    createBody('/a')(w);
    writeMultiHeader(w, { type: OpCode.setACL, done: true, err: 44 });
    w.string('rubbish');
  };
  assert.deepEqual(results(bed.write(OpCode.multi, body)), ['1 /a']);
});

test('a multi that would be too long to log is refused', () => {
  const bed = new StateBed({ txnBytesMax: 4096 });
  bed.create('/n');
  const long = 'x'.repeat(1400);
  const ops = [setOp('/n', long), setOp('/n', long), setOp('/n', long)];
  const prepared = bed.prepare(OpCode.multi, multiBody(ops));
  assert.ok(prepared.entry.length < 4096);
  assert.equal(bed.commit(prepared).err, 'MARSHALLINGERROR');
  assert.equal(bed.data('/n'), '');
});

test('a refusal that would be too long to log is a plain error', () => {
  const bed = new StateBed({ txnBytesMax: 4096 });
  const identities = Array.from({ length: 90 }, (_, index) => {
    return { scheme: 'digest', id: `user-${index}:hash` };
  });
  // One short entry of scheme auth grows into ninety.
  const acl = [{ perms: 1, scheme: 'auth', id: '' }];
  const ops: MultiOp[] = [
    { type: OpCode.create, request: { path: '/a', data: null, acl, flags: 0 } },
    ...Array.from({ length: 50 }, () => deleteOp('/missing')),
  ];
  const prepared = bed.prepare(OpCode.multi, multiBody(ops), { ...ALICE, identities });
  assert.deepEqual(txnOf(prepared.entry).type, OpCode.error);
  assert.equal(bed.commit(prepared).err, 'MARSHALLINGERROR');
  const few = bed.prepare(OpCode.multi, multiBody(ops.slice(0, 2)), { ...ALICE, identities });
  assert.deepEqual(results(bed.commit(few)), ['error 0', 'error -101']);
});

test('a create2 that another leader logged as such inside a multi is applied', () => {
  const bed = new StateBed();
  const prepared = bed.prepare(OpCode.multi, multiBody([createOp('/a', 0, OpCode.create2)]));
  const entry = prepared.entry.slice();
  assert.equal(entry[32 + 4 + 3], OpCode.create);
  entry[32 + 4 + 3] = OpCode.create2;
  const result = bed.apply({ entry });
  assert.deepEqual([result.isMalformed, result.code], [false, ErrorCode.OK]);
  assert.equal(bed.mustStat('/a').czxid, 1);
});

test('a znode that a multi sets twice, with another one between, keeps its digest', () => {
  const bed = new StateBed();
  bed.create('/a');
  const ops = [setOp('/a', 'first'), createOp('/b', 0, OpCode.create), setOp('/a', 'second')];
  // The bed compares the digest of the tree with the one that was foretold.
  assert.equal(bed.write(OpCode.multi, multiBody(ops)).err, 'OK');
  assert.equal(bed.mustStat('/a').version, 2);
});
