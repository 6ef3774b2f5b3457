/**
 * What our leader and learner put on the wire, byte for byte beside the captures of real servers in
 * quorum-protocol.md 20. Members of our own kind declare themselves behind FOLLOWERINFO, LEADERINFO
 * and notifications: the declaration is all that may differ.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  bytesToHex,
  makeZxid,
  OpCode,
  PacketType,
  Prng,
  ServerState,
  ZXID_MIN,
} from '@zabra/protocol';
import { ElectionMesh } from './election-mesh.ts';
import { formatEnsembleText } from './ensemble-text.ts';
import { FastLeaderElection } from './fast-leader-election.ts';
import { LeaderRig } from './leader-rig.test-kit.ts';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { bytesOf, configOf, ScriptLink } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';

const z = makeZxid;

function hex(text: string): string {
  return text.replaceAll(/[\s|]/g, '');
}

const DECLARATION = '5a414252 00000002';
/** Behind a notification. */
const TAIL = hex(DECLARATION);

const FOUR_TEXT = [
  'server.1=127.0.0.1:24201:24301:participant',
  'server.2=127.0.0.1:24202:24302:participant',
  'server.3=127.0.0.1:24203:24303:participant',
  'server.4=127.0.0.1:24204:24304:observer',
  'version=0',
].join('\n');

/** One member that dials member 1 and sends it one vote. */
function dialled(sid: number, vote: Vote): string {
  const link = new ScriptLink();
  const config = configOf(FOUR_TEXT);
  const mesh = new ElectionMesh(
    {
      sid,
      electionAddresses: [{ host: '127.0.0.1', port: 24302 }],
      ensembleText: formatEnsembleText(config),
      nowMs: () => 0,
      log: () => {},
      dial: () => link,
      onNotification: () => {},
      onConnected: () => {},
    },
    config.members,
    { multiAddress: false, connectTimeoutMs: 5000, helloTimeoutMs: 5000, authenticates: false },
    new Prng(1),
  );
  mesh.send(1, vote);
  mesh.onDialed(link);
  return link.takeHex();
}

