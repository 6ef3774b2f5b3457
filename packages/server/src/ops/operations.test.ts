/**
 * What the operations say of themselves is what they do: each code that one lists can be had from
 * it, and each permission that it names is what it asks for. That no other code comes is checked at
 * every reply of a bed.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CONFIG_PATH,
  CreateMode,
  ErrorCode,
  type ErrorName,
  errorName,
  JuteReader,
  type OpName,
  OpCode,
  opName,
  Perms,
  readMultiResponse,
  writeMultiEnd,
  writeMultiHeader,
  writeReconfigRequest,
} from '@zabra/protocol';
import { filteredBody, keeperBed, listBody, removeBody } from './keeper-bed.test-kit.ts';
import { checkBody, FACTS } from './operation-facts.test-kit.ts';
import type { OperationFacts } from './operation.ts';
import { PEER_OPERATIONS } from './peer-operations.ts';
import {
  type Body,
  createBody,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  reader,
  setAclBody,
  setDataBody,
  type StateBed,
  worldAcl,
} from './state-bed.test-kit.ts';
import type { StateOptions } from './state-options.ts';

const ABOUT_THE_TREE = FACTS.filter((facts) => !PEER_OPERATIONS.includes(facts));

/** The code by which the operation answers. What stands in a multi only is asked for in one. */
function answerOf(bed: StateBed, facts: OperationFacts, body: Body): ErrorName {
  const { opcode } = facts;
  if ('admission' in facts && facts.admission === 'sub') {
    const reply = bed.write(OpCode.multi, (w) => {
      writeMultiHeader(w, { type: opcode, done: false, err: -1 });
      body(w);
      writeMultiEnd(w);
    });
    const [result] = readMultiResponse(reader(reply)) ?? [];
    return errorName(result?.type === OpCode.error ? result.err : ErrorCode.OK) as ErrorName;
  }
  const reply = bed.state.isWrite(opcode) ? bed.write(opcode, body) : bed.read(opcode, body);
  return reply.err as ErrorName;
}

const reconfigBody: Body = (w) => {
  const nothing = { joiningServers: null, leavingServers: null, newMembers: null };
  writeReconfigRequest(w, { ...nothing, curConfigId: -1 });
};

/** A request for the operation that is about that path, and nothing against it. */
const ABOUT: Readonly<Partial<Record<OpName, (path: string) => Body>>> = {
  create: createBody,
  create2: createBody,
  createContainer: createBody,
  createTTL: (path) => createBody(path, { opcode: OpCode.createTTL, flags: 5, ttlMs: 9 }),
  createIfNotExists: createBody,
  delete: (path) => pathVersionBody(path, -1),
  deleteContainer: pathBody,
  setData: (path) => setDataBody(path, 'x'),
  setACL: (path) => setAclBody(path, worldAcl(31)),
  check: (path) => pathVersionBody(path, -1),
  exists: pathWatchBody,
  getData: pathWatchBody,
  getChildren: pathWatchBody,
  getChildren2: pathWatchBody,
  getACL: pathBody,
  getAllChildrenNumber: pathBody,
  filteredList: filteredBody,
  filteredListWithStatsAndData: listBody,
  checkNotExists: (path) => pathVersionBody(path, -1),
  removeRecursive: removeBody,
  reconfig: () => reconfigBody,
};

function about(opcode: number, path: string): Body {
  const body = ABOUT[opName(opcode) as OpName];
  assert.ok(body !== undefined, `There is no request for ${opName(opcode)}`);
  return body(path);
}

/** In which every refusal but those of the configuration can be had. */
function bedWithAll(options: Partial<StateOptions> = {}): StateBed {
  const bed = keeperBed({ enforceQuota: true, extendedTypes: true, ...options });
  bed.create('/open', { data: '12345' });
  bed.create('/open/child');
  bed.create('/shut');
  bed.create('/shut/child');
  bed.create('/e', { flags: CreateMode.EPHEMERAL });
  bed.create('/zookeeper/quota/open');
  const limits = 'byteHardLimit=5,countHardLimit=2';
  bed.create('/zookeeper/quota/open/zookeeper_limits', { data: limits });
  bed.create('/zookeeper/quota/open/zookeeper_stats');
  for (const path of ['/shut/child', '/shut']) setAcl(bed, path, 0);
  return bed;
}

function setAcl(bed: StateBed, path: string, perms: number): void {
  assert.equal(bed.state.core.tree.setAcl(path, worldAcl(perms), 7), ErrorCode.OK);
}

type Refusal = readonly [code: ErrorName, body: Body, bed?: () => StateBed];

const atChild: readonly OpName[] = ['delete', 'removeRecursive'];
const CREATES: readonly OpName[] = [
  'create',
  'create2',
  'createContainer',
  'createTTL',
  'createIfNotExists',
];

/** Ways to be refused that many operations share. */
function commonRefusals(name: OpName): Refusal[] {
  const opcode = OpCode[name];
  const missing = CREATES.includes(name) ? '/missing/a' : '/missing';
  const shut = CREATES.includes(name) || atChild.includes(name) ? '/shut/child' : '/shut';
  return [
    ['NONODE', about(opcode, missing)],
    ['NOAUTH', about(opcode, shut)],
    ['BADARGUMENTS', about(opcode, name === 'exists' ? '/a\0' : 'no slash')],
  ];
}

function createRefusals(name: OpName): Refusal[] {
  const opcode = OpCode[name];
  const ttl = opcode === OpCode.createTTL ? { opcode, flags: 5, ttlMs: 9 } : {};
  const plain = (): StateBed => bedWithAll({ extendedTypes: false });
  return [
    ['UNIMPLEMENTED', createBody('/t', { ...ttl, flags: 5 }), plain],
    ['INVALIDACL', createBody('/a', { ...ttl, acl: [] })],
    ['NODEEXISTS', createBody('/e', ttl)],
    ['NOCHILDRENFOREPHEMERALS', createBody('/e/a', ttl)],
    ['QUOTAEXCEEDED', createBody('/open/a', ttl)],
  ];
}

