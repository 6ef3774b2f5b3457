/**
 * The scheme `digest` with another hash or switched off, and the scheme `ensemble`
 * (client-protocol.md 13.3). Identities are those that Java computes.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, type Id, utf8Encode } from '@zabra/protocol';
import { AclFixUp } from './acl-fix-up.ts';
import { AuthProviders, NO_SCHEMES } from './auth.ts';
import { HASHES } from './state-bed.test-kit.ts';

const IP: Id = { scheme: 'ip', id: '10.0.0.1' };
const SHA256_ID = 'bob:7vkVsr4UlKzXEI9fVqtJ3SMMm5PxYIDRHi8TBOHD9oM=';
const IDENTITIES: readonly (readonly [algorithm: string, id: string])[] = [
  ['md5', 'bob:BiC56rA9NFg5c16xYUG9Eg=='],
  ['sha1', 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY='],
  ['sha224', 'bob:JhvKOqwvos1raba8ujfnxzYeNzCbWEA7It4Y5Q=='],
  ['sha256', 'bob:7vkVsr4UlKzXEI9fVqtJ3SMMm5PxYIDRHi8TBOHD9oM='],
  ['sha384', 'bob:gK9sA45CEA2+6H2IXsDADEfn6WLB8bFgEQ5Fza12WrWFfdrPIa3/bjcaw/Wib0R9'],
  [
    'sha512',
    'bob:ngFA6QDCHqX9Ndiht2IbOqQc9gMlaqTN5n72Qyvj/QokGrFamxkNQ+8jk3bXmZaRqfYAFWLOENHhRhoflwJYVg==',
  ],
  ['sha512-224', 'bob:P7NTVx6NN4/Mts9/LUy1fjeLKH3xUHQ3tV0qHA=='],
  ['sha512-256', 'bob:rq0b1syW1+/PtAV4H1yCN3RM9Eqs5cpuLZ9q335tT78='],
  ['sha3-224', 'bob:WKWysVhhH/hp+iFoqIJvwTHf5OPVSL+Qn7pJOw=='],
  ['sha3-256', 'bob:jmzz6diAojBBCiL86JtQJYsU6c/LAAiqF5nTGQigdEA='],
  ['sha3-384', 'bob:sfE1FjnsR9kPr9y3wGy/w/fOzAJznCh5MNdxSXWlFWxP5rw/ruiG8a3dNHfai8Vg'],
  [
    'sha3-512',
    'bob:ZCzBEUlHYIdeXi8R3HO7nVMNNZ15PTPoR9OC3pHBQmlqcZW3PuG5W9aB85btrrUY6YVd/vFO0Sgj2axx7t9yBw==',
  ],
];

test('every hash makes identities of its own', () => {
  for (const [algorithm, id] of IDENTITIES) {
    const schemes = { ...NO_SCHEMES, digestAlgorithm: algorithm };
    const outcome = new AuthProviders(HASHES, '', schemes).authenticate(
      'digest',
      utf8Encode('bob:bob'),
      [IP],
    );
    assert.deepEqual(outcome, { code: ErrorCode.OK, add: [{ scheme: 'digest', id }] }, algorithm);
  }
});

test('the super digest is made with the same hash', () => {
  const schemes = { ...NO_SCHEMES, digestAlgorithm: 'sha256' };
  const supers = (superDigest: string): boolean => {
    const providers = new AuthProviders(HASHES, superDigest, schemes);
    const { add } = providers.authenticate('digest', utf8Encode('bob:bob'), []);
    return add.some(({ scheme }) => scheme === 'super');
  };
  assert.equal(supers(SHA256_ID), true);
  assert.equal(supers('bob:X1SKGw3XQQSIPMZRf5lW7e07VPY='), false);
});

test('without the scheme digest nobody authenticates by it, and no new ACL names it', () => {
  const providers = new AuthProviders(HASHES, SHA256_ID, { ...NO_SCHEMES, digest: false });
  const { code } = providers.authenticate('digest', utf8Encode('bob:bob'), [IP]);
  assert.equal(code, ErrorCode.AUTHFAILED);
  const acl = { perms: 31, scheme: 'digest', id: SHA256_ID };
  assert.equal(new AclFixUp(providers).run([acl], [IP]), ErrorCode.INVALIDACL);
});

test('an ensemble that has a name sends away who looks for another one', () => {
  const rows: readonly (readonly [string[] | null, string | null, number])[] = [
    [['a', 'b'], 'a', ErrorCode.OK],
    [['a', 'b'], 'b', ErrorCode.OK],
    [['a', 'b'], 'c', ErrorCode.CONNECTIONLOSS],
    [['a', 'b'], 'a,b', ErrorCode.CONNECTIONLOSS],
    [['a', 'b'], ' a', ErrorCode.CONNECTIONLOSS],
    [['a', 'b'], '', ErrorCode.OK],
    [['a', 'b'], null, ErrorCode.OK],
    [[''], 'a', ErrorCode.CONNECTIONLOSS],
    [null, 'a', ErrorCode.OK],
  ];
  for (const [names, asked, expected] of rows) {
    const ensembleNames = names === null ? null : new Set(names);
    const schemes = { ...NO_SCHEMES, ensemble: true, ensembleNames };
    const data = asked === null ? null : utf8Encode(asked);
    const outcome = new AuthProviders(HASHES, '', schemes).authenticate('ensemble', data, [IP]);
    assert.deepEqual(outcome, { code: expected, add: [] }, `${names} asked for ${asked}`);
  }
  const none = new AuthProviders(HASHES, '');
  const { code } = none.authenticate('ensemble', utf8Encode('a'), [IP]);
  assert.equal(code, ErrorCode.AUTHFAILED, 'where nobody has configured the scheme');
});

test('the scheme ensemble stands in no ACL, and auth does not stand for it', () => {
  const providers = new AuthProviders(HASHES, '', { ...NO_SCHEMES, ensemble: true });
  const fixUp = new AclFixUp(providers);
  const named = { perms: 1, scheme: 'ensemble', id: 'a' };
  assert.equal(fixUp.run([named], [IP]), ErrorCode.INVALIDACL);
  const asked = [IP, { scheme: 'ensemble', id: 'a' }];
  const own = { perms: 1, scheme: 'auth', id: '' };
  assert.equal(fixUp.run([own], asked), ErrorCode.INVALIDACL);
});
