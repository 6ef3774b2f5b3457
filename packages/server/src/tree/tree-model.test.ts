/**
 * The tree against a model: any sequence of changes leaves `DataTree` equal to `NaiveTree`; readers
 * opened in between, several at once and read in slices of any size, see the state at their
 * opening; what a stream writes, a loader turns into the same state, however the bytes are cut.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Acl,
  JuteReader,
  JuteWriter,
  OPEN_ACL_UNSAFE,
  readStatPersisted,
} from '@zabra/protocol';
import fc from 'fast-check';
import { DataTree } from './data-tree.ts';
import { type NaiveNode, NaiveTree, naiveNodeDigest } from './naive-tree.ts';
import { SessionTable } from './session-table.ts';
import { StateStream } from './state-stream.ts';
import { TreeLoader } from './tree-loader.ts';
import type { TreeReader } from './tree-reader.ts';

const ACLS: readonly (readonly Acl[])[] = [
  OPEN_ACL_UNSAFE,
  [{ perms: 1, scheme: 'digest', id: 'user:hash' }],
  [
    { perms: 3, scheme: 'ip', id: '10.0.0.0/8' },
    { perms: 31, scheme: 'auth', id: null },
  ],
];
const OWNERS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 0],
  [0x01000000, 5],
  [0x01000000, -6],
  [-0x80000000, 0],
  [0xff000000 | 0, 60_000],
];
const SIZES = [-1, 0, 3, 20, 100, 400, 4096, 4100, 5000];

/** One step: what it does, and a few numbers that it takes what it needs from. */
interface Step {
  readonly kind: string;
  readonly path: string;
  readonly size: number;
  readonly acl: number;
  readonly owner: number;
  readonly number: number;
}

