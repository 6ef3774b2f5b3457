/**
 * Quotas: text, usage, limits (client-protocol.md 14; traps 40 and 42, storage-and-config.md 6.4).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorName, OpCode } from '@zabra/protocol';
import { parseQuota, usageText } from './quota-text.ts';
import { createBody, pathWatchBody, reader, setDataBody, StateBed } from './state-bed.test-kit.ts';

const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** As the shell sets a quota: the znodes above, the limits, the usage. */
function setQuota(bed: StateBed, path: string, limits: string): void {
  let parent = '/zookeeper/quota';
  for (const name of path.slice(1).split('/')) {
    parent += `/${name}`;
    if (bed.stat(parent) === null) bed.create(parent);
  }
  bed.create(`${parent}/${LIMITS}`, { data: limits });
  bed.create(`${parent}/${STATS}`, { data: 'count=0,bytes=0' });
}

function usage(bed: StateBed, path: string): string | null {
  return bed.data(`/zookeeper/quota${path}/${STATS}`);
}

test('the text of a quota', () => {
  const rows: readonly [string, readonly number[] | null][] = [
    ['count=1,bytes=2', [1, 2, -1, -1]],
    ['count=1,bytes=2=;byteHardLimit=3;countHardLimit=4', [1, 2, 4, 3]],
    ['count=1;;,,bytes=2', [1, 2, -1, -1]],
    ['bytes=-1,count=', [-1, -1, -1, -1]],
    ['byteHardLimit=7', [-1, -1, -1, 7]],
    ['count=+5', [5, -1, -1, -1]],
    ['count=9223372036854775807', [2 ** 63, -1, -1, -1]],
    ['', [-1, -1, -1, -1]],
    ['unknown=3', [-1, -1, -1, -1]],
    ['rubbish', null],
    ['count=x', null],
    ['count=1.5', null],
    [',count=1', null],
    ['count', null],
  ];
  for (const [text, expected] of rows) {
    const data = new TextEncoder().encode(text);
    const found = parseQuota(data, 0, data.length);
    const numbers = found && [found.count, found.bytes, found.countHardLimit, found.byteHardLimit];
    assert.deepEqual(numbers, expected, text);
  }
  assert.equal(usageText(3, 40), 'count=3,bytes=40');
});

test('a new quota is counted, its own znode included, and follows every write below it', () => {
  const bed = new StateBed();
  bed.create('/q', { data: '12' });
  bed.create('/q/a', { data: '345' });
  bed.create('/quiet', { data: 'no' });
  setQuota(bed, '/q', 'count=9,bytes=9');
  assert.equal(usage(bed, '/q'), 'count=2,bytes=5');
  bed.create('/q/a/b', { data: '6789' });
  assert.equal(usage(bed, '/q'), 'count=3,bytes=9');
  bed.setData('/q/a', '3');
  assert.equal(usage(bed, '/q'), 'count=3,bytes=7');
  bed.delete('/q/a/b');
  bed.setData('/q', '');
  assert.equal(usage(bed, '/q'), 'count=2,bytes=1');
  bed.setData('/quiet', 'noise');
  bed.create('/qq');
  bed.create('/q/null', { data: null });
  assert.equal(usage(bed, '/q'), 'count=3,bytes=1');
});

test('trap 40: usage changes no Stat but its length, and no digest', () => {
  const bed = new StateBed();
  bed.create('/q');
  setQuota(bed, '/q', 'count=9');
  const before = bed.mustStat(`/zookeeper/quota/q/${STATS}`);
  for (let index = 0; index < 9; index++) bed.create(`/q/${index}`, { data: 'x' });
  assert.equal(usage(bed, '/q'), 'count=10,bytes=9');
  const reply = bed.read(OpCode.getData, pathWatchBody(`/zookeeper/quota/q/${STATS}`));
  assert.equal(reader(reply).string(), 'count=10,bytes=9', 'what a client reads is never older');
  const after = bed.mustStat(`/zookeeper/quota/q/${STATS}`);
  assert.deepEqual(after, { ...before, dataLength: 'count=10,bytes=9'.length });
});

test('only the deepest quota counts, and a path is matched by names', () => {
  const bed = new StateBed();
  bed.create('/q');
  bed.create('/q/deep');
  setQuota(bed, '/q', 'count=9');
  setQuota(bed, '/q/deep', 'count=9');
  bed.create('/q/deep/x', { data: '1' });
  bed.create('/q/deeper', { data: '22' });
  assert.deepEqual(
    [usage(bed, '/q'), usage(bed, '/q/deep')],
    ['count=3,bytes=2', 'count=2,bytes=1'],
  );
});

test('deleting the limits ends the quota', () => {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/q');
  setQuota(bed, '/q', 'countHardLimit=1');
  assert.equal(bed.write(OpCode.create, createBody('/q/a')).err, 'QUOTAEXCEEDED');
  bed.delete(`/zookeeper/quota/q/${LIMITS}`);
  bed.create('/q/a');
  assert.equal(usage(bed, '/q'), 'count=1,bytes=0');
});

