/**
 * The packed records of znodes: found by path text and path bytes, shown to clients with the fields
 * that differ from the stored ones, kept at one ref through data of any size, and small.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  JuteReader,
  JuteWriter,
  OPEN_ACL_UNSAFE,
  readStat,
  readStatPersisted,
  readStringVector,
} from '@zabra/protocol';
import { DataTree } from './data-tree.ts';

const ZXID = 0x500000007;
const encoder = new TextEncoder();

function newTree(): DataTree {
  return new DataTree({ digestEnabled: true, extendedTypes: true });
}

function create(
  tree: DataTree,
  path: string,
  data: Uint8Array | null = null,
  ownerHi = 0,
  ownerLo = 0,
): number {
  const code = tree.createNode(
    path,
    data ?? new Uint8Array(0),
    0,
    data?.length ?? -1,
    OPEN_ACL_UNSAFE,
    ownerHi,
    ownerLo,
    -1,
    ZXID,
    1700000000123,
  );
  assert.equal(code, ErrorCode.OK);
  return tree.nodes.find(path);
}

function readerOf(w: JuteWriter): JuteReader {
  return new JuteReader().reset(w.buffer, 0, w.position);
}

function dataOf(tree: DataTree, ref: number): Uint8Array | null {
  const w = new JuteWriter();
  tree.nodes.writeData(ref, w);
  const data = readerOf(w).bytes();
  assert.equal(w.position, 4 + (data?.length ?? 0));
  return data;
}

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed) & 0xff);
}

test('NodeStore finds the root under its two names, and nothing under odd paths', () => {
  const { nodes } = newTree();
  assert.ok(nodes.root > 0);
  assert.equal(nodes.find('/'), nodes.root);
  assert.equal(nodes.find(''), nodes.root);
  assert.equal(nodes.findBytes(encoder.encode('x/'), 1, 2), nodes.root);
  assert.equal(nodes.path(nodes.root), '/');
  assert.equal(nodes.parent(nodes.root), 0);
  for (const path of ['//', 'zookeeper', '/zookeeper/', '/zoo', 'a', '/\0']) {
    assert.equal(nodes.find(path), 0, path);
  }
});

test('NodeStore finds a znode by the bytes of its path wherever they stand', () => {
  const tree = newTree();
  const ref = create(tree, '/größe');
  const bytes = encoder.encode('??/größe!');
  assert.equal(tree.nodes.findBytes(bytes, 2, bytes.length - 1), ref);
  assert.equal(tree.nodes.findBytes(bytes, 2, bytes.length - 2), 0);
  assert.equal(tree.nodes.path(ref), '/größe');
  assert.equal(tree.nodes.isAt(ref, bytes, 2, bytes.length - 1), true);
});

test('NodeStore shows clients a cversion of both directions and owners that are sessions', () => {
  const rows: [string, number, number, number, number][] = [
    ['persistent', 0, 0, 0, 0],
    ['ephemeral', 0x01000012, -5, 0x01000012, -5],
    ['container', -0x80000000, 0, 0, 0],
    ['ttl', 0xff000000 | 0, 1000, 0, 0],
  ];
  for (const [name, ownerHi, ownerLo, shownHi, shownLo] of rows) {
    const tree = newTree();
    const ref = create(tree, '/node', bytesOf(7, 1), ownerHi, ownerLo);
    for (const child of ['a', 'b', 'c']) create(tree, `/node/${child}`);
    tree.deleteNode('/node/b', ZXID + 5);
    const w = new JuteWriter();
    tree.nodes.writeStat(ref, w, true);
    assert.equal(w.position, 68);
    assert.deepEqual(
      readStat(readerOf(w)),
      {
        czxid: ZXID,
        mzxid: ZXID,
        ctimeMs: 1700000000123,
        mtimeMs: 1700000000123,
        version: 0,
        cversion: 4,
        aversion: 0,
        ephemeralOwnerHi: shownHi,
        ephemeralOwnerLo: shownLo,
        dataLength: 7,
        numChildren: 2,
        pzxid: ZXID + 5,
      },
      name,
    );
    w.reset();
    tree.nodes.writeStatPersisted(ref, w);
    assert.equal(w.position, 60);
    const stored = readStatPersisted(readerOf(w));
    assert.deepEqual([stored.cversion, stored.pzxid], [3, ZXID + 5], name);
    assert.deepEqual([stored.ephemeralOwnerHi, stored.ephemeralOwnerLo], [ownerHi, ownerLo], name);
  }
});

test('NodeStore shows a TTL owner when extended types are off', () => {
  const tree = newTree();
  const ref = create(tree, '/ttl', null, 0xff000000 | 0, 1000);
  const w = new JuteWriter();
  tree.nodes.writeStat(ref, w, false);
  const stat = readStat(readerOf(w));
  assert.deepEqual([stat.ephemeralOwnerHi, stat.ephemeralOwnerLo], [0xff000000 | 0, 1000]);
});

test('NodeStore shows the cversions of the built-in znodes', () => {
  const { nodes } = newTree();
  const rows: [string, number, number, number][] = [
    ['/', -1, 1, 0],
    ['/zookeeper', -2, 2, 0],
    ['/zookeeper/quota', 0, 0, 0],
    ['/zookeeper/config', 0, 0, -1],
  ];
  for (const [path, cversion, numChildren, aversion] of rows) {
    const w = new JuteWriter();
    nodes.writeStat(nodes.find(path), w, false);
    const stat = readStat(readerOf(w));
    assert.deepEqual(
      [stat.cversion, stat.numChildren, stat.aversion, stat.dataLength],
      [cversion, numChildren, aversion, 0],
      path,
    );
    assert.equal(nodes.dataBytes(nodes.find(path)), 0);
  }
});

test('NodeStore keeps null and empty data apart', () => {
  const tree = newTree();
  const none = create(tree, '/none', null);
  const empty = create(tree, '/empty', new Uint8Array(0));
  assert.deepEqual([tree.nodes.dataBytes(none), dataOf(tree, none)], [-1, null]);
  assert.deepEqual([tree.nodes.dataBytes(empty), dataOf(tree, empty)], [0, new Uint8Array(0)]);
  tree.setData('/none', bytesOf(3, 0), 0, 3, 1, ZXID, 0);
  assert.deepEqual(dataOf(tree, none), bytesOf(3, 0));
  tree.setData('/none', bytesOf(3, 0), 0, -1, 2, ZXID, 0);
  assert.equal(dataOf(tree, none), null);
});

test('NodeStore keeps a ref through data of every size, in and out of the record', () => {
  // Around the ends of a block, of what lies behind the path, and of what has an extent.
  const sizes = [0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 4111, 4112, 4200, 70_000];
  for (const first of sizes) {
    const tree = newTree();
    const ref = create(tree, '/sizes', bytesOf(first, 3));
    assert.deepEqual(dataOf(tree, ref), bytesOf(first, 3));
    for (const [index, size] of [...sizes, ...sizes.toReversed(), 4100].entries()) {
      const source = bytesOf(size + 10, index);
      tree.setData('/sizes', source, 5, size, 1, ZXID, 0);
      assert.equal(tree.nodes.find('/sizes'), ref);
      assert.deepEqual(dataOf(tree, ref), source.slice(5, 5 + size), `${first}, then ${size}`);
    }
  }
});

test('NodeStore does not grow while data changes between the same sizes', () => {
  const tree = newTree();
  create(tree, '/sizes', bytesOf(10, 0));
  const source = bytesOf(10_000, 1);
  let bytes = 0;
  for (let round = 0; round < 500; round++) {
    for (const size of [3000, 0, 9000, 200, 9000]) {
      tree.setData('/sizes', source, 0, size, 1, ZXID, 0);
    }
    if (round === 0) bytes = tree.bytes;
  }
  assert.equal(tree.bytes, bytes);
});

test('NodeStore has paths of any length', () => {
  for (const length of [2, 1023, 1024, 1025, 5000, 200_000]) {
    const tree = newTree();
    const name = 'n'.repeat(length - 1);
    const ref = create(tree, `/${name}`, bytesOf(20, length));
    const child = create(tree, `/${name}/child`, bytesOf(5000, length));
    assert.equal(tree.nodes.find(`/${name}`), ref);
    assert.equal(tree.nodes.find(`/${name}x`), 0);
    assert.equal(tree.nodes.path(child), `/${name}/child`);
    assert.deepEqual(dataOf(tree, child), bytesOf(5000, length));
    const w = new JuteWriter();
    tree.nodes.writeChildren(ref, w);
    assert.deepEqual(readStringVector(readerOf(w)), ['child']);
    assert.equal(tree.deleteNode(`/${name}/child`, ZXID), ErrorCode.OK);
    assert.equal(tree.deleteNode(`/${name}`, ZXID), ErrorCode.OK);
    assert.equal(tree.nodes.count, 4);
  }
});

test('NodeStore lists children in the order of their creation', () => {
  const tree = newTree();
  const { nodes } = tree;
  const parent = create(tree, '/p');
  for (const name of ['c', 'a', 'ä', 'b']) create(tree, `/p/${name}`);
  const names = () => {
    const found: string[] = [];
    nodes.forEachChild(parent, (ref, name) => {
      assert.equal(nodes.path(ref), `/p/${name}`);
      found.push(name);
    });
    const w = new JuteWriter();
    nodes.writeChildren(parent, w);
    assert.deepEqual(readStringVector(readerOf(w)), found);
    assert.equal(nodes.childCount(parent), found.length);
    return found;
  };
  assert.deepEqual(names(), ['c', 'a', 'ä', 'b']);
  tree.deleteNode('/p/c', ZXID);
  assert.deepEqual(names(), ['a', 'ä', 'b']);
  tree.deleteNode('/p/ä', ZXID);
  create(tree, '/p/c');
  assert.deepEqual(names(), ['a', 'b', 'c']);
  tree.deleteNode('/p/c', ZXID);
  tree.deleteNode('/p/a', ZXID);
  tree.deleteNode('/p/b', ZXID);
  assert.deepEqual(names(), []);
  create(tree, '/p/d');
  assert.deepEqual(names(), ['d']);
});

test('NodeStore walks a subtree parents first, and not what is beside it', () => {
  const tree = newTree();
  for (const path of ['/a', '/a/b', '/a/b/c', '/a/d', '/ab', '/a/b/e']) create(tree, path);
  const rows: [string, string[]][] = [
    ['/a', ['/a', '/a/b', '/a/b/c', '/a/b/e', '/a/d']],
    ['/a/b', ['/a/b', '/a/b/c', '/a/b/e']],
    ['/ab', ['/ab']],
  ];
  for (const [top, wanted] of rows) {
    const walked: string[] = [];
    tree.nodes.forEachInSubtree(tree.nodes.find(top), (ref) => walked.push(tree.nodes.path(ref)));
    assert.deepEqual(walked, wanted);
  }
  let count = 0;
  tree.nodes.forEachInSubtree(tree.nodes.root, () => count++);
  assert.equal(count, tree.nodes.count);
});

test('NodeStore costs at most 160 bytes beyond path and data for a znode', () => {
  const tree = newTree();
  create(tree, '/p');
  const data = bytesOf(100, 0);
  const before = tree.bytes;
  const count = 150_000;
  for (let number = 0; number < count; number++) {
    create(tree, `/p/node-${String(number).padStart(22, '0')}`, data);
  }
  const bytesPerNode = (tree.bytes - before) / count;
  assert.ok(bytesPerNode <= 130 + 160, `${bytesPerNode}`);
});
