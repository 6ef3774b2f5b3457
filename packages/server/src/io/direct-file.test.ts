/**
 * Writes past the page cache leave the same bytes in the file as any others: whatever their cuts,
 * however many, behind what was there, with zeros up to the end of the block.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import { DirectFile, makeStage } from './direct-file.ts';

const BLOCK_BYTES = 4096;
const SEED = 20261130;

let root = '';
let name = '';

/** The system under the test's directory takes such writes. */
function isSupported(): boolean {
  const flags = fs.constants.O_WRONLY | (fs.constants.O_DIRECT ?? 0);
  try {
    fs.closeSync(fs.openSync(name, flags));
    return fs.constants.O_DIRECT !== undefined;
  } catch {
    return false;
  }
}

async function open(position: number): Promise<DirectFile | null> {
  const stage = makeStage();
  return stage === null ? null : await DirectFile.open(name, position, stage);
}

function randomBytes(prng: Prng, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => 1 + prng.below(255));
}

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-direct-'));
  name = path.join(root, 'log.1');
});
afterEach(() => fs.rmSync(root, { recursive: true }));

describe('DirectFile', () => {
  it('opens exactly where the file system takes such writes and there is room', async () => {
    fs.writeFileSync(name, new Uint8Array(2 * BLOCK_BYTES));
    const file = await open(10);
    assert.equal(file !== null, isSupported());
    await file?.close();
    assert.equal(await open(2 * BLOCK_BYTES), null);
    assert.equal(await open(3 * BLOCK_BYTES), null);
  });

  it('leaves what any write would leave, wherever it is cut', async () => {
    const prng = new Prng(SEED);
    const head = randomBytes(prng, 5000);
    const sizeBytes = 8 << 20;
    const wanted = new Uint8Array(sizeBytes);
    wanted.set(head);
    fs.writeFileSync(name, wanted);
    let file = await open(head.length);
    assert.equal(file !== null, isSupported());
    if (file === null) return;
    let position = head.length;
    for (let round = 0; round < 60; round++) {
      const most = round % 20 === 0 ? 1_500_000 : 9000;
      const pieces = Array.from({ length: prng.below(4) + 1 }, () =>
        randomBytes(prng, prng.below(most)),
      );
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (!file.takes(position, bytes)) break;
      assert.ok(await file.write(pieces, position));
      for (const piece of pieces) {
        wanted.set(piece, position);
        position += piece.length;
      }
      if (round % 7 !== 0) continue;
      await file.close();
      file = await open(position);
      assert.ok(file !== null);
    }
    await file.close();
    assert.ok(position > 3 << 20, `seed ${SEED} wrote ${position} bytes only`);
    assert.ok(Buffer.from(wanted).equals(fs.readFileSync(name)), `seed ${SEED}`);
  });

  it('takes only what continues and fits with its padding, until the file has grown', async () => {
    fs.writeFileSync(name, new Uint8Array(2 * BLOCK_BYTES));
    const file = await open(100);
    assert.equal(file !== null, isSupported());
    if (file === null) return;
    assert.ok(file.takes(100, BLOCK_BYTES));
    assert.ok(!file.takes(101, 10), 'a gap');
    assert.ok(!file.takes(0, 10), 'written already');
    assert.ok(!file.takes(100, 2 * BLOCK_BYTES), 'beyond the end');
    fs.truncateSync(name, 4 * BLOCK_BYTES);
    file.onGrown(4 * BLOCK_BYTES);
    assert.ok(file.takes(100, 2 * BLOCK_BYTES));
    await file.close();
  });
});
