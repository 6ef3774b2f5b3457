/**
 * Tables of documents that are written from the code, between two markers:
 *
 *   <!-- table: NAME -->
 *   | ... |
 *   <!-- end -->
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * What the document says and what it should say; with ZABRA_REWRITE=1 it is made to say so.
 * Throws when the document has no place for the table.
 */
export function checkTable(
  path: string,
  name: string,
  table: string,
): { readonly found: string; readonly wanted: string } {
  const file = ROOT + path;
  const text = readFileSync(file, 'utf8');
  const [head, tail] = [`<!-- table: ${name} -->\n`, '\n<!-- end -->'];
  const start = text.indexOf(head) + head.length;
  const end = text.indexOf(tail, start);
  if (start < head.length || end < 0) throw new Error(`${path} has no place for "${name}"`);
  const found = text.slice(start, end);
  if (found === table || process.env['ZABRA_REWRITE'] !== '1') return { found, wanted: table };
  writeFileSync(file, text.slice(0, start) + table + text.slice(end));
  return { found: table, wanted: table };
}
