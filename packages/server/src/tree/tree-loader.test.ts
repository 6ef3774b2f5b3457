/**
 * Bodies of snapshots taken apart: the annotated example of storage-and-config.md 5.3, bodies cut
 * anywhere, and those that are none, each with its reason.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesFromHex, JuteWriter, OPEN_ACL_UNSAFE, writeAclVector } from '@zabra/protocol';
import { DataTree } from './data-tree.ts';
import { SessionTable } from './session-table.ts';
import { TreeLoader } from './tree-loader.ts';

/** The body, items 2 to 5, of the annotated example of storage-and-config.md 5.3. */
const EXAMPLE = [
  '00000001 0102030405060708 00007530',
  '00000001 0000000000000001 00000001 0000001F 00000005 776F726C64 00000006 616E796F6E65',
  '00000000 00000000 FFFFFFFFFFFFFFFF',
  '0000000000000000 0000000000000000 0000000000000000 0000000000000000',
  '00000000 00000001 00000000 0000000000000000 0000000000000009',
  '00000002 2F6B 00000002 6869 0000000000000001',
  '0000000000000009 0000000000000009 0000018BCFE56800 0000018BCFE56800',
  '00000000 00000000 00000000 0102030405060708 0000000000000009',
  '00000001 2F',
];

function fromHex(lines: readonly string[]): Uint8Array {
  return bytesFromHex(lines.join('').replaceAll(' ', '')) as Uint8Array;
}

interface Loaded {
  readonly tree: DataTree;
  readonly sessions: SessionTable;
  readonly loader: TreeLoader;
  readonly consumed: number;
}

function load(body: Uint8Array, recordBytesMax = 1000): Loaded {
  const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  const sessions = new SessionTable();
  const loader = new TreeLoader(tree, sessions, recordBytesMax);
  return { tree, sessions, loader, consumed: loader.push(body, 0, body.length) };
}

test('TreeLoader loads the known example up to its terminator', () => {
  const body = fromHex(EXAMPLE);
  const { tree, sessions, loader, consumed } = load(fromHex([...EXAMPLE, '0000 0000D6471E1B']));
  assert.deepEqual([loader.error, loader.ended, consumed], [null, true, body.length]);
  assert.equal(sessions.timeoutMs(0x01020304, 0x05060708), 30_000);
  const { nodes } = tree;
  assert.equal(nodes.count, 2);
  const ref = nodes.find('/k');
  assert.deepEqual([nodes.czxid(ref), nodes.ctimeMs(ref)], [9, 1_700_000_000_000]);
  assert.deepEqual(tree.acls.get(nodes.aclId(ref)), OPEN_ACL_UNSAFE);
  assert.equal(nodes.aclId(nodes.root), -1);
  assert.equal(tree.ephemeralCount(0x01020304, 0x05060708), 1);
  assert.equal(nodes.pzxid(nodes.root), 9);
  // The digest that the example's own digest section states.
  assert.deepEqual([tree.digestHi, tree.digestLo], [1, 0x5ff6da77]);
});

interface Node {
  readonly path: string | null;
  readonly aclId?: number;
  readonly dataLength?: number;
}

/** A body with these ACL ids, all open, and these znodes. */
function bodyOf(aclIds: readonly number[], nodes: readonly Node[], terminated = true): Uint8Array {
  const w = new JuteWriter();
  w.int(0);
  w.int(aclIds.length);
  for (const id of aclIds) {
    w.number(id);
    writeAclVector(w, [{ perms: 1, scheme: 'digest', id: `${id}` }]);
  }
  for (const { path, aclId = -1, dataLength = 0 } of nodes) {
    w.string(path);
    w.int(dataLength);
    for (let index = 0; index < dataLength; index++) w.byte(index);
    w.number(aclId);
    for (let word = 0; word < 15; word++) w.int(0);
  }
  if (terminated) w.string('/');
  return w.toBytes();
}

const ROOT = { path: '' };

