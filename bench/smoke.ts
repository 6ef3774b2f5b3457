/**
 * Performance smoke: an ensemble of three and some seconds of load. Its floors lie far below what
 * is normal, so that a busy machine does not fail it and the loss of an order of magnitude does.
 * Servers and load share the machine; the figures are no benchmark.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@zabra/client';
import type { TestEnsemble } from '../test/process/ensemble.ts';
import { type BenchShape, FULL_SHAPES, pathOf } from './shapes.ts';
import { Side } from './side.ts';

const WARM_UP_MS = 1000;
const SLICE_MS = 2000;

interface Floor {
  readonly name: string;
  readonly unit: string;
  /** The figure must be at least this (rates), or at most (times). */
  readonly bound: number;
  readonly atLeast: boolean;
}

const START: Floor = { name: 'start to serving', unit: 'ms', bound: 5000, atLeast: false };
const FAILOVER: Floor = { name: 'leader killed to write', unit: 'ms', bound: 4000, atLeast: false };
const ONE_WRITE: Floor = { name: 'one writer, median', unit: 'ms', bound: 25, atLeast: false };
/** Operations a second, by the name of the shape. */
const RATES: readonly (readonly [string, number])[] = [
  ['reads 12 x 50, 1 KiB', 15_000],
  ['writes 12 x 50, 1 KiB', 3000],
  ['reads 60 x 1, 1 KiB', 3000],
  ['writes 60 x 1, 1 KiB', 1000],
];

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

function shapeOf(name: string): BenchShape {
  const found = FULL_SHAPES.find((shape) => shape.name === name && shape.servers === 3);
  if (found === undefined) throw new Error(`There is no shape "${name}"`);
  return found;
}

/** Milliseconds from the end of the leader to the next write that succeeds on the others. */
async function failover(ensemble: TestEnsemble): Promise<number> {
  const client = await connect(ensemble.connectString);
  const leader = await ensemble.leader();
  const started = performance.now();
  await leader.end('SIGKILL');
  let written = false;
  while (!written && performance.now() - started < 2 * FAILOVER.bound) {
    written = await client.setData(pathOf(0), 'after').then(
      () => true,
      () => false,
    );
    if (!written) await sleep(5);
  }
  const tookMs = performance.now() - started;
  await client.close();
  return written ? tookMs : Number.POSITIVE_INFINITY;
}

async function run(side: Side): Promise<void> {
  for (const [name, bound] of RATES) {
    const shape = shapeOf(name);
    await side.connect(shape.connections);
    await side.run(shape, WARM_UP_MS);
    const { perSecond } = await side.run(shape, SLICE_MS);
    side.disconnect();
    judge({ name, unit: '/s', bound, atLeast: true }, perSecond);
  }
  const alone = shapeOf('writes 1 x 1, 1 KiB');
  await side.connect(alone.connections);
  judge(ONE_WRITE, (await side.run(alone, SLICE_MS)).p50Ms);
  side.disconnect();
  judge(FAILOVER, await failover(side.ensemble));
}

const started = performance.now();
const side = await Side.start('zabra', 3);
judge(START, performance.now() - started);
let broken = false;
try {
  await run(side);
} catch (error) {
  broken = true;
  failed++;
  console.error(error);
}
await side.ensemble.end(broken);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
