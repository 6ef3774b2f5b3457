/**
 * The table of records against the code that reads and writes them: bytes that are made by the
 * table's fields alone are read whole by the record's reader and written the same by its writer.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as wire from './index.ts';
import { type JuteReader, JuteWriter, RECORD_TABLE, type RecordName } from './index.ts';

type Copy = (r: JuteReader, w: JuteWriter) => void;

/** Reads one record and writes what was read. */
function copy<T>(read: (r: JuteReader) => T, write: (w: JuteWriter, value: T) => void): Copy {
  return (r, w) => write(w, read(r));
}

const path = copy(wire.readPathRequest, wire.writePathRequest);
const pathWatch = copy(wire.readPathWatchRequest, wire.writePathWatchRequest);
const pathVersion = copy(wire.readPathVersionRequest, wire.writePathVersionRequest);
const pathType = copy(wire.readPathTypeRequest, wire.writePathTypeRequest);
const saslToken = copy(wire.readSaslToken, wire.writeSaslToken);
const stat = copy(wire.readStatResponse, wire.writeStatResponse);
const pathResponse = copy(wire.readPathResponse, wire.writePathResponse);

const COPIES: Readonly<Record<RecordName, Copy>> = {
  Id: copy(wire.readId, wire.writeId),
  ACL: copy(wire.readAcl, wire.writeAcl),
  ClientInfo: copy(wire.readClientInfo, wire.writeClientInfo),
  Stat: copy(wire.readStat, wire.writeStat),
  ConnectRequest: copy(wire.readConnectRequest, wire.writeConnectRequest),
  ConnectResponse: copy(wire.readConnectResponse, wire.writeConnectResponse),
  RequestHeader: copy(wire.readRequestHeader, wire.writeRequestHeader),
  ReplyHeader: copy(wire.readReplyHeader, wire.writeReplyHeader),
  MultiHeader: copy(wire.readMultiHeader, wire.writeMultiHeader),
  WatcherEvent: copy(wire.readWatcherEvent, wire.writeWatcherEvent),
  AuthPacket: copy(wire.readAuthPacket, wire.writeAuthPacket),
  GetSASLRequest: saslToken,
  SetSASLResponse: saslToken,
  CreateSessionTxn: copy(wire.readCreateSessionTxn, wire.writeCreateSessionTxn),
  CreateRequest: copy(wire.readCreateRequest, wire.writeCreateRequest),
  CreateTTLRequest: copy(wire.readCreateTTLRequest, wire.writeCreateTTLRequest),
  DeleteRequest: pathVersion,
  DeleteContainerRequest: path,
  CheckVersionRequest: pathVersion,
  SetDataRequest: copy(wire.readSetDataRequest, wire.writeSetDataRequest),
  SetACLRequest: copy(wire.readSetACLRequest, wire.writeSetACLRequest),
  ReconfigRequest: copy(wire.readReconfigRequest, wire.writeReconfigRequest),
  ExistsRequest: pathWatch,
  GetDataRequest: pathWatch,
  GetChildrenRequest: pathWatch,
  GetChildren2Request: pathWatch,
  GetACLRequest: path,
  GetAllChildrenNumberRequest: path,
  GetEphemeralsRequest: path,
  SyncRequest: path,
  SetWatches: copy(wire.readSetWatches, wire.writeSetWatches),
  SetWatches2: copy(wire.readSetWatches2, wire.writeSetWatches2),
  AddWatchRequest: copy(wire.readAddWatchRequest, wire.writeAddWatchRequest),
  CheckWatchesRequest: pathType,
  RemoveWatchesRequest: pathType,
  CreateResponse: pathResponse,
  Create2Response: copy(wire.readCreate2Response, wire.writeCreate2Response),
  ExistsResponse: stat,
  SetDataResponse: stat,
  SetACLResponse: stat,
  GetDataResponse: copy(wire.readGetDataResponse, wire.writeGetDataResponse),
  GetACLResponse: copy(wire.readGetACLResponse, wire.writeGetACLResponse),
  GetChildrenResponse: copy(wire.readGetChildrenResponse, wire.writeGetChildrenResponse),
  GetChildren2Response: copy(wire.readGetChildren2Response, wire.writeGetChildren2Response),
  GetAllChildrenNumberResponse: copy(
    wire.readGetAllChildrenNumberResponse,
    wire.writeGetAllChildrenNumberResponse,
  ),
  GetEphemeralsResponse: copy(wire.readGetEphemeralsResponse, wire.writeGetEphemeralsResponse),
  SyncResponse: pathResponse,
  WhoAmIResponse: copy(wire.readWhoAmIResponse, wire.writeWhoAmIResponse),
  ErrorResponse: copy(wire.readErrorResponse, wire.writeErrorResponse),
  FilteredListRequest: copy(wire.readFilteredListRequest, wire.writeFilteredListRequest),
  ListWithDataRequest: copy(wire.readListWithDataRequest, wire.writeListWithDataRequest),
  ListWithDataResponse: copy(wire.readListWithDataResponse, wire.writeListWithDataResponse),
  RemoveRecursiveRequest: copy(wire.readRemoveRecursiveRequest, wire.writeRemoveRecursiveRequest),
};

