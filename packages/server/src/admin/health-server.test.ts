/** The health port asks and answers over HTTP: each check in each state, metrics, bad requests. */

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { MetricRow } from '../peer/metrics.ts';
import type { PeerStatus } from '../peer/peer-status.ts';
import { HealthServer } from './health-server.ts';

const SERVING: PeerStatus = {
  sid: 2,
  role: 'follower',
  phase: 'broadcast',
  serving: true,
  inStep: true,
  keepsClients: false,
  readOnly: false,
  recovered: true,
  configVersion: 0,
  leaderSid: 3,
  unreachable: [],
  currentEpoch: 4,
  acceptedEpoch: 4,
  lastProcessedZxid: 4 * 2 ** 32 + 10,
  lastLoggedZxid: 4 * 2 ** 32 + 10,
  syncedZxid: 4 * 2 ** 32 + 10,
  digest: 'ab',
  digestMismatchCount: 0,
  connectionCount: 0,
  sessionCount: 0,
  localSessionCount: 0,
  outstandingRequestCount: 0,
};
const LOADING: PeerStatus = {
  ...SERVING,
  role: 'looking',
  phase: 'recovery',
  serving: false,
  inStep: false,
  recovered: false,
  leaderSid: -1,
};
const LOOKING: PeerStatus = { ...LOADING, phase: 'election', recovered: true };
const KEEPING: PeerStatus = { ...LOOKING, keepsClients: true };
const SILENT: PeerStatus = { ...SERVING, inStep: false };
const SYNCING: PeerStatus = { ...LOOKING, role: 'follower', phase: 'synchronization' };

const ROWS: readonly MetricRow[] = [
  { name: 'znode_count', help: 'Znodes', kind: 'gauge', value: 5, summary: null },
  { name: 'commit_count', help: 'Commits', kind: 'counter', value: 7, summary: null },
  {
    name: 'fsynctime',
    help: 'Syncs, ms',
    kind: 'summary',
    value: 2,
    summary: { count: 2, sum: 9, min: 4, max: 5, average: 4.5 } as MetricRow['summary'],
  },
];

let server: HealthServer | null = null;

async function start(status: PeerStatus, rows: readonly MetricRow[] = ROWS): Promise<string> {
  const source = { status: () => status, metrics: () => [...rows] };
  server = new HealthServer(source, { host: '127.0.0.1', port: 0, memoryBytes: 1024 });
  return `http://127.0.0.1:${await server.start()}`;
}

afterEach(() => server?.close());

describe('HealthServer', () => {
  const rows: readonly (readonly [string, PeerStatus, readonly number[]])[] = [
    ['loading', LOADING, [200, 503, 503, 503]],
    ['looking for a leader', LOOKING, [200, 200, 503, 503]],
    ['in read-only mode', { ...LOOKING, readOnly: true }, [200, 200, 503, 503]],
    ['synchronising', SYNCING, [200, 200, 503, 503]],
    ['keeping its clients across a hand-over', KEEPING, [200, 200, 200, 503]],
    ['without word of its leader', SILENT, [200, 200, 503, 503]],
    ['serving', SERVING, [200, 200, 200, 200]],
  ];
  for (const [name, status, wanted] of rows) {
    it(`answers /live /started /ready /quorum with ${wanted.join(' ')} while ${name}`, async () => {
      const base = await start(status);
      const codes: number[] = [];
      for (const path of ['/live', '/started', '/ready', '/quorum']) {
        codes.push((await fetch(base + path)).status);
      }
      assert.deepEqual(codes, wanted);
    });
  }

  it('says in /quorum who leads, how far this server is and what is wrong', async () => {
    const read = async (status: PeerStatus) => {
      const response = await fetch(`${await start(status)}/quorum?verbose`);
      server?.close();
      return (await response.json()) as Record<string, unknown>;
    };
    const serving = await read(SERVING);
    assert.equal(serving['ok'], true);
    assert.equal(serving['leader'], 3);
    assert.equal(serving['zxid'], '0x40000000a');
    assert.equal(serving['reason'], null);
    assert.match(String((await read(LOADING))['reason']), /loaded/);
    assert.match(String((await read(LOOKING))['reason']), /No leader/);
    assert.match(String((await read(SILENT))['reason']), /heard of the leader for two ticks/);
    assert.match(String((await read(SYNCING))['reason']), /follower, synchronization/);
  });

  it('names the members that are out of reach in /quorum', async () => {
    const one = 'server 2 at zk-1.zk-hs:3888: Cannot resolve "zk-1.zk-hs": ENOTFOUND';
    const base = await start({
      ...LOOKING,
      unreachable: [one, 'server 3 at zk-2.zk-hs:3888: gone'],
    });
    const response = await fetch(`${base}/quorum`);
    assert.equal(response.status, 503);
    const view = (await response.json()) as { reason: string; unreachable: string[] };
    assert.equal(view.unreachable.length, 2);
    assert.equal(
      view.reason,
      `No leader is known. Cannot reach ${one}. Cannot reach server 3 at zk-2.zk-hs:3888: gone`,
    );
  });

  it('refuses other paths and methods', async () => {
    const base = await start(SERVING);
    assert.equal((await fetch(`${base}/`)).status, 404);
    const post = await fetch(`${base}/live`, { method: 'POST', body: 'x' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
    const head = await fetch(`${base}/ready`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
  });

  it('rejects the start on a port that is taken', async () => {
    const port = Number(new URL(await start(SERVING)).port);
    const source = { status: () => SERVING, metrics: () => [] };
    const second = new HealthServer(source, { host: '127.0.0.1', port, memoryBytes: 0 });
    await assert.rejects(second.start(), /EADDRINUSE/);
  });
});

describe('HealthServer, /metrics', () => {
  it("gives the server's rows and the process' own in Prometheus' text form", async () => {
    const response = await fetch(`${await start(SERVING)}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).split('\n');
    for (const line of [
      '# HELP znode_count Znodes',
      '# TYPE znode_count gauge',
      'znode_count 5',
      '# TYPE commit_count counter',
      'commit_count 7',
      '# TYPE fsynctime summary',
      'fsynctime_count 2',
      'fsynctime_sum 9',
      'zabra_memory_budget_bytes 1024',
    ]) {
      assert.ok(lines.includes(line), `wanted the line "${line}"`);
    }
    assert.ok(lines.some((line) => line.startsWith('process_resident_memory_bytes ')));
    const names = lines
      .filter((line) => line.startsWith('# TYPE '))
      .map((line) => line.split(' ')[2]);
    assert.equal(new Set(names).size, names.length, 'wanted each family once');
  });

  it('follows rows that come and go with the role', async () => {
    const rows = [...ROWS];
    const base = await start(SERVING, rows);
    const scrape = async () => (await fetch(`${base}/metrics`)).text();
    assert.match(await scrape(), /^fsynctime_count 2$/m);
    rows.pop();
    rows.push({ name: 'learners', help: 'Learners', kind: 'gauge', value: 2, summary: null });
    const text = await scrape();
    assert.match(text, /^learners 2$/m);
    assert.doesNotMatch(text, /fsynctime/);
  });
});
