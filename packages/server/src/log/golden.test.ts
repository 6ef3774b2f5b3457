/**
 * Data directories of real servers (test/golden/apache-3.8.0): each is recovered as the server that
 * wrote it recovered it, or refused where the newer server refuses; nothing in it is harmed.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { int64Hex, ZXID_MAX, zxidToHex } from '@zabra/protocol';
import { Host, type HostOptions, Ledger } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { isQuotaUsage, MiniState } from './mini-state.test-kit.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../test/golden/apache-3.8.0');

interface ExpectedNode {
  path: string;
  data: string | null;
  stat: Record<string, string | number>;
  acl: unknown[];
  stored: { cversion: number; ephemeralOwner: string };
}

interface Expected {
  fixture: string;
  files: Record<string, { tail?: unknown; sealsOk?: boolean; txns?: number }>;
  recovered: {
    starts: boolean;
    zxid: string;
    nodeCount: number;
    tree: ExpectedNode[];
    sessions: { id: string; timeoutMs: number }[];
    treeDigest: string;
  };
  'recoveredByBuildOf3.9.5'?: { starts: boolean; zxid?: string; nodeCount?: number };
}

const sets = fs
  .readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Sets whose outcome on the newer server differs; their `recovered` is the older server's. */
function read(name: string): Expected {
  return JSON.parse(fs.readFileSync(path.join(ROOT, name, 'expected.json'), 'utf8'));
}

function diskOf(name: string): MemoryDisk {
  const snap = path.join(ROOT, name, 'version-2');
  const log = path.join(ROOT, name, 'datalog', 'version-2');
  if (fs.existsSync(log)) return MemoryDisk.fromDirectories(log, snap);
  // One directory in the set: the test disk has two, which nobody can tell apart by content.
  const disk = MemoryDisk.fromDirectories(snap, snap);
  for (const file of disk.list('log')) if (!file.startsWith('log.')) disk.delete('log', file);
  for (const file of disk.list('snap')) if (file.startsWith('log.')) disk.delete('snap', file);
  return disk;
}

interface Recovered {
  host: Host;
  state: MiniState;
  failure: string | null;
}

function recover(disk: MemoryDisk, options: HostOptions = {}, bytesMax = 1000): Recovered {
  const host = new Host(disk, { isEnsemble: false, ...options });
  const state = new MiniState();
  host.storage.recover(state);
  for (;;) {
    const step = host.storage.step(bytesMax);
    if (step === 'done') return { host, state, failure: null };
    if (step === 'failed') {
      return { host, state, failure: host.storage.failure?.message ?? 'no message' };
    }
    if (step === 'wait') assert.ok(host.completeOne());
  }
}

function compareTree(state: MiniState, expected: ExpectedNode[]): void {
  assert.deepEqual([...state.nodes.keys()].sort(), expected.map((node) => node.path).sort());
  for (const wanted of expected) {
    const node = state.nodes.get(wanted.path);
    assert.ok(node !== undefined, wanted.path);
    const data = node.data === null ? null : Buffer.from(node.data).toString('base64');
    if (!isQuotaUsage(wanted.path)) assert.equal(data, wanted.data, wanted.path);
    const { stat } = node;
    const found = {
      czxid: `0x${zxidToHex(stat.czxid)}`,
      mzxid: `0x${zxidToHex(stat.mzxid)}`,
      pzxid: `0x${zxidToHex(stat.pzxid)}`,
      ctime: stat.ctimeMs,
      mtime: stat.mtimeMs,
      version: stat.version,
      aversion: stat.aversion,
    };
    for (const [field, value] of Object.entries(found)) {
      assert.equal(value, wanted.stat[field], `${field} of ${wanted.path}`);
    }
    const owner = `0x${int64Hex(stat.ephemeralOwnerHi, stat.ephemeralOwnerLo)}`;
    const stored = { cversion: stat.cversion, ephemeralOwner: owner };
    assert.deepEqual(stored, wanted.stored, wanted.path);
    assert.deepEqual(node.acl, wanted.acl, wanted.path);
  }
}

test('there are 22 data sets', () => {
  assert.equal(sets.length, 22);
});

