/**
 * What Apache ZooKeeper servers said to each other, byte for byte, as quorum-protocol.md 20 records
 * it: election messages, packets of discovery, synchronization and broadcast, and the transactions
 * inside them.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesFromHex,
  bytesToHex,
  DIGEST_VERSION,
  type Id,
  JuteReader,
  JuteWriter,
  LEARNER_PROTOCOL_VERSION,
  type Notification,
  OPEN_ACL_UNSAFE,
  packetName,
  PacketType,
  type QuorumPacket,
  QuorumPacketReader,
  readCreateRequest,
  readCreateSessionTxn,
  readCreateTxn,
  readErrorTxn,
  readInit,
  readLearnerInfo,
  readNotification,
  readRequestHeader,
  readTxnDigest,
  readTxnHeader,
  SID_NONE,
  utf8Encode,
  writeCreateTxn,
  writeInit,
  writeNotification,
  writeQuorumPacket,
  writeQuorumPacketRange,
  writeTxnDigest,
  writeTxnHeader,
  ZXID_MIN,
  ZXID_NONE,
} from './index.ts';

const bytesOf = (spaced: string): Uint8Array =>
  bytesFromHex(spaced.replace(/\s/g, '')) ?? assert.fail(`"${spaced}" is not hex`);

const hexOf = (text: string): string => bytesToHex(utf8Encode(text));

const written = (write: (w: JuteWriter) => void): string => {
  const w = new JuteWriter();
  write(w);
  return bytesToHex(w.toBytes());
};

const reading = (bytes: Uint8Array): JuteReader => new JuteReader().reset(bytes, 0, bytes.length);

const CONFIG = [
  ...[1, 2, 3].map((sid) => `server.${sid}=127.0.0.1:2420${sid}:2430${sid}:participant`),
  'server.4=127.0.0.1:24204:24304:observer',
  'version=0',
].join('\n');
const CONFIG_HEX = `000000b2 ${hexOf(CONFIG)}`;

test('INIT in version 1 is as recorded', () => {
  const hex = `ffffffffffff0000 0000000000000002 0000000f ${hexOf('127.0.0.1:24302')}`;
  const addresses = [{ host: '127.0.0.1', port: 24302 }];
  assert.equal(
    written((w) => writeInit(w, 2, addresses, false)),
    hex.replaceAll(' ', ''),
  );
  assert.deepEqual(readInit(reading(bytesOf(hex))), { version: 1, sid: 2, addresses });
});

test('INIT in version 2 is as recorded', () => {
  const listed = hexOf('127.0.0.2:24311|127.0.0.1:24301');
  const hex = `ffffffffffff0001 0000000000000001 0000001f ${listed}`;
  const addresses = [
    { host: '127.0.0.2', port: 24311 },
    { host: '127.0.0.1', port: 24301 },
  ];
  assert.equal(
    written((w) => writeInit(w, 1, addresses, true)),
    hex.replaceAll(' ', ''),
  );
  assert.deepEqual(readInit(reading(bytesOf(hex))), { version: 2, sid: 1, addresses });
});

const votes: Omit<Notification, 'state' | 'peerEpoch'> = {
  leader: 2,
  zxid: 0,
  electionEpoch: 1,
  version: 2,
  config: CONFIG,
};
const VOTES: readonly (readonly [string, string, Notification])[] = [
  [
    'of a fresh member that looks for a leader',
    '00000000 0000000000000002 0000000000000000 0000000000000001 0000000000000000 00000002',
    { ...votes, state: 0, peerEpoch: 0 },
  ],
  [
    'of a leader to a late joiner',
    '00000002 0000000000000002 0000000000000000 0000000000000001 0000000000000001 00000002',
    { ...votes, state: 2, peerEpoch: 1 },
  ],
  [
    'of an observer that looks for a leader',
    '00000000 8000000000000000 8000000000000000 0000000000000001 8000000000000000 00000002',
    { ...votes, state: 0, leader: SID_NONE, zxid: ZXID_MIN, peerEpoch: ZXID_MIN },
  ],
];

for (const [name, head, notification] of VOTES) {
  test(`the notification ${name} is as recorded`, () => {
    const bytes = bytesOf(`${head} ${CONFIG_HEX}`);
    assert.equal(bytes.length, 0xde);
    assert.equal(
      written((w) => writeNotification(w, notification)),
      bytesToHex(bytes),
    );
    assert.deepEqual(readNotification(reading(bytes)), notification);
  });
}

const SESSION = '010000177c610000';
const IP: readonly Id[] = [{ scheme: 'ip', id: '127.0.0.1' }];
const IP_HEX = `00000001 00000002 ${hexOf('ip')} 00000009 ${hexOf('127.0.0.1')}`;
const OPEN_ACL_HEX = '00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65';
const CREATE_BODY = `00000002 2f61 00000005 68656c6c6f ${OPEN_ACL_HEX}`;
const CREATE_REQUEST = `${SESSION} 00000001 00000001 ${CREATE_BODY} 00000000`;
const CREATE_ENTRY = `${SESSION} 00000001 0000000100000002 000001a209e4ed57 00000001
  ${CREATE_BODY} 00 00000001 00000002 000000019e35b4dc`;
const SESSION_ENTRY = `${SESSION} 00000000 0000000100000001 000001a209e4ed35 fffffff6
  00001f40 00000002 0000000051c6d660`;
const ERROR_ENTRY = `${SESSION} 00000004 0000000100000005 000001a209e4ed88 ffffffff ffffff99`;
const LEARNER = '0000000000000001 00010000 0000000000000000';

/** Name, bytes before the data with its length, type, zxid, data as hex or null, authinfo. */
type PacketRow = readonly [string, string, number, number, string | null, (readonly Id[])?];
const PACKETS: readonly PacketRow[] = [
  ['FOLLOWERINFO', '0000000b 0000000000000000 00000014', 11, 0, LEARNER],
  ['LEADERINFO', '00000011 0000000100000000 00000004', 17, 0x100000000, '00010000'],
  ['ACKEPOCH', '00000012 0000000100000015 00000004', 18, 0x100000015, '00000001'],
  ['ACKEPOCH once more', '00000012 000000010000000e 00000004', 18, 0x10000000e, 'ffffffff'],
  ['an empty DIFF', '0000000d 0000000100000015 ffffffff', 13, 0x100000015, null],
  ['TRUNC', '0000000e 0000000100000015 ffffffff', 14, 0x100000015, null],
  ['SNAP', '0000000f 0000000100000000 ffffffff', 15, 0x100000000, null],
  ['NEWLEADER', '0000000a 0000000100000000 000000b2', 10, 0x100000000, hexOf(CONFIG)],
  ['UPTODATE', '0000000c ffffffffffffffff ffffffff', 12, ZXID_NONE, null],
  ['REQUEST', '00000001 ffffffffffffffff 0000003e', 1, ZXID_NONE, CREATE_REQUEST, IP],
  ['PROPOSAL', '00000002 0000000100000002 0000005b', 2, 0x100000002, CREATE_ENTRY],
  ['INFORM', '00000008 0000000100000002 0000005b', 8, 0x100000002, CREATE_ENTRY],
  ['PROPOSAL of a session', '00000002 0000000100000001 00000030', 2, 0x100000001, SESSION_ENTRY],
  ['PROPOSAL of an error', '00000002 0000000100000005 00000024', 2, 0x100000005, ERROR_ENTRY],
  ['ACK', '00000003 0000000100000001 ffffffff', 3, 0x100000001, null],
  ['COMMIT', '00000004 0000000100000001 ffffffff', 4, 0x100000001, null],
  ['SYNC', '00000007 0000000000000000 ffffffff', 7, 0, null],
  ['PING', '00000005 0000000100000005 ffffffff', 5, 0x100000005, null],
  ['a PING reply', '00000005 0000000100000005 0000000c', 5, 0x100000005, `${SESSION} 00001f40`],
  ['a PING reply without touches', '00000005 0000000100000005 00000000', 5, 0x100000005, ''],
  ['REVALIDATE', '00000006 ffffffffffffffff 0000000c', 6, ZXID_NONE, `${SESSION} 00001f40`],
  ['a REVALIDATE answer', '00000006 ffffffffffffffff 00000009', 6, ZXID_NONE, `${SESSION} 01`],
];

