/**
 * Authentication, the fix-up of ACLs and the permission check (client-protocol.md 13; traps 37 to
 * 39).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, type ErrorName, errorName, type Id, OpCode, Perms } from '@zabra/protocol';
import { AclFixUp } from './acl-fix-up.ts';
import { AuthProviders } from './auth.ts';
import { digestIdentity } from './digest-provider.ts';
import { isPermitted } from './permission.ts';
import {
  ALICE,
  createBody,
  HASHES,
  pathWatchBody,
  StateBed,
  type Who,
  worldAcl,
} from './state-bed.test-kit.ts';

const SUPER_DIGEST = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=';
const BOB_ID = 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=';
const IP: Id = { scheme: 'ip', id: '10.0.0.1' };

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('digest identities are those of the protocol', () => {
  const rows = [
    ['bob:bob', BOB_ID],
    ['user:pass', 'user:smGaoVKd/cQkjm7b88GyorAUz20='],
    ['super:test', SUPER_DIGEST],
    ['a:b:c', 'a:cLzgnoJ6mP5qz3w+mwvPE2vDgu0='],
  ];
  for (const [text, identity] of rows)
    assert.equal(digestIdentity(text ?? '', 'sha1', HASHES), identity);
  assert.match(digestIdentity('nobody', 'sha1', HASHES), /^nobody:.{27}=$/);
  assert.match(digestIdentity('', 'sha1', HASHES), /^:.{27}=$/);
});

test('authenticate adds what the connection lacks, or fails', () => {
  const providers = new AuthProviders(HASHES, SUPER_DIGEST);
  const rows: readonly [string | null, string | null, ErrorName, Id[]][] = [
    ['digest', 'bob:bob', 'OK', [{ scheme: 'digest', id: BOB_ID }]],
    [
      'digest',
      'super:test',
      'OK',
      [
        { scheme: 'super', id: '' },
        { scheme: 'digest', id: SUPER_DIGEST },
      ],
    ],
    ['digest', null, 'AUTHFAILED', []],
    ['ip', null, 'OK', []],
    ['world', 'anyone', 'AUTHFAILED', []],
    ['super', '', 'AUTHFAILED', []],
    ['sasl', '', 'AUTHFAILED', []],
    [null, 'bob:bob', 'AUTHFAILED', []],
  ];
  for (const [scheme, text, code, added] of rows) {
    const data = text === null ? null : bytes(text);
    const outcome = providers.authenticate(scheme, data, [IP]);
    assert.deepEqual([errorName(outcome.code), outcome.add], [code, added], `${scheme} ${text}`);
  }
  const again = providers.authenticate('digest', bytes('bob:bob'), [
    IP,
    { scheme: 'digest', id: BOB_ID },
  ]);
  assert.deepEqual([again.code, again.add], [0, []]);
});

test('without a super digest nobody becomes super', () => {
  const providers = new AuthProviders(HASHES, '');
  const { add } = providers.authenticate('digest', bytes('super:test'), []);
  assert.deepEqual(
    add.map(({ scheme }) => scheme),
    ['digest'],
  );
});

test('trap 39: a wrong password authenticates, and shows up as NOAUTH', () => {
  const bed = new StateBed();
  const as = (text: string): Who => {
    const { add } = bed.state.authenticate('digest', bytes(text), ALICE.identities);
    return { ...ALICE, identities: [...ALICE.identities, ...add] };
  };
  bed.create('/n', { acl: [{ perms: 31, scheme: 'auth', id: '' }] }, as('bob:bob'));
  assert.equal(bed.read(OpCode.getData, pathWatchBody('/n'), as('bob:wrong')).err, 'NOAUTH');
  assert.equal(bed.read(OpCode.getData, pathWatchBody('/n'), as('bob:bob')).err, 'OK');
  const later = bed.prepare(OpCode.create, createBody('/n/c'), ALICE);
  assert.equal(bed.commit(later).err, 'NOAUTH');
});

test('super and skipACL pass every check', () => {
  const bed = new StateBed({ superDigest: SUPER_DIGEST });
  bed.create('/n', { acl: worldAcl(0) });
  const { add } = bed.state.authenticate('digest', bytes('super:test'), []);
  const root: Who = { ...ALICE, identities: add };
  assert.equal(bed.write(OpCode.create, createBody('/n/c'), root).err, 'OK');
  assert.equal(bed.write(OpCode.create, createBody('/n/d')).err, 'NOAUTH');
  const lax = new StateBed({ skipAcl: true });
  lax.create('/n', { acl: worldAcl(0) });
  assert.equal(lax.write(OpCode.create, createBody('/n/c')).err, 'OK');
});

const ANYONE: Acl = { perms: 31, scheme: 'world', id: 'anyone' };
const AUTH: Acl = { perms: 5, scheme: 'auth', id: '' };
const BOB: Id = { scheme: 'digest', id: BOB_ID };
const CAT: Id = { scheme: 'digest', id: 'cat:hash' };

function digestEntry(id: string | null): Acl {
  return { perms: 1, scheme: 'digest', id };
}

function ipEntry(id: string): Acl {
  return { perms: 1, scheme: 'ip', id };
}

/** What becomes of the ACL of a create. */
function stored(acl: readonly Acl[], identities: readonly Id[]): string | readonly Acl[] {
  const bed = new StateBed();
  const { err } = bed.write(OpCode.create, createBody('/n', { acl }), { ...ALICE, identities });
  if (err !== 'OK') return err;
  const { acls, nodes } = bed.state.core.tree;
  return acls.get(nodes.aclId(nodes.find('/n'))) ?? [];
}