for (const name of sets) {
  const expected = read(name);
  const newer = expected['recoveredByBuildOf3.9.5'];
  const starts = newer?.starts ?? expected.recovered.starts;
  if (!starts) {
    test(`${name} is refused, and no file of it changes`, () => {
      const disk = diskOf(name);
      const names = [...disk.list('log'), ...disk.list('snap')];
      const { failure, host } = recover(disk);
      assert.notEqual(failure, null);
      assert.equal(host.storage.failure?.code, 1);
      assert.deepEqual([...disk.list('log'), ...disk.list('snap')], names);
      assert.equal(disk.submittedCount, 0);
    });
    continue;
  }
  test(`${name} recovers to its expected state`, () => {
    const disk = diskOf(name);
    const { state, failure, host } = recover(disk);
    assert.equal(failure, null);
    assert.equal(`0x${zxidToHex(state.zxid)}`, newer?.zxid ?? expected.recovered.zxid);
    assert.equal(host.storage.lastLoggedZxid, state.zxid);
    assert.equal(state.digestMismatches, 0);
    state.sweep();
    assert.equal(state.nodes.size + 1, newer?.nodeCount ?? expected.recovered.nodeCount);
    if (expected.recovered.tree === undefined) return;
    compareTree(state, expected.recovered.tree);
    assert.equal(`0x${state.treeDigest().toString(16)}`, expected.recovered.treeDigest);
    const sessions = [...state.sessions].map(([id, timeoutMs]) => ({ id: `0x${id}`, timeoutMs }));
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    assert.deepEqual(sessions.sort(byId), expected.recovered.sessions.sort(byId));
  });

  test(`${name} replays from every snapshot to the same digest, whatever the slices`, () => {
    const all = recover(diskOf(name)).state;
    const snapshots = diskOf(name)
      .list('snap')
      .filter((file) => file.startsWith('snapshot.'));
    for (const last of snapshots) {
      const zxid = Number.parseInt(last.split('.')[1] as string, 16);
      const disk = diskOf(name);
      for (const other of snapshots) {
        if (Number.parseInt(other.split('.')[1] as string, 16) > zxid) disk.delete('snap', other);
      }
      const { state, failure } = recover(disk, {}, 1 + (zxid % 50));
      // The damaged snapshot is of no use, and so is one whose log was taken away.
      if (failure !== null && name.startsWith('derived')) continue;
      assert.equal(failure, null, last);
      assert.equal(state.zxid, all.zxid);
      assert.equal(state.treeDigest(), all.treeDigest(), last);
      const isWhole = zxid === 0 && !['empty', 'no-digest'].includes(name);
      if (isWhole) assert.ok(state.digestMatches > 3, 'transactions carry digests');
    }
  });

  test(`${name} is the same for the process that comes after ours`, () => {
    const disk = diskOf(name);
    const first = recover(disk);
    const names = disk.list('log');
    const second = recover(disk);
    assert.equal(second.failure, null);
    assert.deepEqual(second.state.nodes, first.state.nodes);
    assert.deepEqual(disk.list('log'), names);
    assert.deepEqual(disk.list('log').includes('zabra.watermark'), false);
  });
}

test('quorum-single keeps the epochs of an ensemble member', () => {
  const { host, failure } = recover(diskOf('quorum-single'), { isEnsemble: true });
  assert.equal(failure, null);
  assert.equal(host.storage.acceptedEpoch, 2);
  assert.equal(host.storage.currentEpoch, 2);
});

test('derived-no-snapshot is replayed from an empty state when configured so', () => {
  const disk = diskOf('standalone');
  for (const file of disk.list('snap')) disk.delete('snap', file);
  const { state, failure, host } = recover(disk, { snapshotTrustEmpty: true });
  assert.equal(failure, null);
  assert.equal(state.digestMismatches, 0);
  assert.equal(`0x${zxidToHex(state.zxid)}`, read('standalone').recovered.zxid);
  compareTree(state, read('standalone').recovered.tree);
  assert.equal(host.storage.wantsSnapshot(), true);
});

/** What a sink is told of its base. */
class ExactSink extends MiniState {
  readonly told: number[] = [];

  override installBody(zxid: number, exactZxid = Number.NaN): void {
    this.told.push(zxid, exactZxid);
    super.installBody(zxid);
  }
}

function toldOf(disk: MemoryDisk): readonly number[] {
  const host = new Host(disk, { isEnsemble: false });
  const sink = new ExactSink();
  host.storage.recover(sink);
  while (host.storage.step(10_000) !== 'done') host.completeOne();
  const complaints = host.messages.filter((message) => message.startsWith('error'));
  assert.deepEqual(complaints, []);
  return sink.told;
}

test('a snapshot that is ahead of its name says from where on it is exact', () => {
  assert.deepEqual(toldOf(diskOf('derived-fuzzy-renamed')), [0x3a, 0x4b]);
  assert.deepEqual(toldOf(diskOf('standalone')), [0x4b, 0x4b]);
  assert.deepEqual(toldOf(diskOf('no-digest')), [0x27, 0x27]);
  assert.deepEqual(toldOf(diskOf('empty')), [0, 0]);
});

test('a state that came without a digest may be ahead of its zxid by anything', () => {
  const disk = new MemoryDisk();
  const host = new Host(disk, { isEnsemble: false });
  assert.equal(host.recover(), null);
  host.await(host.storage.installSnapshot(new Ledger().stream(), 9, { hi: 0, lo: 0 }));
  const told: number[] = [];
  class Sink extends Ledger {
    override installBody(zxid: number, exactZxid = Number.NaN): void {
      told.push(zxid, exactZxid);
      super.installBody(zxid);
    }
  }
  const next = new Host(disk, { isEnsemble: false });
  next.storage.recover(new Sink());
  while (next.storage.step(10_000) !== 'done') next.completeOne();
  assert.deepEqual(told, [9, ZXID_MAX]);
});

test('a directory that Apache wrote goes on with our log, and none of its files is ours', () => {
  const disk = diskOf('standalone');
  const host = new Host(disk, { isEnsemble: false });
  host.storage.recover(new MiniState());
  while (host.storage.step(10_000) !== 'done') host.completeOne();
  const { lastLoggedZxid } = host.storage;
  host.append(100, lastLoggedZxid + 1);
  host.append(100, lastLoggedZxid + 2);
  host.settle();
  assert.equal(host.storage.ownSinceZxid, lastLoggedZxid + 1);
  const next = recover(disk);
  assert.equal(next.failure, null);
  assert.equal(next.state.zxid, lastLoggedZxid + 2);
  assert.equal(next.host.storage.ownSinceZxid, lastLoggedZxid + 1);
  // It can be replaced as a whole.
  const received = new Ledger();
  next.host.await(next.host.storage.settle());
  const token = next.host.storage.installSnapshot(received.stream(), lastLoggedZxid + 9, null);
  next.host.await(token);
  assert.deepEqual(disk.list('log'), ['zabra.watermark']);
});
