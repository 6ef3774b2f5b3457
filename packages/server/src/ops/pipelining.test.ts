/**
 * The property that pending changes exist for: requests prepared several at a time, before any of
 * them is applied, give the same transactions, replies and digests as requests prepared and applied
 * one by one; and the transactions alone, replayed, give the same tree. The requests are Apache's
 * and Keeper's; who replays knows none of Keeper's.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Acl,
  bytesToHex,
  ErrorCode,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  writeMultiRequest,
} from '@zabra/protocol';
import {
  ALICE,
  BOB,
  type Body,
  createBody,
  NO_BODY,
  pathBody,
  pathVersionBody,
  type Prepared,
  setAclBody,
  setDataBody,
  StateBed,
  type Who,
  worldAcl,
} from './state-bed.test-kit.ts';

const RUNS = 500;

interface Step {
  readonly opcode: number;
  readonly body: Body;
  readonly who: 0 | 1;
  /** How many prepared transactions are applied behind it, at most. */
  readonly applied: number;
}

const AUTHENTICATED: readonly [Who, Who] = [
  { ...ALICE, identities: [...ALICE.identities, { scheme: 'digest', id: 'alice:1' }] },
  { ...BOB, identities: [...BOB.identities, { scheme: 'digest', id: 'bob:2' }] },
];

const path = fc.constantFrom(
  '/a',
  '/b',
  '/a/x',
  '/a/y',
  '/b/x',
  '/a/x/deep',
  '/a/n0000000000',
  '/a/n0000000001',
  '/zookeeper/q',
  '/',
);
const data = fc.constantFrom<(string | null)[]>(null, '', 'x', 'longer data');
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2);
const acl = fc.constantFrom<(readonly Acl[] | null)[]>(
  OPEN_ACL_UNSAFE,
  OPEN_ACL_UNSAFE,
  OPEN_ACL_UNSAFE,
  worldAcl(1),
  worldAcl(15),
  [{ perms: 31, scheme: 'auth', id: '' }],
  [...worldAcl(1), { perms: 31, scheme: 'digest', id: 'bob:2' }],
  [],
);
const flags = fc.constantFrom(0, 0, 1, 1, 2, 3, 4);
const createType = fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer);

function encoded(text: string | null): Uint8Array | null {
  return text === null ? null : new TextEncoder().encode(text);
}

const createOp: fc.Arbitrary<MultiOp> = fc
  .record({ type: createType, path, data: data.map(encoded), acl, flags })
  .map(({ type, ...request }) => ({ type, request: { ...request, acl: request.acl ?? [] } }));
const ttlOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, data: data.map(encoded), acl, flags: fc.constantFrom(0, 5, 6), ttlMs: fc.nat(9) })
  .map((request) => ({ type: OpCode.createTTL, request }));
const deleteOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, version })
  .map((request) => ({ type: OpCode.delete, request }));
const checkOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, version })
  .map((request) => ({ type: OpCode.check, request }));
const setOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, data: data.map(encoded), version })
  .map((request) => ({ type: OpCode.setData, request }));

const nodesMax = fc.constantFrom(0, 1, 2, 3, 100, 0xffffffff);
const createIfOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, data: data.map(encoded), acl, flags })
  .map((request) => ({
    type: OpCode.createIfNotExists,
    request: { ...request, acl: request.acl ?? [] },
  }));
const checkNotOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, version })
  .map((request) => ({ type: OpCode.checkNotExists, request }));
const removeOp: fc.Arbitrary<MultiOp> = fc
  .record({ path, nodesMax })
  .map((request) => ({ type: OpCode.removeRecursive, request }));
const keeperOp = fc.oneof(createIfOp, checkNotOp, removeOp);

type Request = readonly [number, Body];

const single: fc.Arbitrary<Request> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(createType, path, data, acl, flags).map(createRequest) },
  { weight: 4, arbitrary: fc.tuple(path, version).map(deleteRequest) },
  { weight: 4, arbitrary: fc.tuple(path, data, version).map(setRequest) },
  { weight: 2, arbitrary: fc.tuple(path, acl, version).map(setAclRequest) },
  { weight: 1, arbitrary: path.map((one): Request => [OpCode.deleteContainer, pathBody(one)]) },
  { weight: 1, arbitrary: fc.constant<Request>([OpCode.closeSession, NO_BODY]) },
  { weight: 1, arbitrary: fc.constant<Request>([OpCode.createSession, (w) => w.int(9)]) },
  { weight: 4, arbitrary: multiRequest() },
  { weight: 2, arbitrary: fc.tuple(path, data, acl, flags).map(createIfRequest) },
  { weight: 2, arbitrary: fc.tuple(path, nodesMax).map(removeRequest) },
);

function createRequest([opcode, one, text, list, mode]: [
  number,
  string,
  string | null,
  readonly Acl[] | null,
  number,
]): Request {
  return [opcode, createBody(one, { data: text, acl: list, flags: mode })];
}

function createIfRequest([one, text, list, mode]: [
  string,
  string | null,
  readonly Acl[] | null,
  number,
]): Request {
  return createRequest([OpCode.createIfNotExists, one, text, list, mode]);
}

/** Its bound takes the place of a version. */
function removeRequest([one, most]: [string, number]): Request {
  return [OpCode.removeRecursive, pathVersionBody(one, most | 0)];
}