type Put = (w: JuteWriter) => void;

function put<T>(values: fc.Arbitrary<T>, write: (w: JuteWriter, value: T) => void) {
  return values.map(
    (value): Put =>
      (w) =>
        write(w, value),
  );
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const PRIMITIVES: ReadonlyMap<string, fc.Arbitrary<Put>> = new Map([
  ['boolean', put(fc.boolean(), (w, value) => w.bool(value))],
  ['byte', put(fc.nat(255), (w, value) => w.byte(value))],
  ['int', put(int32, (w, value) => w.int(value))],
  // Zxids, times and ids: within what all of them are read back from exactly.
  ['long', put(fc.maxSafeNat(), (w, value) => w.number(value))],
  ['buffer', put(fc.uint8Array({ maxLength: 9 }), (w, value) => w.bytes(value))],
  ['ustring', put(fc.string({ unit: 'grapheme', maxLength: 9 }), (w, value) => w.string(value))],
]);

function isRecord(type: string): type is RecordName {
  return Object.hasOwn(RECORD_TABLE, type);
}

/** How one value of a type of the table is put on the wire, by nothing but the table. */
function valuesOf(type: string): fc.Arbitrary<Put> {
  const element = /^vector<(.+)>$/.exec(type)?.[1];
  if (element !== undefined) {
    return put(fc.array(valuesOf(element), { maxLength: 3 }), (w, puts) => {
      w.int(puts.length);
      for (const one of puts) one(w);
    });
  }
  if (isRecord(type)) {
    const fields = wire.recordFields(type).map((field) => valuesOf(field.type));
    return fc.tuple(...fields).map((puts) => (w) => {
      for (const one of puts) one(w);
    });
  }
  return PRIMITIVES.get(type) ?? assert.fail(`There is no type "${type}"`);
}

for (const name of Object.keys(RECORD_TABLE).filter(isRecord)) {
  test(`${name} has the fields of the table`, () => {
    fc.assert(
      fc.property(valuesOf(name), (value) => {
        const given = new JuteWriter(1);
        value(given);
        const r = new wire.JuteReader().reset(given.toBytes(), 0, given.position);
        const written = new JuteWriter(1);
        COPIES[name](r, written);
        assert.deepEqual([r.failed, r.remaining()], [false, 0]);
        assert.equal(wire.bytesToHex(written.toBytes()), wire.bytesToHex(given.toBytes()));
      }),
    );
  });
}

test('every field has a name of its own and a type that exists', () => {
  for (const name of Object.keys(RECORD_TABLE).filter(isRecord)) {
    const names = wire.recordFields(name).map((field) => field.name);
    assert.equal(new Set(names).size, names.length, name);
    for (const field of names) assert.match(field, /^[a-z]\w*$/i, name);
  }
});
