/**
 * UTF-8 against the WHATWG encoder and decoder, by the native path and by the portable one.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from './bytes.ts';
import { utf8Decode, utf8DecodePortable, utf8Encode, utf8Length, utf8Write } from './text.ts';

/** The byte order mark is a character like others: Java keeps it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-16 units of every kind, lone surrogates included, on both sides of each length threshold. */
const texts = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0x7ff }),
      fc.integer({ min: 0x800, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.integer({ min: 0x10000, max: 0x10ffff }),
    ),
    { maxLength: 60, size: 'max' },
  )
  .map((points) => points.map((point) => String.fromCodePoint(point)).join(''));

test('utf8Encode, utf8Length and utf8Write agree with the standard encoder', () => {
  fc.assert(
    fc.property(texts, fc.nat(3), (text, position) => {
      const expected = encoder.encode(text);
      assert.equal(bytesToHex(utf8Encode(text)), bytesToHex(expected));
      assert.equal(utf8Length(text), expected.length);
      const target = new Uint8Array(position + expected.length + 2).fill(0xaa);
      assert.equal(utf8Write(target, position, text), expected.length);
      const around = `${'aa'.repeat(position)}${bytesToHex(expected)}aaaa`;
      assert.equal(bytesToHex(target), around);
    }),
  );
});

test('utf8Decode and the portable decoder agree with the standard one on well-formed input', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = encoder.encode(text);
      const expected = decoder.decode(bytes);
      assert.equal(utf8Decode(bytes, 0, bytes.length), expected);
      assert.equal(utf8DecodePortable(bytes, 0, bytes.length), expected);
    }),
  );
});

test('utf8Decode replaces ill-formed sequences as the standard decoder does', () => {
  const nearlyText = fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x80, 0x9f, 0xa0, 0xbf),
  );
  const bytesDrawn = fc.array(nearlyText, { maxLength: 50, size: 'max' });
  fc.assert(
    fc.property(bytesDrawn, fc.nat(), (drawn, skip) => {
      const bytes = Uint8Array.from(drawn);
      const start = skip % (bytes.length + 1);
      const expected = decoder.decode(bytes.subarray(start));
      assert.equal(utf8Decode(bytes, start, bytes.length), expected);
      assert.equal(utf8DecodePortable(bytes, start, bytes.length), expected);
    }),
    { numRuns: 1000 },
  );
});

/** The form in which Java writes characters beyond U+FFFF: two surrogates of three bytes each. */
test('utf8Decode reads a surrogate pair of three bytes each as six replacements', () => {
  const bytes = Uint8Array.of(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80);
  assert.equal(utf8Decode(bytes, 0, bytes.length), '\ufffd'.repeat(6));
});