function textHex(text: string): string {
  return [...text].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

test('INIT and the vote of a fresh server 2 are those of the capture', () => {
  const cfg = textHex(FOUR_TEXT);
  assert.equal(FOUR_TEXT.length, 0xb2);
  const init = hex('ffffffffffff0000 | 0000000000000002 | 0000000f') + textHex('127.0.0.1:24302');
  const fresh = hex(`000000e6 | 00000000 | 0000000000000002 | 0000000000000000 | 0000000000000001
    | 0000000000000000 | 00000002 | 000000b2`);
  const vote = { leader: 2, zxid: 0, electionEpoch: 1, peerEpoch: 0, state: ServerState.LOOKING };
  assert.equal(dialled(2, vote), init + fresh + cfg + TAIL);
});

test('the answer of an established leader and the vote of an observer are as captured', () => {
  const cfg = textHex(FOUR_TEXT);
  const sent: Vote[] = [];
  const host = {
    sid: 2,
    isObserver: false,
    verifiers: [makeVerifier(configOf(FOUR_TEXT))],
    memberSids: [],
    pollMaxMs: 1000,
    emptyNeedsAllVoters: false,
    nowMs: () => 0,
    log: () => {},
    sendVote: (_sid: number, vote: Vote) => void sent.push(vote),
    connectAll: () => {},
    isConnected: () => true,
    onDecided: () => {},
  };
  const election = new FastLeaderElection(host);
  election.start(0, 0);
  const mine = { leader: 2, zxid: 0, electionEpoch: 1, peerEpoch: 0, state: ServerState.LOOKING };
  for (const sid of [1, 3]) election.onNotification(sid, mine);
  election.onEpochEstablished(1);
  election.onNotification(1, { ...mine, leader: 1 });
  const answer = hex(`000000e6 | 00000002 | 0000000000000002 | 0000000000000000 | 0000000000000001
    | 0000000000000001 | 00000002 | 000000b2`);
  assert.equal(dialled(2, sent.at(-1) as Vote).slice(2 * 35), answer + cfg + TAIL);
  const observer = new FastLeaderElection({ ...host, sid: 4, isObserver: true });
  observer.start(0, 0);
  const looking = hex(`000000e6 | 00000000 | 8000000000000000 | 8000000000000000
    | 0000000000000001 | 8000000000000000 | 00000002 | 000000b2`);
  assert.equal(sent.at(-1)?.zxid, ZXID_MIN);
  assert.equal(dialled(4, sent.at(-1) as Vote).slice(2 * 35), looking + cfg + TAIL);
});

test('a learner says what the captured learners said', () => {
  const fresh = new LearnerRig();
  fresh.connect();
  assert.equal(
    fresh.link.takeHex(),
    hex(`0000000b | 0000000000000000 | 0000001c | 0000000000000001 00010000 0000000000000000
      ${DECLARATION} | ffffffff`),
  );
  const observer = new LearnerRig();
  Object.assign(observer.host, { sid: 4, isObserver: true });
  observer.connect();
  assert.equal(
    observer.link.takeHex(),
    hex(`00000010 | 0000000000000000 | 0000001c | 0000000000000004 00010000 0000000000000000
      ${DECLARATION} | ffffffff`),
  );
  const rig = new LearnerRig();
  rig.host.holds([z(1, 0x15)], 1);
  rig.connect();
  rig.link.takeHex();
  rig.hear(PacketType.LEADERINFO, z(2, 0), bytesOf('00010000'));
  rig.stored();
  assert.equal(
    rig.link.takeHex(),
    hex('00000012 | 0000000100000015 | 00000004 | 00000001 | ffffffff'),
    'ACKEPOCH with currentEpoch 1, last 1:15',
  );
  rig.hear(PacketType.DIFF, z(1, 0x15));
  rig.newLeader();
  assert.equal(rig.link.takeHex(), hex('00000003 | 0000000200000000 | ffffffff | ffffffff'));
  rig.hear(PacketType.UPTODATE, -1);
  rig.hear(PacketType.PROPOSAL, z(2, 1), 'x');
  rig.learner.onSynced(z(2, 1));
  assert.equal(rig.link.takeHex(), hex('00000003 | 0000000200000001 | ffffffff | ffffffff'));
  rig.hear(PacketType.PING, z(1, 5));
  rig.host.touches = bytesOf('010000177c610000 00001f40');
  rig.hear(PacketType.PING, z(1, 5));
  assert.equal(
    rig.link.takeHex(),
    hex(`00000005 | 0000000100000005 | 00000000 | ffffffff
      00000005 | 0000000100000005 | 0000000c | 010000177c610000 00001f40 | ffffffff`),
  );
  rig.learner.revalidate(0x01000017, 0x7c610000, 8000);
  const timeout = bytesOf('00001f40');
  rig.learner.forward(0x01000017, 0x7c610000, 0, OpCode.createSession, timeout, 0, 4, null);
  const path = bytesOf('00000002 2f61');
  const auth = [{ scheme: 'ip', id: '127.0.0.1' }];
  rig.learner.forward(0x01000017, 0x7c610000, 5, OpCode.sync, path, 0, 6, auth);
  assert.equal(
    rig.link.takeHex(),
    hex(`00000006 | ffffffffffffffff | 0000000c | 010000177c610000 00001f40 | ffffffff
      00000001 | ffffffffffffffff | 00000014
      | 010000177c610000 00000000 fffffff6 00001f40 | ffffffff
      00000001 | ffffffffffffffff | 00000016 | 010000177c610000 00000005 00000009 | 00000002 2f61
      | 00000001 | 00000002 6970 00000009 3132372e302e302e31`),
  );
});

test('a rejoin in an epoch that was accepted is answered as in the capture', () => {
  const rig = new LearnerRig();
  rig.host.holds([z(1, 0x0e)], 1);
  rig.discover(1);
  assert.equal(
    rig.link.takeHex().slice(2 * (20 + 28)),
    hex('00000012 | 000000010000000e | 00000004 | ffffffff | ffffffff'),
  );
});

test('a leader says what the captured leaders said', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 0x12), z(1, 0x13)], 1);
  const two = rig.javaHello(2);
  rig.stored();
  assert.equal(
    two.takeHex(),
    hex(`00000011 | 0000000200000000 | 0000000c | 00010000 ${DECLARATION} | ffffffff`),
  );
  rig.ackEpoch(two, 1, z(1, 0x12));
  rig.stored();
  rig.stored();
  const cfg = `00000003 ${textHex('cfg')}`;
  assert.equal(
    two.takeHex(),
    hex(`0000000d | 0000000100000013 | ffffffff | ffffffff
      00000002 | 0000000100000013 | 00000001 | 78 | ffffffff
      00000004 | 0000000100000013 | ffffffff | ffffffff
      0000000a | 0000000200000000 | ${cfg} | ffffffff`),
  );
  rig.ack(two, z(2, 0));
  assert.equal(two.takeHex(), hex('0000000c | ffffffffffffffff | ffffffff | ffffffff'));
  rig.propose('y');
  rig.after(1);
  rig.packet(two, PacketType.REVALIDATE, -1, bytesOf('010000177c610001 00001f40'));
  rig.ack(two, z(2, 1));
  rig.leader.onSynced(z(2, 1));
  rig.packet(two, PacketType.REQUEST, -1, bytesOf('010000177c610000 00000005 00000009 00000000'));
  assert.equal(
    two.takeHex(),
    hex(`00000002 | 0000000200000001 | 00000001 | 79 | ffffffff
      00000005 | 0000000200000001 | ffffffff | ffffffff
      00000006 | ffffffffffffffff | 00000009 | 010000177c610001 00 | ffffffff
      00000004 | 0000000200000001 | ffffffff | ffffffff
      00000007 | 0000000000000000 | ffffffff | ffffffff`),
  );
});

test('an observer is told as in the capture, a truncation and a snapshot too', () => {
  const rig = new LeaderRig();
  rig.host.holds([z(1, 0x14), z(1, 0x15)], 1);
  const two = rig.establish();
  const observer = rig.join(4, z(1, 0x15), PacketType.OBSERVERINFO);
  rig.ack(observer, z(2, 0));
  observer.takeHex();
  const zxid = rig.propose('y');
  rig.leader.onSynced(zxid);
  rig.ack(two, zxid);
  assert.equal(observer.takeHex(), hex('00000008 | 0000000200000001 | 00000001 | 79 | ffffffff'));
  const cut = new LeaderRig();
  cut.host.holds([z(1, 0x15)], 1);
  cut.establish();
  const ahead = cut.hello(3);
  ahead.takeHex();
  cut.ackEpoch(ahead, -1, z(1, 0x18));
  const trunc = hex('0000000e | 0000000100000015 | ffffffff | ffffffff');
  assert.equal(ahead.takeHex().slice(0, trunc.length), trunc);
  const old = cut.hello(3);
  old.takeHex();
  cut.ackEpoch(old, 1, z(1, 2));
  const snap = hex('0000000f | 0000000200000000 | ffffffff | ffffffff');
  const body = bytesToHex(bytesOf(`736e6170 0000000a ${textHex('BenWasHere')}`));
  assert.equal(old.takeHex().slice(0, snap.length + body.length), snap + body);
});
