/**
 * Frames that real clients and Apache ZooKeeper servers exchanged, byte for byte, as
 * client-protocol.md 20 records them: our writers make exactly these, our readers take them apart.
 * Those of ClickHouse Keeper's operations are what ClickHouse 26.9 has sent.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesFromHex,
  bytesToHex,
  FrameReader,
  JuteReader,
  JuteWriter,
  OpCode,
  OPEN_ACL_UNSAFE,
  readAuthPacket,
  readConnectRequest,
  readConnectResponse,
  readCreateRequest,
  readCreateResponse,
  readGetDataRequest,
  readMultiRequest,
  readMultiResponse,
  readRemoveRecursiveRequest,
  readReplyHeader,
  readRequestHeader,
  readSetWatches,
  readWatcherEvent,
  utf8Encode,
  writeAuthPacket,
  writeConnectRequest,
  writeConnectResponse,
  writeCreateRequest,
  writeCreateResponse,
  writeGetDataRequest,
  writeMultiRequest,
  writeMultiResponse,
  writeRemoveRecursiveRequest,
  writeReplyHeader,
  writeRequestHeader,
  writeSetWatches,
  writeWatcherEvent,
  Xid,
} from './index.ts';

interface Part<T> {
  readonly value: T;
  readonly write: (w: JuteWriter, value: T) => void;
  readonly read: (r: JuteReader) => T | null;
}

/** Erases the record's type, so that parts of all kinds can stand in one table. */
function part<T>(
  write: (w: JuteWriter, value: T) => void,
  read: (r: JuteReader) => T | null,
  value: T,
): Part<unknown> {
  return { value, write, read } as Part<unknown>;
}

const request = (xid: number, type: number) =>
  part(writeRequestHeader, readRequestHeader, { xid, type });
const reply = (xid: number, zxid: number, err: number) =>
  part(writeReplyHeader, readReplyHeader, { xid, zxid, err });

const ZEROS_16 = '00'.repeat(16);
const NO_SESSION = { sessionHi: 0, sessionLo: 0, password: new Uint8Array(16) };

