/**
 * `zabra sim`: runs seeds through the simulation, one after another, and says what they went
 * through. A seed that fails is reported with the commit and the one command that shows it again;
 * the others still run, and the exit code tells.
 */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunCounts, type RunResult, simulate } from '../sim/simulation.ts';
import type { TraceListener } from '../sim/trace.ts';

export interface SimArguments {
  /** The first seed, decimal. */
  readonly seed: string;
  /** How many seeds from there on, decimal. */
  readonly count: string;
  /** Prints every event of the runs. */
  readonly trace?: boolean;
}

const EXIT_VIOLATION = 1;
const EXIT_INVALID = 2;
/** A line of progress after this many seeds. */
const PROGRESS_SEEDS = 100;

const HERE = path.dirname(fileURLToPath(import.meta.url));

export function runSim({ seed, count, trace }: SimArguments): void {
  const first = parseNumber(seed);
  const seedCount = parseNumber(count);
  if (first === null || seedCount === null || seedCount === 0) {
    process.stderr.write('Usage: zabra sim --seed <number> [--count <number>] [--trace]\n');
    process.exitCode = EXIT_INVALID;
    return;
  }
  const startedMs = Date.now();
  const failures: RunResult[] = [];
  let total: RunCounts | null = null;
  for (let index = 0; index < seedCount; index++) {
    const result = simulate(first + index, trace === true ? printer() : null);
    total = add(total, result.counts);
    if (result.failure !== null) {
      failures.push(result);
      process.stdout.write(describeFailure(result));
    }
    const done = index + 1;
    if (done % PROGRESS_SEEDS === 0 && done < seedCount) {
      process.stdout.write(`${done} seeds, ${failures.length} failed\n`);
    }
    if (seedCount === 1) process.stdout.write(`trace hash ${result.hash}\n`);
  }
  process.stdout.write(describeTotal(total as RunCounts, seedCount, Date.now() - startedMs));
  process.stdout.write(`${seedCount - failures.length} of ${seedCount} seeds passed\n`);
  if (failures.length > 0) process.exitCode = EXIT_VIOLATION;
}

export function describeFailure({ seed, failure, plan }: RunResult): string {
  const lines = [
    `Seed ${seed} of commit ${commit()} fails: ${failure?.property}`,
    `  ${failure?.message}`,
    `  ${plan.voterCount} voters, ${plan.observerCount} observers, tick ${plan.tickTimeMs} ms` +
      (plan.hierarchy.groups.length > 0 ? `, ${plan.hierarchy.groups.length} groups` : '') +
      (plan.changes.everyUs > 0 ? `, ${plan.changes.spareCount} spares, changing` : ''),
    `  again: npm run sim -- --seed ${seed} --trace`,
  ];
  return `${lines.join('\n')}\n`;
}

function describeTotal(total: RunCounts, seedCount: number, tookMs: number): string {
  const { simulatedMs, operations } = total;
  const perSecond = Math.floor((operations * 1000) / Math.max(simulatedMs, 1));
  const lines = [
    `${seedCount} seeds, ${Math.floor(simulatedMs / 1000)} simulated seconds in ${tookMs} ms`,
    `  elections     ${total.elections} (${total.reigns} leaders established)`,
    `  synchronised  ${total.logDiffs} learners out of log files`,
    `  crashes       ${total.crashes} (${total.powerCuts} with loss of power)`,
    `  partitions    ${total.partitions}`,
    `  lost packets  ${total.lostPackets} on ${total.connections} connections`,
    `  torn writes   ${total.tornWrites} (${total.lostWrites} lost, ` +
      `${total.failedSyncs} syncs failed)`,
    `  client ops    ${operations} (${perSecond} a second), ${total.watchEvents} watch events`,
    `  sessions      ${total.sessions} (${total.expiredSessions} expired, ` +
      `${total.upgradedSessions} local ones became global)`,
    `  read-only     ${total.readOnlyReplies} replies`,
    `  transactions  ${total.transactions} (${total.changes} changed the ensemble)`,
  ];
  return `${lines.join('\n')}\n`;
}

function printer(): TraceListener {
  return {
    onLine: (atUs, where, what) => {
      const at = (atUs / 1000).toFixed(3).padStart(12);
      process.stdout.write(`${at}  ${where.padEnd(14)} ${what}\n`);
    },
  };
}

function add(total: RunCounts | null, counts: RunCounts): RunCounts {
  if (total === null) return { ...counts };
  const sum = { ...total };
  for (const name of Object.keys(counts) as (keyof RunCounts)[]) sum[name] += counts[name];
  return sum;
}

function parseNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Of the checkout that this runs from. */
function commit(): string {
  try {
    const options = { cwd: HERE, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim();
  } catch {
    return 'unknown';
  }
}