/** Of a server that may be reconfigured, judged so. */
function reconfigRefusals(): Refusal[] {
  const judged = (code: ErrorCode) => (): StateBed => {
    const bed = bedWithAll({ reconfigEnabled: true });
    bed.state.core.reconfigJudge = () => ({ code, text: '' });
    return bed;
  };
  const codes = ['RECONFIGINPROGRESS', 'BADVERSION', 'BADARGUMENTS', 'NEWCONFIGNOQUORUM'] as const;
  return [
    ['RECONFIGDISABLED', reconfigBody],
    ['UNIMPLEMENTED', reconfigBody, () => bedWithAll({ reconfigEnabled: true })],
    ...codes.map((code): Refusal => [code, reconfigBody, judged(ErrorCode[code])]),
    ['NOAUTH', reconfigBody, judged(ErrorCode.OK)],
  ];
}

const OTHERS: Readonly<Partial<Record<OpName, readonly Refusal[]>>> = {
  delete: [
    ['BADVERSION', pathVersionBody('/open', 9)],
    ['NOTEMPTY', pathVersionBody('/open', -1)],
  ],
  deleteContainer: [
    ['NOTEMPTY', pathBody('/open')],
    ['BADVERSION', pathBody('/open/child')],
  ],
  setData: [
    ['QUOTAEXCEEDED', setDataBody('/open', '123456')],
    ['BADVERSION', setDataBody('/open', '54321', 9)],
  ],
  setACL: [
    ['INVALIDACL', setAclBody('/open', [])],
    ['BADVERSION', setAclBody('/open', worldAcl(1), 9)],
  ],
  check: [['BADVERSION', pathVersionBody('/open', 9)]],
  checkWatches: [['NOWATCHER', pathVersionBody('/open', 3)]],
  removeWatches: [['NOWATCHER', pathVersionBody('/open', 3)]],
  checkNotExists: [['NODEEXISTS', pathVersionBody('/open', -1)]],
  removeRecursive: [['NOTEMPTY', removeBody('/open', 1)]],
  reconfig: reconfigRefusals(),
};

test('every operation refuses by each code that it lists', () => {
  for (const facts of ABOUT_THE_TREE) {
    const { opcode, errors } = facts;
    const name = opName(opcode) as OpName;
    const refusals = [
      ...(OTHERS[name] ?? []),
      ...(CREATES.includes(name) ? createRefusals(name) : []),
      ...(ABOUT[name] === undefined ? [] : commonRefusals(name)),
    ];
    for (const code of errors) {
      const found = refusals.find(([one]) => one === errorName(code));
      assert.ok(found !== undefined, `Nothing shows that ${name} refuses by ${errorName(code)}`);
      const [, body, bedOf = bedWithAll] = found;
      assert.equal(answerOf(bedOf(), facts, body), errorName(code), name);
    }
  }
});

test('every operation asks for the permission that it names, and for no other', () => {
  for (const facts of ABOUT_THE_TREE) {
    const { opcode, permission } = facts;
    if (permission === null || permission === 'parts') continue;
    const { perms, on } = permission;
    const judgedPath = on === 'znode' ? '/p/n' : on === 'parent' ? '/p' : CONFIG_PATH;
    const isNew = CREATES.includes(opName(opcode) as OpName);
    const answer = (granted: number): ErrorName => {
      const bed = keeperBed({ extendedTypes: true, reconfigEnabled: true });
      bed.state.core.reconfigJudge = () => ({ code: ErrorCode.OK, text: 'x' });
      bed.create('/p');
      bed.create('/p/n');
      for (const path of ['/p', '/p/n', CONFIG_PATH]) setAcl(bed, path, 0);
      setAcl(bed, judgedPath, granted);
      return answerOf(bed, facts, about(opcode, isNew ? '/p/new' : '/p/n'));
    };
    const name = opName(opcode);
    assert.equal(answer(Perms.ALL & ~perms), 'NOAUTH', name);
    for (const bit of Object.values(Perms).filter((one) => one !== Perms.ALL)) {
      if ((bit & perms) !== 0) assert.notEqual(answer(bit), 'NOAUTH', `${name} with ${bit}`);
    }
  }
});

test('requests and replies are the records that the table of operations names', () => {
  for (const facts of ABOUT_THE_TREE) {
    const { opcode } = facts;
    if (ABOUT[opName(opcode) as OpName] === undefined) continue;
    const bed = keeperBed({ extendedTypes: true, reconfigEnabled: true });
    bed.state.core.reconfigJudge = () => ({ code: ErrorCode.OK, text: 'x' });
    bed.create('/p');
    bed.create('/c', { opcode: OpCode.createContainer });
    setAcl(bed, CONFIG_PATH, Perms.ALL);
    const isNew = CREATES.includes(opName(opcode) as OpName) || opcode === OpCode.checkNotExists;
    const body = about(opcode, isNew ? '/new' : opcode === OpCode.deleteContainer ? '/c' : '/p');
    const { buffer, start, end } = bed.request(opcode, body);
    checkBody(opcode, 'request', new JuteReader().reset(buffer, start, end));
    // What stands in a multi only has no reply of its own.
    if ('admission' in facts && facts.admission === 'sub') continue;
    const reply = bed.state.isWrite(opcode) ? bed.write(opcode, body) : bed.read(opcode, body);
    assert.equal(reply.err, 'OK', opName(opcode));
    checkBody(opcode, 'reply', reader(reply));
  }
});
