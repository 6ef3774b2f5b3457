/**
 * Bodies of replies, every record by the common checks, and what a null from a server reads as.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STAT_BYTES } from '../base/limits.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import * as kit from './record.test-kit.ts';
import { checkRecord, int32, record, stat, text, texts } from './record.test-kit.ts';
import * as responses from './responses.ts';

checkRecord(
  'PathResponse',
  record({ path: text }),
  responses.writePathResponse,
  responses.readPathResponse,
);
checkRecord(
  'Create2Response',
  record({ path: text, stat }),
  responses.writeCreate2Response,
  responses.readCreate2Response,
);
checkRecord(
  'StatResponse',
  record({ stat }),
  responses.writeStatResponse,
  responses.readStatResponse,
);
checkRecord(
  'GetDataResponse',
  record({ data: kit.data, stat }),
  responses.writeGetDataResponse,
  responses.readGetDataResponse,
);
checkRecord(
  'GetACLResponse',
  record({ acl: kit.acls, stat }),
  responses.writeGetACLResponse,
  responses.readGetACLResponse,
);
checkRecord(
  'GetChildrenResponse',
  record({ children: texts }),
  responses.writeGetChildrenResponse,
  responses.readGetChildrenResponse,
);
checkRecord(
  'GetChildren2Response',
  record({ children: texts, stat }),
  responses.writeGetChildren2Response,
  responses.readGetChildren2Response,
);
checkRecord(
  'GetAllChildrenNumberResponse',
  record({ totalNumber: int32 }),
  responses.writeGetAllChildrenNumberResponse,
  responses.readGetAllChildrenNumberResponse,
);
checkRecord(
  'GetEphemeralsResponse',
  record({ ephemerals: texts }),
  responses.writeGetEphemeralsResponse,
  responses.readGetEphemeralsResponse,
);
checkRecord(
  'WhoAmIResponse',
  record({ clientInfo: fc.array(record({ authScheme: text, user: text }), { maxLength: 4 }) }),
  responses.writeWhoAmIResponse,
  responses.readWhoAmIResponse,
);
checkRecord(
  'ErrorResponse',
  record({ err: int32 }),
  responses.writeErrorResponse,
  responses.readErrorResponse,
);

test('null paths and vectors of another server read as empty, null data as null', () => {
  const w = new JuteWriter();
  w.int(-1);
  w.reserve(STAT_BYTES);
  const bytes = w.toBytes();
  const r = new JuteReader();
  const whole = () => r.reset(bytes, 0, bytes.length);
  assert.equal(responses.readPathResponse(whole()).path, '');
  assert.deepEqual(responses.readGetChildrenResponse(whole()).children, []);
  assert.deepEqual(responses.readGetACLResponse(whole()).acl, []);
  assert.deepEqual(responses.readGetEphemeralsResponse(whole()).ephemerals, []);
  assert.deepEqual(responses.readWhoAmIResponse(whole()).clientInfo, []);
  assert.equal(responses.readGetDataResponse(whole()).data, null);
  assert.equal(r.failed, false);
});