const segment = fc.constantFrom('a', 'é');
const plain = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join('/')}`);
const odd = fc.constantFrom('/', '/zookeeper', '/zookeeper/quota/x', `/a/${'x'.repeat(1100)}`);
const path = fc.oneof({ weight: 8, arbitrary: plain }, { weight: 1, arbitrary: odd });

function stepOf(kinds: readonly string[]): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constantFrom(...kinds),
    path,
    size: fc.constantFrom(...SIZES),
    acl: fc.nat({ max: ACLS.length - 1 }),
    owner: fc.nat({ max: OWNERS.length - 1 }),
    number: fc.nat({ max: 6 }),
  });
}

const CHANGES = ['create', 'create', 'create', 'create', 'delete', 'delete', 'set', 'set', 'acl'];
const RARE = ['raise', 'quota', 'config'];

/** Both trees, changed alike. */
class Pair {
  readonly tree: DataTree;
  readonly naive: NaiveTree;
  #zxid: number;

  constructor(retainedBytesMax = 2 ** 30) {
    this.tree = new DataTree({ digestEnabled: true, extendedTypes: true, retainedBytesMax });
    this.naive = new NaiveTree();
    this.#zxid = 0x100000000;
  }

  apply(step: Step): void {
    const { tree, naive } = this;
    // Now and then a transaction comes again, as in a replay.
    this.#zxid += step.number === 0 ? -2 : 1;
    const zxid = this.#zxid;
    const bytes = Uint8Array.from({ length: Math.max(step.size, 0) + 4 }, () => zxid & 0xff);
    const data = step.size < 0 ? null : bytes.slice(2, 2 + step.size);
    const acl = ACLS[step.acl] as readonly Acl[];
    const [hi, lo] = OWNERS[step.owner] as readonly [number, number];
    const timeMs = 1.7e12 + zxid;
    const version = step.number === 1 ? -1 : step.number + 5;
    switch (step.kind) {
      case 'create':
        assert.equal(
          tree.createNode(step.path, bytes, 2, step.size, acl, hi, lo, version, zxid, timeMs),
          naive.createNode(step.path, data, acl, hi, lo, version, zxid, timeMs),
        );
        return;
      case 'delete':
        if (step.path === '/') return;
        assert.equal(tree.deleteNode(step.path, zxid), naive.deleteNode(step.path, zxid));
        return;
      case 'set':
        assert.equal(
          tree.setData(step.path, bytes, 2, step.size, version, zxid, timeMs),
          naive.setData(step.path, data, version, zxid, timeMs),
        );
        return;
      case 'acl':
        assert.equal(tree.setAcl(step.path, acl, version), naive.setAcl(step.path, acl, version));
        return;
      case 'raise':
        tree.raiseParent(step.path, version, zxid);
        naive.raiseParent(step.path, version, zxid);
        return;
      case 'quota':
        tree.setDataSilently(step.path, bytes);
        naive.setDataSilently(step.path, bytes);
        return;
      case 'config':
        tree.setConfigNode(bytes, zxid, timeMs);
        naive.setConfigNode(bytes, zxid, timeMs);
    }
  }
}

function assertNode(tree: DataTree, ref: number, nodePath: string, node: NaiveNode): void {
  const { nodes, acls } = tree;
  assert.equal(nodes.path(ref), nodePath);
  const fields = {
    data: readData(tree, ref),
    acl: acls.get(nodes.aclId(ref)),
    czxid: nodes.czxid(ref),
    mzxid: nodes.mzxid(ref),
    pzxid: nodes.pzxid(ref),
    ctimeMs: nodes.ctimeMs(ref),
    mtimeMs: nodes.mtimeMs(ref),
    version: nodes.version(ref),
    cversion: nodes.cversion(ref),
    aversion: nodes.aversion(ref),
    ownerHi: nodes.ownerHi(ref),
    ownerLo: nodes.ownerLo(ref),
  };
  assert.deepEqual(fields, node, nodePath);
  const digested = !nodePath.startsWith('/zookeeper/');
  assert.equal(nodes.nodeDigest(ref), digested ? naiveNodeDigest(nodePath, node) : 0);
}

function readData(tree: DataTree, ref: number): Uint8Array | null {
  const w = new JuteWriter();
  tree.nodes.writeData(ref, w);
  return new JuteReader().reset(w.buffer, 0, w.position).bytes();
}

function assertEqual(tree: DataTree, naive: NaiveTree): void {
  const { nodes } = tree;
  assert.equal(nodes.count, naive.nodes.size);
  for (const [nodePath, node] of naive.nodes) {
    const ref = nodes.find(nodePath);
    assert.notEqual(ref, 0, nodePath);
    assertNode(tree, ref, nodePath, node);
    const children: string[] = [];
    nodes.forEachChild(ref, (childRef, name) => {
      assert.equal(nodes.parent(childRef), ref);
      children.push(name);
    });
    assert.deepEqual(children.toSorted(), naive.children(nodePath).toSorted());
    assert.equal(nodes.childCount(ref), children.length);
  }
  const digest = (BigInt(tree.digestHi) << 32n) | BigInt(tree.digestLo);
  assert.equal(digest, naive.digest());
  assertOwners(tree, naive);
}

function assertOwners(tree: DataTree, naive: NaiveTree): void {
  for (const [hi, lo] of OWNERS) {
    const owned: string[] = [];
    if (hi === 0) continue;
    if (hi === -0x80000000) tree.containers.forEach((ref) => owned.push(tree.nodes.path(ref)));
    else if (lo === 60_000) tree.ttls.forEach((ref) => owned.push(tree.nodes.path(ref)));
    else tree.forEachEphemeral(hi, lo, (nodePath) => owned.push(nodePath));
    assert.deepEqual(owned.toSorted(), naive.ownedBy(hi, lo).toSorted());
  }
}

test('DataTree is NaiveTree after any changes', () => {
  fc.assert(
    fc.property(
      fc.array(stepOf([...CHANGES, ...RARE]), { maxLength: 80, size: 'max' }),
      (steps) => {
        const pair = new Pair();
        for (const step of steps) pair.apply(step);
        assertEqual(pair.tree, pair.naive);
      },
    ),
    { numRuns: 400 },
  );
});

/** A reader, what it must show, and what it has shown. */
interface Reading {
  readonly reader: TreeReader;
  readonly wanted: Map<string, NaiveNode>;
  readonly acls: Map<number, readonly Acl[]>;
  readonly shown: Map<string, NaiveNode>;
}

function openReading(pair: Pair): Reading {
  const acls = new Map<number, readonly Acl[]>([[-1, OPEN_ACL_UNSAFE]]);
  pair.tree.acls.forEach((id, acl) => acls.set(id, acl));
  return {
    reader: pair.tree.openReader(),
    wanted: structuredClone(pair.naive.nodes),
    acls,
    shown: new Map(),
  };
}

/** True when the reader has more. */
function readSlice(reading: Reading, bytesMax: number): boolean {
  const w = new JuteWriter(64);
  const more = reading.reader.next(w, bytesMax);
  const r = new JuteReader().reset(w.buffer, 0, w.position);
  let count = 0;
  while (r.remaining() > 0) {
    showNode(reading, r);
    count++;
  }
  assert.equal(r.failed, false);
  assert.ok(w.position <= bytesMax || count === 1, `${w.position} bytes in a slice of ${bytesMax}`);
  return more;
}

function showNode(reading: Reading, r: JuteReader): void {
  const text = r.string() as string;
  const nodePath = text === '' ? '/' : text;
  const data = r.bytes();
  r.long();
  const acl = reading.acls.get(r.lo) as readonly Acl[];
  const stat = readStatPersisted(r);
  const { ephemeralOwnerHi: ownerHi, ephemeralOwnerLo: ownerLo, ...rest } = stat;
  assert.ok(!reading.shown.has(nodePath), `${nodePath} is shown twice`);
  const parent = nodePath.slice(0, nodePath.lastIndexOf('/')) || '/';
  assert.ok(nodePath === '/' || reading.shown.has(parent), `${nodePath} before its parent`);
  reading.shown.set(nodePath, { data, acl, ...rest, ownerHi, ownerLo });
}

function finish(reading: Reading): void {
  while (readSlice(reading, 500));
  assert.equal(reading.reader.failed, false);
  assert.deepEqual(new Map([...reading.shown].toSorted()), new Map([...reading.wanted].toSorted()));
}

test('TreeReader shows the tree as it was at its opening, whatever happens meanwhile', () => {
  const kinds = [...CHANGES, ...CHANGES, ...RARE, 'open', 'open', 'read', 'read', 'close'];
  fc.assert(
    fc.property(
      fc.array(stepOf(CHANGES), { minLength: 20, maxLength: 40, size: 'max' }),
      fc.array(stepOf(kinds), { minLength: 50, maxLength: 200, size: 'max' }),
      (before, steps) => {
        const pair = new Pair();
        for (const step of before) pair.apply(step);
        let readings = [openReading(pair)];
        for (const step of steps) {
          const chosen = readings[step.number % Math.max(readings.length, 1)];
          if (step.kind === 'open') {
            if (readings.length < 4) readings.push(openReading(pair));
          } else if (step.kind === 'read') {
            if (chosen !== undefined) readSlice(chosen, Math.max(step.size, 1));
          } else if (step.kind === 'close') {
            chosen?.reader.close();
            readings = readings.filter((reading) => reading !== chosen);
          } else {
            pair.apply(step);
          }
        }
        for (const reading of readings) finish(reading);
        assertEqual(pair.tree, pair.naive);
        for (const step of before) pair.apply(step);
        assertEqual(pair.tree, pair.naive);
        assert.equal(pair.tree.nodes.retiredCount, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('TreeReader fails alone, the oldest first, when it would keep too much alive', () => {
  const pair = new Pair(100_000);
  const change = { kind: 'create', size: 3000, acl: 0, owner: 0, number: 3 };
  const paths = Array.from({ length: 30 }, (_, index) => `/n${index}`);
  for (const nodePath of paths) pair.apply({ ...change, path: nodePath });
  const oldest = openReading(pair);
  for (const nodePath of paths.slice(0, 20)) {
    pair.apply({ ...change, kind: 'set', path: nodePath });
  }
  const newest = openReading(pair);
  assert.equal(oldest.reader.failed, false);
  for (const nodePath of paths.slice(10)) pair.apply({ ...change, kind: 'delete', path: nodePath });
  assert.equal(oldest.reader.failed, true);
  assert.equal(oldest.reader.next(new JuteWriter(), 10_000), false);
  finish(newest);
  assertEqual(pair.tree, pair.naive);
});

test('TreeReader counts the data that only it still needs, however long', () => {
  const pair = new Pair(100_000);
  const big = { path: '/big', size: 60_000, acl: 0, owner: 0, number: 3 };
  pair.apply({ ...big, kind: 'create' });
  const reading = openReading(pair);
  // The copy shares the data with the znode, so nothing is kept beyond a few words.
  pair.apply({ ...big, kind: 'acl' });
  pair.apply({ ...big, kind: 'set' });
  assert.equal(reading.reader.failed, false);
  const second = openReading(pair);
  pair.apply({ ...big, kind: 'delete' });
  assert.equal(reading.reader.failed, true);
  finish(second);
});

test('TreeLoader makes of what StateStream wrote the same state, however it is cut', () => {
  const session = fc.tuple(fc.integer(), fc.integer(), fc.integer({ min: 0 }));
  fc.assert(
    fc.property(
      fc.array(stepOf([...CHANGES, ...RARE]), { maxLength: 40, size: 'max' }),
      fc.array(stepOf([...CHANGES, 'none', 'none']), { maxLength: 40, size: 'max' }),
      fc.array(session, { maxLength: 8 }),
      fc.array(fc.constantFrom(1, 2, 3, 7, 50, 300, 5000), { minLength: 1, maxLength: 8 }),
      (before, during, sessionRows, cuts) => {
        const pair = new Pair();
        for (const step of before) pair.apply(step);
        const sessions = new SessionTable();
        for (const [hi, lo, timeoutMs] of sessionRows) sessions.put(hi, lo, timeoutMs);
        const wanted = new NaiveTree();
        wanted.nodes.clear();
        for (const entry of structuredClone(pair.naive.nodes)) wanted.nodes.set(...entry);
        const stream = new StateStream(pair.tree, sessions);
        const { digestHi, digestLo } = stream;
        const wantedSessions = rowsOf(sessions);
        sessions.clear();
        const body = writeWhile(stream, during, pair, cuts);
        const loaded = new DataTree({ digestEnabled: true, extendedTypes: true });
        const loadedSessions = loadInPieces(loaded, body, cuts);
        assertEqual(loaded, wanted);
        assert.deepEqual([loaded.digestHi, loaded.digestLo], [digestHi, digestLo]);
        assert.deepEqual(rowsOf(loadedSessions), wantedSessions);
      },
    ),
    { numRuns: 300 },
  );
});

function rowsOf(sessions: SessionTable): string[] {
  const rows: string[] = [];
  sessions.forEach((hi, lo, timeoutMs) => rows.push(`${hi} ${lo} ${timeoutMs}`));
  return rows.toSorted();
}

function writeWhile(
  stream: StateStream,
  during: readonly Step[],
  pair: Pair,
  cuts: readonly number[],
): Uint8Array {
  const w = new JuteWriter();
  let round = 0;
  while (stream.next(w, cuts[round % cuts.length] as number)) {
    const step = during[round];
    if (step !== undefined) pair.apply(step);
    round++;
  }
  assert.equal(stream.failed, false);
  return w.toBytes();
}

/** With bytes behind the body, which the loader must leave. */
function loadInPieces(tree: DataTree, body: Uint8Array, cuts: readonly number[]): SessionTable {
  const sessions = new SessionTable();
  sessions.put(9, 9, 9);
  const loader = new TreeLoader(tree, sessions, 1_000_000);
  const bytes = new Uint8Array(body.length + 20).fill(0x2f);
  bytes.set(body);
  let position = 0;
  for (let round = 0; !loader.ended; round++) {
    const end = Math.min(position + (cuts[round % cuts.length] as number), bytes.length);
    // A piece of its own, gone after the call: the loader must not rely on it.
    const piece = bytes.slice(position, end);
    const consumed = loader.push(piece, 0, piece.length);
    piece.fill(0xee);
    assert.equal(loader.error, null);
    if (!loader.ended) assert.equal(consumed, piece.length);
    position += consumed;
  }
  assert.equal(position, body.length);
  return sessions;
}
