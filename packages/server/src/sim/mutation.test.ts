/**
 * The simulation finds what it is there to find: each rule of `mutations.test-kit` is broken in a
 * copy of the build, and some seed must object. The copy lives in a temporary directory; the code
 * that ships is not touched and knows nothing of it.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MUTATIONS, type Mutation, SEEDS_QUICK } from './mutations.test-kit.ts';

/** `dist` of this package, and where its dependencies are. */
const DIST = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const NODE_MODULES = path.resolve(DIST, '../../../node_modules');

interface Found {
  readonly seed: number;
  readonly property: string;
}

function mutatedCopy(mutation: Mutation): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-mutation-'));
  fs.symlinkSync(NODE_MODULES, path.join(root, 'node_modules'));
  fs.writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  const isWanted = (source: string) => !/\.test\.|\.map$|\.d\.ts$|\.tsbuildinfo$/.test(source);
  fs.cpSync(DIST, path.join(root, 'dist'), { recursive: true, filter: isWanted });
  const file = path.join(root, 'dist', mutation.file);
  const parts = fs.readFileSync(file, 'utf8').split(mutation.find);
  assert.equal(parts.length, 2, `"${mutation.find}" stands once in ${mutation.file}`);
  fs.writeFileSync(file, parts.join(mutation.replace));
  return root;
}

/** Runs seeds in a process of its own until one fails; null when none does. */
function hunt(root: string, seeds: number): Found | null {
  const simulation = pathToFileURL(path.join(root, 'dist/sim/simulation.js')).href;
  const script = `
    import { simulate } from ${JSON.stringify(simulation)};
    let found = null;
    for (let seed = 1; seed <= ${seeds} && found === null; seed++) {
      const { failure } = simulate(seed, null);
      if (failure !== null) found = { seed, property: failure.property };
    }
    process.stdout.write(JSON.stringify(found));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as Found | null;
}

/** `ZABRA_NIGHT=1` runs those, too, that take long to be found. */
const isNight = process.env['ZABRA_NIGHT'] === '1';
const wanted = MUTATIONS.filter(({ seeds }) => isNight || seeds <= SEEDS_QUICK);

describe('simulate, with a rule broken on purpose', () => {
  for (const mutation of wanted) {
    it(`notices that it is broken: ${mutation.rule}`, () => {
      const root = mutatedCopy(mutation);
      try {
        const found = hunt(root, mutation.seeds);
        assert.ok(found !== null, `none of ${mutation.seeds} seeds fails`);
        assert.match(found.property, mutation.property);
      } finally {
        fs.rmSync(root, { recursive: true });
      }
    });
  }
});
