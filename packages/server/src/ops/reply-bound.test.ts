/**
 * Reads that gather the data of many znodes: a request of a megabyte can ask for a terabyte, so
 * what is too long for any client is refused while it is written, and not when it is done.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JuteWriter, type MultiOp, OpCode, readMultiResponse } from '@zabra/protocol';
import { keeperBed, listBody } from './keeper-bed.test-kit.ts';
import { multiBody, pathWatchBody, reader, StateBed } from './state-bed.test-kit.ts';

const REPLY_BYTES_MAX = 10_000;
const DATA = 'x'.repeat(1000);

const readOf = (path: string): MultiOp => ({
  type: OpCode.getData,
  request: { path, watch: false },
});

test('a multiRead is refused as soon as its reply is too long', () => {
  const bed = new StateBed({ replyBytesMax: REPLY_BYTES_MAX });
  bed.create('/big', { data: DATA });
  const reads = (count: number) => multiBody(Array.from({ length: count }, () => readOf('/big')));
  const fits = bed.read(OpCode.multiRead, reads(9));
  assert.equal(readMultiResponse(reader(fits))?.length, 9);
  const w = new JuteWriter(16);
  const request = bed.request(OpCode.multiRead, reads(100_000));
  assert.equal(bed.state.read(request, null, w), -5);
  assert.equal(w.position, 0);
  assert.ok(w.buffer.length <= 4 * REPLY_BYTES_MAX, `It wrote ${w.buffer.length} bytes`);
});

test('a list with data is refused as soon as it is too long', () => {
  const bed = keeperBed({ replyBytesMax: REPLY_BYTES_MAX });
  bed.create('/p');
  for (let index = 0; index < 200; index++) bed.create(`/p/${index}`, { data: DATA });
  const names = bed.read(OpCode.filteredListWithStatsAndData, listBody('/p'));
  assert.equal(names.err, 'OK');
  const w = new JuteWriter(16);
  const body = listBody('/p', { withData: true });
  const request = bed.request(OpCode.filteredListWithStatsAndData, body);
  assert.equal(bed.state.read(request, null, w), -5);
  assert.ok(w.buffer.length <= 4 * REPLY_BYTES_MAX, `It wrote ${w.buffer.length} bytes`);
});

test('a read of one znode is answered however long it is', () => {
  const bed = new StateBed({ replyBytesMax: REPLY_BYTES_MAX });
  bed.create('/huge', { data: 'x'.repeat(2 * REPLY_BYTES_MAX) });
  assert.equal(bed.read(OpCode.getData, pathWatchBody('/huge')).err, 'OK');
});
