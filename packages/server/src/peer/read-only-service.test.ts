/**
 * A member that has no leader and serves reads all the same: when it begins and ends, whom it
 * takes, and what it refuses (client-protocol.md 16).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bytesToHex,
  type ConnectResponse,
  makeZxid,
  OpCode,
  PacketType,
  sessionPassword,
  ZXID_MAX,
} from '@zabra/protocol';
import type { BedClient } from './bed-client.test-kit.ts';
import { finish, follow, type History, memberWith } from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';

const READ_ONLY = { readOnlyAfterMs: 2000, fourLetterWords: new Set(['*']) };
const WITH_LOCAL = { ...READ_ONLY, localSessionsEnabled: true };

/** Followed server 2 through znodes /0 and /1 and a session of its own, and has lost it since. */
function partitioned(changes: Partial<PeerConfig>): {
  readonly bed: MemberBed;
  readonly history: History;
} {
  const bed = new MemberBed(changes);
  const history = memberWith(2, bed);
  const body = new Uint8Array([0, 0, 0x20, 0]);
  const entry = history.nextOf(0x03000000, 77, 0, OpCode.createSession, body);
  bed.link.say(PacketType.PROPOSAL, history.zxid, entry);
  bed.link.say(PacketType.COMMIT, history.zxid);
  bed.run();
  bed.voter = () => null;
  bed.hangUp(bed.link);
  bed.until(() => bed.peer.status().phase === 'election');
  return { bed, history };
}

function readOnly(changes: Partial<PeerConfig>): { bed: MemberBed; history: History } {
  const found = partitioned(changes);
  found.bed.until(() => found.bed.peer.status().readOnly);
  return found;
}

function join(bed: MemberBed): { client: BedClient; session: ConnectResponse } {
  const client = bed.connect();
  const session = client.handshake({ readOnly: true });
  assert.ok(session !== null);
  return { client, session };
}

function word(bed: MemberBed, name: string): string {
  const client = bed.connect();
  client.sendRaw(Buffer.from(name));
  bed.run();
  return Buffer.from(client.raw()).toString();
}

/** What a server of the ensemble has granted. */
function granted(sessionLo: number): ConnectResponse {
  const sessionHi = 0x03000000;
  const password = sessionPassword(sessionHi, sessionLo);
  const response = { protocolVersion: 0, timeoutMs: 10_000, readOnly: false };
  return { ...response, sessionHi, sessionLo, password };
}