test('trap 37: a null ACL id is legal for scheme auth, and cannot be decoded for world', () => {
  const own = [{ ...BOB, perms: 5 }];
  assert.deepEqual(stored([{ ...AUTH, id: null }], [IP, BOB]), own);
  assert.deepEqual(stored([{ ...AUTH, id: '' }], [IP, BOB]), own);
  assert.equal(stored([{ ...ANYONE, id: null }], [IP, BOB]), 'MARSHALLINGERROR');
});

test('trap 38: scheme auth may make duplicates, and leaves out ip and super', () => {
  const own = { ...BOB, perms: 5 };
  const root: Id = { scheme: 'super', id: '' };
  assert.deepEqual(stored([own, AUTH], [IP, root, BOB]), [own, own]);
  assert.equal(stored([AUTH], [IP]), 'INVALIDACL');
  assert.equal(stored([AUTH], [IP, root]), 'INVALIDACL');
});

test('the fix-up of an ACL', () => {
  const fixUp = new AclFixUp(new AuthProviders(HASHES, ''));
  const rows: readonly [string, readonly Acl[] | null, Id[], ErrorName | readonly Acl[]][] = [
    ['null', null, [IP], 'INVALIDACL'],
    ['empty', [], [IP], 'INVALIDACL'],
    ['open', [ANYONE], [IP], [ANYONE]],
    ['duplicates', [ANYONE, digestEntry('a:b'), ANYONE], [IP], [ANYONE, digestEntry('a:b')]],
    [
      'same id, other perms',
      [ANYONE, { ...ANYONE, perms: 1 }],
      [],
      [ANYONE, { ...ANYONE, perms: 1 }],
    ],
    ['world with another id', [{ ...ANYONE, id: 'someone' }], [IP], 'INVALIDACL'],
    ['world with null', [{ ...ANYONE, id: null }], [IP], 'MARSHALLINGERROR'],
    ['digest with null', [digestEntry(null)], [IP], 'MARSHALLINGERROR'],
    ['unknown scheme', [{ perms: 1, scheme: 'odd', id: 'x' }], [IP], 'INVALIDACL'],
    ['unknown scheme with null', [{ perms: 1, scheme: 'odd', id: null }], [IP], 'INVALIDACL'],
    ['no scheme', [{ perms: 1, scheme: '', id: 'x' }], [IP], 'INVALIDACL'],
    ['super', [{ perms: 1, scheme: 'super', id: '' }], [IP], 'INVALIDACL'],
    ['auth of an ip alone', [AUTH], [IP], 'INVALIDACL'],
    ['auth of super alone', [AUTH], [{ scheme: 'super', id: '' }], 'INVALIDACL'],
    ['auth with null', [{ ...AUTH, id: null }], [IP, BOB], [{ ...BOB, perms: 5 }]],
    ['auth with an id', [{ ...AUTH, id: 'x' }], [BOB], [{ ...BOB, perms: 5 }]],
    [
      'auth makes duplicates',
      [{ ...BOB, perms: 5 }, AUTH],
      [BOB, CAT],
      [
        { ...BOB, perms: 5 },
        { ...BOB, perms: 5 },
        { ...CAT, perms: 5 },
      ],
    ],
    ['digest u:h', [digestEntry('u:h')], [], [digestEntry('u:h')]],
    ['digest :h', [digestEntry(':h')], [], [digestEntry(':h')]],
    ['digest a:b:', [digestEntry('a:b:')], [], [digestEntry('a:b:')]],
    ['digest u:', [digestEntry('u:')], [], 'INVALIDACL'],
    ['digest u', [digestEntry('u')], [], 'INVALIDACL'],
    ['digest a:b:c', [digestEntry('a:b:c')], [], 'INVALIDACL'],
    ['ip', [ipEntry('10.0.0.0/8')], [], [ipEntry('10.0.0.0/8')]],
    ['ip of 33 bits', [ipEntry('10.0.0.0/33')], [], 'INVALIDACL'],
  ];
  for (const [name, acl, identities, expected] of rows) {
    const code = fixUp.run(acl, identities);
    if (typeof expected === 'string') assert.equal(errorName(code), expected, name);
    else assert.deepEqual([code, fixUp.acl], [0, expected], name);
  }
});

