/**
 * The schemes `x509` and `sasl`: which ids may stand in an ACL, whom an ACL means, and who is super
 * (client-protocol.md 13.3). The verdicts are those of Apache 3.9.5.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, ErrorCode, type Id } from '@zabra/protocol';
import { AclFixUp } from './acl-fix-up.ts';
import { AuthProviders, NO_SCHEMES } from './auth.ts';
import { isDistinguishedName } from './distinguished-name.ts';
import { isPermitted } from './permission.ts';
import { HASHES } from './state-bed.test-kit.ts';

const SCHEMES = {
  ...NO_SCHEMES,
  x509: true,
  x509SuperUser: 'CN=admin,O=Zabra',
  sasl: true,
  saslSuperUsers: new Set(['root']),
  anySaslUser: 'anybody',
};
const providers = new AuthProviders(HASHES, '', SCHEMES);

test('a distinguished name is what Java takes for one', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['CN=a', true],
    ['cn=a, o=b', true],
    ['', true],
    ['CN=', true],
    [' CN = x ,O=y', true],
    ['1.2.3=#0c0141', true],
    ['1.2.3=x', true],
    ['OID.1.2=x', true],
    ['oid.2.999=x', true],
    ['CN="a,b"', true],
    ['CN="a\\"b" ', true],
    ['CN=a+OU=b', true],
    ['CN=a;O=b', true],
    ['CN=a\\,b', true],
    ['CN=\\e4', true],
    ['CN=a=b', true],
    ['emailAddress=a@b', true],
    ['DC=x,UID=u,T=x,SERIALNUMBER=1,STREET=s,ST=y,L=z', true],
    ['CN=#0c0141', true],
    ['OU=Dev+CN=alice,O=Acme\\, Inc.,L=Nürnberg,ST=Bayern,C=DE', true],
    ['foo', false],
    ['CN', false],
    ['=a', false],
    ['XX=a', false],
    ['E=a@b', false],
    ['1.50.1=x', false],
    ['3.1=x', false],
    ['1=x', false],
    ['CN=a,', false],
    ['CN=a,,O=b', false],
    ['CN=#zz', false],
    ['CN=#1', false],
    ['CN=#11', false],
    ['CN=#0c0241', false],
    ['CN=a"b', false],
    ['CN="a', false],
    ['CN="a"b', false],
    ['CN=<a>', false],
    ['CN=a\\', false],
    ['CN=\\zz', false],
  ];
  for (const [name, expected] of rows) assert.equal(isDistinguishedName(name), expected, name);
});

test('ids of scheme sasl are principals or bare names', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['bob', true],
    ['bob@R', true],
    ['bob/h@R', true],
    ['a/b', true],
    ['a/b/c', true],
    ['@', true],
    ['', true],
    ['a b', true],
    ['b:c', true],
    ['a/b/c@R', false],
    ['a@b@c', false],
    ['a@b/c', false],
  ];
  for (const [id, expected] of rows) {
    assert.equal(providers.find('sasl')?.isValid(id), expected, id);
  }
});

test('an ACL means who is named, whoever is above names, and nobody else', () => {
  const rows: readonly (readonly [scheme: string, identity: string, aclId: string, boolean])[] = [
    ['x509', 'CN=a', 'CN=a', true],
    ['x509', 'CN=a', 'cn=a', false],
    ['x509', 'CN=a,O=b', 'CN=a, O=b', false],
    ['x509', 'CN=admin,O=Zabra', 'CN=a', true],
    ['x509', 'CN=a', 'CN=admin,O=Zabra', false],
    ['sasl', 'bob', 'bob', true],
    ['sasl', 'bob', 'eve', false],
    ['sasl', 'super', 'eve', true],
    ['sasl', 'bob', 'super', false],
    ['sasl', 'bob', 'anybody', true],
    ['sasl', 'anybody', 'bob', false],
  ];
  for (const [scheme, id, aclId, expected] of rows) {
    const acl: Acl[] = [{ perms: 31, scheme, id: aclId }];
    const name = `${scheme} ${id} against ${aclId}`;
    assert.equal(isPermitted(acl, 1, [{ scheme, id }], providers), expected, name);
    const other = scheme === 'x509' ? 'sasl' : 'x509';
    assert.equal(isPermitted(acl, 1, [{ scheme: other, id }], providers), false, name);
  }
});

test('nobody is above names where nobody is configured to be', () => {
  const plain = new AuthProviders(HASHES, '', { ...NO_SCHEMES, x509: true, sasl: true });
  assert.equal(plain.find('x509')?.matches('', 'CN=a'), false);
  assert.equal(plain.find('sasl')?.matches('bob', ''), false);
  assert.deepEqual(plain.earned({ scheme: 'x509', id: '' }), [{ scheme: 'x509', id: '' }]);
  assert.deepEqual(plain.earned({ scheme: 'sasl', id: 'root' }), [{ scheme: 'sasl', id: 'root' }]);
});

test('super users get the identity that passes every check', () => {
  const admin: Id = { scheme: 'x509', id: 'CN=admin,O=Zabra' };
  assert.deepEqual(providers.earned(admin), [{ scheme: 'super', id: admin.id }, admin]);
  const root: Id = { scheme: 'sasl', id: 'root' };
  assert.deepEqual(providers.earned(root), [root, { scheme: 'super', id: '' }]);
  for (const id of ['CN=a', 'root']) {
    assert.deepEqual(providers.earned({ scheme: 'x509', id }), [{ scheme: 'x509', id }]);
  }
  // The SASL user `super` is meant by every ACL of its scheme, and has no more than that.
  assert.equal(providers.earned({ scheme: 'sasl', id: 'super' }).length, 1);
});

test('auth adds nothing: it succeeds for who has a certificate, and never for sasl', () => {
  const own: Id = { scheme: 'x509', id: 'CN=a' };
  const rows: readonly (readonly [string, Id[], number])[] = [
    ['x509', [own], ErrorCode.OK],
    ['x509', [], ErrorCode.AUTHFAILED],
    ['sasl', [{ scheme: 'sasl', id: 'bob' }], ErrorCode.AUTHFAILED],
  ];
  for (const [scheme, identities, code] of rows) {
    const outcome = providers.authenticate(scheme, new Uint8Array(0), identities);
    assert.deepEqual([outcome.code, outcome.add], [code, []], scheme);
  }
  const none = new AuthProviders(HASHES, '');
  assert.equal(none.authenticate('x509', null, [own]).code, ErrorCode.AUTHFAILED);
});

test('scheme auth stands for both, and an ACL may name neither where there is none', () => {
  const identities: Id[] = [
    { scheme: 'ip', id: '10.0.0.1' },
    { scheme: 'x509', id: 'CN=a' },
    { scheme: 'sasl', id: 'bob' },
  ];
  const fixUp = new AclFixUp(providers);
  assert.equal(fixUp.run([{ perms: 7, scheme: 'auth', id: '' }], identities), ErrorCode.OK);
  assert.deepEqual(
    fixUp.acl.map(({ scheme, id }) => `${scheme} ${id}`),
    ['x509 CN=a', 'sasl bob'],
  );
  const plain = new AclFixUp(new AuthProviders(HASHES, ''));
  for (const acl of [
    { perms: 7, scheme: 'auth', id: '' },
    { perms: 7, scheme: 'x509', id: 'CN=a' },
    { perms: 7, scheme: 'sasl', id: 'bob' },
  ]) {
    assert.equal(plain.run([acl], identities), ErrorCode.INVALIDACL, acl.scheme);
  }
});
