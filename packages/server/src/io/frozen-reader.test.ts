/** Directories of a server at work, as they were when one began to look. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { FileReader } from './file-reader.ts';
import { FrozenReader } from './frozen-reader.ts';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-frozen-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function write(name: string, ...parts: readonly (string | number)[]): void {
  const pieces = parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : part));
  fs.writeFileSync(path.join(root, name), Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
}

it('sees neither later files nor what is appended, in front of the zeros or behind', () => {
  write('log.1', 'abc', 3_000_000);
  write('log.2', 5);
  write('snapshot.1', 'state', 3);
  const base = new FileReader({ log: root, snap: root });
  const frozen = new FrozenReader(base, (name) => name.startsWith('log.'));
  write('log.1', 'abcdef', 2_999_997);
  write('log.3', 'x');
  fs.appendFileSync(path.join(root, 'snapshot.1'), 'more');
  assert.deepEqual(frozen.list('log').sort(), ['log.1', 'log.2', 'snapshot.1']);
  assert.equal(frozen.sizeBytes('log', 'log.1'), 3);
  assert.equal(frozen.sizeBytes('log', 'log.2'), 0);
  assert.equal(frozen.sizeBytes('snap', 'snapshot.1'), 8);
  assert.equal(frozen.sizeBytes('log', 'log.3'), -1);
  const target = new Uint8Array(10);
  assert.equal(frozen.read('log', 'log.1', 1, target, 0, 10), 2);
  assert.equal(Buffer.from(target.subarray(0, 3)).toString('latin1'), 'bc\0');
  assert.equal(frozen.read('log', 'log.1', 3, target, 0, 10), 0);
  base.close();
});
