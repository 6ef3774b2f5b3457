/**
 * What the disk of rehearsals does beyond the contract of every disk, which `test/contracts` has:
 * real files are seen, cut and renamed, and stay as they are; what would change is written down.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FileReader } from './file-reader.ts';
import { OverlayDisk } from './overlay-disk.ts';

let root = '';
let disk: OverlayDisk;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-overlay-'));
  fs.writeFileSync(path.join(root, 'log.1'), 'abcdefgh');
  fs.writeFileSync(path.join(root, 'zabra.received'), 'snapshot');
  disk = new OverlayDisk(new FileReader({ log: root, snap: root }), true);
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function text(directory: 'log' | 'snap', name: string): string {
  const target = new Uint8Array(100);
  const count = disk.read(directory, name, 0, target, 0, target.length);
  return Buffer.from(target.subarray(0, count)).toString();
}

describe('OverlayDisk over real files', () => {
  it('shows a cut, a new name and a removal without touching any of them', () => {
    disk.submit({ kind: 'truncate', token: 1, directory: 'log', name: 'log.1', bytes: 3 });
    const finish = { kind: 'finish', name: 'zabra.received', to: 'snapshot.5' } as const;
    disk.submit({ ...finish, token: 2, directory: 'snap' });
    assert.equal(text('log', 'log.1'), 'abc');
    assert.equal(disk.sizeBytes('log', 'log.1'), 3);
    assert.equal(text('snap', 'snapshot.5'), 'snapshot');
    assert.deepEqual(disk.list('snap').sort(), ['log.1', 'snapshot.5']);
    disk.submit({ kind: 'remove', token: 3, directory: 'log', names: ['log.1', 'absent'] });
    assert.deepEqual(disk.list('snap'), ['snapshot.5']);
    assert.deepEqual(fs.readdirSync(root).sort(), ['log.1', 'zabra.received']);
    assert.equal(fs.readFileSync(path.join(root, 'log.1'), 'utf8'), 'abcdefgh');
  });

  it('writes into a copy of a real file', () => {
    const write = { kind: 'write', token: 1, directory: 'log', name: 'log.1', sync: true } as const;
    disk.submit({ ...write, position: 2, pieces: [Buffer.from('XY')], growToBytes: 0 });
    assert.equal(text('log', 'log.1'), 'abXYefgh');
    assert.equal(fs.readFileSync(path.join(root, 'log.1'), 'utf8'), 'abcdefgh');
  });

  it('writes down what would change, and nothing else', () => {
    disk.submit({ kind: 'sync', token: 1, directory: 'log', name: 'log.1' });
    disk.submit({ kind: 'remove', token: 2, directory: 'log', names: ['absent'] });
    disk.submit({ kind: 'truncate', token: 3, directory: 'log', name: 'log.1', bytes: 3 });
    assert.deepEqual(
      disk.changes.map(({ token }) => token),
      [3],
    );
  });
});
