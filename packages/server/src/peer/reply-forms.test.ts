/**
 * What replies look like, operation by operation: their xid, their zxid, and whether a body follows
 * the header (client-protocol.md 3, 4 and 6, traps 13 to 22).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddWatchMode,
  bytesToHex,
  JuteReader,
  JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  opName,
  readStat,
  WatcherType,
  writeAuthPacket,
  writeSetWatches,
  writeSetWatches2,
} from '@zabra/protocol';
import { checkBody } from '../ops/operation-facts.test-kit.ts';
import {
  type Body,
  createBody,
  multiBody,
  NO_BODY,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  setAclBody,
  setDataBody,
} from '../ops/state-bed.test-kit.ts';
import type { BedClient, Reply } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

/** World and anyone, as two strings. */
const ANYONE = '00000005776f726c6400000006616e796f6e65';
const PATHS = ['/p'];
const NO_PATHS: string[] = [];

const setWatchesBody: Body = (w) =>
  writeSetWatches(w, {
    relativeZxid: 1,
    dataWatches: NO_PATHS,
    existWatches: NO_PATHS,
    childWatches: NO_PATHS,
  });

const setWatches2Body: Body = (w) =>
  writeSetWatches2(w, {
    relativeZxid: 1,
    dataWatches: NO_PATHS,
    existWatches: NO_PATHS,
    childWatches: NO_PATHS,
    persistentWatches: PATHS,
    persistentRecursiveWatches: NO_PATHS,
  });

function authBody(scheme: string): Body {
  const auth = new TextEncoder().encode('bob:bob');
  return (w) => writeAuthPacket(w, { type: 0, scheme, auth });
}

const aclBody = setAclBody('/a', OPEN_ACL_UNSAFE);

/** One connection asks for all of it in this order, and it succeeds. Body in hex, or a Stat. */
const SUCCESSES: readonly [opcode: number, body: Body, reply: string][] = [
  [OpCode.create, createBody('/a'), '000000022f61'],
  [OpCode.create2, createBody('/a/b'), '000000042f612f62 Stat'],
  [OpCode.createContainer, createBody('/c'), '000000022f63 Stat'],
  [OpCode.exists, pathWatchBody('/a'), 'Stat'],
  [OpCode.getData, pathWatchBody('/a'), '00000000 Stat'],
  [OpCode.setData, setDataBody('/a', 'x'), 'Stat'],
  [OpCode.getACL, pathBody('/'), `000000010000001f${ANYONE} Stat`],
  [OpCode.setACL, aclBody, 'Stat'],
  [OpCode.getChildren, pathWatchBody('/a'), '000000010000000162'],
  [OpCode.getChildren2, pathWatchBody('/a'), '000000010000000162 Stat'],
  [OpCode.getAllChildrenNumber, pathBody('/a'), '00000001'],
  [OpCode.getEphemerals, pathBody('/'), '00000000'],
  [OpCode.whoAmI, NO_BODY, '000000010000000269700000000831302e302e302e31'],
  [OpCode.sync, pathBody('/a'), '000000022f61'],
  [OpCode.multi, multiBody([]), 'ffffffff01ffffffff'],
  [OpCode.multiRead, multiBody([]), 'ffffffff01ffffffff'],
  [OpCode.addWatch, pathVersionBody('/w', AddWatchMode.PERSISTENT), '00000000'],
  [OpCode.checkWatches, pathVersionBody('/w', WatcherType.PERSISTENT), ''],
  [OpCode.removeWatches, pathVersionBody('/w', WatcherType.PERSISTENT), ''],
  [OpCode.setWatches, setWatchesBody, ''],
  [OpCode.setWatches2, setWatches2Body, ''],
  [OpCode.delete, pathVersionBody('/a/b', 0), ''],
  [OpCode.sasl, pathBody('token'), 'ffffffff'],
  [OpCode.ping, NO_BODY, ''],
  [OpCode.auth, authBody('digest'), ''],
  [OpCode.closeSession, NO_BODY, ''],
];

