/** The fault model of the simulated disk: what a kill and a power cut may do, and what not. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import type { DiskReader, DiskRequest } from '../log/disk.ts';
import { DiskFile, SECTOR_BYTES } from './disk-file.ts';
import { SimClock } from './sim-clock.ts';
import { type DiskOptions, SimDisk } from './sim-disk.ts';

const QUICK: DiskOptions = {
  writeUsMax: 100,
  syncUsMin: 100,
  syncUsMax: 1000,
  stallOneIn: 0,
  stallUsMax: 0,
  failOneIn: 0,
  readFailOneIn: 0,
};

class Bench {
  readonly clock = new SimClock();
  readonly disk: SimDisk;
  reader: DiskReader;
  readonly completed: [number, string | null][] = [];
  #token = 0;

  constructor(seed: number, options: DiskOptions = QUICK) {
    this.disk = new SimDisk(this.clock, new Prng(seed), options);
    this.reader = this.open();
  }

  open(): DiskReader {
    this.reader = this.disk.open((request, error) => this.completed.push([request.token, error]));
    return this.reader;
  }

  write(position: number, bytes: Uint8Array, sync: boolean): number {
    const write = { kind: 'write', directory: 'log', name: 'f', growToBytes: 0 } as const;
    return this.submit({ ...write, token: 0, position, pieces: [bytes], sync });
  }

  submit(request: DiskRequest): number {
    const token = ++this.#token;
    this.disk.submit({ ...request, token });
    return token;
  }

  run(us = 1_000_000): void {
    this.clock.runUntil(this.clock.nowUs + us);
  }

  content(name = 'f', directory: 'log' | 'snap' = 'log'): Uint8Array | null {
    const size = this.reader.sizeBytes(directory, name);
    if (size < 0) return null;
    const target = new Uint8Array(size);
    this.reader.read(directory, name, 0, target, 0, size);
    return target;
  }

  /** A file "f" of that many synced bytes, each 1. */
  withFile(bytes: number): this {
    const create = { kind: 'create', directory: 'log', name: 'f', token: 0 } as const;
    this.submit({ ...create, preallocateBytes: 0, bytes: filled(bytes, 1) });
    this.run();
    return this;
  }
}

function filled(bytes: number, value: number): Uint8Array {
  return new Uint8Array(bytes).fill(value);
}

describe('SimDisk at a power cut', () => {
  it('keeps every byte that was synced', () => {
    for (let seed = 0; seed < 200; seed++) {
      const bench = new Bench(seed).withFile(3000);
      bench.write(1000, filled(1500, 2), true);
      bench.run();
      bench.write(2000, filled(5000, 3), true);
      bench.run(50);
      bench.disk.cutPower();
      bench.open();
      const content = bench.content() as Uint8Array;
      assert.ok(content.length >= 3000);
      for (let index = 0; index < 2000; index++) assert.equal(content[index], index < 1000 ? 1 : 2);
    }
  });

  it('keeps, loses or tears each sector that was not synced, and meets all three', () => {
    const fates = { kept: 0, lost: 0, torn: 0 };
    for (let seed = 0; seed < 100; seed++) {
      const bench = new Bench(seed).withFile(4 * SECTOR_BYTES);
      bench.write(0, filled(4 * SECTOR_BYTES, 2), false);
      bench.run();
      assert.deepEqual(bench.content(), filled(4 * SECTOR_BYTES, 2));
      bench.disk.cutPower();
      bench.open();
      const content = bench.content() as Uint8Array;
      for (let sector = 0; sector < 4; sector++) {
        const bytes = content.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
        const newCount = bytes.filter((byte) => byte === 2).length;
        assert.ok(bytes.every((byte) => byte === 1 || byte === 2));
        if (newCount === 0) fates.lost++;
        else if (newCount === SECTOR_BYTES) fates.kept++;
        else fates.torn++;
      }
      assert.equal(
        bench.disk.counts.sectorsKept +
          bench.disk.counts.sectorsLost +
          bench.disk.counts.sectorsTorn,
        4,
      );
    }
    for (const count of Object.values(fates)) assert.ok(count > 50, JSON.stringify(fates));
  });

  it('leaves an unsynced length as it was, as it became, or between', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const bench = new Bench(seed).withFile(100);
      bench.write(100, filled(4000, 2), false);
      bench.run();
      bench.disk.cutPower();
      bench.open();
      lengths.add((bench.content() as Uint8Array).length);
    }
    assert.ok(lengths.has(100) && lengths.has(4100));
    assert.ok([...lengths].some((length) => length > 100 && length < 4100));
  });

  it('undoes or keeps a replace as a whole', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 300; seed++) {
      const bench = new Bench(seed);
      const replace = { kind: 'replace', directory: 'snap', name: 'e', token: 0 } as const;
      bench.submit({ ...replace, bytes: Uint8Array.of(49) });
      bench.run();
      bench.submit({ ...replace, bytes: Uint8Array.of(50) });
      bench.run(bench.disk.counts.syncCount * 500);
      bench.disk.cutPower();
      bench.open();
      const content = bench.content('e', 'snap') as Uint8Array;
      const isDone = bench.completed.length === 2;
      assert.ok(content.length === 1, 'the file is never cut');
      if (isDone) assert.equal(content[0], 50);
      seen.add(`${isDone ? 'done' : 'under way'} ${content[0]}`);
    }
    assert.deepEqual([...seen].sort(), ['done 50', 'under way 49', 'under way 50']);
  });

  it('keeps what a completed remove took away from coming back', () => {
    for (let seed = 0; seed < 50; seed++) {
      const bench = new Bench(seed).withFile(10);
      bench.submit({ kind: 'remove', directory: 'log', names: ['f'], token: 0 });
      bench.run();
      bench.disk.cutPower();
      bench.open();
      assert.equal(bench.content(), null);
    }
  });
});