test('usage that makes no sense counts as zeros, missing usage is nobody to tell', () => {
  const bed = new StateBed();
  bed.create('/q');
  setQuota(bed, '/q', 'count=9');
  bed.setData(`/zookeeper/quota/q/${STATS}`, 'rubbish');
  bed.create('/q/a', { data: '123' });
  assert.equal(usage(bed, '/q'), 'count=1,bytes=3');
  const strict = new StateBed({ enforceQuota: true });
  strict.create('/q');
  setQuota(strict, '/q', 'countHardLimit=0');
  strict.setData(`/zookeeper/quota/q/${STATS}`, 'rubbish');
  assert.equal(strict.write(OpCode.create, createBody('/q/a')).err, 'QUOTAEXCEEDED');
  bed.delete(`/zookeeper/quota/q/${STATS}`);
  bed.create('/q/b');
  assert.equal(usage(bed, '/q'), null);
});

interface Row {
  readonly limits: string;
  readonly data?: string;
  readonly child?: ErrorName;
  readonly set?: ErrorName;
}

test('hard limits refuse what would exceed them, soft ones nothing', () => {
  const rows: readonly Row[] = [
    // In use: two znodes, 4 bytes; the child would add one of 3, the set put `data` for "1234".
    { limits: 'count=1,bytes=1', child: 'OK', set: 'OK' },
    { limits: 'countHardLimit=3,byteHardLimit=7', child: 'OK', set: 'OK' },
    { limits: 'countHardLimit=2', child: 'QUOTAEXCEEDED', set: 'OK' },
    { limits: 'countHardLimit=1', child: 'QUOTAEXCEEDED', set: 'OK' },
    { limits: 'byteHardLimit=6', child: 'QUOTAEXCEEDED', data: '1234567', set: 'QUOTAEXCEEDED' },
    { limits: 'byteHardLimit=6', data: '123456', set: 'OK' },
    { limits: 'byteHardLimit=2', data: '123', set: 'QUOTAEXCEEDED' },
    { limits: 'byteHardLimit=2', data: '4321', set: 'OK' },
    { limits: 'byteHardLimit=0', data: '', set: 'OK' },
    { limits: 'byteHardLimit=-1', child: 'OK' },
    { limits: 'rubbish', child: 'MARSHALLINGERROR', set: 'MARSHALLINGERROR' },
  ];
  for (const { limits, data = '12345', child, set } of rows) {
    for (const enforceQuota of [true, false]) {
      const bed = new StateBed({ enforceQuota });
      bed.create('/q');
      bed.create('/q/n', { data: '1234' });
      setQuota(bed, '/q', limits);
      const expected = (code: ErrorName): ErrorName => (enforceQuota ? code : 'OK');
      if (set !== undefined) {
        const reply = bed.prepare(OpCode.setData, setDataBody('/q/n', data));
        bed.state.discardPending();
        assert.equal(reply.code === 0, expected(set) === 'OK', `${limits}: set ${data}`);
      }
      if (child !== undefined) {
        const reply = bed.write(OpCode.create, createBody('/q/c', { data: '123' }));
        assert.equal(reply.err, expected(child), `${limits}: create`);
      }
    }
  }
});

test('limits without data make no more sense than rubbish, unless nobody asks', () => {
  for (const enforceQuota of [true, false]) {
    const bed = new StateBed({ enforceQuota });
    bed.create('/q');
    bed.create('/zookeeper/quota/q');
    const limits = createBody('/zookeeper/quota/q/zookeeper_limits', { data: null });
    assert.equal(bed.write(OpCode.create, limits).err, 'OK');
    const { err } = bed.write(OpCode.create, createBody('/q/c'));
    assert.equal(err, enforceQuota ? 'MARSHALLINGERROR' : 'OK');
  }
});

test('trap 42: a setData that shrinks is refused while usage stays above the limit', () => {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/q');
  bed.create('/q/n', { data: '12345678' });
  setQuota(bed, '/q', 'byteHardLimit=3');
  const set = (data: string): string => bed.write(OpCode.setData, setDataBody('/q/n', data)).err;
  assert.deepEqual([set('1234'), set('87654321'), set('123')], ['QUOTAEXCEEDED', 'OK', 'OK']);
});

test('pipelined writes may overshoot, for usage is what is committed', () => {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/q');
  setQuota(bed, '/q', 'countHardLimit=2');
  const both = ['/q/a', '/q/b'].map((path) => bed.prepare(OpCode.create, createBody(path)));
  assert.deepEqual(
    both.map((one) => bed.commit(one).err),
    ['OK', 'OK'],
  );
  assert.equal(bed.write(OpCode.create, createBody('/q/c')).err, 'QUOTAEXCEEDED');
});

test('the growth of pipelined data is measured from what is on its way', () => {
  const bed = new StateBed({ enforceQuota: true });
  bed.create('/q', { data: '1234' });
  setQuota(bed, '/q', 'byteHardLimit=6');
  const texts = ['123456', '12345678', '12345678901'];
  const prepared = texts.map((text) => bed.prepare(OpCode.setData, setDataBody('/q', text)));
  assert.deepEqual(
    prepared.map((one) => bed.commit(one).err),
    ['OK', 'OK', 'QUOTAEXCEEDED'],
  );
});
