/**
 * Watches: what fires, for whom, in which order, and what is left afterwards (client-protocol.md 11
 * and traps 16, 43 to 54).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddWatchMode,
  bytesToHex,
  type ErrorName,
  type MultiOp,
  OpCode,
  WatcherType,
} from '@zabra/protocol';
import {
  ALICE,
  BOB,
  multiBody,
  NO_BODY,
  pathVersionBody,
  pathWatchBody,
  setAclBody,
  setDataBody,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';

function bedWithWatcher(): { bed: StateBed; watcher: TestWatcher } {
  const bed = new StateBed();
  const watcher = new TestWatcher(7);
  bed.state.addWatcher(watcher);
  return { bed, watcher };
}

function addWatch(bed: StateBed, watcher: TestWatcher, path: string, mode: number): void {
  const reply = bed.read(OpCode.addWatch, pathVersionBody(path, mode), ALICE, watcher);
  assert.equal(bytesToHex(reply.body), '00000000');
}

function watchBy(bed: StateBed, watcher: TestWatcher, opcode: number, path: string): void {
  bed.read(opcode, pathWatchBody(path, true), ALICE, watcher);
}

test('one-shot watches fire once, at what they watch, with the zxid of the transaction', () => {
  const { bed, watcher } = bedWithWatcher();
  watchBy(bed, watcher, OpCode.exists, '/n');
  bed.create('/n');
  assert.deepEqual(watcher.take(), ['created /n 1']);
  bed.setData('/n', 'x');
  assert.deepEqual(watcher.take(), []);
  watchBy(bed, watcher, OpCode.getData, '/n');
  bed.create('/n/c');
  assert.deepEqual(watcher.take(), []);
  bed.setData('/n', 'x');
  assert.deepEqual(watcher.take(), ['changed /n 4']);
  watchBy(bed, watcher, OpCode.getChildren, '/n');
  bed.setData('/n', 'y');
  bed.setData('/n/c', 'y');
  assert.deepEqual(watcher.take(), []);
  bed.delete('/n/c');
  assert.deepEqual(watcher.take(), ['children /n 7']);
  bed.create('/n/d');
  assert.deepEqual(watcher.take(), []);
});

test('trap 51: an exists watch on a missing znode is a data watch', () => {
  const { bed, watcher } = bedWithWatcher();
  const isThere = (type: number): string =>
    bed.read(OpCode.checkWatches, pathVersionBody('/m', type), ALICE, watcher).err;
  watchBy(bed, watcher, OpCode.exists, '/m');
  assert.deepEqual([WatcherType.DATA, WatcherType.CHILDREN].map(isThere), ['OK', 'NOWATCHER']);
  watchBy(bed, watcher, OpCode.exists, '/n');
  watchBy(bed, watcher, OpCode.exists, '/n');
  bed.create('/n');
  watchBy(bed, watcher, OpCode.exists, '/n');
  bed.delete('/n');
  assert.deepEqual(watcher.take(), ['created /n 1', 'deleted /n 2']);
});

test('a read that fails sets no watch, except exists of a missing znode', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/locked', { acl: worldAcl(30) });
  for (const opcode of [OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2]) {
    watchBy(bed, watcher, opcode, '/locked');
    if (opcode !== OpCode.exists) watchBy(bed, watcher, opcode, '/missing');
  }
  assert.equal(bed.state.core.watches.pathCount, 0);
});

test('trap 43: one frame per trigger, and a delete consumes data and child watch alike', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/n');
  watchBy(bed, watcher, OpCode.getData, '/n');
  watchBy(bed, watcher, OpCode.getChildren, '/n');
  watchBy(bed, watcher, OpCode.getChildren, '/');
  addWatch(bed, watcher, '/', AddWatchMode.PERSISTENT_RECURSIVE);
  bed.delete('/n');
  assert.deepEqual(watcher.take(), ['deleted /n 2', 'children / 2']);
  const { watches } = bed.state.core;
  assert.equal(watches.has('/n', 7, WatcherType.ANY), false);
});

test('events of one change come in the order of the protocol', () => {
  const { bed, watcher } = bedWithWatcher();
  addWatch(bed, watcher, '/', AddWatchMode.PERSISTENT);
  addWatch(bed, watcher, '/n', AddWatchMode.PERSISTENT);
  bed.create('/n');
  bed.setData('/n', '');
  bed.delete('/n');
  bed.create('/n');
  assert.deepEqual(watcher.take(), [
    'created /n 1',
    'children / 1',
    'changed /n 2',
    'deleted /n 3',
    'children / 3',
    'created /n 4',
    'children / 4',
  ]);
});

test('trap 48: recursive watches match ancestors by name, and / matches everything', () => {
  const { bed, watcher } = bedWithWatcher();
  addWatch(bed, watcher, '/a', AddWatchMode.PERSISTENT_RECURSIVE);
  bed.create('/ab');
  bed.create('/a');
  bed.create('/a/b');
  bed.create('/a/b/c');
  bed.setData('/a/b/c', 'x');
  bed.delete('/a/b/c');
  assert.deepEqual(watcher.take(), [
    'created /a 2',
    'created /a/b 3',
    'created /a/b/c 4',
    'changed /a/b/c 5',
    'deleted /a/b/c 6',
  ]);
  addWatch(bed, watcher, '/', AddWatchMode.PERSISTENT_RECURSIVE);
  bed.create('/ab/x');
  assert.deepEqual(watcher.take(), ['created /ab/x 7']);
});

test('setACL fires nothing', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/n');
  addWatch(bed, watcher, '/n', AddWatchMode.PERSISTENT);
  bed.write(OpCode.setACL, setAclBody('/n', worldAcl(31)));
  assert.deepEqual(watcher.take(), []);
});

test('the watches of a multi fire per operation, all with its zxid', () => {
  const { bed, watcher } = bedWithWatcher();
  addWatch(bed, watcher, '/', AddWatchMode.PERSISTENT_RECURSIVE);
  const acl = worldAcl(31);
  const ops: MultiOp[] = [
    { type: OpCode.create, request: { path: '/a', data: null, acl, flags: 0 } },
    { type: OpCode.setData, request: { path: '/a', data: null, version: 0 } },
    { type: OpCode.delete, request: { path: '/a', version: 1 } },
  ];
  bed.write(OpCode.multi, multiBody(ops));
  assert.deepEqual(watcher.take(), ['created /a 1', 'changed /a 1', 'deleted /a 1']);
  bed.write(
    OpCode.multi,
    multiBody([...ops, { type: OpCode.check, request: { path: '/missing', version: 0 } }]),
  );
  assert.deepEqual(watcher.take(), []);
});

test('trap 46: a writer that watches its own znode gets the event before the reply', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/n', { flags: 1 });
  watchBy(bed, watcher, OpCode.getData, '/n');
  const prepared = bed.prepare(OpCode.setData, setDataBody('/n', 'x'));
  bed.apply(prepared);
  assert.deepEqual(watcher.take(), ['changed /n 2']);
  watchBy(bed, watcher, OpCode.getData, '/n');
  bed.apply(bed.prepare(OpCode.closeSession, NO_BODY));
  assert.deepEqual(watcher.take(), ['deleted /n 3']);
});

test('replay fires nothing and leaves the watches alone', () => {
  const { bed, watcher } = bedWithWatcher();
  watchBy(bed, watcher, OpCode.exists, '/n');
  const { entry } = bed.prepare(OpCode.create, (w) => {
    w.string('/n');
    w.bytes(null);
    w.int(1);
    w.int(31);
    w.string('world');
    w.string('anyone');
    w.int(0);
  });
  assert.equal(bed.state.replay(entry, 0, entry.length).isMalformed, false);
  assert.ok(bed.stat('/n') !== null);
  assert.deepEqual(watcher.take(), []);
  assert.equal(bed.state.core.watches.has('/n', 7, WatcherType.DATA), true);
});

test('trap 44: watches die with the connection', () => {
  const { bed, watcher } = bedWithWatcher();
  addWatch(bed, watcher, '/n', AddWatchMode.PERSISTENT);
  bed.state.removeWatcher(watcher);
  bed.create('/n');
  assert.deepEqual(watcher.take(), []);
  assert.equal(bed.state.core.watches.pathCount, 0);
  const again = new TestWatcher(7);
  bed.state.addWatcher(again);
  bed.delete('/n');
  assert.deepEqual(again.take(), []);
});

test('trap 47: an event that READ forbids is held back, and its watch is gone', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/n');
  watchBy(bed, watcher, OpCode.getData, '/n');
  bed.write(OpCode.setACL, setAclBody('/n', worldAcl(30)));
  bed.setData('/n', 'secret');
  bed.write(OpCode.setACL, setAclBody('/n', worldAcl(31)));
  bed.setData('/n', 'public');
  assert.deepEqual(watcher.take(), []);
});

test('an event is filtered by the ACL of the znode it is about, by the ids of the moment', () => {
  const { bed, watcher } = bedWithWatcher();
  const bob = { scheme: 'digest', id: 'bob:secret' };
  bed.create('/p', { acl: [...worldAcl(30), { perms: 1, ...bob }] });
  addWatch(bed, watcher, '/p', AddWatchMode.PERSISTENT);
  addWatch(bed, watcher, '/p/c', AddWatchMode.PERSISTENT);
  bed.create('/p/c', { acl: worldAcl(31) });
  assert.deepEqual(watcher.take(), ['created /p/c 2'], 'the new ACL, and the parent for children');
  bed.write(OpCode.setACL, setAclBody('/p/c', worldAcl(30)));
  bed.delete('/p/c');
  assert.deepEqual(watcher.take(), [], 'the last ACL of what is deleted');
  watcher.identities = [...ALICE.identities, bob];
  bed.create('/p/c', { acl: worldAcl(30) });
  assert.deepEqual(watcher.take(), ['children /p 5']);
});

test('two watchers are both told', () => {
  const { bed, watcher } = bedWithWatcher();
  const other = new TestWatcher(8, BOB.identities);
  bed.state.addWatcher(other);
  watchBy(bed, watcher, OpCode.exists, '/n');
  watchBy(bed, other, OpCode.exists, '/n');
  bed.create('/n');
  assert.deepEqual([watcher.take(), other.take()], [['created /n 1'], ['created /n 1']]);
});

test('a watch on the empty path is not one on the root', () => {
  const { bed, watcher } = bedWithWatcher();
  watchBy(bed, watcher, OpCode.getChildren, '');
  watchBy(bed, watcher, OpCode.getData, '');
  bed.create('/n');
  bed.setData('/', 'x');
  assert.deepEqual(watcher.take(), []);
});

test('addWatch asks for nothing but a mode it knows', () => {
  const { bed, watcher } = bedWithWatcher();
  for (const path of ['/missing', 'odd//path', '']) addWatch(bed, watcher, path, 1);
  for (const mode of [-1, 2]) {
    const reply = bed.read(OpCode.addWatch, pathVersionBody('/n', mode), ALICE, watcher);
    assert.equal(reply.err, 'MARSHALLINGERROR');
  }
  assert.equal(bed.read(OpCode.addWatch, pathVersionBody(null, 0)).err, 'MARSHALLINGERROR');
});

test('nobody has a watch on a null path, whatever its type', () => {
  const { bed, watcher } = bedWithWatcher();
  for (const opcode of [OpCode.checkWatches, OpCode.removeWatches]) {
    const codes = [0, 1, 3, 5, 6].map((type) => {
      return bed.read(opcode, pathVersionBody(null, type), ALICE, watcher).err;
    });
    const [bad, none] = ['MARSHALLINGERROR', 'NOWATCHER'];
    assert.deepEqual(codes, [bad, none, none, none, bad]);
  }
});

const LETTERS: readonly [string, number][] = [
  ['d', WatcherType.DATA],
  ['c', WatcherType.CHILDREN],
  ['p', WatcherType.PERSISTENT],
  ['r', WatcherType.PERSISTENT_RECURSIVE],
];

/** Sets one watch of each mode, asks by `opcode` and type, and lists the types that are left. */
function askFor(opcode: number, type: number, modes: string): [string, string] {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/n');
  if (modes.includes('d')) watchBy(bed, watcher, OpCode.getData, '/n');
  if (modes.includes('c')) watchBy(bed, watcher, OpCode.getChildren, '/n');
  if (modes.includes('p')) addWatch(bed, watcher, '/n', AddWatchMode.PERSISTENT);
  if (modes.includes('r')) addWatch(bed, watcher, '/n', AddWatchMode.PERSISTENT_RECURSIVE);
  const reply = bed.read(opcode, pathVersionBody('/n', type), ALICE, watcher);
  assert.equal(reply.body.length, 0);
  assert.deepEqual(watcher.take(), []);
  let left = '';
  for (const [letter, one] of LETTERS) {
    if (bed.state.core.watches.has('/n', 7, one)) left += letter;
  }
  return [reply.err, left];
}

