/** What docs/protocol.md names of the code exists: tests, and an operation for each number. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OPERATIONS } from '@zabra/protocol';
import { FACTS } from './operation-facts.test-kit.ts';
import { OPERATION_TESTS } from './protocol-tables.test-kit.ts';

/** Sources, seen from the compiled test. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

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