test('ip ids: what is valid and what matches', () => {
  const provider = new AuthProviders(HASHES, '').find('ip');
  assert.ok(provider !== undefined);
  const rows: readonly [string, boolean, string, boolean][] = [
    // ACL id, valid, connection, matches.
    ['10.0.0.1', true, '10.0.0.1', true],
    ['10.0.0.1', true, '10.0.0.2', false],
    ['10.0.0.1/32', true, '10.0.0.1', true],
    ['10.0.0.0/8', true, '10.200.3.4', true],
    ['10.0.0.0/9', true, '10.200.3.4', false],
    ['10.128.0.0/9', true, '10.200.3.4', true],
    ['10.0.0.0/0', true, '1.2.3.4', true],
    ['10.0.0/8', false, '10.0.0.1', false],
    ['10.0.0.256', false, '10.0.0.1', false],
    ['10.0.0.1/', false, '10.0.0.1', false],
    ['10.0.0.1/-1', false, '10.0.0.1', false],
    ['host', false, '10.0.0.1', false],
    ['', false, '10.0.0.1', false],
    ['::1', true, '0:0:0:0:0:0:0:1', true],
    ['0:0:0:0:0:0:0:1', true, '::1', true],
    ['2001:db8::/32', true, '2001:db8:1:2:3:4:5:6', true],
    ['2001:db8::/129', false, '2001:db8::1', false],
    ['::/0', true, '10.0.0.1', false],
    ['::ffff:10.0.0.1', false, '10.0.0.1', false],
    ['fe80::1%eth0', false, 'fe80::1', false],
    ['1:2:3:4:5:6:7', false, '::1', false],
    ['1::2::3', false, '::1', false],
  ];
  for (const [aclId, valid, address, matches] of rows) {
    assert.equal(provider.isValid(aclId), valid, aclId);
    assert.equal(provider.matches(address, aclId), matches, `${aclId} and ${address}`);
  }
});

test('the permission check passes on any overlap of the wanted bits', () => {
  const providers = new AuthProviders(HASHES, '');
  const mine: Acl = { ...BOB, perms: Perms.READ | Perms.ADMIN };
  const rows: readonly [string, readonly Acl[], number, Id[], boolean][] = [
    ['no entries', [], Perms.ADMIN, [], true],
    ['anyone', [ANYONE], Perms.ADMIN, [], true],
    ['perms 0', [{ ...ANYONE, perms: 0 }], Perms.READ, [IP], false],
    ['perms beyond 31', [{ ...ANYONE, perms: 32 }], Perms.ALL, [IP], false],
    ['one of two bits', [mine], Perms.ADMIN | Perms.WRITE, [BOB], true],
    ['another bit', [mine], Perms.WRITE, [BOB], false],
    ['another id', [mine], Perms.READ, [CAT, IP], false],
    ['same id, other scheme', [mine], Perms.READ, [{ scheme: 'ip', id: BOB_ID }], false],
    ['super', [mine], Perms.DELETE, [{ scheme: 'super', id: '' }], true],
    ['second entry', [{ ...CAT, perms: 1 }, mine], Perms.READ, [IP, BOB], true],
    ['ip prefix', [ipEntry('10.0.0.0/8')], Perms.READ, [IP], true],
  ];
  for (const [name, acl, wanted, identities, expected] of rows) {
    assert.equal(isPermitted(acl, wanted, identities, providers), expected, name);
  }
});
