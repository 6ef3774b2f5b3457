/** The tests that docs/zab.md names against the bugs of others are there, word for word. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ROOT } from '../process/server-process.ts';

const HEADING = '## Bugs of others, and the tests that keep them out';
const NAMED = /`([\w/-]+\.test(?:-kit)?\.ts)` \*([^*]+)\*/g;
/** Tickets with a row of their own or a share in one. */
const ROWS_MIN = 17;

it('docs/zab.md names tests that exist', () => {
  const text = readFileSync(join(ROOT, 'docs/zab.md'), 'utf8');
  const rows = text
    .slice(text.indexOf(HEADING))
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  assert.ok(rows.length >= ROWS_MIN, `${rows.length} rows`);
  for (const row of rows) {
    const named = [...row.matchAll(NAMED)];
    assert.ok(named.length > 0, `No test stands in: ${row}`);
    for (const [, file = '', name = ''] of named) {
      const source = readFileSync(join(ROOT, 'packages/server/src', file), 'utf8');
      assert.ok(source.includes(`'${name}'`), `${file} has no test "${name}"`);
    }
  }
});
