/**
 * The histories of real ZooKeeper servers, transaction by transaction: each one's digest must be
 * that of our tree after it, and at the end every znode must be what the server showed its clients
 * (test/golden/apache-3.8.0 and its README). Files are read with the least that finds the
 * transactions in an undamaged log; recovery as such is tested where it lives.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { int64Hex, JuteReader, JuteWriter, readStat, type Stat } from '@zabra/protocol';
import { ReplicatedState } from './replicated-state.ts';
import { HASHES, OPTIONS } from './state-bed.test-kit.ts';

const GOLDEN = new URL('../../../../test/golden/apache-3.8.0/', import.meta.url);
const FILE_HEADER_BYTES = 16;
const ENTRY_HEAD_BYTES = 12;

interface GoldenZnode {
  readonly path: string;
  readonly data: string | null;
  readonly stat: Readonly<Record<string, number | string>>;
}

interface Expected {
  readonly properties?: readonly string[];
  readonly recovered: {
    readonly zxid: string;
    readonly tree: readonly GoldenZnode[];
    readonly sessions: readonly unknown[];
    readonly treeDigest: string;
  };
}

/** Undamaged data sets whose logs go back to the first transaction. */
const WHOLE_HISTORIES = [
  'extended',
  'gzip',
  'live-sessions',
  'live-sessions-snapshot',
  'made-by-3.9.5-build',
  'no-digest',
  'roll-by-size',
  'snappy',
  'split-dirs',
  'standalone',
];
/** Data sets with plain snapshots, from each of which the rest of the log must lead to the end. */
const SNAPSHOTS = [
  'extended',
  'live-sessions-snapshot',
  'made-by-3.9.5-build',
  'no-digest',
  'quorum-single',
  'split-dirs',
  'standalone',
];

function bytesOf(url: URL): Uint8Array {
  return new Uint8Array(readFileSync(url));
}

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(new URL(`${name}/expected.json`, GOLDEN), 'utf8')) as Expected;
}

function newState({ properties = [] }: Expected): ReplicatedState {
  const extendedTypes = properties.some((line) => line.includes('extendedTypes'));
  return new ReplicatedState({ ...OPTIONS, extendedTypes }, HASHES);
}

function zxidOfName(name: string): number {
  return Number.parseInt(name.split('.')[1] ?? '', 16);
}

/** Plain log or snapshot files of a data set, oldest first. */
function files(name: string, kind: 'log' | 'snapshot'): URL[] {
  const separate = new URL(`${name}/datalog/version-2/`, GOLDEN);
  const usual = new URL(`${name}/version-2/`, GOLDEN);
  const folder = kind === 'log' && existsSync(separate) ? separate : usual;
  return readdirSync(folder)
    .filter((file) => new RegExp(`^${kind}\\.[0-9a-f]+$`).test(file))
    .sort((a, b) => zxidOfName(a) - zxidOfName(b))
    .map((file) => new URL(file, folder));
}

/** Replays everything past the state's zxid; returns how many transactions that were. */
function replayLogs(state: ReplicatedState, name: string): number {
  let count = 0;
  for (const url of files(name, 'log')) {
    const bytes = bytesOf(url);
    const r = new JuteReader();
    for (let position = FILE_HEADER_BYTES; position + ENTRY_HEAD_BYTES < bytes.length; ) {
      r.reset(bytes, position, bytes.length);
      r.long();
      const length = r.int();
      if (length === 0) break;
      const start = r.position;
      position = start + length + 1;
      r.skip(ENTRY_HEAD_BYTES);
      if (r.zxid() <= state.lastProcessedZxid) continue;
      assert.equal(state.replay(bytes, start, start + length).isMalformed, false);
      assert.equal(state.digestMismatchCount, 0, `at ${state.lastProcessedZxid.toString(16)}`);
      count++;
    }
  }
  return count;
}

function statOf(state: ReplicatedState, ref: number): Stat {
  const w = new JuteWriter();
  state.core.tree.nodes.writeStat(ref, w, state.core.options.extendedTypes);
  return readStat(new JuteReader().reset(w.buffer, 0, w.position));
}

function checkZnode(state: ReplicatedState, { path, data, stat }: GoldenZnode): void {
  const { nodes } = state.core.tree;
  const ref = nodes.find(path);
  assert.notEqual(ref, 0, `${path} is missing`);
  const w = new JuteWriter();
  nodes.writeData(ref, w);
  const found = new JuteReader().reset(w.buffer, 0, w.position).bytes();
  assert.equal(found === null ? null : Buffer.from(found).toString('base64'), data, path);
  const ours = statOf(state, ref);
  const numbers: Record<string, number | string> = {
    czxid: ours.czxid,
    mzxid: ours.mzxid,
    pzxid: ours.pzxid,
    ctime: ours.ctimeMs,
    version: ours.version,
    cversion: ours.cversion,
    aversion: ours.aversion,
    dataLength: ours.dataLength,
    numChildren: ours.numChildren,
  };
  for (const [field, number] of Object.entries(numbers)) {
    assert.equal(number, Number(stat[field]), `${field} of ${path}`);
  }
  const owner = `0x${int64Hex(ours.ephemeralOwnerHi, ours.ephemeralOwnerLo)}`;
  assert.equal(owner, stat['ephemeralOwner'], `owner of ${path}`);
  // A member of an ensemble sets the time of its configuration itself.
  if (path !== '/zookeeper/config') assert.equal(ours.mtimeMs, stat['mtime'], path);
}

function checkEnd(state: ReplicatedState, { recovered }: Expected): void {
  const { hi, lo, zxid } = state.digest();
  assert.equal(zxid, Number(recovered.zxid));
  assert.equal(`0x${int64Hex(hi | 0, lo | 0)}`, recovered.treeDigest);
  assert.equal(state.core.tree.nodes.count, recovered.tree.length);
  assert.equal(state.core.sessions.size, recovered.sessions.length);
  for (const znode of recovered.tree) checkZnode(state, znode);
}

for (const name of WHOLE_HISTORIES) {
  test(`the history ${name} replays into the tree that its server had`, () => {
    const expected = expectedOf(name);
    const state = newState(expected);
    assert.ok(replayLogs(state, name) > 0);
    checkEnd(state, expected);
  });
}

/** The zxid of the digest section, up to which a snapshot may be ahead of its name. */
function digestZxid(bytes: Uint8Array, bodyEnd: number, zxid: number): number {
  const sealBytes = 13;
  const r = new JuteReader().reset(bytes, bodyEnd, bytes.length);
  r.skip(sealBytes);
  return Math.max(zxid, r.zxid());
}

for (const name of SNAPSHOTS) {
  test(`every snapshot of ${name} and the log behind it lead to the same end`, () => {
    const expected = expectedOf(name);
    for (const url of files(name, 'snapshot')) {
      const bytes = bytesOf(url);
      const state = newState(expected);
      const load = state.beginLoad();
      const consumed = load.push(bytes, FILE_HEADER_BYTES, bytes.length);
      assert.deepEqual([load.ended, load.error], [true, null]);
      const zxid = zxidOfName(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
      load.install(zxid, digestZxid(bytes, FILE_HEADER_BYTES + consumed, zxid));
      replayLogs(state, name);
      checkEnd(state, expected);
    }
  });
}
