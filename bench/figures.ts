/** Figures of a benchmark: quantiles of what was measured, and what it was measured on. */

import { spawnSync } from 'node:child_process';

/** Of no numbers: NaN. */
export const quantile = (numbers: readonly number[], q: number): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** The `java` that Apache's servers run on. */
export function javaVersion(): string {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /"([^"]+)"/.exec(stderr)?.[1];
  return version === undefined ? 'a JVM' : `Java ${version}`;
}
