/**
 * Tables of documents that are written from the code, between two markers:
 *
 *   <!-- table: NAME -->
 *   | ... |
 *   <!-- end -->
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The document has that table; with ZABRA_REWRITE=1 it is made to. `path` is seen from the root.
 */
export function expectTable(path: string, name: string, table: string): void {
  const file = ROOT + path;
  const text = readFileSync(file, 'utf8');
  const [head, tail] = [`<!-- table: ${name} -->\n`, '\n<!-- end -->'];
  const start = text.indexOf(head) + head.length;
  const end = text.indexOf(tail, start);
  assert.ok(start >= head.length && end >= 0, `${path} has no place for the table "${name}"`);
  const found = text.slice(start, end);
  if (found === table) return;
  if (process.env['ZABRA_REWRITE'] === '1') {
    writeFileSync(file, text.slice(0, start) + table + text.slice(end));
    return;
  }
  assert.equal(found, table, 'Write it anew with ZABRA_REWRITE=1');
}
