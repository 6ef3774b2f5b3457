/** The tests that docs/zab.md names against the bugs of others are there, word for word. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ROOT } from '../process/server-process.ts';

const HEADING = '## Bugs of others, and the tests that keep them out';
const NAMED = /`([\w/-]+\.test(?:-kit)?\.ts)` \*([^*]+)\*/g;
/** Those that model checking found, and those that came since: each has a row or a share in one. */
const TICKETS = [
  4643, 4646, 3023, 4394, 4685, 4712, 2845, 3911, 4785, 4925, 4846, 4882, 5094, 4689, 4766, 4814,
  4839, 2623, 3701,
];

it('docs/zab.md names tests that exist', () => {
  const text = readFileSync(join(ROOT, 'docs/zab.md'), 'utf8');
  const rows = text
    .slice(text.indexOf(HEADING))
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  const heads = rows.map((row) => row.split('|')[1] ?? '').join();
  for (const ticket of TICKETS) assert.ok(heads.includes(String(ticket)), `no row for ${ticket}`);
  for (const row of rows) {
    const named = [...row.matchAll(NAMED)];
    assert.ok(named.length > 0, `No test stands in: ${row}`);
    for (const [, file = '', name = ''] of named) {
      const source = readFileSync(join(ROOT, 'packages/server/src', file), 'utf8');
      assert.ok(source.includes(`'${name}'`), `${file} has no test "${name}"`);
    }
  }
});
