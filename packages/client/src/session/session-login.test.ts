/**
 * A session that logs in by SASL: before anything else, on every connection, and never without.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  DigestResponse,
  ErrorCode,
  type JuteWriter,
  makeStat,
  parseDirectives,
  utf8Encode,
  writeStat,
} from '@zabra/protocol';
import { GetDataRequest, SyncRequest } from './requests.ts';
import { SaslLogin } from './sasl-login.ts';
import { NamedWatcher, ScriptedPeer } from './scripted-peer.test-kit.ts';
import { connectTimeoutMs } from './session-timing.ts';

const PAUSE_MS = 1000;
const md5 = (bytes: Uint8Array): Uint8Array => createHash('md5').update(bytes).digest();
const randomBytes = (length: number): Uint8Array => new Uint8Array(length);
const sasl = new SaslLogin('bob', 'bobsecret', { md5, randomBytes });

const token =
  (text: string | null) =>
  (w: JuteWriter): void =>
    w.bytes(text === null ? null : utf8Encode(text));

const CHALLENGE = token('realm="zk-sasl-md5",nonce="n",charset=utf-8,algorithm=md5-sess');

/** What a server says that knows the password; the client's response is asserted to be right. */
function proofFor(response: Uint8Array | null): string {
  const values = parseDirectives(response ?? new Uint8Array(0))?.values;
  const given = {
    userName: values?.get('username') ?? '',
    realm: 'zk-sasl-md5',
    nonce: 'n',
    cnonce: values?.get('cnonce') ?? '',
    nonceCount: '00000001',
    qop: 'auth',
    digestUri: 'zookeeper/zk-sasl-md5',
    authzid: null,
    isUtf8: true,
  };
  const digest = new DigestResponse(given, 'bobsecret', md5);
  assert.equal(values?.get('response'), digest.ofClient);
  return `rspauth=${digest.ofServer}`;
}

function logIn(peer: ScriptedPeer): void {
  assert.deepEqual(peer.frames[0]?.body.bytes()?.length, 0, 'the first token is empty');
  peer.answer(0, ErrorCode.OK, CHALLENGE);
  const proof = proofFor(peer.frames[0]?.body.bytes() ?? null);
  peer.answer(0, ErrorCode.OK, token(proof));
}

test('SessionMachine logs in before it claims, watches or asks anything, each time', () => {
  const peer = new ScriptedPeer({ sasl });
  peer.addAuth('digest', 'a:b');
  peer.submit(new GetDataRequest('/a', new NamedWatcher('w')));
  peer.accept();
  peer.grant(5);
  assert.deepEqual(peer.take().slice(2), ['> sasl xid=1']);
  peer.submit(new SyncRequest('/b'));
  logIn(peer);
  assert.deepEqual(peer.take(), [
    '> sasl xid=2',
    '> auth xid=-4',
    '> getData xid=3',
    '> sync xid=4',
    'state CONNECTED',
  ]);
  peer.answer(7, ErrorCode.OK, (w) => {
    w.bytes(null);
    writeStat(w, makeStat());
  });
  peer.answer(8, ErrorCode.OK, (w) => w.string('/b'));
  peer.cut();
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.grant(5);
  peer.take();
  logIn(peer);
  const again = ['> sasl xid=6', '> auth xid=-4', '> setWatches xid=7', 'state CONNECTED'];
  assert.deepEqual(peer.take(), again);
});

const REFUSALS: readonly [string, (peer: ScriptedPeer) => void, string][] = [
  [
    'refuses the user at once',
    (peer) => peer.answer(0, ErrorCode.AUTHFAILED),
    'the server refused the SASL login (AUTHFAILED)',
  ],
  [
    'refuses the password',
    (peer) => {
      peer.answer(0, ErrorCode.OK, CHALLENGE);
      peer.answer(0, ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH);
    },
    'the server refused the SASL login (SESSIONCLOSEDREQUIRESASLAUTH)',
  ],
  [
    'lets refused clients in',
    (peer) => {
      peer.answer(0, ErrorCode.OK, CHALLENGE);
      peer.answer(0, ErrorCode.OK, token(null));
    },
    'the server refused the SASL login',
  ],
  ['has no SASL', (peer) => peer.answer(0, ErrorCode.OK, token(null)), 'the server offers no SASL'],
  [
    'does not know the password itself',
    (peer) => {
      peer.answer(0, ErrorCode.OK, CHALLENGE);
      peer.answer(0, ErrorCode.OK, token('rspauth=0'));
    },
    'the server did not prove that it knows the password',
  ],
];

for (const [name, refuse, reason] of REFUSALS) {
  test(`SessionMachine asks nothing of a server that ${name}`, () => {
    const peer = new ScriptedPeer({ sasl });
    peer.submit(new SyncRequest('/a'));
    peer.accept();
    peer.grant(5);
    refuse(peer);
    assert.deepEqual(peer.take().slice(-3), [
      'hang up 1',
      'reply sync /a AUTHFAILED zxid=0',
      `state AUTH_FAILED: ${reason}`,
    ]);
    assert.equal(peer.machine.deadlineMs, Number.POSITIVE_INFINITY);
  });
}

test('SessionMachine begins anew when the connection breaks or stalls in the login', () => {
  const peer = new ScriptedPeer({ sasl });
  const request = new SyncRequest('/a');
  peer.submit(request);
  peer.accept();
  peer.grant(5);
  peer.answer(0, ErrorCode.OK, CHALLENGE);
  peer.take();
  peer.cut();
  assert.deepEqual(peer.take(), ['reply sync /a CONNECTIONLOSS zxid=0', 'unreachable: reset']);
  assert.equal(request.wasSent, false);
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.grant(5);
  peer.take();
  peer.pass(connectTimeoutMs(3000, 1) - 1);
  assert.deepEqual(peer.take(), []);
  peer.pass(1);
  assert.equal(peer.take()[0], 'hang up 2');
  assert.equal(peer.machine.lastFailure, 'the server did not answer the SASL login in time');
  peer.pass(PAUSE_MS);
  peer.accept();
  peer.grant(5);
  logIn(peer);
  assert.equal(peer.take().at(-1), 'state CONNECTED');
});

test('SessionMachine that is closed in the login ends its session behind it', () => {
  const peer = new ScriptedPeer({ sasl });
  peer.accept();
  peer.grant(5);
  peer.take();
  peer.close();
  assert.deepEqual(peer.take(), []);
  logIn(peer);
  assert.deepEqual(peer.take(), ['> sasl xid=2', '> closeSession xid=3', 'state CONNECTED']);
  peer.answer(4);
  assert.equal(peer.machine.state, 'CLOSED');
});
