/**
 * Kinds of znodes by their stored owner, and the sets of znodes that an owner has.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnedNodes } from './owned-nodes.ts';
import { NodeKind, nodeKind } from './owner.ts';

test('nodeKind tells the kinds apart by the stored owner', () => {
  const rows: [number, number, boolean, NodeKind][] = [
    [0, 0, true, NodeKind.PERSISTENT],
    [0, 1, true, NodeKind.EPHEMERAL],
    [1, 0, true, NodeKind.EPHEMERAL],
    [-0x80000000, 0, false, NodeKind.CONTAINER],
    [-0x80000000, 1, true, NodeKind.EPHEMERAL],
    [0xff000000 | 0, 5, true, NodeKind.TTL],
    [0xff000000 | 0, 5, false, NodeKind.EPHEMERAL],
    [0xfe000000 | 0, 5, true, NodeKind.EPHEMERAL],
  ];
  for (const [hi, lo, extendedTypes, kind] of rows) {
    assert.equal(nodeKind(hi, lo, extendedTypes), kind, `${hi} ${lo} ${extendedTypes}`);
  }
});

test('OwnedNodes forgets an owner with its last znode', () => {
  const owned = new OwnedNodes(true);
  owned.add(11, 1, 2);
  owned.add(12, 1, 2);
  owned.add(13, 1, 3);
  owned.add(14, -0x80000000, 0);
  owned.add(15, 0xff000000 | 0, 9);
  owned.add(16, 0, 0);
  assert.equal(owned.ephemerals(1, 2)?.size, 2);
  assert.equal(owned.containers.size, 1);
  assert.equal(owned.ttls.size, 1);
  owned.remove(11, 1, 2);
  owned.remove(12, 1, 2);
  owned.remove(14, -0x80000000, 0);
  owned.remove(15, 0xff000000 | 0, 9);
  assert.equal(owned.ephemerals(1, 2), undefined);
  const owners: number[][] = [];
  owned.forEachOwner((hi, lo, refs) => owners.push([hi, lo, refs.size]));
  assert.deepEqual(owners, [[1, 3, 1]]);
  assert.equal(owned.containers.size + owned.ttls.size, 0);
});
