/**
 * DIGEST-MD5, the server's side: an exchange that Apache's server and client held, and what
 * Apache's server 3.9.5 takes and refuses, token by token.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DigestResponse, utf8Decode, utf8Encode } from '@zabra/protocol';
import fc from 'fast-check';
import { CLIENT_SERVICE, DigestMd5, type DigestService, QUORUM_SERVICE } from './digest-md5.ts';
import { SaslUsers } from './sasl-users.ts';
import { HASHES } from './state-bed.test-kit.ts';

const USERS = new SaslUsers(
  new Map([
    ['bob', 'bobsecret'],
    ['müller', 'pässword'],
    ['lodz', 'łódź'],
    ['größe', 'łódź'],
    ['q', 'a"b\\c'],
  ]),
);

test('an exchange of Apache 3.9.5 with its own client comes out the same', () => {
  const nonce = '1jXJaDVxynwNMmjCZyW/8AeNS9sM1i9AQHCaFpAd';
  const hashes = { ...HASHES, randomBytes: () => Buffer.from(nonce, 'base64') };
  const exchange = new DigestMd5(USERS, hashes);
  assert.equal(
    text(exchange.answer(new Uint8Array(0))),
    `realm="zk-sasl-md5",nonce="${nonce}",charset=utf-8,algorithm=md5-sess`,
  );
  const token =
    `charset=utf-8,username="bob",realm="zk-sasl-md5",nonce="${nonce}",nc=00000001,` +
    'cnonce="XU4yJ8UgS5I878W8wUlbwsTaAzn5Cdmt9vydDAvg",' +
    'digest-uri="zookeeper/zk-sasl-md5",maxbuf=65536,' +
    'response=abe6276a76877ef13a2e6b06d50e930d,qop=auth,authzid="bob"';
  assert.equal(
    text(exchange.answer(utf8Encode(token))),
    'rspauth=5049a918741c8afba064e4bfd5848740',
  );
  assert.equal(exchange.isDone, true);
  assert.equal(exchange.userName, 'bob');
});

/** What a client says, but for what a row changes. */
interface Says {
  readonly user?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly uri?: string;
  readonly nonceCount?: string;
  readonly qop?: string;
  readonly cnonce?: string;
  readonly authzid?: string;
  /** Changes the text of the token. */
  readonly edit?: (token: string) => string;
}

function tokenFor(challenge: string, says: Says): Uint8Array {
  const { user = 'bob', password = 'bobsecret', realm = 'zk-sasl-md5' } = says;
  const { uri = 'zookeeper/zk-sasl-md5', nonceCount = '00000001', qop = 'auth' } = says;
  const { cnonce = 'OA6MHXh6VqTrRk', authzid, edit = (same: string) => same } = says;
  const nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
  const values = {
    userName: user,
    realm,
    nonce,
    cnonce,
    nonceCount,
    qop,
    digestUri: uri,
    authzid: authzid ?? null,
    isUtf8: true,
  };
  const { ofClient } = new DigestResponse(values, password, HASHES.md5);
  const token =
    `charset=utf-8,username="${user}",realm="${realm}",nonce="${nonce}",nc=${nonceCount},` +
    `cnonce="${cnonce}",digest-uri="${uri}",maxbuf=65536,response=${ofClient},qop=${qop}` +
    (authzid === undefined ? '' : `,authzid="${authzid}"`);
  return utf8Encode(edit(token));
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : utf8Decode(bytes, 0, bytes.length);
}

const without = (part: string | RegExp) => (token: string) => token.replace(part, '');
const behind = (part: string) => (token: string) => token + part;

const TAKEN: readonly (readonly [string, Says])[] = [
  ['a plain response', {}],
  ['an authorization id of its own', { authzid: 'bob' }],
  ["somebody else's authorization id", { authzid: 'eve' }],
  ['another case of the digest-uri', { uri: 'ZOOKEEPER/ZK-SASL-MD5' }],
  ['no qop', { edit: without(',qop=auth') }],
  ['a quoted qop', { edit: (token) => token.replace('qop=auth', 'qop="auth"') }],
  ['no nc', { edit: without('nc=00000001,') }],
  ['no maxbuf', { edit: without('maxbuf=65536,') }],
  ['a senseless maxbuf', { edit: (token) => token.replace('65536', '1') }],
  ['no charset', { edit: without('charset=utf-8,') }],
  ['unknown directives', { edit: behind(',foo=bar,cipher="des"') }],
  ['an empty cnonce', { cnonce: '' }],
  ['blanks about commas', { edit: (token) => token.replaceAll(',', ' ,\t') }],
  ['empty directives', { edit: (token) => `,${token.replaceAll(',', ',,')},` }],
  ['an unquoted user', { edit: (token) => token.replace('"bob"', 'bob') }],
  ['an escaped quote', { edit: (token) => token.replace('"bob"', '"b\\ob"') }],
  ['names in capitals', { edit: (token) => token.replace('username', 'USERNAME') }],
  ['a user with an umlaut', { user: 'müller', password: 'pässword' }],
  ['a password beyond ISO 8859-1', { user: 'lodz', password: 'łódź' }],
  ['user and password of different charsets', { user: 'größe', password: 'łódź' }],
  ['a password with quotes', { user: 'q', password: 'a"b\\c' }],
];

