/**
 * The reads and the small operations (client-protocol.md 7.2, 9, 10; traps 18 and 53).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesToHex,
  type ErrorName,
  type Id,
  type JuteReader,
  type MultiOp,
  OpCode,
  readAclVector,
  readMultiResponse,
  readStat,
  readStringVector,
  readWhoAmIResponse,
  writeMultiEnd,
  writeMultiHeader,
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
  pathWatchBody,
  reader,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';

const PATH_WATCH_READS = [
  OpCode.exists,
  OpCode.getData,
  OpCode.getChildren,
  OpCode.getChildren2,
] as const;
const PATH_READS = [OpCode.getACL, OpCode.getAllChildrenNumber] as const;

function bodyFor(opcode: number, path: string | null): Body {
  const watches = (PATH_WATCH_READS as readonly number[]).includes(opcode);
  return watches ? pathWatchBody(path, true) : pathBody(path);
}

test('the first check of a read that fails decides the code', () => {
  const bed = new StateBed();
  bed.create('/locked', { acl: worldAcl(2 | 4 | 8) });
  bed.create('/open');
  const rows: readonly [string | null, ErrorName, ErrorName][] = [
    // Path, code, code of exists.
    [null, 'MARSHALLINGERROR', 'MARSHALLINGERROR'],
    ['/missing', 'NONODE', 'NONODE'],
    ['/open/', 'NONODE', 'NONODE'],
    ['open', 'NONODE', 'NONODE'],
    ['//', 'NONODE', 'NONODE'],
    ['/a\0', 'NONODE', 'BADARGUMENTS'],
    ['/\ufffd', 'NONODE', 'NONODE'],
    ['/locked', 'NOAUTH', 'NOAUTH'],
    ['/open', 'OK', 'OK'],
    ['', 'OK', 'OK'],
    ['/', 'OK', 'OK'],
  ];
  for (const opcode of [...PATH_WATCH_READS, ...PATH_READS]) {
    for (const [path, code, codeOfExists] of rows) {
      const expected = opcode === OpCode.exists ? codeOfExists : code;
      const reply = bed.read(opcode, bodyFor(opcode, path));
      assert.equal(reply.err, expected, `${opcode} of ${JSON.stringify(path)}`);
    }
  }
});

test('trap 18: a read with bytes behind it passes; cut anywhere it is undecodable', () => {
  const bed = new StateBed();
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  bed.create('/n');
  const bodies: readonly [number, Body][] = [
    ...PATH_WATCH_READS.map((opcode): [number, Body] => [opcode, pathWatchBody('/n', true)]),
    ...PATH_READS.map((opcode): [number, Body] => [opcode, pathBody('/n')]),
    [OpCode.getEphemerals, pathBody('/n')],
    [OpCode.addWatch, pathVersionBody('/n', 0)],
  ];
  for (const [opcode, body] of bodies) {
    const request = bed.request(opcode, body);
    for (let end = request.start; end < request.end; end++) {
      const reply = bed.read(
        opcode,
        (w) => w.raw(request.buffer, request.start, end),
        ALICE,
        watcher,
      );
      assert.equal(reply.err, 'MARSHALLINGERROR', `${opcode} cut at ${end}`);
    }
    const longer: Body = (w) => {
      body(w);
      w.int(0);
    };
    assert.equal(bed.state.core.watches.pathCount, 0);
    assert.equal(bed.read(opcode, longer).err, 'OK', `longer: ${opcode}`);
  }
});

test('exists and getData give the Stat, getData the data as it is', () => {
  const bed = new StateBed();
  bed.create('/n', { data: 'abc' });
  bed.create('/null', { data: null });
  const stat = bed.mustStat('/n');
  assert.deepEqual(readStat(reader(bed.read(OpCode.exists, pathWatchBody('/n')))), stat);
  const r = reader(bed.read(OpCode.getData, pathWatchBody('/n')));
  assert.deepEqual([r.string(), readStat(r)], ['abc', stat]);
  const nothing = reader(bed.read(OpCode.getData, pathWatchBody('/null')));
  assert.equal(nothing.bytes(), null);
});

test('getChildren gives bare names, getChildren2 the Stat as well, neither a null vector', () => {
  const bed = new StateBed();
  bed.create('/p');
  const empty = bed.read(OpCode.getChildren, pathWatchBody('/p'));
  assert.equal(bytesToHex(empty.body), '00000000');
  for (const name of ['a', 'b', 'c']) bed.create(`/p/${name}`);
  bed.create('/p/a/deeper');
  const names = readStringVector(reader(bed.read(OpCode.getChildren, pathWatchBody('/p'))));
  assert.deepEqual(names?.sort(), ['a', 'b', 'c']);
  const r = reader(bed.read(OpCode.getChildren2, pathWatchBody('/p')));
  assert.deepEqual(readStringVector(r)?.sort(), ['a', 'b', 'c']);
  assert.deepEqual(readStat(r), bed.mustStat('/p'));
  assert.equal(r.remaining(), 0);
});

const DIGEST_ACL = [
  { perms: 31, scheme: 'digest', id: 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=' },
  { perms: 1, scheme: 'world', id: 'anyone' },
  { perms: 1, scheme: 'ip', id: '10.0.0.1/8' },
];

function aclIds(r: JuteReader): (string | null)[] {
  return (readAclVector(r) ?? []).map(({ id }) => id);
}

test('getACL masks digest ids for whoever lacks ADMIN', () => {
  const bed = new StateBed();
  bed.create('/n', { acl: DIGEST_ACL });
  const stranger = reader(bed.read(OpCode.getACL, pathBody('/n')));
  assert.deepEqual(aclIds(stranger), ['bob:x', 'anyone', '10.0.0.1/8']);
  assert.deepEqual(readStat(stranger), bed.mustStat('/n'));
  const identities = [{ scheme: 'digest', id: 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=' }];
  const bob = reader(bed.read(OpCode.getACL, pathBody('/n'), { ...BOB, identities }));
  assert.deepEqual(aclIds(bob), ['bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=', 'anyone', '10.0.0.1/8']);
});

test('getACL writes any character of an id as UTF-8', () => {
  const bed = new StateBed();
  const id = 'bob\u{1f600}:\u00e4';
  bed.create('/n', { acl: [{ perms: 31, scheme: 'digest', id }, ...worldAcl(31)] });
  const { body } = bed.read(OpCode.getACL, pathBody('/n'));
  const bytes = '0000000a 626f62 f09f9880 3a c3a4'.replaceAll(' ', '');
  assert.ok(bytesToHex(body).includes(bytes), bytesToHex(body));
});

test('getACL needs READ or ADMIN', () => {
  const bed = new StateBed();
  for (let perms = 0; perms <= 31; perms++) {
    bed.create(`/n${perms}`, { acl: worldAcl(perms) });
    const expected = (perms & 17) === 0 ? 'NOAUTH' : 'OK';
    assert.equal(bed.read(OpCode.getACL, pathBody(`/n${perms}`)).err, expected, String(perms));
  }
});

test('the ACLs of the built-in znodes', () => {
  const bed = new StateBed();
  const perms = (path: string): number[] => {
    const r = reader(bed.read(OpCode.getACL, pathBody(path)));
    return (readAclVector(r) ?? []).map((entry) => entry.perms);
  };
  for (const path of ['/', '/zookeeper', '/zookeeper/quota']) assert.deepEqual(perms(path), [31]);
  assert.deepEqual(perms('/zookeeper/config'), [1]);
});

test('getAllChildrenNumber counts all below, READ asked for at the top only', () => {
  const bed = new StateBed();
  const count = (path: string): number =>
    reader(bed.read(OpCode.getAllChildrenNumber, pathBody(path))).int();
  assert.deepEqual([count('/'), count(''), count('/zookeeper')], [3, 4, 2]);
  bed.create('/a');
  bed.create('/a/b', { acl: worldAcl(4) });
  bed.create('/a/b/c');
  bed.create('/ab');
  assert.deepEqual([count('/'), count('/a'), count('/ab')], [7, 2, 0]);
});

test('getEphemerals lists those of the session, by a plain prefix', () => {
  const bed = new StateBed();
  bed.create('/m');
  for (const name of ['eph', 'e', 'x']) bed.create(`/m/${name}`, { flags: 1 });
  bed.create('/m/eve', { flags: 1 }, BOB);
  bed.create('/m/everlasting');
  const list = (prefix: string | null): string[] => {
    const reply = bed.read(OpCode.getEphemerals, pathBody(prefix));
    return (readStringVector(reader(reply)) ?? []).sort();
  };
  const all = ['/m/e', '/m/eph', '/m/x'];
  assert.deepEqual(list('/m/e'), ['/m/e', '/m/eph']);
  for (const prefix of [null, '', '  ', '/', ' / ']) assert.deepEqual(list(prefix), all);
  assert.deepEqual(list('/n'), []);
});

test('whoAmI shows each identity as its provider would', () => {
  const bed = new StateBed();
  const identities: Id[] = [
    { scheme: 'ip', id: '10.0.0.1' },
    { scheme: 'digest', id: 'bob:hash' },
    { scheme: 'super', id: '' },
    { scheme: 'odd', id: 'what' },
  ];
  const reply = bed.read(OpCode.whoAmI, NO_BODY, { ...ALICE, identities });
  assert.deepEqual(readWhoAmIResponse(reader(reply)).clientInfo, [
    { authScheme: 'ip', user: '10.0.0.1' },
    { authScheme: 'digest', user: 'bob' },
    { authScheme: 'super', user: '' },
    { authScheme: 'odd', user: '' },
  ]);
});

function readOp(type: typeof OpCode.getData | typeof OpCode.getChildren, path: string): MultiOp {
  return { type, request: { path, watch: true } };
}

test('trap 53: multiRead answers each read for itself, and sets no watch', () => {
  const bed = new StateBed();
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  bed.create('/p', { data: 'text' });
  bed.create('/p/c', { acl: worldAcl(0) });
  const ops = [
    readOp(OpCode.getData, '/p'),
    readOp(OpCode.getChildren, '/p'),
    readOp(OpCode.getData, '/missing'),
    readOp(OpCode.getChildren, '/p/c'),
  ];
  const reply = bed.read(OpCode.multiRead, multiBody(ops), ALICE, watcher);
  assert.equal(reply.err, 'OK');
  assert.deepEqual(readMultiResponse(reader(reply)), [
    { type: OpCode.getData, data: new TextEncoder().encode('text'), stat: bed.mustStat('/p') },
    { type: OpCode.getChildren, children: ['c'] },
    { type: OpCode.error, err: -101 },
    { type: OpCode.error, err: -102 },
  ]);
  assert.equal(bed.state.core.watches.pathCount, 0);
  const empty = bed.read(OpCode.multiRead, multiBody([]));
  assert.deepEqual(readMultiResponse(reader(empty)), []);
});

test('multiRead with a null path is refused as a whole', () => {
  const bed = new StateBed();
  const body: Body = (w) => {
    writeMultiHeader(w, { type: OpCode.getChildren, done: false, err: -1 });
    pathWatchBody('/', false)(w);
    writeMultiHeader(w, { type: OpCode.getData, done: false, err: -1 });
    pathWatchBody(null, false)(w);
    writeMultiEnd(w);
  };
  const reply = bed.read(OpCode.multiRead, body);
  assert.deepEqual([reply.err, reply.body.length], ['MARSHALLINGERROR', 0]);
});

test('multiRead with a write, another read, or no end is undecodable', () => {
  const bed = new StateBed();
  const rows: readonly [number, Body, boolean][] = [
    [OpCode.create, createBody('/a'), true],
    [OpCode.delete, pathVersionBody('/a', 0), true],
    [OpCode.exists, pathWatchBody('/'), true],
    [OpCode.getData, pathWatchBody('/'), false],
    [OpCode.getData, pathBody('/'), false],
  ];
  for (const [type, body, ends] of rows) {
    const whole: Body = (w) => {
      writeMultiHeader(w, { type: OpCode.getData, done: false, err: -1 });
      pathWatchBody('/')(w);
      writeMultiHeader(w, { type, done: false, err: -1 });
      body(w);
      if (ends) writeMultiEnd(w);
    };
    assert.equal(bed.read(OpCode.multiRead, whole).err, 'MARSHALLINGERROR', String(type));
  }
  const mixed = multiBody([readOp(OpCode.getData, '/')]);
  assert.equal(bed.write(OpCode.multi, mixed).err, 'MARSHALLINGERROR');
});
