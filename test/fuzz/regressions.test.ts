/**
 * What once brought a server down, or to a standstill, does not any more: each file of
 * `regressions` is run against a new server of its kind.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../process/server-process.ts';
import { parseRegression } from './input.ts';
import { failureOf } from './lane.ts';
import { serverKind } from './servers.ts';

const FOLDER = join(ROOT, 'test/fuzz/regressions');

describe('inputs that once did harm', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  assert.ok(names.length > 0);
  for (const name of names.sort()) {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const { server, fault, times, batches } = parseRegression(text);
    it(`do none now: ${fault}`, () => {
      const all = Array.from({ length: times }, () => batches).flat();
      assert.equal(failureOf(serverKind(server), all), null);
    });
  }
});