const REFUSED: readonly (readonly [string, Says])[] = [
  ['a wrong password', { password: 'bobsecreT' }],
  ['an empty password', { password: '' }],
  ['an unknown user', { user: 'zed' }],
  ['an empty user', { user: '', password: '' }],
  ['an empty realm', { realm: '' }],
  ['another realm', { realm: 'other' }],
  ['no realm', { edit: without('realm="zk-sasl-md5",') }],
  ['another host in the digest-uri', { uri: 'zookeeper/other' }],
  ['another service in the digest-uri', { uri: 'ldap/zk-sasl-md5' }],
  ['a digest-uri of three parts', { uri: 'zookeeper/zk-sasl-md5/zookeeper' }],
  ['no digest-uri', { edit: without(/digest-uri="[^"]*",/) }],
  ['another qop', { qop: 'auth-int' }],
  ['another nonce count', { nonceCount: '00000002' }],
  ['a nonce count that is none', { nonceCount: 'x' }],
  ['another nonce', { edit: (token) => token.replace(',nonce="', ',nonce="x') }],
  ['another charset', { edit: (token) => token.replace('utf-8', 'latin-1') }],
  ['a user twice', { edit: behind(',username="eve"') }],
  ['an authorization id that was not hashed', { edit: behind(',authzid=""') }],
  ['no response', { edit: without(/response=[0-9a-f]*,/) }],
  [
    'a response in capitals',
    { edit: (t) => t.replace(/(?<=response=)\w+/, (r) => r.toUpperCase()) },
  ],
  ['a longer response', { edit: (token) => token.replace(',qop', '0,qop') }],
  ['no user', { edit: without('username="bob",') }],
  ['no cnonce', { edit: without('cnonce="OA6MHXh6VqTrRk",') }],
  ['bytes behind the last directive', { edit: behind('\0') }],
  ['a quote that does not end', { edit: (token) => token.replace('Rk",', 'Rk,') }],
  ['something behind a quoted value', { edit: (token) => token.replace('"bob"', '"bob"x') }],
  ['a name without a value', { edit: behind(',foo') }],
  ['more than 4096 bytes', { edit: behind(`,foo="${'x'.repeat(4096)}"`) }],
  ['nothing', { edit: () => '' }],
];

test('what Apache takes is taken, and proved in turn', () => {
  for (const [name, says] of TAKEN) {
    const exchange = new DigestMd5(USERS, HASHES);
    const challenge = text(exchange.answer(new Uint8Array(0))) ?? '';
    const answer = text(exchange.answer(tokenFor(challenge, says)));
    assert.match(answer ?? 'refused', /^rspauth=[0-9a-f]{32}$/, name);
    assert.equal(exchange.userName, says.user ?? 'bob', name);
    assert.equal(exchange.answer(new Uint8Array(0)), null, `${name}: nothing may follow`);
  }
});

test('what Apache refuses is refused, for good', () => {
  for (const [name, says] of REFUSED) {
    const exchange = new DigestMd5(USERS, HASHES);
    const challenge = text(exchange.answer(new Uint8Array(0))) ?? '';
    assert.equal(exchange.answer(tokenFor(challenge, says)), null, name);
    assert.equal(exchange.userName, '', name);
    assert.equal(exchange.answer(tokenFor(challenge, {})), null, `${name}: no second attempt`);
    assert.equal(exchange.isDone, false, name);
  }
});

test('servers among themselves are another service, and nobody acts for another there', () => {
  const server = { realm: 'zk-quorum-sasl-md5', uri: 'zookeeper-quorum/zk-quorum-sasl-md5' };
  const rows: readonly (readonly [string, Says, DigestService, boolean])[] = [
    ['a server', server, QUORUM_SERVICE, true],
    ['a server that names itself', { ...server, authzid: 'bob' }, QUORUM_SERVICE, true],
    ['a server that names another', { ...server, authzid: 'eve' }, QUORUM_SERVICE, false],
    ['a client', {}, QUORUM_SERVICE, false],
    ['a server that comes as a client', server, CLIENT_SERVICE, false],
  ];
  for (const [name, says, service, isTaken] of rows) {
    const exchange = new DigestMd5(USERS, HASHES, service);
    const challenge = text(exchange.answer(new Uint8Array(0))) ?? '';
    assert.match(challenge, new RegExp(`^realm="${service.realm}",nonce="`));
    assert.equal(exchange.answer(tokenFor(challenge, says)) !== null, isTaken, name);
  }
});

test('the opening token may say anything, and each challenge is another', () => {
  let count = 0;
  const hashes = {
    ...HASHES,
    randomBytes: (length: number) => new Uint8Array(length).fill(++count),
  };
  const challenges = ['', 'hello', 'username="bob"'].map((opening) =>
    text(new DigestMd5(USERS, hashes).answer(utf8Encode(opening))),
  );
  assert.equal(new Set(challenges).size, 3);
  for (const challenge of challenges) assert.match(challenge ?? '', /nonce="[\w+/]{40}"/);
});

test('a response to one challenge is none to another', () => {
  let count = 0;
  const hashes = {
    ...HASHES,
    randomBytes: (length: number) => new Uint8Array(length).fill(++count),
  };
  const first = new DigestMd5(USERS, hashes);
  const second = new DigestMd5(USERS, hashes);
  const token = tokenFor(text(first.answer(new Uint8Array(0))) ?? '', {});
  second.answer(new Uint8Array(0));
  assert.equal(second.answer(token), null);
  assert.notEqual(first.answer(token), null);
});

test('no token but the right one is taken, whatever its bytes', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        ...'username realm nonce nc cnonce digest-uri response qop charset'.split(' '),
      ),
      fc.constantFrom('=', ',', '"', '\\', ' ', 'bob', 'zk-sasl-md5', 'utf-8', '\u00e4'),
      fc.string({ maxLength: 5 }),
    ),
  );
  const tokens = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    pieces.map((p) => utf8Encode(p.join(''))),
  );
  fc.assert(
    fc.property(tokens, (token) => {
      const exchange = new DigestMd5(USERS, HASHES);
      exchange.answer(new Uint8Array(0));
      assert.equal(exchange.answer(token), null);
      assert.equal(exchange.isDone, false);
    }),
  );
});
