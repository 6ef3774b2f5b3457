/** `docs/compatibility.md` and the tables that the differential test works by say the same. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../process/server-process.ts';
import { BARRED } from './barred.ts';
import { BARRED_BEFORE_3_9 } from './barred-before-3-9.ts';
import { ALONE, LAST } from './batch-rules.ts';
import { DIFFERENCES } from './differences.ts';
import { DIFFERENCES_BEFORE_3_9 } from './differences-before-3-9.ts';

interface NamedRow {
  readonly name: string;
  readonly reason: string;
}

const SECTIONS: readonly (readonly [string, readonly NamedRow[]])[] = [
  ['Forgiven', DIFFERENCES],
  ['Left out', BARRED],
  ['Alone in a batch', ALONE],
  ['Last in a batch', LAST],
  ['Forgiven to 3.8.0', DIFFERENCES_BEFORE_3_9],
  ['Left out for 3.8.0', BARRED_BEFORE_3_9],
];

const page = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8');

/** Rows of the table under a heading. */
function rowsUnder(heading: string): string[] {
  const start = page.indexOf(`\n### ${heading}\n`);
  assert.ok(start >= 0, `There is no section "${heading}"`);
  const end = page.indexOf('\n#', start + 2);
  return page
    .slice(start, end < 0 ? undefined : end)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
}

describe('docs/compatibility.md', () => {
  for (const [heading, table] of SECTIONS) {
    it(`lists what is "${heading}", and why`, () => {
      const wanted = table.map(({ name, reason }) => `| \`${name}\` | ${reason} |`);
      assert.deepEqual(rowsUnder(heading), wanted);
    });
  }

  it('gives every name once', () => {
    const names = SECTIONS.flatMap(([, table]) => table.map(({ name }) => name));
    assert.equal(new Set(names).size, names.length);
  });
});
