/**
 * The table of ACLs: equal lists share an id, an id lives as long as a record holds it, and what a
 * snapshot brings is counted like the rest.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, OPEN_ACL_UNSAFE } from '@zabra/protocol';
import { ACL_ID_OPEN, AclTable } from './acl-table.ts';

const world: Acl = { perms: 31, scheme: 'world', id: 'anyone' };
const digest: Acl = { perms: 1, scheme: 'digest', id: 'a:b' };

test('AclTable gives equal lists one id and different lists different ids', () => {
  const lists: (readonly Acl[])[] = [
    [world],
    [digest],
    [world, digest],
    [digest, world],
    [{ ...digest, perms: 2 }],
    [{ ...digest, id: null }],
    [{ ...digest, id: '' }],
    [{ ...digest, id: 'a:b 1' }],
    [],
  ];
  const table = new AclTable();
  const ids = lists.map((acl) => table.retain(acl));
  assert.equal(new Set(ids).size, lists.length);
  for (const [index, acl] of lists.entries()) {
    assert.equal(table.retain(structuredClone(acl)), ids[index]);
    assert.deepEqual(table.get(ids[index] as number), acl);
  }
});

test('AclTable forgets a list with its last record, and uses the id again', () => {
  const table = new AclTable();
  const id = table.retain([world]);
  assert.equal(table.retain([world]), id);
  table.retainId(id);
  table.release(id);
  table.release(id);
  assert.deepEqual(table.get(id), [world]);
  table.release(id);
  assert.equal(table.get(id), undefined);
  assert.equal(table.size, 0);
  assert.equal(table.retain([digest]), id);
});

test('AclTable does not take a forgotten list for the one it saw last', () => {
  const table = new AclTable();
  const acl = [world];
  table.release(table.retain(acl));
  const other = table.retain([digest]);
  const again = table.retain(acl);
  assert.notEqual(again, other);
  assert.deepEqual(table.get(again), acl);
});

test('AclTable refuses to release what nobody holds', () => {
  const table = new AclTable();
  const id = table.load([world]);
  assert.throws(() => table.release(id), /Cannot release ACL 1/);
});

test('AclTable knows the open ACL of built-in znodes without an entry', () => {
  const table = new AclTable();
  assert.equal(table.get(ACL_ID_OPEN), OPEN_ACL_UNSAFE);
  table.retainId(ACL_ID_OPEN);
  table.release(ACL_ID_OPEN);
  table.release(ACL_ID_OPEN);
  assert.equal(table.size, 0);
});

test('AclTable drops loaded lists that no record took, and keeps ids without a list', () => {
  const table = new AclTable();
  const used = table.load([world]);
  const unused = table.load([digest]);
  const unknown = table.reserve();
  table.retainId(used);
  table.retainId(unknown);
  table.dropUnused();
  assert.deepEqual(table.get(used), [world]);
  assert.equal(table.get(unused), undefined);
  assert.equal(table.get(unknown), undefined);
  const walked: number[] = [];
  table.forEach((id) => walked.push(id));
  assert.deepEqual(walked, [used]);
  assert.equal(table.retain([digest]), unused);
});
