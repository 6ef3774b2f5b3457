/**
 * Changes of the tree as transactions make them: parents' counters that only grow, ephemerals and
 * their owners, the znodes that servers change by themselves (storage-and-config.md 6 and 9).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, ErrorCode, JuteWriter, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '@zabra/protocol';
import { DataTree } from './data-tree.ts';
import { SlabPool } from './slabs.ts';

const EMPTY = new Uint8Array(0);
const DATA = Uint8Array.of(1, 2, 3);
const SECRET: readonly Acl[] = [{ perms: 31, scheme: 'digest', id: 'u:h' }];

function newTree(extendedTypes = true): DataTree {
  return new DataTree({ digestEnabled: true, extendedTypes });
}

function create(
  tree: DataTree,
  path: string,
  parentCversion: number,
  zxid: number,
  ownerHi = 0,
  ownerLo = 0,
  acl = OPEN_ACL_UNSAFE,
): number {
  return tree.createNode(path, DATA, 0, 3, acl, ownerHi, ownerLo, parentCversion, zxid, 1000);
}

function digestOf(tree: DataTree): string {
  return `${tree.digestHi} ${tree.digestLo}`;
}

test('DataTree.createNode raises the parent only to a larger cversion, and then its pzxid', () => {
  const rows: [string, number, number, number][] = [
    ['the next', 4, 4, 20],
    ['one further ahead', 9, 9, 20],
    ['the same as stored', 3, 3, 10],
    ['a smaller one', 1, 3, 10],
    ['none, as in the oldest logs', -1, 4, 20],
  ];
  for (const [name, parentCversion, cversion, pzxid] of rows) {
    const tree = newTree();
    create(tree, '/p', 1, 5);
    tree.raiseParent('/p', 3, 10);
    assert.equal(create(tree, '/p/c', parentCversion, 20), ErrorCode.OK);
    const ref = tree.nodes.find('/p');
    assert.deepEqual([tree.nodes.cversion(ref), tree.nodes.pzxid(ref)], [cversion, pzxid], name);
    assert.deepEqual([tree.nodes.mzxid(ref), tree.nodes.version(ref)], [5, 0], name);
    assert.equal(tree.nodes.childCount(ref), 1, name);
  }
});

test('DataTree.createNode stands still at the largest cversion', () => {
  const tree = newTree();
  create(tree, '/p', 1, 5);
  tree.raiseParent('/p', 0x7fffffff, 6);
  assert.equal(create(tree, '/p/c', -1, 7), ErrorCode.OK);
  const ref = tree.nodes.find('/p');
  assert.deepEqual([tree.nodes.cversion(ref), tree.nodes.pzxid(ref)], [0x7fffffff, 6]);
});

test('DataTree.createNode of a znode that is there gives it the ACL and nothing else', () => {
  const tree = newTree();
  create(tree, '/p', 1, 5);
  create(tree, '/p/c', 1, 6);
  const digest = digestOf(tree);
  assert.equal(create(tree, '/p/c', 2, 9, 0, 0, SECRET), ErrorCode.NODEEXISTS);
  const { nodes, acls } = tree;
  const ref = nodes.find('/p/c');
  assert.deepEqual(acls.get(nodes.aclId(ref)), SECRET);
  assert.deepEqual([nodes.czxid(ref), nodes.aversion(ref)], [6, 0]);
  assert.equal(nodes.cversion(nodes.find('/p')), 1);
  assert.equal(digestOf(tree), digest);
  tree.raiseParent('/p', 2, 9);
  assert.deepEqual([nodes.cversion(nodes.find('/p')), nodes.pzxid(nodes.find('/p'))], [2, 9]);
});

test('DataTree refuses what has no parent', () => {
  const tree = newTree();
  const digest = digestOf(tree);
  assert.equal(create(tree, '/no/child', 1, 5), ErrorCode.NONODE);
  assert.equal(create(tree, 'name', 1, 5), ErrorCode.BADARGUMENTS);
  assert.equal(create(tree, '', 1, 5), ErrorCode.BADARGUMENTS);
  assert.equal(tree.deleteNode('/no/child', 5), ErrorCode.NONODE);
  assert.equal(tree.deleteNode('/', 5), ErrorCode.BADARGUMENTS);
  assert.equal(tree.deleteNode('', 5), ErrorCode.BADARGUMENTS);
  assert.equal(tree.deleteNode('name', 5), ErrorCode.BADARGUMENTS);
  tree.raiseParent('/no', 5, 5);
  assert.equal(digestOf(tree), digest);
  assert.equal(tree.acls.size, 1);
});

test('DataTree.deleteNode raises the pzxid of the parent, also when the znode is not there', () => {
  const tree = newTree();
  create(tree, '/p', 1, 5);
  create(tree, '/p/c', 1, 6);
  const { nodes } = tree;
  assert.equal(tree.deleteNode('/p/c', 7), ErrorCode.OK);
  assert.equal(tree.deleteNode('/p/c', 9), ErrorCode.NONODE);
  assert.equal(nodes.pzxid(nodes.find('/p')), 9);
  assert.equal(tree.deleteNode('/p/c', 8), ErrorCode.NONODE);
  assert.equal(nodes.pzxid(nodes.find('/p')), 9);
  assert.equal(nodes.cversion(nodes.find('/p')), 1);
  assert.equal(nodes.childCount(nodes.find('/p')), 0);
});

test('DataTree.deleteNode takes along what a snapshot ahead of the log left below', () => {
  const tree = newTree();
  const twin = newTree();
  for (const either of [tree, twin]) {
    create(either, '/keep', -1, 1);
    create(either, '/p', -1, 5, 0, 0, SECRET);
  }
  create(tree, '/p/c', 1, 6, 7, 8);
  create(tree, '/p/c/d', 1, 6, 7, 8);
  create(tree, '/p/e', 1, 6);
  assert.equal(tree.deleteNode('/p', 4), ErrorCode.OK);
  assert.equal(twin.deleteNode('/p', 4), ErrorCode.OK);
  assert.equal(tree.nodes.count, 5);
  assert.equal(tree.ephemeralCount(7, 8), 0);
  assert.equal(tree.acls.size, 2);
  assert.equal(tree.nodes.pzxid(tree.nodes.root), 5);
  assert.equal(digestOf(tree), digestOf(twin));
});

test('DataTree.setData and setAcl set what the transaction says, even backwards', () => {
  const tree = newTree();
  const { nodes } = tree;
  assert.equal(tree.setData('/p', DATA, 0, 3, 1, 9, 9), ErrorCode.NONODE);
  assert.equal(tree.setAcl('/p', SECRET, 1), ErrorCode.NONODE);
  create(tree, '/p', 1, 5);
  assert.equal(tree.setData('/p', DATA, 1, 2, 4, 9, 2000), ErrorCode.OK);
  assert.equal(tree.setData('/p', DATA, 1, 1, 3, 8, 1500), ErrorCode.OK);
  assert.equal(tree.setAcl('/p', SECRET, 7), ErrorCode.OK);
  const ref = nodes.find('/p');
  assert.deepEqual(
    [nodes.version(ref), nodes.mzxid(ref), nodes.mtimeMs(ref), nodes.dataBytes(ref)],
    [3, 8, 1500, 1],
  );
  assert.deepEqual([nodes.aversion(ref), nodes.pzxid(ref), nodes.ctimeMs(ref)], [7, 5, 1000]);
  assert.deepEqual(tree.acls.get(nodes.aclId(ref)), SECRET);
});

test('DataTree.setDataSilently changes the data and its length, and no other field', () => {
  const tree = newTree();
  create(tree, '/zookeeper/quota/q', 1, 5);
  const { nodes } = tree;
  const stat = () => {
    const w = new JuteWriter();
    nodes.writeStatPersisted(nodes.find('/zookeeper/quota/q'), w);
    return w.toBytes();
  };
  const before = stat();
  tree.setDataSilently('/zookeeper/quota/q', new Uint8Array(9));
  tree.setDataSilently('/zookeeper/quota/none', new Uint8Array(9));
  assert.equal(nodes.dataBytes(nodes.find('/zookeeper/quota/q')), 9);
  assert.deepEqual(stat(), before);
});

test('DataTree.setConfigNode makes the configuration znode as each member has it', () => {
  const tree = newTree();
  const { nodes } = tree;
  const digest = digestOf(tree);
  tree.setConfigNode(DATA, 0x100000001, 777);
  const check = () => {
    const ref = nodes.find('/zookeeper/config');
    assert.deepEqual(
      [nodes.version(ref), nodes.mzxid(ref), nodes.mtimeMs(ref), nodes.aversion(ref)],
      [-1, 0x100000001, 777, -1],
    );
    assert.deepEqual([nodes.czxid(ref), nodes.dataBytes(ref)], [0, 3]);
    assert.deepEqual(tree.acls.get(nodes.aclId(ref)), READ_ACL_UNSAFE);
  };
  check();
  assert.equal(digestOf(tree), digest);
  tree.deleteNode('/zookeeper/config', 0);
  tree.setConfigNode(DATA, 0x100000001, 777);
  check();
  const zookeeper = nodes.find('/zookeeper');
  assert.deepEqual([nodes.childCount(zookeeper), nodes.cversion(zookeeper)], [2, 0]);
  tree.deleteNode('/zookeeper', 0);
  tree.setConfigNode(DATA, 0x100000002, 778);
  assert.equal(nodes.count, 1);
});

test('DataTree keeps ephemerals by owner, and lets the visitor delete them', () => {
  const tree = newTree();
  create(tree, '/p', -1, 1);
  for (const name of ['a', 'b', 'c']) create(tree, `/p/${name}`, -1, 2, 0x01000000, 77);
  create(tree, '/p/d', -1, 2, 0x01000000, 78);
  create(tree, '/p/e', -1, 2, -0x80000000, 0);
  create(tree, '/p/f', -1, 2, 0xff000000 | 0, 60_000);
  assert.equal(tree.ephemeralCount(0x01000000, 77), 3);
  assert.deepEqual([tree.containers.size, tree.ttls.size], [1, 1]);
  const owners: number[][] = [];
  tree.forEachEphemeralOwner((hi, lo, count) => owners.push([hi, lo, count]));
  assert.deepEqual(owners, [
    [0x01000000, 77, 3],
    [0x01000000, 78, 1],
  ]);
  const found: string[] = [];
  tree.containers.forEach((ref) => found.push(tree.nodes.path(ref)));
  tree.ttls.forEach((ref) => found.push(tree.nodes.path(ref)));
  assert.deepEqual(found, ['/p/e', '/p/f']);
  const deleted: string[] = [];
  tree.forEachEphemeral(0x01000000, 77, (path) => {
    deleted.push(path);
    tree.deleteNode(path, 3);
  });
  assert.deepEqual(deleted.toSorted(), ['/p/a', '/p/b', '/p/c']);
  assert.equal(tree.ephemeralCount(0x01000000, 77), 0);
});

test('DataTree takes a TTL znode for an ephemeral when extended types are off', () => {
  const tree = newTree(false);
  create(tree, '/t', -1, 2, 0xff000000 | 0, 60_000);
  assert.equal(tree.ttls.size, 0);
  assert.equal(tree.ephemeralCount(0xff000000 | 0, 60_000), 1);
});

test('DataTree ends with its readers failed', () => {
  const tree = newTree();
  const reader = tree.openReader();
  tree.dispose();
  assert.equal(reader.failed, true);
  assert.equal(reader.next(new JuteWriter(), 1000), false);
});

test('DataTree does not care what its slabs held before', () => {
  const slabPool = new SlabPool(4);
  const options = { digestEnabled: true, extendedTypes: false, slabPool };
  const data = new Uint8Array(4000).fill(0xa5);
  const fill = (tree: DataTree) => {
    for (let number = 0; number < 3000; number++) {
      tree.createNode(`/${number}`, data, 0, 4000, OPEN_ACL_UNSAFE, 0, 0, -1, number, 7);
    }
    return digestOf(tree);
  };
  const first = new DataTree(options);
  const digest = fill(first);
  first.dispose();
  assert.equal(slabPool.bytes, 16 * 2 ** 20);
  const second = new DataTree(options);
  assert.equal(fill(second), digest);
  assert.equal(slabPool.bytes, 0);
  let childCount = 0;
  second.nodes.forEachInSubtree(second.nodes.root, (ref) => {
    childCount += second.nodes.childCount(ref);
  });
  assert.equal(childCount, second.nodes.count - 1);
});

test('DataTree keeps null data null', () => {
  const tree = newTree();
  assert.equal(tree.createNode('/n', EMPTY, 0, -1, SECRET, 0, 0, 1, 5, 1), ErrorCode.OK);
  assert.equal(tree.nodes.dataBytes(tree.nodes.find('/n')), -1);
});

test('DataTree.ephemeralsOf goes on while the tree changes, and ends with the tree', () => {
  const tree = new DataTree({ digestEnabled: false, extendedTypes: false });
  for (const name of ['a', 'b', 'c', 'd']) create(tree, `/${name}`, -1, 5, 1, 7);
  const all = [...tree.ephemeralsOf(1, 7)];
  assert.deepEqual(all.toSorted(), ['/a', '/b', '/c', '/d']);
  assert.deepEqual([...tree.ephemeralOwners()], [[1, 7]]);
  assert.equal(tree.ephemeralOwnerCount, 1);
  const walk = tree.ephemeralsOf(1, 7);
  assert.equal(walk.next().value, all[0]);
  tree.deleteNode(String(all[1]), 6);
  // It takes the room of the one that has gone.
  create(tree, '/new', -1, 7, 1, 8);
  assert.equal(walk.next().value, all[2]);
  const owners = tree.ephemeralOwners();
  tree.dispose();
  assert.equal(walk.next().done, true);
  assert.deepEqual([...owners], []);
  assert.deepEqual([...tree.ephemeralsOf(1, 7)], []);
});
