/**
 * ClickHouse Keeper's records by the common checks, and the order of its feature bits.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from '../base/bytes.ts';
import { STAT_BYTES } from '../base/limits.ts';
import { JuteWriter } from './jute-writer.ts';
import * as keeper from './keeper-records.ts';
import { isKeeperOp, OpCode } from './opcode.ts';
import * as kit from './record.test-kit.ts';
import { checkRecord, record, stat, textOrNull, texts } from './record.test-kit.ts';
import { makeStat } from './stat.ts';

const filtered = { path: textOrNull, watch: kit.bool, listType: fc.nat(255) };

checkRecord(
  'FilteredListRequest',
  record(filtered),
  keeper.writeFilteredListRequest,
  keeper.readFilteredListRequest,
);
checkRecord(
  'FilteredListWithStatsAndDataRequest',
  record({ ...filtered, withStat: kit.bool, withData: kit.bool }),
  keeper.writeListWithDataRequest,
  keeper.readListWithDataRequest,
);
checkRecord(
  'FilteredListWithStatsAndDataResponse',
  record({
    children: texts,
    stat,
    stats: fc.array(stat, { maxLength: 3 }),
    data: fc.array(kit.data, { maxLength: 3 }),
  }),
  keeper.writeListWithDataResponse,
  keeper.readListWithDataResponse,
);
checkRecord(
  'RemoveRecursiveRequest',
  record({ path: textOrNull, nodesMax: fc.nat(0xffffffff) }),
  keeper.writeRemoveRecursiveRequest,
  keeper.readRemoveRecursiveRequest,
);

function hexOf(write: (w: JuteWriter) => void): string {
  const w = new JuteWriter();
  write(w);
  return bytesToHex(w.toBytes());
}

test('the records lie as Keeper lays them out', () => {
  const request = { path: '/a', watch: true, listType: 2 };
  assert.equal(
    hexOf((w) => keeper.writeFilteredListRequest(w, request)),
    '00000002 2f61 01 02'.replaceAll(' ', ''),
  );
  assert.equal(
    hexOf((w) =>
      keeper.writeListWithDataRequest(w, { ...request, withStat: true, withData: false }),
    ),
    '00000002 2f61 01 02 01 00'.replaceAll(' ', ''),
  );
  assert.equal(
    hexOf((w) => keeper.writeRemoveRecursiveRequest(w, { path: '/a', nodesMax: 0xffffffff })),
    '00000002 2f61 ffffffff'.replaceAll(' ', ''),
  );
  const none = '00'.repeat(STAT_BYTES);
  const empty = makeStat();
  assert.equal(
    hexOf((w) =>
      keeper.writeListWithDataResponse(w, {
        children: ['b'],
        stat: empty,
        stats: [empty],
        data: [Uint8Array.of(7)],
      }),
    ),
    `00000001 00000001 62 ${none} 00000001 ${none} 00000001 00000001 07`.replaceAll(' ', ''),
  );
});

const FEATURES: readonly [string, readonly keeper.KeeperFeatureName[], string][] = [
  ['nothing', [], '0000'],
  ['the first', ['FILTERED_LIST'], '8000'],
  ['what a Keeper of 2023 has', ['FILTERED_LIST', 'MULTI_READ'], 'c000'],
  ['the last of a byte', ['PERSISTENT_WATCHES'], '0100'],
  ['the first of the next', ['CREATE_WITH_STATS'], '0080'],
  ['the last that we know', ['LIST_WITH_STAT_AND_DATA'], '0020'],
];

for (const [name, features, hex] of FEATURES) {
  test(`feature flags: ${name}`, () => {
    assert.equal(bytesToHex(keeper.encodeKeeperFeatures(features)), hex);
    const bytes = keeper.encodeKeeperFeatures(features);
    assert.deepEqual(keeper.decodeKeeperFeatures(bytes), features);
  });
}

test('feature flags of other lengths are read as far as they go', () => {
  assert.deepEqual(keeper.decodeKeeperFeatures(new Uint8Array(0)), []);
  const one = new Uint8Array([0xc0]);
  assert.deepEqual(keeper.decodeKeeperFeatures(one), ['FILTERED_LIST', 'MULTI_READ']);
  const names = Object.keys(keeper.KeeperFeature);
  assert.deepEqual(keeper.decodeKeeperFeatures(new Uint8Array(9).fill(0xff)), names);
});

test('the operations of Keeper are those from 500 on', () => {
  const ours = Object.entries(OpCode).filter(([, op]) => isKeeperOp(op));
  assert.deepEqual(ours, [
    ['filteredList', 500],
    ['checkNotExists', 501],
    ['createIfNotExists', 502],
    ['removeRecursive', 503],
    ['filteredListWithStatsAndData', 506],
  ]);
});
