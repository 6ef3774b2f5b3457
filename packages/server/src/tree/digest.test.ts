/**
 * The tree digest against values that Apache's servers computed, and its arithmetic modulo 2^64.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, JuteWriter } from '@zabra/protocol';
import { DataTree } from './data-tree.ts';
import { isDigested, nodeDigestOf, TreeDigest } from './digest.ts';

const encoder = new TextEncoder();

test('nodeDigestOf gives the known digests of a znode with data and with null data', () => {
  const stat = new JuteWriter();
  stat.zxid(16);
  stat.zxid(17);
  stat.number(1000);
  stat.number(2000);
  for (const version of [1, 2, 3]) stat.int(version);
  stat.long(0, 0);
  stat.int(3);
  stat.int(0);
  stat.zxid(18);
  const rows: [string, number][] = [
    ['/vabc', 0x9960965d],
    ['/v', 0xf35e62c9],
  ];
  for (const [content, wanted] of rows) {
    const bytes = encoder.encode(content);
    assert.equal(nodeDigestOf(crc32(bytes, 0, bytes.length), stat.buffer, 0), wanted);
  }
});

test('DataTree starts with the known digest of a new tree', () => {
  const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  assert.equal(tree.nodes.nodeDigest(tree.nodes.find('/')), 0x04128908);
  assert.equal(tree.nodes.nodeDigest(tree.nodes.find('/zookeeper')), 0x4db44d58);
  assert.equal(tree.nodes.nodeDigest(tree.nodes.find('/zookeeper/quota')), 0);
  assert.deepEqual([tree.digestHi, tree.digestLo], [0, 0x51c6d660]);
});

test('DataTree has no digest when digests are off', () => {
  const tree = new DataTree({ digestEnabled: false, extendedTypes: false });
  assert.deepEqual([tree.digestHi, tree.digestLo], [0, 0]);
  assert.equal(tree.nodes.nodeDigest(tree.nodes.find('/')), 0);
});

test('isDigested leaves out what lies below /zookeeper, and nothing else', () => {
  const rows: [string, boolean][] = [
    ['', true],
    ['/zookeeper', true],
    ['/zookeeper2', true],
    ['/zookeeper/', false],
    ['/zookeeper/config', false],
    ['/zookeepe/config', true],
    ['/a/zookeeper/b', true],
  ];
  for (const [path, wanted] of rows) {
    const bytes = encoder.encode(`xx${path}`);
    assert.equal(isDigested(bytes, 2, bytes.length), wanted, path);
  }
});

test('TreeDigest adds and subtracts modulo 2^64', () => {
  const digest = new TreeDigest();
  digest.subtract(1);
  assert.deepEqual([digest.hi, digest.lo], [0xffffffff, 0xffffffff]);
  digest.add(0xffffffff);
  assert.deepEqual([digest.hi, digest.lo], [0, 0xfffffffe]);
  digest.add(3);
  assert.deepEqual([digest.hi, digest.lo], [1, 1]);
});
