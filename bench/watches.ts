/**
 * The watch benchmark: many watches, set by many or by few sessions, all fired together, while
 * other sessions read and write at a steady pace. It prints what a watch costs in memory, how long
 * until the last event was received, and what the others saw of it.
 *
 *   npm run bench:watches
 *     --kind zabra            or apache-3.9.5, installed as for `npm run test:interop`
 *     --rate N (1000)         requests of the others a second; one in five is a write
 *     --before S (5)          seconds of that before the change
 *     --shape NAME            one shape only: crowd, path or subtree
 *
 * Server, crowd and others share the machine: with two cores the figures are an upper bound.
 */

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from '../test/process/ensemble.ts';
import { askWord } from '../test/process/four-letter-word.ts';
import { ROOT as CHECKOUT, type ServerKind } from '../test/process/server-process.ts';
import { type Latency, PacedLoad } from './paced-load.ts';

interface Shape {
  readonly name: string;
  readonly about: string;
  readonly sessions: number;
  /** Watched by each session. */
  readonly paths: number;
}

const SHAPES: readonly Shape[] = [
  {
    name: 'crowd',
    about: '1000 sessions watch the same 1000 znodes, one multi deletes them',
    sessions: 1000,
    paths: 1000,
  },
  {
    name: 'path',
    about: '1000 sessions watch one znode, which is deleted',
    sessions: 1000,
    paths: 1,
  },
  {
    name: 'subtree',
    about: '10 sessions watch the same 100000 znodes, deleted by one multi after the other',
    sessions: 10,
    paths: 100_000,
  },
];

const OTHERS = 20;
const SETTLE_MS = 2000;
const MULTI_BATCH = 1000;
/** Targets of the project: the time to the last event, and by how much others may slow down. */
const FIRED_MS_MAX = 2000;
const SLOWDOWN_MAX = 2;

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'zabra' },
    rate: { type: 'string', default: '1000' },
    before: { type: 'string', default: '5' },
    shape: { type: 'string' },
  },
});

const epochMs = (): number => performance.timeOrigin + performance.now();

function messageOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', () => reject(new Error('The crowd has ended')));
  });
}

/** Resident memory of the server, bytes. */
function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
  return Number(pages) * 4096;
}

async function watchBytes(port: number): Promise<number> {
  const text = await askWord(port, 'mntr');
  return Number(/zabra_watch_bytes\t(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

/** The same operation on every watched znode, so many in one transaction. */
async function forAll(
  client: ZooKeeperClient,
  { paths }: Shape,
  op: 'create' | 'delete',
): Promise<void> {
  for (let first = 0; first < paths; first += MULTI_BATCH) {
    const count = Math.min(MULTI_BATCH, paths - first);
    const ops = Array.from({ length: count }, (_, index) => ({ op, path: `/w${first + index}` }));
    await client.multi(ops);
  }
}

function line(name: string, { count, p50Ms, p99Ms, maxMs }: Latency): string {
  const figures = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1).padStart(7)).join(' ');
  return `  others ${name.padEnd(7)} ${figures} ms (p50, p99, longest of ${count})`;
}

async function run(ensemble: TestEnsemble, shape: Shape): Promise<boolean> {
  const [server] = ensemble.servers;
  if (server === undefined) throw new Error('There is no server');
  const { clientPort, pid } = server;
  const watches = shape.sessions * shape.paths;
  const client = await connect(ensemble.connectString, { sessionTimeoutMs: 40_000 });
  await forAll(client, shape, 'create');
  const arguments_ = [clientPort, shape.sessions, shape.paths, '/w'].map(String);
  const crowd = fork(fileURLToPath(new URL('watch-crowd.js', import.meta.url)), arguments_);
  await messageOf(crowd);
  const before = [residentBytes(pid), await watchBytes(clientPort)] as const;
  const setMs = performance.now();
  const isSet = messageOf(crowd);
  crowd.send('set');
  await isSet;
  const tookMs = performance.now() - setMs;
  const after = [residentBytes(pid), await watchBytes(clientPort)] as const;
  const others = await PacedLoad.open(
    clientPort,
    Array.from({ length: OTHERS }, (_, index) => `/other${index}`),
  );
  const running = others.run(Number(values.rate));
  await sleep(SETTLE_MS);
  const quietMs = performance.now();
  await sleep(Number(values.before) * 1000);
  const fired = messageOf<{ lastMs: number }>(crowd);
  const changeMs = performance.now();
  await forAll(client, shape, 'delete');
  const answeredMs = performance.now() - changeMs;
  const { lastMs } = await fired;
  const endMs = lastMs - epochMs() + performance.now();
  await sleep(SETTLE_MS);
  others.stop();
  await running;
  crowd.kill();
  await client.close();

  const calm = others.between(quietMs, changeMs);
  const busy = others.between(changeMs, endMs);
  const firedMs = endMs - changeMs;
  const slowdown = busy.p99Ms / calm.p99Ms;
  const perWatch = (bytes: number): string => (bytes / watches).toFixed(1);
  console.log(`${shape.name}: ${shape.about}`);
  console.log(`  ${watches} watches set in ${(tookMs / 1000).toFixed(1)} s`);
  console.log(
    `  ${perWatch(after[1] - before[1])} bytes a watch with its share of the paths, ` +
      `${perWatch(after[0] - before[0])} of resident memory`,
  );
  console.log(
    `  answered after ${answeredMs.toFixed(0)} ms, last event after ${firedMs.toFixed(0)} ms`,
  );
  console.log(line('before', calm));
  console.log(line('during', busy));
  const isGood = firedMs <= FIRED_MS_MAX && slowdown <= SLOWDOWN_MAX;
  console.log(
    `  ${isGood ? 'ok' : 'not ok'}: fired in ${(firedMs / 1000).toFixed(2)} s (at most 2), ` +
      `p99 of others times ${slowdown.toFixed(2)} (at most 2)`,
  );
  return isGood;
}

const kind = values.kind as ServerKind;
if (kind !== 'zabra') {
  execFileSync('bash', ['test/interop/install-peers.sh'], { cwd: CHECKOUT, stdio: 'inherit' });
}
let isGood = true;
for (const shape of SHAPES) {
  if (values.shape !== undefined && values.shape !== shape.name) continue;
  const ensemble = await TestEnsemble.create({
    kinds: [kind],
    extra: ['maxSessionTimeout=40000'],
  });
  let broken = true;
  try {
    await ensemble.start();
    const client = await connect(ensemble.connectString);
    for (let index = 0; index < OTHERS; index++) await client.create(`/other${index}`);
    await client.close();
    if (!(await run(ensemble, shape))) isGood = false;
    broken = false;
  } finally {
    await ensemble.end(broken);
  }
}
process.exitCode = isGood ? 0 : 1;
