/**
 * How long a client cannot write when the leader of three servers is killed, and when it is stopped
 * or gives up the lead on purpose; beside it Apache's servers, in the same run. The two take turns
 * in blocks, so that a busy machine is felt by both. Apache has no hand-over: what is compared with
 * ours is the planned stop that it has, SIGTERM.
 *
 *   npm run bench:failover
 *     --rounds N (50)   events of each sort on each side
 *     --block N (5)     rounds of a side before the other one's turn
 *     --out FILE        also writes the table, as Markdown
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { ROOT as CHECKOUT, type ServerKind } from '../test/process/server-process.ts';
import { type FailoverEvent, type FailoverRound, FailoverSide } from './failover-side.ts';
import { javaVersion, median, quantile } from './figures.ts';

const APACHE: ServerKind = 'apache-3.9.5';

interface Row {
  readonly event: FailoverEvent;
  readonly kind: ServerKind;
  readonly wanted: string;
  readonly rounds: FailoverRound[];
}

/** From the old leader's last write to the new one's first; with a kill, from the kill. */
const EVENTS: Readonly<Record<FailoverEvent, string>> = {
  kill: 'SIGKILL of the leader',
  stop: 'SIGTERM of the leader',
  yield: '`ydld` to the leader',
};

const ROWS: readonly Row[] = [
  { event: 'kill', kind: 'zabra', wanted: 'median 200', rounds: [] },
  { event: 'kill', kind: APACHE, wanted: '', rounds: [] },
  { event: 'stop', kind: 'zabra', wanted: 'median 50, worst 100', rounds: [] },
  { event: 'stop', kind: APACHE, wanted: '', rounds: [] },
  { event: 'yield', kind: 'zabra', wanted: 'median 50, worst 100', rounds: [] },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    block: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const roundCount = countOf('--rounds', values.rounds);
const blockCount = countOf('--block', values.block);

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`Cannot measure: ${option} is "${text}", wanted a whole number above 0`);
}

async function measure(sides: readonly FailoverSide[]): Promise<void> {
  for (const side of sides) {
    // What has never run is slow once, on either side.
    for (const { event, kind } of ROWS) if (kind === side.kind) await side.round(event);
  }
  for (let done = 0; done < roundCount; done += blockCount) {
    for (const { event, kind, rounds } of ROWS) {
      const side = sides.find((candidate) => candidate.kind === kind);
      const block = Math.min(blockCount, roundCount - done);
      for (let index = 0; index < block; index++) {
        const round = await side?.round(event);
        if (round !== undefined) rounds.push(round);
      }
    }
    process.stderr.write(`${Math.min(done + blockCount, roundCount)} of ${roundCount} rounds\n`);
  }
}

const HEADS = [
  'event',
  'servers',
  'rounds',
  'median ms',
  'p95 ms',
  'worst ms',
  'wanted ms',
  'connections kept',
  'writes unanswered',
  'other pauses ms: median, worst',
];

function tableOf(rows: readonly Row[]): string {
  const lines = [HEADS, HEADS.map(() => '---')];
  for (const { event, kind, wanted, rounds } of rows) {
    const times = rounds.map(({ tookMs }) => tookMs);
    const others = rounds.map(({ otherMs }) => otherMs);
    lines.push([
      EVENTS[event],
      kind,
      String(rounds.length),
      shown(median(times)),
      shown(quantile(times, 0.95)),
      shown(Math.max(...times)),
      wanted,
      String(rounds.filter(({ isKept }) => isKept).length),
      String(rounds.reduce((sum, round) => sum + round.unanswered, 0)),
      `${shown(median(others))}, ${shown(Math.max(...others))}`,
    ]);
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const shown = (ms: number): string => ms.toFixed(1);

async function main(): Promise<void> {
  execFileSync('bash', ['test/interop/install-peers.sh'], { cwd: CHECKOUT, stdio: 'inherit' });
  const sides: FailoverSide[] = [];
  let failed = true;
  try {
    for (const kind of ['zabra', APACHE] as const) sides.push(await FailoverSide.start(kind));
    await measure(sides);
    failed = false;
  } finally {
    for (const side of sides) await side.end(failed);
  }
  const about =
    `Apache ZooKeeper 3.9.5 on ${javaVersion()}, Node ${process.version}, ${cpus().length} cores ` +
    'shared by all servers and the client, fsync on, tickTime 2000; one client writes through ' +
    `the followers, one write at a time; sides in turn, ${blockCount} rounds each. Times go from ` +
    'the kill, else from the last write of the old epoch, to the first write of the new one.\n';
  const text = `${about}\n${tableOf(ROWS)}`;
  process.stdout.write(text);
  if (values.out !== undefined) writeFileSync(values.out, text);
}

await main();
