/**
 * Runs the scripts of this folder and compares what they see with what is written below each verb.
 * `ZABRA_REWRITE=1` writes it anew; the review then reads the difference.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runScenario } from 'zabra/dist/sim/scenario.test-kit.js';

/** The scripts stand beside the source of this file. */
const FOLDER = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../test/scenarios',
);

describe('Scenarios', () => {
  const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  assert.ok(names.length > 0);
  for (const name of names.sort()) {
    it(`${name.slice(0, -'.txt'.length)}`, () => {
      const file = path.join(FOLDER, name);
      const written = fs.readFileSync(file, 'utf8');
      const seen = runScenario(written);
      if (process.env['ZABRA_REWRITE'] === '1') fs.writeFileSync(file, seen);
      else assert.equal(seen, written);
    });
  }
});
