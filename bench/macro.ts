/**
 * The macro benchmark: our servers beside Apache's in one run, same machine, same load generator,
 * fsync on. Both sides are warmed, then measured in turn, slice by slice, and what counts is the
 * ratio of the medians: absolute figures of a shared machine mean little.
 *
 *   npm run bench -- --quick            the pipelined shape, reads and writes, 1 and 3 servers
 *   npm run bench                       all shapes
 *     --rounds N (5)  --seconds S (2)   slices of each side and their length
 *     --warm-up S (8)                   seconds of load on each side before the first slice
 *     --out FILE                        also writes the table, as Markdown
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { ROOT as CHECKOUT, type ServerKind } from '../test/process/server-process.ts';
import { javaVersion, median } from './figures.ts';
import { type BenchShape, FULL_SHAPES, QUICK_SHAPES } from './shapes.ts';
import { Side, type Slice } from './side.ts';

const APACHE: ServerKind = 'apache-3.9.5';

interface Row {
  readonly shape: BenchShape;
  readonly ours: Slice;
  readonly theirs: Slice;
  readonly ratio: number;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '8' },
    out: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const sliceMs = Number(values.seconds) * 1000;
const warmUpMs = Number(values['warm-up']) * 1000;

async function measure(shape: BenchShape, ours: Side, theirs: Side): Promise<Row> {
  const slices: [Slice[], Slice[]] = [[], []];
  const sides = [ours, theirs] as const;
  for (const side of sides) await side.connect(shape.connections);
  for (const side of sides) await side.run(shape, warmUpMs);
  for (let round = 0; round < rounds; round++) {
    for (const [index, side] of sides.entries()) {
      slices[index as 0 | 1].push(await side.run(shape, sliceMs));
    }
  }
  for (const side of sides) side.disconnect();
  const summed = slices.map((list) => ({
    perSecond: median(list.map((s) => s.perSecond)),
    p50Ms: median(list.map((s) => s.p50Ms)),
    p99Ms: median(list.map((s) => s.p99Ms)),
  }));
  const [mine, other] = summed as [Slice, Slice];
  return { shape, ours: mine, theirs: other, ratio: mine.perSecond / other.perSecond };
}

function tableOf(rows: readonly Row[]): string {
  const lines = [
    '| shape | servers | Zabra /s | Apache /s | ratio | target | p50 ms | p99 ms |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const { shape, ours, theirs, ratio } of rows) {
    const times = (a: number, b: number): string => `${a.toFixed(2)} / ${b.toFixed(2)}`;
    lines.push(
      `| ${shape.name} | ${shape.servers} | ${Math.round(ours.perSecond)} | ` +
        `${Math.round(theirs.perSecond)} | ${ratio.toFixed(2)} | ${shape.target} | ` +
        `${times(ours.p50Ms, theirs.p50Ms)} | ${times(ours.p99Ms, theirs.p99Ms)} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<void> {
  execFileSync('bash', ['test/interop/install-peers.sh'], { cwd: CHECKOUT, stdio: 'inherit' });
  const shapes = values.quick ? QUICK_SHAPES : FULL_SHAPES;
  const rows: Row[] = [];
  for (const servers of [1, 3] as const) {
    const chosen = shapes.filter((shape) => shape.servers === servers);
    const sides = [await Side.start('zabra', servers), await Side.start(APACHE, servers)] as const;
    try {
      for (const shape of chosen) {
        const row = await measure(shape, sides[0], sides[1]);
        rows.push(row);
        process.stderr.write(`${shape.name}, ${servers} servers: ${row.ratio.toFixed(2)}\n`);
      }
    } finally {
      for (const side of sides) await side.ensemble.end();
    }
  }
  const about =
    `Apache ZooKeeper 3.9.5 on ${javaVersion()}, Node ${process.version}, ${cpus().length} cores ` +
    `shared by servers and load generator, fsync on, medians of ${rounds} slices of ` +
    `${sliceMs / 1000} s in turn after ${warmUpMs / 1000} s of warm-up each. ` +
    'Latencies are ours / theirs.\n';
  const text = `${about}\n${tableOf(rows)}`;
  process.stdout.write(text);
  if (values.out !== undefined) writeFileSync(values.out, text);
}

await main();