/** What is refused on a tree with /a alone; none of it ends the connection. */
const REFUSALS: readonly [opcode: number, body: Body, err: string][] = [
  [OpCode.create, createBody('/a'), 'NODEEXISTS'],
  [OpCode.create2, createBody('/no/b'), 'NONODE'],
  [OpCode.createContainer, createBody('/b', { acl: [] }), 'INVALIDACL'],
  [
    OpCode.createTTL,
    createBody('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 9 }),
    'UNIMPLEMENTED',
  ],
  [OpCode.exists, pathWatchBody('/no'), 'NONODE'],
  [OpCode.getData, pathWatchBody('/no'), 'NONODE'],
  [OpCode.setData, setDataBody('/a', 'x', 9), 'BADVERSION'],
  [OpCode.getACL, pathBody('/no'), 'NONODE'],
  [OpCode.setACL, setAclBody('/zookeeper/config', OPEN_ACL_UNSAFE), 'NOAUTH'],
  [OpCode.getChildren, pathWatchBody('/no'), 'NONODE'],
  [OpCode.getChildren2, pathWatchBody('/no'), 'NONODE'],
  [OpCode.getAllChildrenNumber, pathBody('/no'), 'NONODE'],
  [OpCode.getEphemerals, NO_BODY, 'MARSHALLINGERROR'],
  [OpCode.sync, pathBody(null), 'MARSHALLINGERROR'],
  [OpCode.multi, NO_BODY, 'MARSHALLINGERROR'],
  [OpCode.multiRead, NO_BODY, 'MARSHALLINGERROR'],
  [OpCode.addWatch, pathVersionBody('/a', 2), 'MARSHALLINGERROR'],
  [OpCode.checkWatches, pathVersionBody('/a', WatcherType.ANY), 'NOWATCHER'],
  [OpCode.removeWatches, pathVersionBody('/a', WatcherType.ANY), 'NOWATCHER'],
  [OpCode.setWatches, NO_BODY, 'MARSHALLINGERROR'],
  [OpCode.setWatches2, setWatchesBody, 'MARSHALLINGERROR'],
  [OpCode.delete, pathVersionBody('/', -1), 'BADARGUMENTS'],
  [OpCode.reconfig, reconfigBody, 'RECONFIGDISABLED'],
];

function reconfigBody(w: JuteWriter): void {
  for (let count = 0; count < 3; count++) w.string(null);
  w.number(-1);
}

function ask(bed: ServerBed, client: BedClient, opcode: number, body: Body, xid = 7): Reply {
  client.request(xid, opcode, body);
  bed.run();
  const [reply, ...more] = client.replies();
  assert.ok(reply !== undefined, `${opName(opcode)} is not answered`);
  assert.equal(more.length, 0, opName(opcode));
  return reply;
}

function readerOf({ body }: Reply): JuteReader {
  return new JuteReader().reset(body, 0, body.length);
}

/** Xids that have a meaning to some client or other, and ordinary ones. */
const XIDS = [1, 0, -1, -4, -8, 0x7fffffff, -0x80000000];

test('trap 13: every xid comes back as it was sent, that of a ping always as -2', () => {
  for (const xid of XIDS) {
    const bed = new ServerBed();
    const client = bed.client();
    for (const [opcode, body] of SUCCESSES) {
      const expected = opcode === OpCode.ping ? -2 : xid;
      assert.equal(ask(bed, client, opcode, body, xid).xid, expected, `${opName(opcode)} ${xid}`);
    }
  }
});

test('requests and replies are the records that the table of operations names', () => {
  const bed = new ServerBed();
  const client = bed.client();
  for (const [opcode, body] of SUCCESSES) {
    const w = new JuteWriter();
    body(w);
    checkBody(opcode, 'request', new JuteReader().reset(w.toBytes(), 0, w.position));
    checkBody(opcode, 'reply', readerOf(ask(bed, client, opcode, body)));
  }
});

test('trap 15: a reply that refuses is its header and nothing else', () => {
  const bed = new ServerBed();
  const client = bed.client();
  client.create(1, '/a');
  bed.run();
  client.replies();
  for (const [opcode, body, err] of REFUSALS) {
    const reply = ask(bed, client, opcode, body);
    assert.deepEqual([reply.err, reply.body.length], [err, 0], opName(opcode));
  }
  for (const [opcode, body, err] of [
    [OpCode.auth, authBody('kerberos'), 'AUTHFAILED'],
    [OpCode.check, pathVersionBody('/a', 0), 'UNIMPLEMENTED'],
    [99, NO_BODY, 'UNIMPLEMENTED'],
  ] as const) {
    const other = bed.client();
    other.request(7, opcode, body);
    bed.run();
    const replies = other.replies().map((reply) => [reply.err, reply.body.length]);
    assert.deepEqual(replies, [[err, 0]], opName(opcode));
    assert.equal(other.closed, 'gently', opName(opcode));
  }
});

test('trap 16: success of addWatch carries four zero bytes, that of many others nothing', () => {
  const bed = new ServerBed();
  const client = bed.client();
  for (const [opcode, body, expected] of SUCCESSES) {
    const name = opName(opcode);
    const reply = ask(bed, client, opcode, body);
    assert.equal(reply.err, 'OK', name);
    const [head = '', stat] = expected === 'Stat' ? ['', 'Stat'] : expected.split(' ');
    assert.equal(bytesToHex(reply.body, 0, head.length / 2), head, name);
    const r = readerOf(reply);
    r.skip(head.length / 2);
    if (stat !== undefined) readStat(r);
    assert.deepEqual([r.failed, r.remaining()], [false, 0], name);
  }
  assert.equal(client.closed, 'gently');
});

test('trap 17: no vector and no string of a reply is null, but null data is', () => {
  const bed = new ServerBed();
  const client = bed.client();
  // As a snapshot of another server may hold it: an ACL entry without an id.
  const acl = [{ perms: 31, scheme: 'auth', id: null }];
  const { tree } = bed.core.state.core;
  const made = [...OPEN_ACL_UNSAFE, ...acl];
  assert.equal(tree.createNode('/odd', new Uint8Array(0), 0, 0, made, 0, 0, 1, 1, 1), 0);
  ask(bed, client, OpCode.create, createBody('/n', { data: null }));
  const rows: readonly [opcode: number, body: Body, start: string][] = [
    [OpCode.getData, pathWatchBody('/n'), 'ffffffff'],
    [OpCode.getChildren, pathWatchBody('/n'), '00000000'],
    [OpCode.getChildren2, pathWatchBody('/n'), '00000000'],
    [OpCode.getEphemerals, pathBody(null), '00000000'],
    [OpCode.sync, pathBody(''), '00000000'],
  ];
  for (const [opcode, body, start] of rows) {
    const reply = ask(bed, client, opcode, body);
    assert.equal(bytesToHex(reply.body, 0, 4), start, opName(opcode));
  }
  const list = readerOf(ask(bed, client, OpCode.getACL, pathBody('/odd')));
  assert.equal(list.int(), 2);
  for (const entry of [
    [31, 'world', 'anyone'],
    [31, 'auth', ''],
  ]) {
    assert.deepEqual([list.int(), list.string(), list.string()], entry);
  }
  assert.equal(ask(bed, client, OpCode.sync, pathBody(null)).err, 'MARSHALLINGERROR');
});

test('trap 54: sync asks nothing of its path, but that there is one', () => {
  const bed = new ServerBed();
  const client = bed.client();
  for (const path of ['/missing', 'relative garbage', '', '/a\0', '/\u{1f600}']) {
    const reply = ask(bed, client, OpCode.sync, pathBody(path));
    assert.deepEqual([reply.err, readerOf(reply).string()], ['OK', path]);
  }
  assert.equal(ask(bed, client, OpCode.sync, pathBody(null)).err, 'MARSHALLINGERROR');
});

test('trap 19: an unknown operation ends the connection, an unsupported TTL does not', () => {
  const bed = new ServerBed();
  const client = bed.client();
  const ttl = createBody('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 9 });
  for (const [opcode, body] of [
    [OpCode.createTTL, ttl],
    [OpCode.create, createBody('/t', { flags: 5 })],
  ] as const) {
    const refused = ask(bed, client, opcode, body);
    assert.deepEqual([refused.err, refused.zxid > 0], ['UNIMPLEMENTED', true]);
    assert.equal(client.closed, '');
    assert.equal(ask(bed, client, OpCode.exists, pathWatchBody('/')).err, 'OK');
  }
  const unknown = ask(bed, client, 23, ttl);
  assert.deepEqual([unknown.err, unknown.zxid], ['UNIMPLEMENTED', -1]);
  assert.equal(client.closed, 'gently');
});

test('trap 21: a read answers with the last zxid of the server, not that of the znode', () => {
  const bed = new ServerBed();
  const client = bed.client();
  const created = ask(bed, client, OpCode.create, createBody('/a')).zxid;
  for (const name of ['b', 'c', 'd']) ask(bed, client, OpCode.create, createBody(`/${name}`));
  for (let again = 0; again < 2; again++) {
    const reply = ask(bed, client, OpCode.exists, pathWatchBody('/a'));
    assert.equal(readStat(readerOf(reply)).mzxid, created);
    assert.equal(reply.zxid, created + 3);
  }
});

test('trap 22: no ordinary reply has a zxid of 0 or -1, on an empty server either', () => {
  const bed = new ServerBed();
  const client = bed.client();
  assert.ok(ask(bed, client, OpCode.exists, pathWatchBody('/a')).zxid > 0);
  for (const [opcode, body] of [...SUCCESSES.slice(0, 1), ...REFUSALS, ...SUCCESSES.slice(1)]) {
    const { zxid } = ask(bed, client, opcode, body);
    if (opcode === OpCode.auth || opcode === OpCode.sasl) assert.equal(zxid, 0);
    else assert.ok(zxid > 0, `${opName(opcode)} is answered with zxid ${zxid}`);
  }
});
