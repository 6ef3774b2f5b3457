/** QuorumAuthPacket: the bytes that Apache's servers exchanged, and bytes that are none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesFromHex, bytesToHex } from '../base/bytes.ts';
import { utf8Encode } from '../base/text.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import {
  type QuorumAuthPacket,
  QuorumAuthStatus,
  readQuorumAuthPacket,
  writeQuorumAuthPacket,
} from './quorum-auth-packet.ts';

const MAGIC = '5f2435013501edcc';
const PROOF = utf8Encode(`rspauth=${'0'.repeat(32)}`);

/** From captures of 3.8.0: the learner's first packet, and the head of the server's last. */
const CAPTURED: readonly (readonly [number, Uint8Array, string])[] = [
  [QuorumAuthStatus.IN_PROGRESS, new Uint8Array(0), `${MAGIC}0000000000000000`],
  [QuorumAuthStatus.SUCCESS, PROOF, `${MAGIC}0000000100000028${bytesToHex(PROOF)}`],
  [QuorumAuthStatus.ERROR, new Uint8Array(0), `${MAGIC}ffffffff00000000`],
];

function read(hex: string, more = 0): ReturnType<typeof readQuorumAuthPacket> {
  const bytes = bytesFromHex(hex) ?? new Uint8Array(0);
  const r = new JuteReader().reset(bytes, 0, bytes.length);
  const packet = readQuorumAuthPacket(r);
  if (typeof packet !== 'string') assert.equal(r.remaining(), more);
  return packet;
}

test('packets are written and read as on the wire of Apache', () => {
  for (const [status, token, hex] of CAPTURED) {
    const w = new JuteWriter();
    writeQuorumAuthPacket(w, status, token);
    assert.equal(bytesToHex(w.toBytes()), hex);
    assert.deepEqual(read(hex), { status, token });
    assert.deepEqual(read(`${hex}0000000b`, 4), { status, token } satisfies QuorumAuthPacket);
    for (let at = 0; at < hex.length; at += 2) assert.equal(read(hex.slice(0, at)), 'incomplete');
  }
});

test('a null token is an empty one; whatever else is no packet is said to be none', () => {
  assert.deepEqual(read(`${MAGIC}00000000ffffffff`), { status: 0, token: new Uint8Array(0) });
  assert.equal(read('ffffffffffff000000000000000000020000000f'), 'malformed', 'INIT');
  assert.equal(read('0000000b000000000000000000000014'), 'malformed', 'FOLLOWERINFO');
  assert.equal(read(`${MAGIC}00000000fffffffe`), 'malformed', 'a length below -1');
  assert.equal(read(`${MAGIC}0000000000001001`), 'malformed', 'a token beyond the bound');
});
