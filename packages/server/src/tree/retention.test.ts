/**
 * Copies on write: what a reader of a past state still needs is kept, and nothing else, for as long
 * as it is needed.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JuteReader, JuteWriter, OPEN_ACL_UNSAFE } from '@zabra/protocol';
import { DataTree } from './data-tree.ts';
import type { TreeReader } from './tree-reader.ts';

const DATA = new Uint8Array(40);

function newTree(...paths: readonly string[]): DataTree {
  const tree = new DataTree({ digestEnabled: false, extendedTypes: false });
  for (const path of paths) create(tree, path);
  return tree;
}

function create(tree: DataTree, path: string): void {
  assert.equal(tree.createNode(path, DATA, 0, 40, OPEN_ACL_UNSAFE, 0, 0, -1, 1, 1), 0);
}

/** Paths that the reader shows, at most `countMax` of them, but those built in. */
function read(reader: TreeReader, countMax = 1000): string[] {
  const w = new JuteWriter();
  const paths: string[] = [];
  let more = true;
  while (more && paths.length < countMax) {
    w.reset();
    more = reader.next(w, 1);
    const path = new JuteReader().reset(w.buffer, 0, w.position).string();
    if (w.position > 0 && path !== null && path !== '' && !path.startsWith('/zoo')) {
      paths.push(path);
    }
  }
  return paths;
}

test('TreeReader goes on when the new znode that it would look at next is deleted', () => {
  const tree = newTree('/a', '/m');
  const reader = tree.openReader();
  const second = tree.openReader();
  assert.deepEqual(read(reader, 2), ['/a', '/m']);
  create(tree, '/b');
  // The reader came to the end of the children that it knows, and stands on the new one.
  reader.next(new JuteWriter(), 0);
  tree.deleteNode('/b', 2);
  create(tree, '/a/c');
  assert.deepEqual(read(reader), []);
  assert.deepEqual(read(second), ['/a', '/m']);
});

test('TreeReader goes on when the deleted znode that it would look at next is freed', () => {
  const tree = newTree('/a', '/b', '/c');
  const oldest = tree.openReader();
  tree.deleteNode('/b', 2);
  const reader = tree.openReader();
  assert.deepEqual(read(reader, 1), ['/a']);
  assert.deepEqual(read(oldest), ['/a', '/b', '/c']);
  assert.equal(tree.nodes.retiredCount, 0);
  create(tree, '/a/d');
  assert.deepEqual(read(reader), ['/c']);
});

test('TreeReader comes to children that were deleted before their parent was', () => {
  const tree = newTree('/a', '/p', '/p/c', '/p/d', '/q');
  const reader = tree.openReader();
  assert.deepEqual(read(reader, 2), ['/a', '/p']);
  for (const path of ['/p/c', '/p/d', '/p']) tree.deleteNode(path, 2);
  create(tree, '/p');
  create(tree, '/p/x');
  assert.deepEqual(read(reader), ['/p/c', '/p/d', '/q']);
  assert.deepEqual(read(tree.openReader()), ['/a', '/q', '/p', '/p/x']);
  assert.equal(tree.nodes.retiredCount, 0);
});

test('A deleted znode is no child of anything, though a reader still needs it', () => {
  const tree = newTree('/p', '/p/a', '/p/a/x', '/p/b', '/p/c');
  const reader = tree.openReader();
  for (const path of ['/p/a/x', '/p/a', '/p/c']) tree.deleteNode(path, 2);
  const { nodes } = tree;
  const parent = nodes.find('/p');
  const names: string[] = [];
  nodes.forEachChild(parent, (_, name) => names.push(name));
  const below: string[] = [];
  nodes.forEachInSubtree(parent, (ref) => below.push(nodes.path(ref)));
  assert.deepEqual(names, ['b']);
  assert.deepEqual(below, ['/p', '/p/b']);
  assert.deepEqual(read(reader), ['/p', '/p/a', '/p/a/x', '/p/b', '/p/c']);
});

test('Nothing is kept for the only reader of what it has read already', () => {
  const tree = newTree('/a', '/b');
  const reader = tree.openReader();
  read(reader, 2);
  tree.setData('/a', DATA, 0, 9, 1, 2, 2);
  tree.deleteNode('/a', 3);
  // The parent and the second child were read as well.
  tree.deleteNode('/b', 3);
  assert.equal(tree.nodes.retiredCount, 0);
  assert.deepEqual(read(reader), []);
});

test('One copy of a znode serves all readers that saw it, and goes with the last of them', () => {
  const tree = newTree('/a');
  const readers = [tree.openReader(), tree.openReader(), tree.openReader()];
  for (let round = 0; round < 5; round++) tree.setData('/a', DATA, 0, round, 1, 2, 2);
  assert.equal(tree.nodes.retiredCount, 1);
  const later = tree.openReader();
  tree.setData('/a', DATA, 0, 9, 1, 2, 2);
  assert.equal(tree.nodes.retiredCount, 2);
  for (const reader of readers) {
    assert.equal(tree.nodes.retiredCount, 2);
    reader.close();
  }
  assert.equal(tree.nodes.retiredCount, 1);
  later.close();
  assert.equal(tree.nodes.retiredCount, 0);
});

test('What many changes kept is freed bit by bit with later changes', () => {
  const tree = newTree('/p');
  for (let number = 0; number < 5000; number++) create(tree, `/p/${number}`);
  const reader = tree.openReader();
  for (let number = 0; number < 5000; number++) tree.deleteNode(`/p/${number}`, 2);
  // The children and the copy of their parent.
  assert.equal(tree.nodes.retiredCount, 5001);
  reader.close();
  let left = tree.nodes.retiredCount;
  assert.ok(left > 2000 && left < 5000, `${left}`);
  const bytes = tree.bytes;
  while (left > 0) {
    create(tree, '/x');
    tree.deleteNode('/x', 3);
    assert.ok(left - tree.nodes.retiredCount <= 16);
    left = tree.nodes.retiredCount;
  }
  for (let number = 0; number < 5000; number++) create(tree, `/p/${number}`);
  assert.equal(tree.bytes, bytes);
});
