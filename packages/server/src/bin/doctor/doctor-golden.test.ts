/**
 * The doctor over the data directories of real servers: it comes to what the server that wrote them
 * came to, tells what is damaged, and changes no file.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { codesOf, GOLDEN, Patient } from './doctor.test-kit.ts';
import type { FindingCode } from './finding-table.ts';

interface Expected {
  readonly recovered: {
    readonly starts: boolean;
    readonly zxid: string;
    readonly nodeCount: number;
    readonly treeDigest: string;
    readonly sessions: readonly unknown[];
  };
  readonly 'recoveredByBuildOf3.9.5'?: {
    readonly starts: boolean;
    readonly zxid?: string;
    readonly nodeCount?: number;
  };
}

/** What there is to find in each set, with a configuration that suits it. */
const FOUND: Readonly<Record<string, readonly FindingCode[]>> = {
  'derived-crc-mismatch': ['HISTORY-REFUSED'],
  'derived-empty-last-log': [],
  'derived-fuzzy-renamed': [],
  'derived-header-only-last-log': [],
  'derived-hole-in-middle-log': ['HISTORY-REFUSED'],
  'derived-newest-snapshot-corrupt': ['SNAPSHOT-DAMAGED'],
  'derived-no-snapshot': ['HISTORY-INCOMPLETE', 'HISTORY-WITHOUT-SNAPSHOT', 'LOG-DIGEST'],
  'derived-torn-tail-no-end-marker': ['LOG-TORN'],
  'derived-torn-tail-short': ['LOG-TORN'],
  'derived-torn-tail-zeros': ['LOG-TORN'],
  empty: [],
  extended: [],
  gzip: ['SNAPSHOTS-COMPRESSED'],
  'live-sessions': [],
  'live-sessions-snapshot': [],
  'made-by-3.9.5-build': [],
  'no-digest': [],
  'quorum-single': ['CONFIG-WARNING'],
  'roll-by-size': [],
  snappy: ['SNAPSHOTS-COMPRESSED'],
  'split-dirs': [],
  standalone: [],
};

const EXTRA: Readonly<Record<string, readonly string[]>> = {
  extended: ['extendedTypesEnabled=true'],
  'no-digest': ['digest.enabled=false'],
  'quorum-single': [
    'initLimit=10',
    'syncLimit=5',
    'standaloneEnabled=false',
    'server.1=127.0.0.1:1:2',
  ],
};

function expectedOf(set: string): Expected {
  const text = fs.readFileSync(path.join(GOLDEN, set, 'expected.json'), 'utf8');
  return JSON.parse(text) as Expected;
}

describe('the doctor over directories of Apache servers', () => {
  const sets = fs
    .readdirSync(GOLDEN, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  it('knows them all', () => {
    assert.deepEqual([...sets].sort(), Object.keys(FOUND).sort());
  });

  for (const set of sets) {
    it(`${set}: ${FOUND[set]?.join(', ') || 'nothing to tell'}`, async () => {
      const patient = new Patient(set);
      try {
        patient.configure('clientPort=0', 'tickTime=2000', ...(EXTRA[set] ?? []));
        const before = patient.fingerprint();
        const report = await patient.examine();
        assert.equal(patient.fingerprint(), before);
        const codes = codesOf(report).filter((code) => code !== 'PORT-REFUSED');
        assert.deepEqual(codes, FOUND[set]);
        compare(set, report.history?.recovered ?? null, report.tree);
      } finally {
        patient.dispose();
      }
    });
  }
});

function compare(
  set: string,
  found: { zxid: string; digest: string; digestMismatches: number } | null,
  tree: { znodes: number; sessions: number } | null,
): void {
  const { recovered, 'recoveredByBuildOf3.9.5': newer } = expectedOf(set);
  const starts = newer?.starts ?? recovered.starts;
  if (!starts) {
    // Without snapshots the rest is looked at all the same.
    if (set !== 'derived-no-snapshot') assert.equal(found, null);
    return;
  }
  assert.equal(found?.zxid, newer?.zxid ?? recovered.zxid);
  assert.equal(found?.digestMismatches, 0);
  // Apache counts the root twice.
  const ephemerals = set.startsWith('live-sessions') ? 0 : undefined;
  if (ephemerals === undefined) {
    assert.equal((tree?.znodes ?? 0) + 1, newer?.nodeCount ?? recovered.nodeCount);
  }
  if (recovered.treeDigest === undefined) return;
  if (set !== 'no-digest') assert.equal(found?.digest, recovered.treeDigest);
  assert.equal(tree?.sessions, recovered.sessions.length);
}
