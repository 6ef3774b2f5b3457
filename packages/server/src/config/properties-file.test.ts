/** Java's properties syntax, row by row, and that no text can make the reader lose a line. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from './config-error.ts';
import { decodeProperties, parseProperties } from './properties-file.ts';

const rows: readonly (readonly [name: string, text: string, wanted: Record<string, string>])[] = [
  ['an equals sign', 'a=b', { a: 'b' }],
  ['a colon', 'a:b', { a: 'b' }],
  ['a blank', 'a b', { a: 'b' }],
  ['blanks around the sign', '  a \t= b c \t', { a: 'b c' }],
  ['a sign in the value', 'server.1=h:1:2;3=4', { 'server.1': 'h:1:2;3=4' }],
  ['two signs', 'a==b', { a: '=b' }],
  ['a key alone', 'a', { a: '' }],
  ['comments and blank lines', '# x=1\n! y=2\n\n   # z=3\na=b', { a: 'b' }],
  ['every kind of line end', 'a=1\r\nb=2\rc=3\n', { a: '1', b: '2', c: '3' }],
  ['the last of equal keys', 'a=1\nb=2\na=3', { a: '3', b: '2' }],
  ['a continued line', 'a=1,\\\n   2,\\\r\n3', { a: '1,2,3' }],
  ['a continued line with a hash in it', 'a=1\\\n#2', { a: '1#2' }],
  ['an escaped backslash at the end', 'a=1\\\\\nb=2', { a: '1\\', b: '2' }],
  ['a continued last line', 'a=1\\', { a: '1' }],
  ['a comment that ends in a backslash', '# x \\\na=1', { a: '1' }],
  ['doubled backslashes in a path', 'dataDir=C:\\\\zk\\\\data', { dataDir: 'C:\\zk\\data' }],
  ['single backslashes in a path', 'dataDir=C:\\zk', { dataDir: 'C:zk' }],
  ['escaped signs in a key', 'a\\=b\\:c\\ d=e', { 'a=b:c d': 'e' }],
  ['escapes of blanks', 'a=x\\ty\\nz', { a: 'x\ty\nz' }],
  ['unicode escapes', 'a=\\u00e9\\u20AC', { a: 'é€' }],
  ['no key at all', '=b', { '': 'b' }],
];

describe('parseProperties', () => {
  for (const [name, text, wanted] of rows) {
    it(`reads ${name}`, () => {
      assert.deepEqual(Object.fromEntries(parseProperties(text)), wanted);
    });
  }

  it('refuses a broken unicode escape', () => {
    assert.throws(() => parseProperties('a=\\u12g4'), ConfigError);
  });

  it('gives back every key and value that was escaped', () => {
    const word = fc
      .string({ minLength: 1 })
      .map((text) => text.trim())
      .filter((text) => text !== '');
    const escape = (text: string) =>
      [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    fc.assert(
      fc.property(fc.dictionary(word, word, { noNullPrototype: true }), (entries) => {
        const text = Object.entries(entries)
          .map(([key, value]) => `${escape(key)} = ${escape(value)}`)
          .join('\n');
        assert.deepEqual(Object.fromEntries(parseProperties(text)), { ...entries });
      }),
    );
  });
});

describe('decodeProperties', () => {
  it('reads each byte as one character of ISO-8859-1', () => {
    assert.equal(decodeProperties(Uint8Array.from([0x61, 0xe9, 0xff])), 'a\u00e9\u00ff');
  });
});
