/**
 * One published suite on Apache's server and on ours, in one run: what passes on Apache's must pass
 * on ours. What falls short is run once more on ours alone, since these suites measure seconds and
 * two of them share the processors; what passed at first and what passes now are both printed.
 */

import assert from 'node:assert/strict';
import {
  countOf,
  type Expectation,
  judge,
  type Outcome,
  type SuiteResult,
  shortfalls,
} from './suite-result.ts';

export type Side = 'apache' | 'zabra';

export interface Suite extends Expectation {
  readonly name: string;
  /** Both sides at the same time: only where their ports cannot meet. */
  readonly together: boolean;
  /** All tests, or those named; `run` tells the runs on one side apart, in names of files. */
  run(side: Side, run: 'first' | 'again', only: readonly string[] | null): Promise<SuiteResult>;
  /** The end of what a run had to say. */
  report(side: Side, run: 'first' | 'again'): string;
}

export async function runSideBySide(suite: Suite): Promise<void> {
  const startMs = performance.now();
  const runs = [
    () => suite.run('apache', 'first', null),
    () => suite.run('zabra', 'first', null),
  ] as const;
  const [apache, first] = suite.together
    ? await Promise.all([runs[0](), runs[1]()])
    : [await runs[0](), await runs[1]()];
  const lost = shortfalls(apache, first, suite.exceptions);
  const ours = new Map<string, Outcome>(first);
  if (lost.length > 0) {
    print(`${suite.name}: once more on ours alone: ${lost.join(' ')}`);
    for (const [name, outcome] of await suite.run('zabra', 'again', lost)) ours.set(name, outcome);
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  print(
    `${suite.name}: passed on Apache's server ${countOf(apache, 'passed')} of ${apache.size}, ` +
      `on ours ${countOf(ours, 'passed')} of ${ours.size}` +
      `${lost.length > 0 ? ` (at first ${countOf(first, 'passed')})` : ''}, ${seconds} s`,
  );
  for (const [name, reason] of Object.entries(suite.exceptions)) {
    print(`${suite.name}: exception ${name}: ${reason}`);
  }
  const problems = judge(apache, ours, suite);
  if (problems.length > 0) {
    process.stderr.write(`${suite.report('zabra', lost.length > 0 ? 'again' : 'first')}\n`);
  }
  assert.deepEqual(problems, []);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
