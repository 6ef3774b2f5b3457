/**
 * The fuzz run: `main.js [--seed S] [--count N] [--sockets N] [--server KIND [--until BATCH]]`.
 * Each kind of server is a process of its own with its share of the inputs, so that one that dies
 * is seen and named, and so that what they leave behind stays apart; then some of the inputs go
 * over real sockets. Ends with "N passed, N failed".
 */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Cells } from './cells.ts';
import { missing } from './expectations.ts';
import { runLaneProcess } from './lane-process.ts';
import { matrixLines, socketLines } from './report.ts';
import { runSockets } from './socket-run.ts';
import { SERVER_KINDS, type ServerKind, serverKind } from './servers.ts';

const COUNT_DEFAULT = 1_000_000;
/** Over real sockets, unless one server or another number is asked for. */
const SOCKET_COUNT_DEFAULT = 20_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: String(COUNT_DEFAULT) },
    server: { type: 'string' },
    until: { type: 'string' },
    sockets: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});

const seed = wholeNumber('seed', values.seed);
const count = wholeNumber('count', values.count);
const until = values.until === undefined ? -1 : wholeNumber('until', values.until);
const kinds = values.server === undefined ? SERVER_KINDS : [serverKind(values.server)];
const shares = kinds.reduce((sum, { share }) => sum + share, 0);
const cells = new Cells();
const waiting = count === 0 ? [] : [...kinds];
let failed = 0;
let passed = 0;

console.log(`fuzz from seed ${seed}, ${count} inputs, ${kinds.length} kinds of servers`);
const startedMs = performance.now();
const jobs = Array.from({ length: wholeNumber('jobs', values.jobs) }, () => work());
await Promise.all(jobs);
for (const line of matrixLines(cells)) console.log(line);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
console.log(`${cells.total()} inputs in ${seconds} s`);
const sockets = values.sockets ?? (values.server === undefined ? SOCKET_COUNT_DEFAULT : 0);
await overSockets(wholeNumber('sockets', String(sockets)));
const lacking = until < 0 && failed === 0 ? missing(cells, kinds) : [];
for (const what of lacking) console.log(`not met: ${what}`);
if (lacking.length > 0) failed++;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await run(kind);
}

async function run(kind: ServerKind): Promise<void> {
  const share = Math.ceil((count * kind.share) / shares);
  const result = await runLaneProcess({ server: kind.name, seed, count: share, until });
  for (const line of result.lines) console.log(line);
  if (result.cells !== null) cells.merge(result.cells);
  if (result.isGood) passed++;
  else failed++;
}

async function overSockets(wanted: number): Promise<void> {
  if (wanted === 0) return;
  try {
    for (const line of socketLines(await runSockets(seed, wanted))) console.log(line);
    passed++;
  } catch (error) {
    console.log(`FAILED over sockets with seed ${seed}: ${String(error)}; again:`);
    console.log(`  npm run test:fuzz -- --seed ${seed} --count 0 --sockets ${wanted}`);
    failed++;
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`Cannot fuzz with --${name} "${text}", wanted a whole number`);
}
