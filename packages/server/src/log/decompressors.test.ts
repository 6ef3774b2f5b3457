/**
 * The decompressors against Node's zlib, against blocks made by hand, and against damage. That they
 * read what Apache wrote is shown by the golden sets.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { Prng } from '@zabra/protocol';
import type { Decompressor } from './decompressor.ts';
import { openDecompressor } from './decompressors.ts';
import { HuffmanTable } from './huffman-table.ts';
import { snappyBlock } from './snappy-decompressor.ts';

interface Plain {
  readonly bytes: Uint8Array;
  readonly ended: boolean;
  readonly error: string | null;
}

function decompress(
  machine: Decompressor,
  compressed: Uint8Array,
  cut: number,
  read: number,
): Plain {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < compressed.length; start += cut) {
    machine.push(compressed, start, Math.min(compressed.length, start + cut));
    for (;;) {
      const target = new Uint8Array(read + 2);
      const got = machine.read(target, 1, read);
      if (got === 0) break;
      assert.equal(target[0], 0);
      parts.push(target.slice(1, 1 + got));
    }
  }
  return { bytes: Buffer.concat(parts), ended: machine.ended, error: machine.error };
}

function samples(): [string, Uint8Array][] {
  const prng = new Prng(3);
  const random = Uint8Array.from({ length: 70_000 }, () => prng.below(256));
  const words = Array.from({ length: 9000 }, () => `word${prng.below(50)} `).join('');
  return [
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['zeros', new Uint8Array(200_000)],
    ['random', random],
    ['words', Buffer.from(words)],
    ['far repetition', Buffer.concat([random.subarray(0, 32_768), random.subarray(0, 32_768)])],
  ];
}

test('GzipDecompressor gives what Node compressed, at every level, however it is cut', () => {
  for (const [name, plain] of samples()) {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [zlib.constants.Z_DEFAULT_STRATEGY, zlib.constants.Z_FIXED]) {
        const compressed = zlib.gzipSync(plain, { level, strategy });
        for (const [cut, read] of [
          [compressed.length, 1 << 20],
          [17, 1000],
          [4096, 3],
        ] as const) {
          if (read === 3 && plain.length > 100_000) continue;
          const found = decompress(openDecompressor('gz'), compressed, cut, read);
          assert.equal(found.error, null, `${name} at level ${level}`);
          assert.equal(found.ended, true);
          assert.ok(Buffer.from(plain).equals(found.bytes), `${name} at level ${level}`);
        }
      }
    }
  }
});

test('GzipDecompressor reads a header with every optional part', () => {
  const plain = Buffer.from('plain bytes');
  const bare = zlib.gzipSync(plain);
  const flags = 2 + 4 + 8 + 16;
  const start = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
  const extra = Buffer.from([3, 0, 1, 2, 3]);
  const text = Buffer.from('name\0comment\0');
  const whole = Buffer.concat([start, extra, text, Buffer.from([1, 2]), bare.subarray(10)]);
  for (const cut of [1, 5, 1000]) {
    const found = decompress(openDecompressor('gz'), whole, cut, 100);
    assert.deepEqual([found.error, found.ended], [null, true]);
    assert.equal(Buffer.from(found.bytes).toString(), 'plain bytes');
  }
});

test('GzipDecompressor notices every cut, and every flipped bit that changes anything', () => {
  const plain = Buffer.from('some words, some more words, and some words again '.repeat(9));
  const compressed = zlib.gzipSync(plain);
  for (let position = 0; position < compressed.length; position++) {
    const cutOff = decompress(openDecompressor('gz'), compressed.subarray(0, position), 64, 1000);
    assert.equal(cutOff.ended, false, `cut at ${position}`);
    // Flags, time and the like say nothing of the content.
    if (position > 2 && position < 10) continue;
    const flipped = Uint8Array.from(compressed);
    flipped[position] = (flipped[position] as number) ^ 0x08;
    const found = decompress(openDecompressor('gz'), flipped, 64, 1000);
    const isSame = found.ended && plain.equals(found.bytes);
    assert.ok(found.error !== null || !found.ended || isSame, `flipped at ${position}`);
  }
});

test('HuffmanTable refuses lengths that are no code', () => {
  assert.equal(HuffmanTable.from(Uint8Array.of(1, 1, 1)), null);
  assert.equal(HuffmanTable.from(Uint8Array.of(2, 2, 2)), null);
  assert.notEqual(HuffmanTable.from(Uint8Array.of(1, 1)), null);
  assert.notEqual(HuffmanTable.from(Uint8Array.of(0, 1)), null);
});

test('snappyBlock gives literals and copies of every kind', () => {
  const long = Array.from({ length: 70 }, (_, index) => index);
  const rows: [string, number[], number[] | null][] = [
    ['a literal', [3, 2 << 2, 1, 2, 3], [1, 2, 3]],
    ['a literal with its count behind the tag', [70, 60 << 2, 69, ...long], long],
    ['a near copy', [6, 1 << 2, 8, 9, (0 << 2) | 1, 2], [8, 9, 8, 9, 8, 9]],
    ['a copy at 16 bits', [4, 1 << 2, 8, 9, (1 << 2) | 2, 2, 0], [8, 9, 8, 9]],
    ['a copy at 32 bits', [4, 1 << 2, 8, 9, (1 << 2) | 3, 2, 0, 0, 0], [8, 9, 8, 9]],
    ['a copy from before the start', [5, 0, 8, (0 << 2) | 1, 2], null],
    ['a copy beyond the end', [3, 1 << 2, 8, 9, (3 << 2) | 2, 2, 0], null],
    ['a literal that is cut off', [5, 4 << 2, 1, 2], null],
    ['a block that ends early', [9, 0, 1], null],
    ['a length that does not end', [255, 255, 255, 255, 255, 255], null],
  ];
  for (const [name, block, wanted] of rows) {
    const found = snappyBlock(Uint8Array.from(block), 0, block.length);
    if (wanted === null) assert.equal(typeof found, 'string', name);
    else assert.deepEqual(found, Uint8Array.from(wanted), name);
  }
});

test('SnappyDecompressor reads chunk after chunk, cut anywhere, and knows where it may end', () => {
  const header = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];
  const chunks = [0, 0, 0, 5, 3, 2 << 2, 1, 2, 3, 0, 0, 0, 3, 1, 0, 7];
  const stream = Uint8Array.from([...header, ...chunks]);
  for (const cut of [1, 3, 100]) {
    const found = decompress(openDecompressor('snappy'), stream, cut, 2);
    assert.deepEqual([...found.bytes], [1, 2, 3, 7]);
    assert.deepEqual([found.ended, found.error], [true, null]);
  }
  const cutOff = decompress(openDecompressor('snappy'), stream.subarray(0, -1), 100, 2);
  assert.equal(cutOff.ended, false);
  const bad = stream.slice();
  bad[16] = 0x80;
  assert.notEqual(decompress(openDecompressor('snappy'), bad, 100, 2).error, null);
});
