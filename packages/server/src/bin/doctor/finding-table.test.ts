/** The table of findings: a test meets each of them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { FINDING_KINDS } from './finding-table.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const TESTS = path.join(ROOT, 'packages/server/src/bin/doctor');

describe('the table of findings', () => {
  it('has no finding that no test meets', () => {
    const tests = fs
      .readdirSync(TESTS)
      .filter((name) => name.startsWith('doctor-') && name.endsWith('.test.ts'))
      .map((name) => fs.readFileSync(path.join(TESTS, name), 'utf8'))
      .join('\n');
    const unmet = Object.keys(FINDING_KINDS).filter((code) => !tests.includes(`'${code}'`));
    assert.deepEqual(unmet, []);
  });
});