for (const [name, head, type, zxid, dataHex, auth = null] of PACKETS) {
  const data = dataHex === null ? null : bytesOf(dataHex);
  const bytes = bytesOf(`${head} ${dataHex ?? ''} ${auth === null ? 'ffffffff' : IP_HEX}`);

  test(`${name} is written and read as recorded`, () => {
    const hex = written((w) => writeQuorumPacket(w, type, zxid, data, auth));
    assert.equal(hex, bytesToHex(bytes));
    if (data !== null && auth === null) {
      const ranged = (w: JuteWriter) => writeQuorumPacketRange(w, type, zxid, data, 0, data.length);
      assert.equal(written(ranged), hex);
    }
    assert.deepEqual(packetsOf(bytes), [{ type, zxid, data, auth }]);
  });
}

function packetsOf(bytes: Uint8Array): QuorumPacket[] {
  const seen: QuorumPacket[] = [];
  const reader = new QuorumPacketReader(1 << 20, {
    onPacket(type, zxid, buffer, start, end, auth) {
      seen.push({ type, zxid, data: start < 0 ? null : buffer.slice(start, end), auth });
    },
    onRaw: () => assert.fail('No raw mode was entered'),
    onPacketError: (reason) => assert.fail(reason),
  });
  reader.push(bytes, 0, bytes.length);
  return seen;
}

