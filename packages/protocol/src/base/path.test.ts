/**
 * The path rule, row by row as client-protocol.md 7.2 states it, and the pieces of paths.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { baseName, hasNul, parentPath, sequentialName, validatePath } from './path.ts';

const GOOD = [
  '/',
  '/a',
  '/a/b',
  '/a.b',
  '/...',
  '/.a',
  '/a..',
  '/a b',
  '/\u00a0',
  '/\ud7ff',
  '/\uffef',
];

/** Path, and what the reason must say. */
const BAD: readonly (readonly [string, string])[] = [
  ['', 'path is empty'],
  ['a', 'path does not start with "/"'],
  ['a/b', 'path does not start with "/"'],
  ['/a/', 'path ends with "/"'],
  ['//', 'empty name at 1'],
  ['//a', 'empty name at 1'],
  ['/a//b', 'empty name at 3'],
  ['/.', 'relative name at 1'],
  ['/..', 'relative name at 1'],
  ['/a/./b', 'relative name at 3'],
  ['/a/..', 'relative name at 3'],
  ['/a\0', 'character U+0000 at 2'],
  ['/\u0001', 'character U+0001 at 1'],
  ['/\u001f', 'character U+001F at 1'],
  ['/\u007f', 'character U+007F at 1'],
  ['/\u009f', 'character U+009F at 1'],
  ['/\ud800', 'character U+D800 at 1'],
  ['/\uf8ff', 'character U+F8FF at 1'],
  ['/\ufff0', 'character U+FFF0 at 1'],
  ['/\uffff', 'character U+FFFF at 1'],
  ['/\u{1f600}', 'character U+D83D at 1'],
];

for (const path of GOOD) {
  test(`validatePath accepts ${JSON.stringify(path)}`, () => {
    assert.equal(validatePath(path), null);
  });
}

for (const [path, reason] of BAD) {
  test(`validatePath refuses ${JSON.stringify(path)}`, () => {
    assert.equal(validatePath(path), reason);
  });
}

test('parentPath and baseName take apart what they join', () => {
  const names = fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(names, (parts) => {
      const path = `/${parts.join('/')}`;
      assert.equal(validatePath(path), null);
      assert.equal(baseName(path), parts.at(-1));
      assert.equal(parentPath(path), `/${parts.slice(0, -1).join('/')}`);
    }),
  );
});

test('parentPath of a text without a slash names nothing', () => {
  assert.equal(parentPath('a'), '');
  assert.equal(parentPath('/'), '/');
});

/** Counter and suffix; Java's `%010d` counts the sign in the width. */
const SUFFIXES: readonly (readonly [number, string])[] = [
  [0, '0000000000'],
  [42, '0000000042'],
  [2147483647, '2147483647'],
  [-1, '-000000001'],
  [-2147483647, '-2147483647'],
  [-2147483648, '-2147483648'],
];

for (const [counter, suffix] of SUFFIXES) {
  test(`sequentialName appends ${suffix} for ${counter}`, () => {
    assert.equal(sequentialName('/q/n-', counter), `/q/n-${suffix}`);
  });
}

test('hasNul finds the character wherever it stands', () => {
  assert.equal(hasNul('/a\0b'), true);
  assert.equal(hasNul('/a0b'), false);
});