describe('SimDisk at a kill', () => {
  it('keeps what was written without sync, and loses it if the power goes later', () => {
    let lostCount = 0;
    for (let seed = 0; seed < 40; seed++) {
      const bench = new Bench(seed).withFile(SECTOR_BYTES);
      bench.write(0, filled(SECTOR_BYTES, 2), false);
      bench.run();
      bench.disk.kill();
      bench.open();
      assert.deepEqual(bench.content(), filled(SECTOR_BYTES, 2));
      bench.disk.cutPower();
      bench.open();
      if ((bench.content() as Uint8Array)[0] === 1) lostCount++;
    }
    assert.ok(lostCount > 0);
  });

  it('carries out some first part of the request under way and none of those behind it', () => {
    const parts = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const bench = new Bench(seed).withFile(100);
      bench.write(100, filled(100, 2), true);
      bench.write(200, filled(100, 3), true);
      bench.run(1);
      bench.disk.kill();
      bench.run();
      bench.open();
      const content = bench.content() as Uint8Array;
      assert.ok(content.length <= 200);
      assert.deepEqual(bench.completed, [[1, null]]);
      parts.add(content.length);
    }
    assert.ok(parts.has(100) && parts.has(200) && parts.size > 5);
  });
});

describe('SimDisk when a sync fails', () => {
  it('says so once, completes nothing more, and still keeps what was synced before', () => {
    const bench = new Bench(1).withFile(1000);
    bench.disk.setOptions({ ...QUICK, failOneIn: 1 });
    const failed = bench.write(1000, filled(1000, 2), true);
    bench.write(2000, filled(1000, 3), true);
    bench.run();
    assert.equal(bench.completed.length, 2);
    assert.equal(bench.completed[1]?.[0], failed);
    assert.match(bench.completed[1]?.[1] ?? '', /EIO/);
    bench.disk.kill();
    bench.open();
    const content = bench.content() as Uint8Array;
    assert.deepEqual(content.subarray(0, 1000), filled(1000, 1));
    assert.ok(content.every((byte) => byte !== 3));
  });
});

describe('DiskFile', () => {
  it('keeps a durable rest behind an unsynced truncation, until that is synced', () => {
    const file = new DiskFile();
    file.write(0, filled(2000, 1));
    file.sync();
    file.truncate(100);
    assert.equal(file.isSynced, false);
    assert.deepEqual(file.durableContent(), filled(2000, 1));
    file.sync();
    assert.equal(file.isSynced, true);
    file.grow(300);
    file.sync();
    assert.deepEqual(file.durableContent().subarray(100), filled(200, 0));
  });
});
