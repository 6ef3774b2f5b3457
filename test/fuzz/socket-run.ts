/**
 * The same inputs over real sockets: several connections at a time to a server process, plain and
 * over TLS, a healthy pair beside them, and the memory of the process watched. States are those
 * that a client can bring about by itself.
 */

import { Prng } from '@zabra/protocol';
import { Cells } from './cells.ts';
import { expectThat } from './finding.ts';
import { HealthyPair } from './healthy-pair.ts';
import type { Visit } from './input.ts';
import { STAGE } from './janitor.ts';
import { batchSeeds } from './lane.ts';
import { drawBatch } from './program.ts';
import { serverKind } from './servers.ts';
import { SocketServer } from './socket-server.ts';
import { SOCKET_STATES, SocketVisitor } from './socket-visitor.ts';

/** Connections at a time. */
const VISITORS = 6;
const SAMPLES = 20;
/** Samples after so many of all count: before that the process warms up. */
const WARM_UP = 0.5;
const MIB = 1024 * 1024;
/** A heap that grows and is collected rises and falls by as much. */
const RSS_RISE_MAX = 48 * MIB;
const RSS_MAX = 512 * MIB;
const HEALTHY_MS_MAX = 5000;

export interface SocketResult {
  readonly cells: Cells;
  readonly inputs: number;
  readonly connections: number;
  /** That the healthy pair made, saw and read. */
  readonly changes: number;
  readonly slowestMs: number;
  readonly rssBytes: readonly number[];
}

/** Throws what was found. */
export async function runSockets(seed: number, count: number): Promise<SocketResult> {
  const server = await SocketServer.start();
  let isGood = false;
  try {
    const result = await fuzz(server, seed, count);
    await server.stop();
    expectWithinLimits(result);
    isGood = true;
    return result;
  } finally {
    await server.dispose(!isGood);
  }
}

async function fuzz(server: SocketServer, seed: number, count: number): Promise<SocketResult> {
  const { target } = server;
  const hosts = [`127.0.0.1:${target.plainPort}`, `127.0.0.1:${target.securePort}`] as const;
  const pair = await HealthyPair.start(...hosts, { ca: target.ca });
  await pair.setStage(STAGE);
  const visits = visitsOf(seed);
  const prng = new Prng(seed);
  const visitors = Array.from({ length: VISITORS }, () => new SocketVisitor(target, prng.fork()));
  const rssBytes: number[] = [];
  const inputs = (): number => visitors.reduce((sum, { inputCount }) => sum + inputCount, 0);
  const work = async (visitor: SocketVisitor): Promise<void> => {
    while (inputs() < count) {
      await visitor.visit(visits.next().value as Visit);
      expectThat(server.isRunning, () => 'The server has ended');
      if (inputs() >= (count / SAMPLES) * (rssBytes.length + 1)) rssBytes.push(server.rssBytes());
    }
  };
  await Promise.all(visitors.map(work));
  await pair.end();
  const cells = new Cells();
  for (const visitor of visitors) cells.merge(visitor.cells);
  const connections = visitors.reduce((sum, visitor) => sum + visitor.connectionCount, 0);
  const { changes, slowestMs } = pair;
  return { cells, inputs: inputs(), connections, changes, slowestMs, rssBytes };
}

function* visitsOf(seed: number): Generator<Visit> {
  const kind = serverKind('plain');
  for (const batchSeed of batchSeeds(seed)) {
    for (const visit of drawBatch(batchSeed, kind)) {
      if (SOCKET_STATES.has(visit.state)) yield visit;
    }
  }
}

function expectWithinLimits({ rssBytes, slowestMs, changes }: SocketResult): void {
  const counted = rssBytes.slice(Math.floor(rssBytes.length * WARM_UP));
  const rise = (counted.at(-1) ?? 0) - (counted[0] ?? 0);
  const most = Math.max(...rssBytes);
  expectThat(rise <= RSS_RISE_MAX, () => `The process grows by ${rise} bytes: ${rssBytes}`);
  expectThat(most <= RSS_MAX, () => `The process has ${most} bytes, wanted at most ${RSS_MAX}`);
  expectThat(changes > 0, () => 'The healthy pair got nothing done');
  expectThat(slowestMs <= HEALTHY_MS_MAX, () => `The healthy pair waited for ${slowestMs} ms`);
}
