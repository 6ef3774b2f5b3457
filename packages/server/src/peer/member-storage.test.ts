/** What is logged and not applied: the part of the history that a server must not forget (S1). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemberStorage } from './member-storage.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const BYTES = Uint8Array.of(1, 2, 3);

function tailOf(storage: MemberStorage): number[] {
  const zxids: number[] = [];
  storage.takeTail(({ zxid, buffer, start, end }) => {
    assert.deepEqual([...buffer.subarray(start, end)], [...BYTES]);
    zxids.push(zxid);
  });
  return zxids;
}

function storageWith(count: number): MemberStorage {
  const storage = new MemberStorage(new ServerBed().core.disk);
  for (let zxid = 1; zxid <= count; zxid++) storage.append(zxid, BYTES, 0, BYTES.length);
  return storage;
}

describe('MemberStorage', () => {
  it('hands over what was logged and not applied, oldest first, once', () => {
    const storage = storageWith(5);
    storage.onApplied(2);
    assert.equal(storage.lastLoggedZxid, 5);
    assert.deepEqual(tailOf(storage), [3, 4, 5]);
    assert.deepEqual(tailOf(storage), []);
  });

  it('has no tail when everything is applied, even by a snapshot beyond it', () => {
    const storage = storageWith(5);
    storage.onApplied(5);
    assert.deepEqual(tailOf(storage), []);
    const other = storageWith(5);
    other.onApplied(2 ** 40);
    assert.deepEqual(tailOf(other), []);
  });

  it('applies nothing by a zxid below its tail', () => {
    const storage = storageWith(3);
    storage.onApplied(0);
    assert.deepEqual(tailOf(storage), [1, 2, 3]);
  });

  it('forgets its tail when the state was read anew', () => {
    const storage = storageWith(3);
    storage.forgetTail();
    assert.deepEqual(tailOf(storage), []);
    storage.append(4, BYTES, 0, BYTES.length);
    assert.deepEqual(tailOf(storage), [4]);
  });
});
