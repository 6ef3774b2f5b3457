/**
 * The doors of the replicated state: what is admitted, what is logged for what, digests, damaged
 * and foreign transactions (client-protocol.md 4, 6; storage-and-config.md 3.4 to 3.6, 7, 9).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesToHex,
  ErrorCode,
  JuteReader,
  OPEN_ACL_UNSAFE,
  OpCode,
  opName,
  readErrorTxn,
  readTxnDigest,
  readTxnHeader,
  type TxnHeader,
} from '@zabra/protocol';
import {
  ALICE,
  type Body,
  BOB,
  createBody,
  multiBody,
  NO_BODY,
  pathBody,
  pathVersionBody,
  setAclBody,
  setDataBody,
  StateBed,
  worldAcl,
} from './state-bed.test-kit.ts';

const CLIENT_WRITES = ['create', 'delete', 'setData', 'setACL', 'multi', 'create2', 'reconfig'];
const MORE_WRITES = ['createContainer', 'createTTL', 'closeSession'];
const SERVER_WRITES = ['createSession', 'deleteContainer'];
const READS = ['exists', 'getData', 'getACL', 'getChildren', 'getChildren2'];
const MORE_READS = ['checkWatches', 'removeWatches', 'multiRead', 'setWatches', 'whoAmI'];
const REST_OF_READS = ['getEphemerals', 'getAllChildrenNumber', 'setWatches2', 'addWatch'];

test('which number is a read, a write, and admitted from clients', () => {
  const { state } = new StateBed();
  const writes = [...CLIENT_WRITES, ...MORE_WRITES, ...SERVER_WRITES];
  const reads = [...READS, ...MORE_READS, ...REST_OF_READS];
  for (let opcode = -200; opcode <= 300; opcode++) {
    const name = opName(opcode);
    assert.equal(state.isWrite(opcode), writes.includes(name), `isWrite ${name}`);
    assert.equal(state.isRead(opcode), reads.includes(name), `isRead ${name}`);
    const known = reads.includes(name) || writes.includes(name);
    assert.equal(state.isKnown(opcode), known && !SERVER_WRITES.includes(name), `known ${name}`);
  }
});

function headerOf(entry: Uint8Array): { header: TxnHeader; r: JuteReader } {
  const r = new JuteReader().reset(entry, 0, entry.length);
  return { header: readTxnHeader(r), r };
}

test('every write becomes one transaction with the header of its request', () => {
  const bed = new StateBed();
  const { entry, request } = bed.prepare(OpCode.create2, createBody('/a'), BOB);
  assert.deepEqual(headerOf(entry).header, {
    clientHi: BOB.hi,
    clientLo: BOB.lo,
    cxid: request.cxid,
    zxid: 1,
    timeMs: 1010,
    type: OpCode.create2,
  });
});

test('trap 20: a refused write is an error transaction without digest, and moves the zxid', () => {
  const bed = new StateBed();
  const prepared = bed.prepare(OpCode.delete, pathVersionBody('/missing', -1));
  assert.equal(prepared.code, ErrorCode.NONODE);
  const { header, r } = headerOf(prepared.entry);
  assert.equal(header.type, OpCode.error);
  assert.deepEqual(readErrorTxn(r), { err: ErrorCode.NONODE });
  assert.equal(r.remaining(), 0);
  const reply = bed.commit(prepared);
  assert.deepEqual([reply.err, reply.body.length], ['NONODE', 0]);
  assert.equal(bed.state.lastProcessedZxid, 1);
  assert.equal(bed.state.pendingCount, 0);
});

test('a write too long to be logged is refused, and only the refusal is logged', () => {
  const bed = new StateBed({ txnBytesMax: 2048 });
  bed.create('/n');
  const long = 'x'.repeat(1000);
  const rows: readonly [number, Body][] = [
    [OpCode.create, createBody('/m', { data: long })],
    [OpCode.setData, setDataBody('/n', long)],
  ];
  for (const [opcode, body] of rows) {
    const prepared = bed.prepare(opcode, body);
    assert.equal(prepared.code, ErrorCode.MARSHALLINGERROR);
    assert.equal(prepared.entry.length, 36);
    assert.equal(bed.state.pendingCount, 0);
    assert.equal(bed.commit(prepared).err, 'MARSHALLINGERROR');
  }
});

test('an undecodable write that is prepared all the same is refused as such', () => {
  const bed = new StateBed();
  const rows: readonly [number, Body][] = [
    [OpCode.create, (w) => w.string('/a')],
    [OpCode.delete, (w) => w.string('/a')],
    [OpCode.setData, (w) => w.string('/a')],
    [OpCode.setACL, (w) => w.string('/a')],
    [OpCode.createSession, NO_BODY],
    [OpCode.deleteContainer, NO_BODY],
    [OpCode.reconfig, (w) => w.string('')],
    [OpCode.createTTL, createBody('/a')],
  ];
  for (const [opcode, body] of rows) {
    assert.equal(bed.isWellFormed(bed.request(opcode, body)), false, opName(opcode));
    assert.equal(bed.write(opcode, body).err, 'MARSHALLINGERROR', opName(opcode));
  }
  assert.equal(bed.isWellFormed(bed.request(OpCode.closeSession, NO_BODY)), true);
  assert.equal(bed.write(999, NO_BODY).err, 'UNIMPLEMENTED');
  assert.equal(bed.isWellFormed(bed.request(999, NO_BODY)), false);
});

const CREATE_A: Body = createBody('/a', { data: 'x' });
const SOUND_WRITES: readonly [number, Body][] = [
  [OpCode.create, CREATE_A],
  [OpCode.create2, createBody('/b')],
  [OpCode.createContainer, createBody('/c')],
  [OpCode.createTTL, createBody('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 9 })],
  [OpCode.setData, setDataBody('/a', '')],
  [OpCode.setACL, setAclBody('/a', OPEN_ACL_UNSAFE)],
  [OpCode.multi, multiBody([{ type: OpCode.check, request: { path: '/a', version: 1 } }])],
  [OpCode.delete, pathVersionBody('/a', 1)],
  [OpCode.closeSession, NO_BODY],
];

test('trap 18: bytes behind a write are ignored, and no part of its transaction', () => {
  const bed = new StateBed({ extendedTypes: true });
  const plain = new StateBed({ extendedTypes: true });
  for (const [opcode, body] of SOUND_WRITES) {
    const longer: Body = (w) => {
      body(w);
      w.int(99);
    };
    const prepared = bed.prepare(opcode, longer);
    assert.deepEqual(prepared.entry, plain.prepare(opcode, body).entry, opName(opcode));
    assert.equal(bed.commit(prepared).err, 'OK', opName(opcode));
    plain.apply(prepared);
  }
});

test('the body of a transaction is what the storage document says', () => {
  const bed = new StateBed();
  const bodyOf = (opcode: number, body: Body): string => {
    const { entry } = bed.prepare(opcode, body);
    bed.apply({ entry });
    return bytesToHex(entry.subarray(32, entry.length - 12));
  };
  const acl = '00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65';
  const rows: readonly [number, Body, string][] = [
    [OpCode.createSession, (w) => w.int(30_000), '00007530'],
    [OpCode.create, CREATE_A, `00000002 2f61 00000001 78 ${acl} 00 00000001`],
    [OpCode.create2, createBody('/b', { flags: 1 }), `00000002 2f62 00000000 ${acl} 01 00000002`],
    [
      OpCode.createContainer,
      createBody('/c', { data: null }),
      `00000002 2f63 ffffffff ${acl} 00000003`,
    ],
    [OpCode.setData, setDataBody('/a', 'hi'), '00000002 2f61 00000002 6869 00000001'],
    [OpCode.setACL, setAclBody('/a', OPEN_ACL_UNSAFE), `00000002 2f61 ${acl} 00000001`],
    [OpCode.delete, pathVersionBody('/a', -1), '00000002 2f61'],
    [OpCode.deleteContainer, pathBody('/c'), '00000002 2f63'],
    [
      OpCode.multi,
      multiBody([{ type: OpCode.check, request: { path: '/b', version: 0 } }]),
      '00000001 0000000d 0000000a 00000002 2f62 00000001',
    ],
    [OpCode.closeSession, NO_BODY, '00000001 00000002 2f62'],
  ];
  for (const [opcode, body, expected] of rows) {
    assert.equal(bodyOf(opcode, body), expected.split(' ').join(''), opName(opcode));
  }
});

test('createTTL logs its ttl, and an expanded ACL is logged expanded', () => {
  const bed = new StateBed({ extendedTypes: true });
  const identities = [...ALICE.identities, { scheme: 'digest', id: 'a:b' }];
  const acl = [{ perms: 3, scheme: 'auth', id: null }];
  const ttl = createBody('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 258, acl });
  const { entry } = bed.prepare(OpCode.createTTL, ttl, { ...ALICE, identities });
  assert.equal(
    bytesToHex(entry.subarray(32, entry.length - 12)),
    ['00000002 2f74 00000000 00000001 00000003 00000006 646967657374', '00000003 613a62']
      .concat('00000001 0000000000000102')
      .join('')
      .replaceAll(' ', ''),
  );
});

test('the digest of a transaction is that of the tree after it', () => {
  const bed = new StateBed();
  assert.deepEqual(bed.state.digest(), { hi: 0, lo: 0x51c6d660, zxid: 0 });
  const prepared = bed.prepare(OpCode.create, CREATE_A);
  const { r } = headerOf(prepared.entry);
  r.position = prepared.entry.length - 12;
  const digest = readTxnDigest(r);
  bed.apply(prepared);
  const { hi, lo, zxid } = bed.state.digest();
  assert.deepEqual([(digest?.digestHi ?? 0) >>> 0, (digest?.digestLo ?? 0) >>> 0], [hi, lo]);
  assert.equal(zxid, 1);
});

test('with digests off no transaction has one, and none is compared', () => {
  const bed = new StateBed({ digestEnabled: false });
  const prepared = bed.prepare(OpCode.delete, pathVersionBody('/zookeeper/x', -1));
  const create = bed.prepare(OpCode.create, CREATE_A);
  const { r } = headerOf(create.entry);
  r.string();
  r.string();
  r.skip(4 + 4 + 9 + 10 + 1 + 4);
  assert.deepEqual([r.failed, r.remaining()], [false, 0]);
  bed.apply(prepared);
  bed.apply(create);
  assert.equal(bed.state.digestMismatchCount, 0);
});

test('a digest that differs is counted and remembered, and changes nothing', () => {
  const bed = new StateBed();
  const wrong = (version: number): void => {
    const { entry } = bed.prepare(OpCode.create, createBody(`/n${bed.zxid}`));
    entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1;
    entry[entry.length - 9] = version;
    assert.equal(bed.apply({ entry }).code, ErrorCode.OK);
  };
  wrong(1);
  assert.equal(bed.state.digestMismatchCount, 0, 'another version of the digest is not ours');
  wrong(2);
  wrong(2);
  assert.equal(bed.state.digestMismatchCount, 2);
  assert.equal(bed.state.digestMismatchZxid, 2);
});

test('trap 33: a write is judged by what is on its way, whoever sent it', () => {
  const bed = new StateBed();
  bed.create('/p');
  const rows: readonly [number, Body, number][] = [
    [OpCode.setACL, setAclBody('/', worldAcl(31 - 4)), ErrorCode.OK],
    [OpCode.create, createBody('/refused'), ErrorCode.NOAUTH],
    [OpCode.setACL, setAclBody('/', OPEN_ACL_UNSAFE, 1), ErrorCode.OK],
    [OpCode.create, createBody('/a'), ErrorCode.OK],
    [OpCode.create, createBody('/a'), ErrorCode.NODEEXISTS],
    [OpCode.create, createBody('/a/e', { flags: 1 }), ErrorCode.OK],
    [OpCode.create, createBody('/a/e/x'), ErrorCode.NOCHILDRENFOREPHEMERALS],
    [OpCode.delete, pathVersionBody('/a', -1), ErrorCode.NOTEMPTY],
    [OpCode.setData, setDataBody('/p', 'x', 0), ErrorCode.OK],
    [OpCode.setData, setDataBody('/p', 'x', 0), ErrorCode.BADVERSION],
    [OpCode.delete, pathVersionBody('/p', 0), ErrorCode.BADVERSION],
    [OpCode.delete, pathVersionBody('/p', 1), ErrorCode.OK],
    [OpCode.setData, setDataBody('/p', 'x'), ErrorCode.NONODE],
    [OpCode.create, createBody('/p/c'), ErrorCode.NONODE],
    [OpCode.create, createBody('/p'), ErrorCode.OK],
    [OpCode.setData, setDataBody('/p', 'y', 0), ErrorCode.OK],
  ];
  const prepared = rows.map(([opcode, body, code], index) => {
    const one = bed.prepare(opcode, body, index % 2 === 0 ? ALICE : BOB);
    assert.equal(one.code, code, `row ${index}`);
    return one;
  });
  for (const one of prepared) bed.commit(one);
  assert.equal(bed.data('/p'), 'y');
  assert.equal(bed.state.pendingCount, 0);
});

test('discardPending forgets what will never be applied', () => {
  const bed = new StateBed();
  bed.prepare(OpCode.create, CREATE_A);
  bed.prepare(OpCode.create, createBody('/b'));
  bed.state.discardPending();
  bed.zxid = 0;
  assert.equal(bed.create('/a'), '/a');
  assert.equal(bed.write(OpCode.create, createBody('/b/c')).err, 'NONODE');
});

test('reset leaves an empty tree at zxid 0', () => {
  const bed = new StateBed();
  const fresh = bed.dump();
  bed.write(OpCode.createSession, (w) => w.int(1));
  bed.create('/a', { flags: 1 });
  bed.prepare(OpCode.create, createBody('/b'));
  bed.state.reset();
  bed.zxid = 0;
  assert.deepEqual(bed.dump(), fresh);
  assert.deepEqual(bed.state.digest(), { hi: 0, lo: 0x51c6d660, zxid: 0 });
  assert.deepEqual([bed.state.core.sessions.size, bed.state.pendingCount], [0, 0]);
  assert.equal(bed.create('/b'), '/b');
});