test('checkWatches and removeWatches know the five types', () => {
  const rows: readonly [number, string, ErrorName, string][] = [
    // Type, modes there, code of both, modes left by removeWatches.
    [WatcherType.CHILDREN, 'dcpr', 'OK', 'dpr'],
    [WatcherType.DATA, 'dcpr', 'OK', 'cpr'],
    [WatcherType.ANY, 'dcpr', 'OK', ''],
    [WatcherType.PERSISTENT, 'dcpr', 'OK', 'dcr'],
    [WatcherType.PERSISTENT_RECURSIVE, 'dcpr', 'OK', 'dcp'],
    [WatcherType.CHILDREN, 'dpr', 'NOWATCHER', 'dpr'],
    [WatcherType.DATA, 'cpr', 'NOWATCHER', 'cpr'],
    [WatcherType.ANY, '', 'NOWATCHER', ''],
    [WatcherType.PERSISTENT, 'dcr', 'NOWATCHER', 'dcr'],
    [WatcherType.PERSISTENT_RECURSIVE, 'dcp', 'NOWATCHER', 'dcp'],
    [0, 'dcpr', 'MARSHALLINGERROR', 'dcpr'],
    [6, 'dcpr', 'MARSHALLINGERROR', 'dcpr'],
  ];
  for (const [type, modes, code, left] of rows) {
    const name = `type ${type} of ${modes}`;
    assert.deepEqual(askFor(OpCode.checkWatches, type, modes), [code, modes], `check ${name}`);
    assert.deepEqual(askFor(OpCode.removeWatches, type, modes), [code, left], `remove ${name}`);
  }
});

test('trap 52: removing a persistent watch ends its children events as well', () => {
  const { bed, watcher } = bedWithWatcher();
  addWatch(bed, watcher, '/', AddWatchMode.PERSISTENT);
  bed.create('/a');
  assert.deepEqual(watcher.take(), ['children / 1']);
  const body = pathVersionBody('/', WatcherType.PERSISTENT);
  const ask = (opcode: number): string => bed.read(opcode, body, ALICE, watcher).err;
  assert.deepEqual([OpCode.checkWatches, OpCode.removeWatches].map(ask), ['OK', 'OK']);
  assert.deepEqual([OpCode.checkWatches, OpCode.removeWatches].map(ask), [
    'NOWATCHER',
    'NOWATCHER',
  ]);
  bed.create('/b');
  bed.setData('/', 'x');
  assert.deepEqual(watcher.take(), []);
});
