/**
 * The messages of an election, sids and learner records: round trips, the older forms that peers
 * send, and bytes that are to be ignored or refused.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INIT_ADDRESS_BYTES_MAX } from '../base/limits.ts';
import { ZXID_MAX, ZXID_NONE } from '../base/zxid.ts';
import * as init from './init-message.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import * as notifications from './notification.ts';
import * as packets from './quorum-packet.ts';
import { checkRecord, int32, record, text, zxid } from './record.test-kit.ts';
import { readSid, SID_ANONYMOUS, SID_NONE, writeSid } from './sid.ts';

const namedLong = zxid.filter((value) => value !== ZXID_MAX);
const sid = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(SID_NONE, SID_ANONYMOUS, ZXID_NONE),
);

checkRecord('sid', sid, writeSid, readSid);
checkRecord(
  'notification',
  record<notifications.Notification>({
    state: fc.constantFrom(0, 1, 2, 3),
    leader: sid,
    zxid: namedLong,
    electionEpoch: namedLong,
    peerEpoch: namedLong,
    version: fc.constant(notifications.NOTIFICATION_VERSION),
    config: text,
  }),
  notifications.writeNotification,
  notifications.readNotification,
  (end) => end === 28 || end === 40,
);

const reading = (write: (w: JuteWriter) => void): JuteReader => {
  const w = new JuteWriter();
  write(w);
  return new JuteReader().reset(w.toBytes(), 0, w.position);
};

const vote = (w: JuteWriter, state = 1): void => {
  w.int(state);
  for (const value of [2, 0x300000004, 5]) w.zxid(value);
};
const common = { state: 1, leader: 2, zxid: 0x300000004, electionEpoch: 5 } as const;

test('a notification of 28 bytes takes its peerEpoch from the zxid', () => {
  const found = notifications.readNotification(reading(vote));
  assert.deepEqual(found, { ...common, peerEpoch: 3, version: 0, config: null });
});

test('a notification of 40 bytes has a peerEpoch and no version', () => {
  const r = reading((w) => {
    vote(w);
    w.zxid(9);
    w.int(2);
  });
  const expected = { ...common, peerEpoch: 9, version: 0, config: null };
  assert.deepEqual(notifications.readNotification(r), expected);
});

test('a notification of format 1 carries no configuration, whatever follows', () => {
  const r = reading((w) => {
    vote(w);
    w.zxid(9);
    w.int(1);
    w.string('not a configuration');
  });
  const expected = { ...common, peerEpoch: 9, version: 1, config: null };
  assert.deepEqual(notifications.readNotification(r), expected);
});

/** Notifications that are to be ignored. */
const IGNORED: readonly (readonly [string, (w: JuteWriter) => void])[] = [
  ['no bytes', () => undefined],
  ['27 bytes', (w) => w.reserve(27)],
  ['a state that does not exist', (w) => vote(w, 4)],
  ['a negative state', (w) => vote(w, -1)],
  [
    'a zxid that has no name',
    (w) => {
      w.int(0);
      w.zxid(1);
      w.long(-1, -2);
      w.zxid(1);
    },
  ],
  [
    'an epoch beyond the exact numbers',
    (w) => {
      w.int(0);
      w.zxid(1);
      w.zxid(1);
      w.long(0x7fffffff, 0);
    },
  ],
  [
    'a null configuration',
    (w) => {
      vote(w);
      w.zxid(9);
      w.int(2);
      w.int(-1);
    },
  ],
  [
    'a configuration longer than the frame',
    (w) => {
      vote(w);
      w.zxid(9);
      w.int(2);
      w.int(1000);
    },
  ],
];

for (const [name, write] of IGNORED) {
  test(`readNotification ignores ${name}`, () => {
    assert.equal(notifications.readNotification(reading(write)), null);
  });
}

const hosts = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/),
  fc.ipV4().filter((host) => host !== '0.0.0.0'),
  fc.constantFrom('::1', 'fe80::1', '2001:db8::5'),
);
const address = record<init.HostPort>({ host: hosts, port: fc.integer({ min: 0, max: 65535 }) });

test('INIT is read back once it is whole, and not before', () => {
  const members = fc.integer({ min: 1, max: 255 });
  const addresses = fc.array(address, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(members, addresses, fc.boolean(), (member, listens, multi) => {
      const r = reading((w) => init.writeInit(w, member, listens, multi));
      const whole = r.end;
      for (r.end = 0; r.end < whole; r.end++) {
        assert.equal(init.readInit(r), 'incomplete');
        assert.equal(r.position, 0);
      }
      const expected = multi
        ? { version: 2, sid: member, addresses: listens }
        : { version: 1, sid: member, addresses: listens.slice(0, 1) };
      assert.deepEqual(init.readInit(r), expected);
      assert.equal(r.position, whole);
    }),
  );
});

test('INIT of a peer older than 3.5 is its sid alone', () => {
  const r = reading((w) => w.long(0, 3));
  assert.deepEqual(init.readInit(r), { version: 0, sid: 3, addresses: [] });
  assert.equal(r.remaining(), 0);
});

/** Version word, length, address text, and the addresses left or why not. */
const INITS: readonly (readonly [string, number, string, readonly string[] | 'malformed'])[] = [
  ['wildcards', -65535, '0.0.0.0:1|[::]:2|a:3', ['a:3']],
  ['a wildcard alone', -65536, '0.0.0.0:1', []],
  ['IPv6', -65536, '[::1]:3888', ['[::1]:3888']],
  ['an unknown version', -65534, 'a:1', 'malformed'],
  ['no port', -65536, 'a', 'malformed'],
  ['a port too large', -65536, 'a:65536', 'malformed'],
  ['a bare IPv6 address', -65536, '::1:3888', 'malformed'],
  ['no text', -65536, '', 'malformed'],
  ['a list in version 1', -65536, 'a:1|b:2', 'malformed'],
  ['too long a text', -65536, `${'a'.repeat(INIT_ADDRESS_BYTES_MAX)}:1`, 'malformed'],
];

for (const [name, version, addresses, expected] of INITS) {
  test(`INIT with ${name} is read as ${JSON.stringify(expected)}`, () => {
    const r = reading((w) => {
      w.long(-1, version);
      w.zxid(3);
      w.string(addresses);
    });
    const found = init.readInit(r);
    assert.notEqual(found, 'incomplete');
    const left = typeof found === 'string' ? found : found.addresses.map(init.formatHostPort);
    assert.deepEqual(left, expected);
  });
}

checkRecord(
  'LearnerInfo',
  record<packets.LearnerInfo>({ sid, protocolVersion: int32, configVersion: namedLong }),
  packets.writeLearnerInfo,
  packets.readLearnerInfo,
  'anywhere',
);

test('a LearnerInfo cut short says what it can: nothing, the sid, the version', () => {
  const info = { sid: 7, protocolVersion: packets.LEARNER_PROTOCOL_VERSION, configVersion: 5 };
  const r = reading((w) => packets.writeLearnerInfo(w, info));
  const cut = (end: number) => packets.readLearnerInfo(r.reset(r.buffer, 0, end));
  assert.deepEqual(cut(0), { sid: SID_NONE, protocolVersion: 1, configVersion: -1 });
  assert.deepEqual(cut(8), { sid: 7, protocolVersion: 1, configVersion: -1 });
  assert.deepEqual(cut(12), { ...info, configVersion: -1 });
  assert.deepEqual(cut(20), info);
});