function deleteRequest([one, expected]: [string, number]): Request {
  return [OpCode.delete, pathVersionBody(one, expected)];
}

function setRequest([one, text, expected]: [string, string | null, number]): Request {
  return [OpCode.setData, setDataBody(one, text, expected)];
}

function setAclRequest([one, list, expected]: [string, readonly Acl[] | null, number]): Request {
  return [OpCode.setACL, setAclBody(one, list, expected)];
}

function multiRequest(): fc.Arbitrary<Request> {
  const op = fc.oneof(createOp, ttlOp, deleteOp, setOp, checkOp, keeperOp);
  const ops = fc.array(op, { maxLength: 5 });
  return ops.map((list): Request => [OpCode.multi, (w) => writeMultiRequest(w, list)]);
}

const step: fc.Arbitrary<Step> = fc
  .record({
    request: single,
    who: fc.constantFrom<(0 | 1)[]>(0, 1),
    applied: fc.constantFrom(0, 0, 0, 1, 2, 5),
  })
  .map(({ request: [opcode, body], who, applied }) => ({ opcode, body, who, applied }));

interface Outcome {
  readonly entry: string;
  readonly reply: string;
}

/** Sessions that have asked to close are expired from then on, as the session tracker says. */
class Driver {
  readonly bed: StateBed;
  readonly outcomes: Outcome[];
  readonly #queue: Prepared[];
  readonly #closed: Set<number>;

  constructor() {
    this.bed = new StateBed({ extendedTypes: true });
    this.outcomes = [];
    this.#queue = [];
    this.#closed = new Set();
    setQuotas(this.bed);
  }

  prepare({ opcode, body, who }: Step): void {
    const error = this.#closed.has(who) ? ErrorCode.SESSIONEXPIRED : ErrorCode.OK;
    this.#queue.push(this.bed.prepare(opcode, body, { ...AUTHENTICATED[who], error }));
    if (opcode === OpCode.closeSession) this.#closed.add(who);
    if (opcode === OpCode.createSession) this.#closed.delete(who);
  }

  apply(countMax: number): void {
    for (let count = 0; count < countMax; count++) {
      const prepared = this.#queue.shift();
      if (prepared === undefined) return;
      const { err, body } = this.bed.commit(prepared);
      this.outcomes.push({
        entry: bytesToHex(prepared.entry),
        reply: `${err} ${bytesToHex(body)}`,
      });
    }
  }
}

function setQuotas(bed: StateBed): void {
  bed.create('/zookeeper/quota/a');
  bed.create('/zookeeper/quota/a/zookeeper_limits', { data: 'count=5,bytes=5' });
  bed.create('/zookeeper/quota/a/zookeeper_stats');
}

test('pipelining changes nothing, and the transactions alone rebuild the tree', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pipelined = new Driver();
      const alone = new Driver();
      for (const one of steps) {
        alone.prepare(one);
        alone.apply(1);
        pipelined.prepare(one);
        pipelined.apply(one.applied);
      }
      pipelined.apply(steps.length);
      assert.deepEqual(pipelined.outcomes, alone.outcomes);
      assert.deepEqual(pipelined.bed.dump(), alone.bed.dump());
      assert.deepEqual(pipelined.bed.state.digest(), alone.bed.state.digest());
      assert.equal(pipelined.bed.state.pendingCount, 0);
      const replayed = new StateBed({ extendedTypes: true });
      for (const entry of pipelined.bed.entries) {
        assert.equal(replayed.state.replay(entry, 0, entry.length).isMalformed, false);
      }
      assert.equal(replayed.state.digestMismatchCount, 0);
      assert.deepEqual(replayed.state.digest(), alone.bed.state.digest());
      assert.deepEqual(replayed.dump(), alone.bed.dump());
    }),
    { numRuns: RUNS },
  );
});

test('the steps of the property above succeed often enough to mean something', () => {
  let succeeded = 0;
  let total = 0;
  for (const steps of fc.sample(fc.array(step, { minLength: 40, maxLength: 40 }), 50)) {
    const driver = new Driver();
    for (const one of steps) driver.prepare(one);
    driver.apply(steps.length);
    total += driver.outcomes.length;
    succeeded += driver.outcomes.filter(({ reply }) => reply.startsWith('OK')).length;
  }
  assert.ok(succeeded > total / 8, `${succeeded} of ${total}`);
});

test('a pipeline that never runs empty forgets what is applied', () => {
  const bed = new StateBed();
  const lag = 7;
  const paths = ['/a', '/b', '/c'];
  for (const one of paths) bed.create(one);
  const queue: Prepared[] = [];
  for (let round = 0; round < 5000; round++) {
    const at = paths[round % paths.length] ?? '';
    queue.push(bed.prepare(OpCode.setData, setDataBody(at, String(round), Math.floor(round / 3))));
    const oldest = queue.length > lag ? queue.shift() : undefined;
    if (oldest !== undefined) assert.equal(bed.commit(oldest).err, 'OK');
    assert.ok(bed.state.pendingCount <= paths.length);
  }
  for (const one of queue) assert.equal(bed.commit(one).err, 'OK');
  assert.equal(bed.state.pendingCount, 0);
  assert.deepEqual(
    paths.map((one) => bed.mustStat(one).version),
    [1667, 1667, 1666],
  );
});
