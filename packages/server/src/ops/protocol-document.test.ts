/** docs/protocol.md says what the code says, and the tests that it names exist. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OPERATIONS } from '@zabra/protocol';
import { FACTS } from './operation-facts.test-kit.ts';
import { OPERATION_TESTS, protocolTables } from './protocol-tables.test-kit.ts';

/** Sources and documents, seen from the compiled test. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENT = path.join(PACKAGE, '../../docs/protocol.md');

test('the document has the tables of the code', () => {
  let text = fs.readFileSync(DOCUMENT, 'utf8');
  const rewritten = [...protocolTables()].reduce((document, [name, table]) => {
    const marked = new RegExp(`(<!-- table: ${name} -->\n)[^]*?(\n<!-- end -->)`);
    assert.match(document, marked, `wanted a place for the table "${name}"`);
    return document.replace(marked, (_, head: string, tail: string) => head + table + tail);
  }, text);
  if (process.env['ZABRA_REWRITE'] === '1') {
    fs.writeFileSync(DOCUMENT, rewritten);
    text = rewritten;
  }
  assert.equal(text, rewritten, 'Write it anew with ZABRA_REWRITE=1');
});

test('every test that it names is there', () => {
  for (const [file, name] of Object.values(OPERATION_TESTS)) {
    const source = fs.readFileSync(path.join(PACKAGE, 'src', file), 'utf8');
    const isThere = ['test', 'it'].some((word) => source.includes(`${word}('${name}'`));
    assert.ok(isThere, `There is no test "${name}" in ${file}`);
  }
});

test('every number but those of results and events is an operation of the server', () => {
  const unanswered = OPERATIONS.filter(({ opcode }) => {
    return !FACTS.some((facts) => facts.opcode === opcode);
  });
  assert.deepEqual(
    unanswered.map(({ name }) => name),
    ['error', 'notification'],
  );
});
