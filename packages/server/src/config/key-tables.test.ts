/** The registry of keys is sound: no key twice, no default that would not be read back. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACCEPTED_KEYS, ACCEPTED_PREFIXES } from './accepted-keys.ts';
import type { ConfigKey } from './config-key.ts';
import { KEYS } from './server-keys.ts';

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