test('the recorded LearnerInfo says sid 1, protocol 1.0 and configuration 0', () => {
  const info = readLearnerInfo(reading(bytesOf(LEARNER)));
  const protocolVersion = LEARNER_PROTOCOL_VERSION;
  assert.deepEqual(info, { sid: 1, protocolVersion, configVersion: 0 });
});

test('the recorded REQUEST holds a session, a request header and the request of the client', () => {
  const r = reading(bytesOf(CREATE_REQUEST));
  r.long();
  assert.deepEqual([r.hi, r.lo], [0x01000017, 0x7c610000]);
  assert.deepEqual(readRequestHeader(r), { xid: 1, type: 1 });
  const expected = { path: '/a', data: utf8Encode('hello'), acl: OPEN_ACL_UNSAFE, flags: 0 };
  assert.deepEqual(readCreateRequest(r), expected);
  assert.equal(r.remaining(), 0);
});

const HEADER = { clientHi: 0x01000017, clientLo: 0x7c610000 };

test('the recorded create is a header, a CreateTxn and a digest', () => {
  const r = reading(bytesOf(CREATE_ENTRY));
  const header = { ...HEADER, cxid: 1, zxid: 0x100000002, timeMs: 0x1a209e4ed57, type: 1 };
  const txn = {
    path: '/a',
    data: utf8Encode('hello'),
    acl: OPEN_ACL_UNSAFE,
    ephemeral: false,
    parentCversion: 1,
  };
  const digest = { version: DIGEST_VERSION, digestHi: 1, digestLo: 0x9e35b4dc | 0 };
  assert.deepEqual(readTxnHeader(r), header);
  assert.deepEqual(readCreateTxn(r), txn);
  assert.deepEqual(readTxnDigest(r), digest);
  const hex = written((w) => {
    writeTxnHeader(w, header);
    writeCreateTxn(w, txn);
    writeTxnDigest(w, digest);
  });
  assert.equal(hex, bytesToHex(bytesOf(CREATE_ENTRY)));
});

test('the recorded createSession and error transactions read as what they are', () => {
  const session = reading(bytesOf(SESSION_ENTRY));
  assert.equal(readTxnHeader(session).type, -10);
  assert.deepEqual(readCreateSessionTxn(session), { timeoutMs: 8000 });
  assert.equal(readTxnDigest(session)?.digestLo, 0x51c6d660);
  const error = reading(bytesOf(ERROR_ENTRY));
  assert.equal(readTxnHeader(error).type, -1);
  assert.deepEqual(readErrorTxn(error), { err: -103 });
  assert.equal(readTxnDigest(error), null);
  assert.equal(error.remaining(), 0);
});

test('every packet type has a name, and an unknown one is its number', () => {
  assert.equal(packetName(PacketType.INFORMANDACTIVATE), 'INFORMANDACTIVATE');
  assert.equal(packetName(99), '99');
});
