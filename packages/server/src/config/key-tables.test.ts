/**
 * The registry of keys is sound, and docs/configuration.md says what it says. With
 * ZABRA_REWRITE=1 the tables of the document are written anew.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ACCEPTED_KEYS, ACCEPTED_PREFIXES } from './accepted-keys.ts';
import type { ConfigKey } from './config-key.ts';
import { keyTables } from './key-tables.test-kit.ts';
import { KEYS } from './server-keys.ts';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DOCUMENT = path.resolve(HERE, '../../../../docs/configuration.md');
const ROWS: readonly ConfigKey<unknown>[] = [...Object.values(KEYS), ...ACCEPTED_KEYS];

describe('the registry of keys', () => {
  it('has each spelling once', () => {
    for (const of of ['key', 'property'] as const) {
      const names = ROWS.map((row) => row[of]).filter((name) => name !== null);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    }
  });

  it('reads each default that is written out as text back to itself', () => {
    for (const { key, property, rule } of ROWS) {
      if (rule.code === 'y') continue;
      const text = String(rule.fallback);
      assert.equal(
        rule.read(text, '', () => {}),
        rule.fallback,
        `${key ?? property}`,
      );
    }
  });

  it('has no key of its own without the prefix, and no prefix that hides a key', () => {
    for (const prefix of ACCEPTED_PREFIXES) {
      const hidden = Object.values(KEYS).filter(({ key }) => key?.startsWith(prefix));
      assert.deepEqual(hidden, []);
    }
  });
});

describe('docs/configuration.md', () => {
  it('has the tables of the registry', () => {
    let text = fs.readFileSync(DOCUMENT, 'utf8');
    const rewritten = [...keyTables()].reduce((document, [name, table]) => {
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
});
