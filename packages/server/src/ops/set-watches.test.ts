/**
 * setWatches and setWatches2: what a client that comes back is told (client-protocol.md 11.5; traps
 * 46, 49 and 50).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JuteWriter, OpCode, writeSetWatches, writeSetWatches2 } from '@zabra/protocol';
import { ALICE, type Body, StateBed, TestWatcher, worldAcl } from './state-bed.test-kit.ts';

function bedWithWatcher(): { bed: StateBed; watcher: TestWatcher } {
  const bed = new StateBed();
  const watcher = new TestWatcher(7);
  bed.state.addWatcher(watcher);
  return { bed, watcher };
}

interface Lists {
  readonly data?: string[];
  readonly exist?: string[];
  readonly child?: string[];
  readonly persistent?: string[];
  readonly recursive?: string[];
}

function setWatchesBody(relativeZxid: number, lists: Lists): Body {
  return (w) =>
    writeSetWatches2(w, {
      relativeZxid,
      dataWatches: lists.data ?? [],
      existWatches: lists.exist ?? [],
      childWatches: lists.child ?? [],
      persistentWatches: lists.persistent ?? [],
      persistentRecursiveWatches: lists.recursive ?? [],
    });
}

test('trap 50: setWatches compares mzxid for data and pzxid for children', () => {
  const { bed, watcher } = bedWithWatcher();
  for (const path of ['/old', '/set', '/bred', '/again', '/last']) bed.create(path);
  const seen = bed.zxid;
  bed.setData('/set', 'x');
  bed.create('/bred/c');
  bed.delete('/again');
  bed.create('/again');
  bed.create('/new');
  const body = setWatchesBody(seen, {
    data: ['/old', '/set', '/bred', '/again', '/last', '/gone'],
    exist: ['/old', '/absent', '/new'],
    child: ['/old', '/set', '/bred', '/again', '/last', '/gone'],
    persistent: ['/set'],
    recursive: ['/bred'],
  });
  const reply = bed.read(OpCode.setWatches2, body, ALICE, watcher);
  assert.deepEqual([reply.err, reply.body.length], ['OK', 0]);
  assert.deepEqual(watcher.take(), [
    'changed /set -1',
    'changed /again -1',
    'deleted /gone -1',
    'created /old -1',
    'created /new -1',
    'children /bred -1',
    'children /again -1',
    'deleted /gone -1',
  ]);
  const { watches } = bed.state.core;
  const set = (path: string, type: number): boolean => watches.has(path, 7, type);
  assert.deepEqual([set('/old', 2), set('/old', 1)], [true, true]);
  assert.deepEqual([set('/last', 2), set('/last', 1)], [true, true]);
  assert.deepEqual([set('/set', 2), set('/set', 1), set('/set', 4)], [false, true, true]);
  assert.deepEqual([set('/bred', 2), set('/bred', 1), set('/bred', 5)], [true, false, true]);
  assert.deepEqual([set('/absent', 2), set('/new', 3), set('/gone', 3)], [true, false, false]);
});

test('trap 49: persistent watches catch up on nothing, and hold from then on', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/a');
  const seen = bed.zxid;
  bed.setData('/a', 'x');
  bed.create('/a/b');
  bed.delete('/a/b');
  const body = setWatchesBody(seen, { persistent: ['/a', '/gone'], recursive: ['/a', '/'] });
  assert.equal(bed.read(OpCode.setWatches2, body, ALICE, watcher).err, 'OK');
  assert.deepEqual(watcher.take(), []);
  bed.setData('/a', 'y');
  bed.create('/gone');
  assert.deepEqual(watcher.take(), ['changed /a 5', 'created /gone 6']);
});

test('what setWatches makes up is not filtered by READ', () => {
  const { bed, watcher } = bedWithWatcher();
  bed.create('/locked', { acl: worldAcl(0) });
  const body: Body = (w) =>
    writeSetWatches(w, {
      relativeZxid: 0,
      dataWatches: ['/locked'],
      existWatches: [],
      childWatches: [],
    });
  assert.equal(bed.read(OpCode.setWatches, body, ALICE, watcher).err, 'OK');
  assert.deepEqual(watcher.take(), ['changed /locked -1']);
});

test('setWatches stops at a null list, when what stands before it is done', () => {
  for (const [opcode, listCount] of [
    [OpCode.setWatches, 3],
    [OpCode.setWatches2, 5],
  ] as const) {
    for (let nullAt = 0; nullAt < listCount; nullAt++) {
      const { bed, watcher } = bedWithWatcher();
      bed.create('/a');
      const body: Body = (w) => {
        w.zxid(0);
        for (let index = 0; index < listCount; index++) {
          w.int(index === nullAt ? -1 : 1);
          if (index !== nullAt) w.string('/a');
        }
      };
      assert.equal(bed.read(opcode, body, ALICE, watcher).err, 'MARSHALLINGERROR');
      const told = ['changed /a -1', 'created /a -1', 'children /a -1'];
      assert.deepEqual(watcher.take(), told.slice(0, nullAt));
      assert.equal(bed.state.core.watches.has('/a', watcher.watcherId, 4), nullAt > 3);
    }
  }
});

test('setWatches that is cut does nothing at all', () => {
  const { bed, watcher } = bedWithWatcher();
  const whole = new JuteWriter();
  setWatchesBody(0, { data: ['/a'], recursive: ['/b'] })(whole);
  const cut: Body = (w) => w.raw(whole.buffer, 0, 17);
  assert.equal(bed.read(OpCode.setWatches2, cut, ALICE, watcher).err, 'MARSHALLINGERROR');
  assert.deepEqual(watcher.take(), []);
  assert.equal(bed.state.core.watches.pathCount, 0);
});