const FRAMES: readonly (readonly [string, string, ...Part<unknown>[]])[] = [
  [
    'a connect request for a new session',
    `0000002d 00000000 0000000000000000 00000fa0 0000000000000000 00000010 ${ZEROS_16} 00`,
    part(writeConnectRequest, readConnectRequest, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 4000,
      ...NO_SESSION,
      readOnly: false,
    }),
  ],
  [
    'a connect response',
    `00000025 00000000 00000fa0 0100001cbcdf0000 00000010
     d3a3ba746484c02f69021bb84da51884 00`,
    part(writeConnectResponse, readConnectResponse, {
      protocolVersion: 0,
      timeoutMs: 4000,
      sessionHi: 0x0100001c,
      sessionLo: 0xbcdf0000 | 0,
      password: bytesFromHex('d3a3ba746484c02f69021bb84da51884'),
      readOnly: false,
    }),
  ],
  [
    'a refusal for a client that does not know readOnly',
    `00000024 00000000 00000000 0000000000000000 00000010 ${ZEROS_16}`,
    part(writeConnectResponse, readConnectResponse, {
      protocolVersion: 0,
      timeoutMs: 0,
      ...NO_SESSION,
      readOnly: null,
    }),
  ],
  ['a ping', '00000008 fffffffe 0000000b', request(Xid.PING, OpCode.ping)],
  ['the reply to a ping', '00000010 fffffffe 0000000000000017 00000000', reply(Xid.PING, 0x17, 0)],
  ['a closeSession', '00000008 00000009 fffffff5', request(9, OpCode.closeSession)],
  [
    'a create with an open ACL',
    `00000032 00000001 00000001 00000002 2f61 00000001 78 00000001 0000001f
     00000005 776f726c64 00000006 616e796f6e65 00000000`,
    request(1, OpCode.create),
    part(writeCreateRequest, readCreateRequest, {
      path: '/a',
      data: utf8Encode('x'),
      acl: OPEN_ACL_UNSAFE,
      flags: 0,
    }),
  ],
  [
    'the reply to a create',
    '00000016 00000001 0000000000000002 00000000 00000002 2f61',
    reply(1, 2, 0),
    part(writeCreateResponse, readCreateResponse, { path: '/a' }),
  ],
  [
    'a getData with a watch',
    '0000000f 00000002 00000004 00000002 2f61 01',
    request(2, OpCode.getData),
    part(writeGetDataRequest, readGetDataRequest, { path: '/a', watch: true }),
  ],
  ['a NONODE reply', '00000010 00000002 0000000000000002 ffffff9b', reply(2, 2, -101)],
  [
    'a NodeDataChanged event',
    '0000001e ffffffff 0000000000000005 00000000 00000003 00000003 00000002 2f61',
    reply(Xid.NOTIFICATION, 5, 0),
    part(writeWatcherEvent, readWatcherEvent, { type: 3, state: 3, path: '/a' }),
  ],
  [
    'an auth with scheme digest',
    '00000021 fffffffc 00000064 00000000 00000006 646967657374 00000007 626f623a626f62',
    request(Xid.AUTH, OpCode.auth),
    part(writeAuthPacket, readAuthPacket, {
      type: 0,
      scheme: 'digest',
      auth: utf8Encode('bob:bob'),
    }),
  ],
  [
    'a multi of delete and check',
    `00000037 00000003 0000000e 00000002 00 ffffffff 00000002 2f61 ffffffff
     0000000d 00 ffffffff 00000002 2f62 00000000 ffffffff 01 ffffffff`,
    request(3, OpCode.multi),
    part(writeMultiRequest, (r) => readMultiRequest(r, OpCode.multi), [
      { type: OpCode.delete, request: { path: '/a', version: -1 } },
      { type: OpCode.check, request: { path: '/b', version: 0 } },
    ]),
  ],
  [
    'the reply to a multi whose check fails',
    `00000033 00000003 0000000000000004 00000000 ffffffff 00 00000000 00000000
     ffffffff 00 ffffff9b ffffff9b ffffffff 01 ffffffff`,
    reply(3, 4, 0),
    part(writeMultiResponse, readMultiResponse, [
      { type: OpCode.error, err: 0 },
      { type: OpCode.error, err: -101 },
    ]),
  ],
  [
    'a setWatches',
    '00000022 fffffff8 00000065 0000000000000005 00000001 00000002 2f61 00000000 00000000',
    request(Xid.SET_WATCHES, OpCode.setWatches),
    part(writeSetWatches, readSetWatches, {
      relativeZxid: 5,
      dataWatches: ['/a'],
      existWatches: [],
      childWatches: [],
    }),
  ],
  [
    "ClickHouse's removeRecursive",
    '00000019 00000048 000001f7 00000009 2f742f722f74656d70 000003e8',
    request(0x48, OpCode.removeRecursive),
    part(writeRemoveRecursiveRequest, readRemoveRecursiveRequest, {
      path: '/t/r/temp',
      nodesMax: 1000,
    }),
  ],
  [
    "ClickHouse's multi of a createIfNotExists",
    `0000004c 00000007 0000000e 000001f6 00 ffffffff 0000000b 2f6b65657065725f6d6170 00000000
     00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000 ffffffff 01 ffffffff`,
    request(7, OpCode.multi),
    part(writeMultiRequest, (r) => readMultiRequest(r, OpCode.multi), [
      {
        type: OpCode.createIfNotExists,
        request: {
          path: '/keeper_map',
          data: new Uint8Array(0),
          acl: OPEN_ACL_UNSAFE,
          flags: 0,
        },
      },
    ]),
  ],
];

for (const [name, spaced, ...parts] of FRAMES) {
  const hex = spaced.replace(/\s/g, '');

  test(`${name} is written as recorded`, () => {
    const w = new JuteWriter();
    w.reserve(4);
    for (const { write, value } of parts) write(w, value);
    w.patchInt(0, w.position - 4);
    assert.equal(bytesToHex(w.toBytes()), hex);
  });

  test(`${name} is read as recorded`, () => {
    const bytes = bytesFromHex(hex) ?? assert.fail('The record is not hex');
    let seen = 0;
    const frames = new FrameReader(bytes.length, {
      onFrame(buffer, start, end) {
        const r = new JuteReader().reset(buffer, start, end);
        for (const { read, value } of parts) assert.deepEqual(read(r), value);
        assert.equal(r.failed, false);
        assert.equal(r.remaining(), 0);
        seen++;
        return true;
      },
      onFrameError: (reason) => assert.fail(reason),
    });
    frames.push(bytes, 0, bytes.length);
    assert.equal(seen, 1);
  });
}