describe('read-only mode', () => {
  it('begins when no leader was found for so long, and not where it is not enabled', () => {
    const { bed } = partitioned(WITH_LOCAL);
    bed.pass(1900);
    assert.equal(bed.peer.status().readOnly, false);
    assert.equal(word(bed, 'isro'), 'null');
    bed.pass(200);
    assert.equal(bed.peer.status().readOnly, true);
    const { serving, role } = bed.peer.status();
    assert.deepEqual([serving, role], [false, 'looking']);
    const never = partitioned({ ...WITH_LOCAL, readOnlyAfterMs: -1 });
    never.bed.pass(20_000);
    assert.equal(never.bed.peer.status().readOnly, false);
  });

  it('shows itself to four-letter words', () => {
    const { bed } = readOnly(WITH_LOCAL);
    assert.equal(word(bed, 'isro'), 'ro');
    const srvr = word(bed, 'srvr').split('\n');
    assert.equal(srvr[1], 'READ-ONLY mode; serving only read-only clients');
    assert.equal(srvr.includes('Mode: read-only'), true);
    assert.match(word(bed, 'stat'), /clients\nClients:\n/);
    const mntr = word(bed, 'mntr');
    assert.match(mntr, /\nzk_server_state\tread-only\n/);
    assert.doesNotMatch(mntr, /zk_peer_state|zk_quorum_size/);
    assert.match(word(bed, 'conf'), /\npeerType=0\n$/);
  });

  it('answers reads in the order of the requests, and refuses writes', () => {
    const { bed } = readOnly(WITH_LOCAL);
    const { client } = join(bed);
    client.getData(1, '/0', true);
    client.create(2, '/x');
    client.setData(3, '/0', new Uint8Array(1));
    client.request(4, OpCode.create, (w) => w.int(-7));
    client.request(5, OpCode.multi);
    client.request(6, OpCode.sync, (w) => w.string('/'));
    client.request(7, OpCode.reconfig);
    client.request(-2, OpCode.ping);
    client.getData(8, '/none');
    bed.run();
    assert.deepEqual(
      client.replies().map(({ xid, zxid, err }) => [xid, zxid, err]),
      [
        [1, makeZxid(1, 3), 'OK'],
        ...[2, 3, 4, 5, 6, 7].map((xid) => [xid, makeZxid(1, 3), 'NOTREADONLY']),
        [-2, makeZxid(1, 3), 'OK'],
        [8, makeZxid(1, 3), 'NONODE'],
      ],
    );
    const { lastProcessedZxid, lastLoggedZxid } = bed.peer.status();
    assert.deepEqual([lastProcessedZxid, lastLoggedZxid], [makeZxid(1, 3), makeZxid(1, 3)]);
  });

  it('takes read-only clients alone, and none that has seen more', () => {
    const { bed } = readOnly(WITH_LOCAL);
    for (const greeting of [
      { readOnly: false },
      { readOnly: null },
      { readOnly: true, lastZxidSeen: ZXID_MAX },
    ]) {
      const client = bed.connect();
      assert.equal(client.handshake(greeting), null);
      assert.equal(client.closed, 'cut');
    }
    const client = bed.connect();
    client.greet({ readOnly: true });
    bed.run();
    const frame = client.frames()[0] ?? new Uint8Array(0);
    assert.equal(bytesToHex(frame.subarray(36)), '01');
  });

  it('gives local sessions, which are resumed, expire and are closed here', () => {
    const { bed } = readOnly(WITH_LOCAL);
    const { client, session } = join(bed);
    assert.equal(bed.peer.status().localSessionCount, 1);
    const second = bed.connect();
    assert.deepEqual(second.handshake({ session, readOnly: true }), session);
    assert.equal(client.closed, 'cut');
    second.request(1, OpCode.closeSession);
    bed.run();
    assert.deepEqual(second.xids(), [1]);
    assert.equal(second.closed, 'gently');
    assert.equal(bed.connect().handshake({ session, readOnly: true })?.timeoutMs, 0);
    const { client: silent } = join(bed);
    bed.pass(15_000);
    assert.equal(silent.closed, 'cut');
    assert.equal(bed.peer.status().localSessionCount, 0);
  });

  it('leaves it to a leader whether a session of the ensemble lives', () => {
    const { bed } = readOnly(WITH_LOCAL);
    const client = bed.connect();
    assert.equal(client.handshake({ session: granted(77), readOnly: true }), null);
    assert.equal(client.closed, 'cut');
  });

  it('knows a session that nobody has told it of by its word where there are no local ones', () => {
    const { bed } = readOnly(READ_ONLY);
    const fresh = bed.connect();
    assert.equal(fresh.handshake({ readOnly: true }), null);
    assert.equal(fresh.closed, 'cut');
    const client = bed.connect();
    const session = granted(78);
    assert.equal(client.handshake({ session, readOnly: true })?.sessionLo, 78);
    client.request(1, OpCode.closeSession);
    bed.run();
    assert.deepEqual(
      client.replies().map(({ err }) => err),
      ['NOTREADONLY'],
    );
    const { bed: other } = readOnly(WITH_LOCAL);
    assert.equal(other.connect().handshake({ session, readOnly: true })?.timeoutMs, 0);
  });

  it('ends with the search: its clients come back to the role, with their sessions', () => {
    const { bed, history } = readOnly(WITH_LOCAL);
    const { client, session } = join(bed);
    client.getData(1, '/0', true);
    bed.run();
    const link = follow(bed, 2);
    assert.equal(client.closed, 'cut');
    assert.equal(bed.peer.status().readOnly, false);
    const early = bed.connect();
    early.greet({ session, readOnly: true });
    link.say(PacketType.DIFF, history.zxid);
    finish(bed, link, 2);
    const response = early.response();
    assert.deepEqual([response?.sessionLo, response?.readOnly], [session.sessionLo, false]);
  });

  it('ends when the server stops', () => {
    const { bed } = readOnly(WITH_LOCAL);
    const { client } = join(bed);
    bed.peer.stop();
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(bed.exit?.code, 0);
  });
});
