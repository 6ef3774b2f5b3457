/**
 * The body of a snapshot as a point in time: its content, its slices, and what is left behind when
 * it is closed.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JuteReader, JuteWriter, OPEN_ACL_UNSAFE, readAclVector } from '@zabra/protocol';
import { DataTree } from './data-tree.ts';
import { SessionTable } from './session-table.ts';
import { StateStream } from './state-stream.ts';

function bodyOf(stream: StateStream, bytesMax: number): { w: JuteWriter; longest: number } {
  const w = new JuteWriter();
  let longest = 0;
  let more = true;
  while (more) {
    const start = w.position;
    more = stream.next(w, bytesMax);
    assert.ok(!more || w.position > start);
    longest = Math.max(longest, w.position - start);
  }
  assert.equal(stream.failed, false);
  return { w, longest };
}

test('StateStream writes sessions, ACLs, znodes and the terminator of a new tree', () => {
  const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  const sessions = new SessionTable();
  sessions.put(0x00100000, 5, 4000);
  const { w } = bodyOf(new StateStream(tree, sessions), 1 << 20);
  const r = new JuteReader().reset(w.buffer, 0, w.position);
  assert.deepEqual([r.int(), r.number(), r.int()], [1, 0x00100000 * 2 ** 32 + 5, 4000]);
  assert.deepEqual([r.int(), r.number()], [1, 1]);
  assert.deepEqual(readAclVector(r), [{ perms: 1, scheme: 'world', id: 'anyone' }]);
  const paths: (string | null)[] = [];
  const aclIds: number[] = [];
  for (let path = r.string(); path !== '/'; path = r.string()) {
    paths.push(path);
    assert.equal(r.int(), 0);
    aclIds.push(r.number());
    r.skip(60);
  }
  assert.deepEqual(paths, ['', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);
  assert.deepEqual(aclIds, [-1, -1, -1, 1]);
  assert.deepEqual([r.remaining(), r.failed], [0, false]);
});

test('StateStream writes the same in slices of any size, and no slice much longer', () => {
  const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  const sessions = new SessionTable();
  const data = new Uint8Array(50);
  for (let number = 0; number < 100; number++) {
    sessions.put(number, -number, 1000 + number);
    const acl = [{ perms: number, scheme: 'ip', id: '::1' }];
    tree.createNode(`/${number}`, data, 0, 50, acl, 0, 0, -1, number, 0);
  }
  const whole = bodyOf(new StateStream(tree, sessions), 1 << 20).w.toBytes();
  for (const bytesMax of [1, 5, 100, 1000, 4096]) {
    const { w, longest } = bodyOf(new StateStream(tree, sessions), bytesMax);
    assert.deepEqual(w.toBytes(), whole);
    assert.ok(longest <= bytesMax + 200, `${longest} for ${bytesMax}`);
  }
});

test('StateStream gives back what was kept when it is closed early or was read to its end', () => {
  const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  const data = new Uint8Array(9);
  tree.createNode('/a', data, 0, 9, OPEN_ACL_UNSAFE, 0, 0, -1, 1, 0);
  for (const closes of [true, false]) {
    const stream = new StateStream(tree, new SessionTable());
    tree.setData('/a', data, 0, 5, 1, 2, 0);
    assert.equal(tree.nodes.retiredCount, 1);
    if (closes) stream.close();
    else bodyOf(stream, 100);
    assert.equal(tree.nodes.retiredCount, 0);
    assert.equal(stream.next(new JuteWriter(), 100), false);
    stream.close();
  }
});
