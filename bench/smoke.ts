/**
 * Performance smoke: an ensemble of three, our own client, some seconds. Its floors lie far below
 * what is normal, so that a busy machine does not fail it and a lost order of magnitude does.
 * Everything, servers and load, shares the machine; the figures are no benchmark.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { ProcessEnsemble } from './server-process.ts';

const SERVING_MS_MAX = 10_000;
const ROUND_MS = 2000;
const CONNECTIONS = 4;
const OUTSTANDING = 50;
const DATA = new Uint8Array(1024).fill(7);

interface Floor {
  readonly name: string;
  readonly unit: string;
  /** The figure must be at least this (rates), or at most (times). */
  readonly bound: number;
  readonly atLeast: boolean;
}

const START: Floor = { name: 'start to serving', unit: 'ms', bound: 5000, atLeast: false };
const READS: Floor = { name: 'reads', unit: '/s', bound: 8000, atLeast: true };
const WRITES: Floor = { name: 'writes', unit: '/s', bound: 1500, atLeast: true };
const ONE_WRITE: Floor = { name: 'one writer, median', unit: 'ms', bound: 25, atLeast: false };
const FAILOVER: Floor = { name: 'leader killed to write', unit: 'ms', bound: 5000, atLeast: false };

let passed = 0;
let failed = 0;

function judge({ name, unit, bound, atLeast }: Floor, figure: number): void {
  const good = atLeast ? figure >= bound : figure <= bound;
  if (good) passed++;
  else failed++;
  const wanted = `${atLeast ? 'at least' : 'at most'} ${bound}`;
  const shown = figure < 100 ? figure.toFixed(2) : figure.toFixed(0);
  console.log(`${good ? 'ok    ' : 'not ok'} ${name}: ${shown} ${unit}, wanted ${wanted}`);
}

/** Requests per second of `operation`, with so many outstanding on each client. */
async function rate(
  clients: readonly ZooKeeperClient[],
  operation: (client: ZooKeeperClient) => Promise<unknown>,
): Promise<number> {
  let done = 0;
  const started = performance.now();
  const worker = async (client: ZooKeeperClient): Promise<void> => {
    while (performance.now() - started < ROUND_MS) {
      await operation(client);
      done++;
    }
  };
  const workers = clients.flatMap((client) => {
    return Array.from({ length: OUTSTANDING }, () => worker(client));
  });
  await Promise.all(workers);
  return (done * 1000) / (performance.now() - started);
}

/** Milliseconds of the median of so many writes, one after another. */
async function medianWrite(client: ZooKeeperClient, count: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    const started = performance.now();
    await client.setData('/smoke', DATA);
    times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[count >> 1] as number;
}

/** Milliseconds from the end of the leader to the next write that succeeds. */
async function failover(ensemble: ProcessEnsemble, client: ZooKeeperClient): Promise<number> {
  const leader = await ensemble.leader();
  const started = performance.now();
  await ensemble.end(leader, 'SIGKILL');
  while (performance.now() - started < 2 * FAILOVER.bound) {
    const written = await client.setData('/smoke', DATA).then(
      () => true,
      () => false,
    );
    if (written) break;
    await sleep(5);
  }
  return performance.now() - started;
}

async function run(ensemble: ProcessEnsemble): Promise<void> {
  for (const member of ensemble.members) ensemble.start(member);
  judge(START, await ensemble.serving(SERVING_MS_MAX));
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect(ensemble.connectString)),
  );
  const [first] = clients as [ZooKeeperClient];
  await first.create('/smoke', DATA);
  judge(WRITES, await rate(clients, (client) => client.setData('/smoke', DATA)));
  judge(READS, await rate(clients, (client) => client.getData('/smoke')));
  judge(ONE_WRITE, await medianWrite(first, 200));
  judge(FAILOVER, await failover(ensemble, first));
  await Promise.all(clients.map((client) => client.close()));
}

const ensemble = await ProcessEnsemble.make(3);
try {
  await run(ensemble);
} catch (error) {
  failed++;
  console.error(error);
} finally {
  await ensemble.dispose();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
