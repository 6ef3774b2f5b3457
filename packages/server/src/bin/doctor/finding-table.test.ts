/**
 * The table of findings: docs/migration.md says what it says, and a test meets each of them. With
 * ZABRA_REWRITE=1 the table of the document is written anew.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { FINDING_KINDS } from './finding-table.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const DOCUMENT = path.join(ROOT, 'docs/migration.md');
const TESTS = path.join(ROOT, 'packages/server/src/bin/doctor');

describe('the table of findings', () => {
  it('stands in docs/migration.md', () => {
    const head = ['| code | severity | what it means | what to do |', '| --- | --- | --- | --- |'];
    const rows = Object.entries(FINDING_KINDS).map(([code, { severity, meaning, advice }]) => {
      return `| \`${code}\` | ${severity} | ${meaning} | ${advice} |`;
    });
    const table = [...head, ...rows].join('\n');
    const text = fs.readFileSync(DOCUMENT, 'utf8');
    const marked = /(<!-- table: findings -->\n)[^]*?(\n<!-- end -->)/;
    assert.match(text, marked);
    const rewritten = text.replace(marked, (_, start: string, end: string) => start + table + end);
    if (process.env['ZABRA_REWRITE'] === '1') fs.writeFileSync(DOCUMENT, rewritten);
    else assert.equal(text, rewritten, 'Write it anew with ZABRA_REWRITE=1');
  });

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
