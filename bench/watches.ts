/**
 * The watch benchmark: many watches, set by many or by few sessions, all fired together, while
 * other sessions read and write at a steady pace. It prints what a watch costs in memory, how long
 * until the last event was received, and what the others saw of it: in the two seconds that it may
 * take, or longer if it took longer.
 *
 *   npm run bench:watches
 *     --kind zabra            or apache-3.9.5, installed as for `npm run test:interop`
 *     --rate N (1000)         requests of the others a second; one in five is a write
 *     --before S (5)          seconds of that before the change
 *     --rounds N (6)          the first runs cold code; of the others the median counts
 *     --shape NAME            one shape only: crowd, path or subtree
 *
 * Server, crowd and others share the machine: with two cores the figures are an upper bound.
 */

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '@zabra/client';
import { TestEnsemble } from '../test/process/ensemble.ts';
import { askWord } from '../test/process/four-letter-word.ts';
import { ROOT as CHECKOUT, type ServerKind } from '../test/process/server-process.ts';
import { BulkWriter, multisOf } from './bulk-writer.ts';
import { median } from './figures.ts';
import { type Latency, PacedLoad } from './paced-load.ts';

interface Shape {
  readonly name: string;
  readonly about: string;
  readonly sessions: number;
  /** Watched by each session. */
  readonly paths: number;
  /** One transaction fires them all: what the targets are about. */
  readonly isOneChange: boolean;
}

const SHAPES: readonly Shape[] = [
  {
    name: 'crowd',
    about: '1000 sessions watch the same 1000 znodes, one multi deletes them',
    sessions: 1000,
    paths: 1000,
    isOneChange: true,
  },
  {
    name: 'path',
    about: '1000 sessions watch one znode, which is deleted',
    sessions: 1000,
    paths: 1,
    isOneChange: true,
  },
  {
    name: 'subtree',
    about: '10 sessions watch the same 100000 znodes, deleted by one multi after the other',
    sessions: 10,
    paths: 100_000,
    isOneChange: false,
  },
];

const OTHERS = 20;
const SETTLE_MS = 2000;
const PREFIX = '/w';
/** Targets of the project: the time to the last event, and by how much others may slow down. */
const FIRED_MS_MAX = 2000;
const SLOWDOWN_MAX = 2;

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'zabra' },
    rate: { type: 'string', default: '1000' },
    before: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '6' },
    shape: { type: 'string' },
  },
});

const epochMs = (): number => performance.timeOrigin + performance.now();

function messageOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('The crowd has ended'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
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

function line(name: string, { count, p50Ms, p99Ms, maxMs }: Latency): string {
  const figures = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1).padStart(7)).join(' ');
  return `  others ${name.padEnd(7)} ${figures} ms (p50, p99, longest of ${count})`;
}

/** What one round has measured. */
interface Round {
  readonly setMs: number;
  readonly bytes: number;
  readonly residentBytes: number;
  readonly answeredMs: number;
  readonly firedMs: number;
  readonly calm: Latency;
  readonly busy: Latency;
}

interface Scene {
  readonly shape: Shape;
  readonly writer: BulkWriter;
  readonly crowd: ChildProcess;
  readonly others: PacedLoad;
  readonly port: number;
  readonly pid: number;
}

/** The znodes come, are watched, and go. */
async function playRound({ shape, writer, crowd, others, port, pid }: Scene): Promise<Round> {
  await writer.send(multisOf('create', PREFIX, shape.paths));
  const deletions = multisOf('delete', PREFIX, shape.paths);
  const before = [residentBytes(pid), await watchBytes(port)] as const;
  const setMs = performance.now();
  const isSet = messageOf(crowd);
  crowd.send('set');
  await isSet;
  const tookMs = performance.now() - setMs;
  const after = [residentBytes(pid), await watchBytes(port)] as const;
  await sleep(SETTLE_MS);
  others.forget();
  const quietMs = performance.now();
  await sleep(Number(values.before) * 1000);
  const fired = messageOf<{ lastMs: number }>(crowd);
  const changeMs = performance.now();
  await writer.send(deletions);
  const answeredMs = performance.now() - changeMs;
  const { lastMs } = await fired;
  const endMs = lastMs - epochMs() + performance.now();
  await sleep(SETTLE_MS);
  return {
    setMs: tookMs,
    bytes: after[1] - before[1],
    residentBytes: after[0] - before[0],
    answeredMs,
    firedMs: endMs - changeMs,
    calm: others.between(quietMs, changeMs),
    busy: others.between(changeMs, Math.max(endMs, changeMs + FIRED_MS_MAX)),
  };
}

function report(shape: Shape, round: Round): void {
  const { setMs, bytes, answeredMs, firedMs, calm, busy } = round;
  const watches = shape.sessions * shape.paths;
  const perWatch = (count: number): string => (count / watches).toFixed(1);
  console.log(
    `  ${watches} watches set in ${(setMs / 1000).toFixed(1)} s, ${perWatch(bytes)} bytes each ` +
      `with their share of the paths, ${perWatch(round.residentBytes)} of resident memory`,
  );
  console.log(
    `  answered after ${answeredMs.toFixed(0)} ms, last event after ${firedMs.toFixed(0)} ms`,
  );
  console.log(line('before', calm));
  console.log(line('during', busy));
}

/** True when the rounds after the first, by their medians, are within the targets. */
function judge(shape: Shape, rounds: readonly Round[]): boolean {
  const warm = rounds.slice(1);
  const firedMs = median(warm.map((round) => round.firedMs));
  const slowdown = median(warm.map(({ busy, calm }) => busy.p99Ms / calm.p99Ms));
  const isGood = firedMs <= FIRED_MS_MAX && slowdown <= SLOWDOWN_MAX;
  const verdict = isGood ? 'ok' : 'not ok';
  console.log(
    `  ${shape.isOneChange ? verdict : 'no target'}: fired in ${(firedMs / 1000).toFixed(2)} s ` +
      `(at most 2), p99 of others times ${slowdown.toFixed(2)} (at most 2), ` +
      `medians of ${warm.length} rounds`,
  );
  return isGood || !shape.isOneChange;
}

async function run(ensemble: TestEnsemble, shape: Shape): Promise<boolean> {
  const [server] = ensemble.servers;
  if (server === undefined) throw new Error('There is no server');
  const { clientPort: port, pid } = server;
  const client = await connect(ensemble.connectString);
  const paths = Array.from({ length: OTHERS }, (_, index) => `/other${index}`);
  for (const path of paths) await client.create(path);
  await client.close();
  const writer = await BulkWriter.open(port);
  const arguments_ = [port, shape.sessions, shape.paths, PREFIX].map(String);
  const crowd = fork(fileURLToPath(new URL('watch-crowd.js', import.meta.url)), arguments_);
  await messageOf(crowd);
  const others = await PacedLoad.open(port, paths);
  const running = others.run(Number(values.rate));
  console.log(`${shape.name}: ${shape.about}`);
  const rounds: Round[] = [];
  while (rounds.length < Number(values.rounds)) {
    const round = await playRound({ shape, writer, crowd, others, port, pid });
    report(shape, round);
    rounds.push(round);
  }
  others.stop();
  await running;
  crowd.kill();
  writer.close();
  return judge(shape, rounds);
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
    if (!(await run(ensemble, shape))) isGood = false;
    broken = false;
  } finally {
    await ensemble.end(broken);
  }
}
process.exitCode = isGood ? 0 : 1;
