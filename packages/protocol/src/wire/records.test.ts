/**
 * Headers, identities, handshake, Stat and the other small records. Their bytes stand in
 * `golden-client.test.ts`.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STAT_BYTES, STAT_PERSISTED_BYTES } from '../base/limits.ts';
import * as acls from './acl.ts';
import * as connect from './connect.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import * as kit from './record.test-kit.ts';
import { checkRecord, int32, record, text } from './record.test-kit.ts';
import * as records from './records.ts';
import * as stats from './stat.ts';

checkRecord('Id', kit.id, acls.writeId, acls.readId);
checkRecord('ACL', kit.acl, acls.writeAcl, acls.readAcl);

checkRecord(
  'RequestHeader',
  record({ xid: int32, type: int32 }),
  records.writeRequestHeader,
  records.readRequestHeader,
);
checkRecord(
  'ReplyHeader',
  record({ xid: int32, zxid: kit.zxid, err: int32 }),
  records.writeReplyHeader,
  records.readReplyHeader,
);
checkRecord(
  'WatcherEvent',
  record({ type: int32, state: int32, path: text }),
  records.writeWatcherEvent,
  records.readWatcherEvent,
);
checkRecord(
  'AuthPacket',
  record({ type: int32, scheme: kit.textOrNull, auth: kit.data }),
  records.writeAuthPacket,
  records.readAuthPacket,
);
checkRecord(
  'ClientInfo',
  record({ authScheme: text, user: text }),
  records.writeClientInfo,
  records.readClientInfo,
);
checkRecord(
  'SASL token',
  record({ token: kit.data }),
  records.writeSaslToken,
  records.readSaslToken,
);

const session = { sessionHi: int32, sessionLo: int32, password: kit.data };
/** The last byte may be missing, but then it is not there at all. */
const withoutReadOnly = (end: number, bytes: number) => bytes - end === 1;
const readOnly = fc.option(kit.bool, { nil: null });
checkRecord(
  'ConnectRequest',
  record({
    protocolVersion: int32,
    lastZxidSeen: kit.zxid,
    timeoutMs: int32,
    ...session,
    readOnly,
  }),
  connect.writeConnectRequest,
  connect.readConnectRequest,
  withoutReadOnly,
);
checkRecord(
  'ConnectResponse',
  record({ protocolVersion: int32, timeoutMs: int32, ...session, readOnly }),
  connect.writeConnectResponse,
  connect.readConnectResponse,
  withoutReadOnly,
);

checkRecord('Stat', kit.stat, stats.writeStat, stats.readStat);
checkRecord(
  'StatPersisted',
  record(kit.persisted),
  stats.writeStatPersisted,
  stats.readStatPersisted,
);

test('a Stat and a StatPersisted take the lengths that limits.ts gives', () => {
  const w = new JuteWriter();
  stats.writeStat(w, stats.makeStat());
  assert.equal(w.position, STAT_BYTES);
  w.reset();
  stats.writeStatPersisted(w, stats.makeStatPersisted());
  assert.equal(w.position, STAT_PERSISTED_BYTES);
});

/** Vectors of Ids, ACLs and strings, each with the bytes of one smallest element. */
const VECTORS: readonly (readonly [string, (r: JuteReader) => unknown, number])[] = [
  ['Ids', acls.readIdVector, 8],
  ['ACLs', acls.readAclVector, 12],
  ['strings', acls.readStringVector, 4],
];

for (const [name, read, elementBytes] of VECTORS) {
  test(`a vector of ${name} is null at count -1 and empty at other negative counts`, () => {
    assert.equal(read(vectorOf(-1, 0)), null);
    assert.deepEqual(read(vectorOf(-2, 0)), []);
    assert.deepEqual(read(vectorOf(-0x80000000, 0)), []);
    assert.deepEqual(read(vectorOf(0, 0)), []);
  });

  test(`a vector of ${name} fails at once on a count that its bytes cannot hold`, () => {
    for (const count of [3, 1000, 0x7fffffff]) {
      const r = vectorOf(count, 2 * elementBytes);
      assert.deepEqual(read(r), []);
      assert.equal(r.failed, true);
    }
  });
}

test('null strings in a vector read as empty ones', () => {
  const r = vectorOf(2, 0, [-1, -1]);
  assert.deepEqual(acls.readStringVector(r), ['', '']);
  assert.equal(r.failed, false);
});

/** A reader on a count, then zeros, then integers. */
function vectorOf(count: number, zeros: number, ints: readonly number[] = []): JuteReader {
  const w = new JuteWriter();
  w.int(count);
  for (let index = 0; index < zeros; index++) w.byte(0);
  for (const value of ints) w.int(value);
  return new JuteReader().reset(w.toBytes(), 0, w.position);
}
