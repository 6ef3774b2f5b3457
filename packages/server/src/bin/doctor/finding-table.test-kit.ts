/** The table of findings as docs/migration.md has it. */

import { FINDING_KINDS } from './finding-table.ts';

export function findingTable(): string {
  const head = ['| code | severity | what it means | what to do |', '| --- | --- | --- | --- |'];
  const rows = Object.entries(FINDING_KINDS).map(([code, { severity, meaning, advice }]) => {
    return `| \`${code}\` | ${severity} | ${meaning} | ${advice} |`;
  });
  return [...head, ...rows].join('\n');
}
