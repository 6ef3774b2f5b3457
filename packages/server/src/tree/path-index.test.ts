/**
 * The index of paths against a map, also when all hashes fall together.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN_PATH_HASH } from './path-hash.ts';
import { PathIndex } from './path-index.ts';

const encoder = new TextEncoder();

/** Paths by ref - 1, each found by its text. */
class TextHolder {
  readonly paths: string[] = [];

  pathEquals(ref: number, buffer: Uint8Array, start: number, end: number): boolean {
    return this.paths[ref - 1] === new TextDecoder().decode(buffer.subarray(start, end));
  }
}

test('PathIndex finds what a map finds, also when all hashes fall together', () => {
  const hashOf = fc.constantFrom(0, 1, 0x3fffff, 0x3ffffe, 0x200000, -1, 0x12345678);
  const step = fc.record({ path: fc.nat({ max: 60 }), remove: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(hashOf, { minLength: 61, maxLength: 61 }),
      fc.array(step, { maxLength: 300, size: 'max' }),
      (hashes, steps) => {
        const holder = new TextHolder();
        const index = new PathIndex(holder);
        const model = new Map<number, number>();
        for (const { path, remove } of steps) {
          const hash = hashes[path] as number;
          const ref = model.get(path);
          if (remove && ref !== undefined) {
            index.remove(hash, ref);
            model.delete(path);
          } else if (!remove && ref === undefined) {
            holder.paths.push(`/${path}`);
            index.insert(hash, holder.paths.length);
            model.set(path, holder.paths.length);
          }
        }
        for (let path = 0; path <= 60; path++) {
          const bytes = encoder.encode(`--/${path}`);
          const found = index.find(hashes[path] as number, bytes, 2, bytes.length);
          assert.equal(found, model.get(path) ?? 0);
        }
      },
    ),
  );
});

test('PathIndex is between three fifths and three quarters full', () => {
  const holder = new TextHolder();
  const index = new PathIndex(holder);
  const count = 200_000;
  for (let number = 0; number < count; number++) {
    const path = encoder.encode(`/n${number}`);
    index.insert(PLAIN_PATH_HASH.of(path, 0, path.length), number + 1);
  }
  const bytesPerEntry = index.bytes / count;
  assert.ok(bytesPerEntry >= 8 / 0.75 && bytesPerEntry <= 8 / 0.58, `${bytesPerEntry}`);
});