test('TreeLoader refuses what is no body, with the reason', () => {
  const rows: [string, Uint8Array, RegExp][] = [
    ['an orphan', bodyOf([], [ROOT, { path: '/a/b' }]), /"\/a\/b" comes before its parent/],
    ['a child before the root', bodyOf([], [{ path: '/a' }]), /"\/a" comes before its parent/],
    ['no root', bodyOf([], []), /The root is missing/],
    ['two roots', bodyOf([], [ROOT, ROOT]), /"" is there twice/],
    ['a znode twice', bodyOf([], [ROOT, { path: '/a' }, { path: '/a' }]), /"\/a" is there twice/],
    ['a path without a slash', bodyOf([], [ROOT, { path: 'a' }]), /"a" has no "\/"/],
    ['a null path', bodyOf([], [ROOT, { path: null }]), /without a path/],
    ['a bad length', bodyOf([], [ROOT, { path: '/a', dataLength: -2 }]), /A length of -2/],
    ['too long data', bodyOf([], [ROOT, { path: '/a', dataLength: 1001 }]), /A length of 1001/],
    ['too long a path', bodyOf([], [{ path: 'x'.repeat(1001) }]), /A length of 1001/],
    ['a null ACL', fromHex(['00000000 00000001', '0000000000000001 FFFFFFFF']), /ACL .* null/],
    ['a vast ACL', fromHex(['00000000 00000001', '0000000000000001 7FFFFFFF']), /An ACL of 2147/],
  ];
  for (const [name, body, reason] of rows) {
    const { loader } = load(body);
    assert.match(loader.error ?? 'no error', reason, name);
    assert.equal(loader.ended, false, name);
    assert.equal(loader.push(body, 0, body.length), 0, name);
    const piecewise = load(new Uint8Array(0)).loader;
    for (let index = 0; index < body.length; index++) piecewise.push(body, index, index + 1);
    assert.match(piecewise.error ?? 'no error', reason, `${name}, byte by byte`);
  }
});

test('TreeLoader waits for the rest of whatever is cut', () => {
  const body = bodyOf([5], [ROOT, { path: '/a', aclId: 5, dataLength: 1000 }]);
  for (let length = 0; length < body.length; length++) {
    const { loader, consumed } = load(body.slice(0, length));
    assert.deepEqual([consumed, loader.ended, loader.error], [length, false, null]);
  }
  assert.equal(load(body).loader.ended, true);
});

test('TreeLoader takes negative counts for none, as Java does', () => {
  const rest = bodyOf([], [ROOT]).slice(8);
  const body = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, ...rest]);
  assert.equal(load(body).loader.ended, true);
});

test('TreeLoader gives ACLs ids of our own, drops unused ones, keeps unknown ones apart', () => {
  const big = 2 ** 40 + 3;
  const { tree } = load(
    bodyOf(
      [3, big, 900],
      [
        ROOT,
        { path: '/a', aclId: big },
        { path: '/b', aclId: 3 },
        { path: '/c', aclId: 77 },
        { path: '/d', aclId: 77 },
        { path: '/e', aclId: 2 ** 40 + 77 },
      ],
    ),
  );
  const { nodes, acls } = tree;
  const aclOf = (path: string) => acls.get(nodes.aclId(nodes.find(path)))?.[0]?.id;
  assert.equal(acls.size, 2);
  assert.deepEqual([aclOf('/a'), aclOf('/b')], [`${big}`, '3']);
  assert.deepEqual([aclOf('/c'), aclOf('/e')], [undefined, undefined]);
  assert.equal(nodes.aclId(nodes.find('/c')), nodes.aclId(nodes.find('/d')));
  assert.notEqual(nodes.aclId(nodes.find('/c')), nodes.aclId(nodes.find('/e')));
  tree.setAcl('/c', OPEN_ACL_UNSAFE, 1);
  tree.setAcl('/d', OPEN_ACL_UNSAFE, 1);
  assert.equal(acls.size, 3);
});

test('TreeLoader keeps the wire values of a Stat that no number holds', () => {
  const w = new JuteWriter();
  w.int(0);
  w.int(0);
  w.string('');
  w.bytes(null);
  w.long(-1, -1);
  for (let word = 0; word < 15; word++) w.int(0x70000000 + word);
  w.string('/');
  const { tree } = load(w.toBytes());
  const stat = new JuteWriter();
  tree.nodes.writeStatPersisted(tree.nodes.root, stat);
  assert.deepEqual(stat.toBytes(), w.toBytes().slice(8 + 4 + 4 + 8, -5));
});
