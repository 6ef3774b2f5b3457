/**
 * The fuzz run finds what it is there to find: each rule of `mutations.ts` is broken in a copy of
 * the build, and a short run must object. The code that ships is not touched and knows nothing of
 * it.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../process/server-process.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

const INPUTS_MAX = 20_000;
const SEED = 1;

function copyOfBuild(): string {
  const root = mkdtempSync(join(tmpdir(), 'zabra-fuzz-mutation-'));
  const isWanted = (source: string) => !/\.test\.|\.map$|\.d\.ts$|\.tsbuildinfo$/.test(source);
  for (const name of ['protocol', 'client', 'server']) {
    const from = join(ROOT, 'packages', name);
    const to = join(root, 'packages', name);
    cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true, filter: isWanted });
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
  }
  for (const name of ['fuzz', 'differential']) {
    const dist = join('test/dist', name);
    cpSync(join(ROOT, dist), join(root, dist), { recursive: true, filter: isWanted });
  }
  mkdirSync(join(root, 'node_modules/@zabra'), { recursive: true });
  symlinkSync('../../packages/protocol', join(root, 'node_modules/@zabra/protocol'));
  symlinkSync('../../packages/client', join(root, 'node_modules/@zabra/client'));
  symlinkSync('../packages/server', join(root, 'node_modules/zabra'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  return root;
}

function breakRule(root: string, { file, find, replace }: Mutation): void {
  const path = join(root, 'packages', file);
  const parts = readFileSync(path, 'utf8').split(find);
  assert.equal(parts.length, 2, `"${find}" stands once in ${file}`);
  writeFileSync(path, parts.join(replace));
}

/** What a run of the copy says, in a process of its own; empty when it finds nothing. */
function hunt(root: string, server: string): string {
  const of = (file: string) =>
    JSON.stringify(pathToFileURL(join(root, 'test/dist/fuzz', file)).href);
  const script = `
    import { runLane } from ${of('lane.js')};
    import { serverKind } from ${of('servers.js')};
    const { failure } = runLane({
      kind: serverKind(${JSON.stringify(server)}),
      seed: ${SEED},
      count: ${INPUTS_MAX},
      until: -1,
      sampleCount: 0,
      onBatch: () => undefined,
    });
    process.stdout.write(failure === null ? '' : failure.message);
  `;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
}

describe('fuzzing a server with a rule broken on purpose', () => {
  it('finds nothing as long as none is', () => {
    const root = copyOfBuild();
    try {
      assert.equal(hunt(root, 'small'), '');
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  for (const mutation of MUTATIONS) {
    it(`notices that it is broken: ${mutation.rule}`, () => {
      const root = copyOfBuild();
      try {
        breakRule(root, mutation);
        assert.match(hunt(root, mutation.server), mutation.says);
      } finally {
        rmSync(root, { recursive: true });
      }
    });
  }
});
