/**
 * The tests' own means, put to the test: a disk that never loses anything would prove nothing.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JuteWriter, Prng } from '@zabra/protocol';
import { Ledger } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';

test('MemoryDisk keeps what was synced and may lose what was not', () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const prng = new Prng(seed);
    const disk = new MemoryDisk();
    const base = { directory: 'log', name: 'a' } as const;
    const bytes = Uint8Array.of(1, 2);
    disk.submit({ kind: 'create', token: 1, ...base, preallocateBytes: 4, bytes });
    assert.equal(disk.completeOne(prng), 1);
    const pieces = [Uint8Array.of(3)];
    const write = { kind: 'write', ...base, position: 2, pieces, growToBytes: 0 } as const;
    disk.submit({ ...write, token: 2, sync: false });
    assert.equal(disk.completeOne(prng), 2);
    disk.cutPower(prng);
    const left = [...disk.bytes('log', 'a')];
    assert.deepEqual(left.slice(0, 2), [1, 2]);
    outcomes.add(String(left[2]));
  }
  assert.deepEqual([...outcomes].sort(), ['0', '3']);
});

test('MemoryDisk loses a file whose name no sync has covered, at times', () => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const disk = new MemoryDisk();
    const bytes = Uint8Array.of(1, 2);
    disk.submit({ kind: 'replace', token: 1, directory: 'snap', name: 'e', bytes });
    disk.cutPower(new Prng(seed));
    outcomes.add(disk.sizeBytes('snap', 'e'));
  }
  assert.deepEqual([...outcomes].sort(), [-1, 2]);
});

test('Ledger finds the end of a body that is cut anywhere', () => {
  const w = new JuteWriter();
  const stream = new Ledger();
  stream.entries = ['1:2', '2:3'];
  stream.stream().next(w, 1000);
  w.int(42);
  for (let cut = 1; cut < w.position; cut++) {
    const ledger = new Ledger();
    ledger.begin();
    let taken = ledger.pushBody(w.buffer, 0, cut);
    if (!ledger.bodyEnded) taken += ledger.pushBody(w.buffer, cut, w.position);
    assert.equal(ledger.bodyEnded, true);
    assert.equal(taken, w.position - 4);
    ledger.installBody(2);
    assert.deepEqual(ledger.entries, ['1:2', '2:3']);
  }
});
