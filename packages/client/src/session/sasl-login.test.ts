/**
 * SaslLogin: the token that answers a challenge, hash by hash, and the servers that are not
 * believed. That Apache's and our server take the tokens is shown where they run.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { type DigestStep, utf8Decode, utf8Encode } from '@zabra/protocol';
import { SaslLogin } from './sasl-login.ts';

const md5 = (bytes: Uint8Array): Uint8Array => createHash('md5').update(bytes).digest();
const HASHES = { md5, randomBytes: (length: number) => new Uint8Array(length).fill(7) };
const CNONCE = Buffer.alloc(30, 7).toString('base64');
const CHALLENGE = 'realm="zk-sasl-md5",nonce="n/1+",charset=utf-8,algorithm=md5-sess';

const hex = (text: string | Buffer): string => createHash('md5').update(text).digest('hex');

/** Section 2.1.2.1 of RFC 2831, once more and by other means. */
function responseOf(user: string, password: string, method: string): string {
  const charset = /^[\0-\xff]*$/.test(password) ? 'latin1' : 'utf8';
  const secret = Buffer.concat([
    Buffer.from(`${user}:zk-sasl-md5:`, 'latin1'),
    Buffer.from(password, charset),
  ]);
  const a1 = Buffer.concat([md5(secret), Buffer.from(`:n/1+:${CNONCE}`)]);
  const a2 = `${method}:zookeeper/zk-sasl-md5`;
  return hex(`${hex(a1)}:n/1+:00000001:${CNONCE}:auth:${hex(a2)}`);
}

function textOf(step: DigestStep): string {
  assert.equal(step.kind, 'answer');
  return utf8Decode(step.token, 0, step.token.length);
}

const USERS = [
  ['bob', 'bobsecret', '"bob"'],
  ['q"\\', 'a"b\\c', '"q\\"\\\\"'],
  ['müller', 'pässword', '"müller"'],
  ['lodz', 'łódź', '"lodz"'],
] as const;

for (const [user, password, name] of USERS) {
  test(`SaslLogin proves that it is ${user}, and has the server prove itself`, () => {
    const exchange = new SaslLogin(user, password, HASHES).begin();
    const token = textOf(exchange.onToken(utf8Encode(CHALLENGE)));
    const proof = responseOf(user, password, 'AUTHENTICATE');
    assert.equal(
      token,
      `charset=utf-8,username=${name},realm="zk-sasl-md5",nonce="n/1+",nc=00000001,` +
        `cnonce="${CNONCE}",digest-uri="zookeeper/zk-sasl-md5",response=${proof},qop=auth`,
    );
    const answer = `rspauth=${responseOf(user, password, '')}`;
    assert.deepEqual(exchange.onToken(utf8Encode(answer)), { kind: 'done' });
  });
}

const OPENINGS: readonly [string, string | null, RegExp][] = [
  ['no token', null, /offers no SASL/],
  ['no list', 'nonce', /malformed/],
  ['a nonce twice', `${CHALLENGE},nonce="m"`, /malformed/],
  ['no nonce', 'realm="r",charset=utf-8,algorithm=md5-sess', /not of DIGEST-MD5/],
  ['no algorithm', 'realm="r",nonce="n",charset=utf-8', /not of DIGEST-MD5/],
  ['no charset', 'realm="r",nonce="n",algorithm=md5-sess', /not of DIGEST-MD5 in UTF-8/],
  ['encryption alone', `${CHALLENGE},qop="auth-conf,auth-int"`, /wants more of SASL than "auth"/],
];

for (const [name, challenge, reason] of OPENINGS) {
  test(`SaslLogin gives up on a challenge of ${name}`, () => {
    const exchange = new SaslLogin('bob', 'bobsecret', HASHES).begin();
    const step = exchange.onToken(challenge === null ? null : utf8Encode(challenge));
    assert.ok(step.kind === 'fault');
    assert.match(step.reason, reason);
  });
}

const ENDINGS: readonly [string, string | null, RegExp][] = [
  ['nothing', null, /refused the SASL login/],
  ['no proof', 'x=y', /did not prove that it knows the password/],
  ['the proof of another password', `rspauth=${responseOf('bob', 'x', '')}`, /did not prove/],
  ["the client's own", `rspauth=${responseOf('bob', 'bobsecret', 'AUTHENTICATE')}`, /did not pro/],
];

for (const [name, answer, reason] of ENDINGS) {
  test(`SaslLogin does not believe a server that answers ${name}`, () => {
    const exchange = new SaslLogin('bob', 'bobsecret', HASHES).begin();
    exchange.onToken(utf8Encode(`${CHALLENGE},qop="auth-int, auth"`));
    const step = exchange.onToken(answer === null ? null : utf8Encode(answer));
    assert.ok(step.kind === 'fault');
    assert.match(step.reason, reason);
  });
}

test('SaslLogin shows its password to nobody', () => {
  const login = new SaslLogin('bob', 'planted', HASHES);
  const shown = inspect([login, login.begin()], { depth: 9, showHidden: true });
  assert.doesNotMatch(shown + JSON.stringify(login), /planted/);
});
