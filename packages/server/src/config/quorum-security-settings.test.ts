/** TLS and SASL between servers as `zoo.cfg` asks for them, and what is refused. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { QuorumTlsSettings } from './quorum-security-settings.ts';
import {
  directory,
  ENSEMBLE,
  type Given,
  load,
  notes,
  refusal,
  STANDALONE,
  useDirectory,
} from './zoo-cfg.test-kit.ts';

useDirectory();

const STORES = [
  'ssl.quorum.keyStore.location=/s/key.pem',
  'ssl.quorum.trustStore.location=/s/ca.pem',
];
const LOGIN = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
const SERVER = `QuorumServer { ${LOGIN} user_zk="planted1" user_old="planted2"; };`;
const LEARNER = `QuorumLearner { ${LOGIN} username="zk" password="planted1"; };`;
const SASL = ['enableSasl', 'learnerRequireSasl', 'serverRequireSasl'].map(
  (name) => `quorum.auth.${name}=true`,
);

function member(...lines: readonly string[]): Given {
  return { lines: [...ENSEMBLE, ...lines], myid: '1' };
}

function withJaas(jaas: string, ...lines: readonly string[]): Given {
  const flag = `-Djava.security.auth.login.config=${path.join(directory(), 'jaas.conf')}`;
  return { ...member(...lines), flags: [flag], files: { 'jaas.conf': jaas } };
}

describe('TLS between servers', () => {
  it('is off unless it is asked for, and on a server that stands alone', () => {
    assert.equal(load(member(...STORES)).edge.quorumTls, null);
    const alone = [...STANDALONE, ...STORES, 'sslQuorum=true', 'portUnification=true'];
    assert.equal(load({ lines: alone }).edge.quorumTls, null);
  });

  it('has safe defaults', () => {
    const given = member(...STORES, 'sslQuorum=true');
    assert.deepEqual(load(given).edge.quorumTls, {
      prefix: 'ssl.quorum.',
      keyFile: '/s/key.pem',
      keyPassword: null,
      keyPasswordFile: '',
      trustFile: '/s/ca.pem',
      clientAuth: 'need',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: '',
      dialsTls: true,
      takesPlain: false,
      checksDialedHost: true,
      checksAcceptedHost: true,
      reloadsFiles: false,
      silenceMs: 5000,
    });
    assert.doesNotMatch(notes(given), /warn/);
  });

  const read: readonly (readonly [string, Partial<QuorumTlsSettings>])[] = [
    ['portUnification=true', { dialsTls: true, takesPlain: true }],
    ['sslQuorumReloadCertFiles=true', { reloadsFiles: true }],
    ['ssl.quorum.clientAuth=none', { clientAuth: 'none', trustFile: '/s/ca.pem' }],
    ['ssl.quorum.keyStore.passwordPath=/s/pw', { keyPasswordFile: '/s/pw' }],
    ['ssl.quorum.protocol=TLSv1.3', { minVersion: 'TLSv1.3' }],
    ['ssl.quorum.enabledProtocols=TLSv1.2', { maxVersion: 'TLSv1.2' }],
    ['ssl.quorum.ciphersuites=TLS_AES_128_GCM_SHA256', { ciphers: 'TLS_AES_128_GCM_SHA256' }],
    [
      'ssl.quorum.hostnameVerification=false',
      { checksDialedHost: false, checksAcceptedHost: false },
    ],
    [
      'ssl.quorum.clientHostnameVerification=false',
      { checksDialedHost: true, checksAcceptedHost: false },
    ],
    ['ssl.quorum.handshakeDetectionTimeoutMillis=250', { silenceMs: 250 }],
    ['ssl.quorum.handshakeDetectionTimeoutMillis=0', { silenceMs: 5000 }],
    ['ssl.protocol=TLSv1.3', { minVersion: 'TLSv1.2' }],
  ];
  for (const [line, expected] of read) {
    it(`reads ${line}`, () => {
      const { quorumTls } = load(member(...STORES, 'sslQuorum=true', line)).edge;
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(quorumTls?.[name as keyof QuorumTlsSettings], value, name);
      }
    });
  }

  it('dials plain while it only learns to understand TLS', () => {
    const { quorumTls } = load(member(...STORES, 'portUnification=true')).edge;
    assert.deepEqual([quorumTls?.dialsTls, quorumTls?.takesPlain], [false, true]);
  });

  const refused: readonly (readonly [lines: readonly string[], says: RegExp])[] = [
    [['sslQuorum=true'], /ssl.quorum.keyStore.location is not set/],
    [['portUnification=true'], /ssl.quorum.keyStore.location is not set/],
    [['sslQuorum=true', STORES[0] ?? ''], /ssl.quorum.trustStore.location is not set/],
    [
      ['sslQuorum=true', STORES[1] ?? '', 'ssl.quorum.keyStore.location=/s/k.jks'],
      /JKS is not read/,
    ],
    [['sslQuorum=true', ...STORES, 'ssl.quorum.trustStore.type=PKCS12'], /PKCS12 is not read/],
    [['sslQuorum=true', ...STORES, 'ssl.quorum.protocol=TLSv1.1'], /"TLSv1.1": wanted TLSv1.2/],
    [['sslQuorum=true', ...STORES, 'ssl.quorum.clientAuth=maybe'], /one of none, want, need/],
    [['sslQuorum=true', ...STORES, 'ssl.quorum.ciphersuites=X'], /"X" in ssl.quorum.ciphersuites/],
    [['sslQuorum=yes'], /wanted true or false/],
    [['ssl.quorum.crl=true'], /revoked certificates are not known/],
    [['ssl.quorum.context.supplier.class=a.B'], /no classes to load/],
  ];
  for (const [lines, says] of refused) {
    it(`refuses ${lines.join(' ')}`, () => {
      const { code, message } = refusal(member(...lines));
      assert.match(message, says);
      assert.equal(code, 2);
    });
  }
});

describe('SASL between servers', () => {
  it('is off unless it is asked for, whatever sections there are', () => {
    assert.equal(load(withJaas(SERVER + LEARNER)).peer.quorumAuth, null);
    const standing = { ...withJaas(SERVER + LEARNER), lines: [...STANDALONE, SASL[0] ?? ''] };
    assert.equal(load(standing).peer.quorumAuth, null);
  });

  it('is switched on step by step', () => {
    for (const count of [1, 2, 3]) {
      const auth = load(withJaas(SERVER + LEARNER, ...SASL.slice(0, count))).peer.quorumAuth;
      assert.deepEqual(
        [auth?.learnerRequiresSasl, auth?.serverRequiresSasl],
        [count > 1, count > 2],
      );
      assert.equal(auth?.userName, 'zk');
      assert.equal(auth?.ownPassword.passwordOf('zk'), 'planted1');
      assert.equal(auth?.users.passwordOf('old'), 'planted2');
    }
  });

  it('takes sections of other names', () => {
    const given = withJaas(
      (SERVER + LEARNER).replace('QuorumServer', 'In').replace('QuorumLearner', 'Out'),
      ...SASL,
      'quorum.auth.server.saslLoginContext=In',
      'quorum.auth.learner.saslLoginContext=Out',
    );
    assert.equal(load(given).peer.quorumAuth?.users.count, 2);
  });

  it('keeps the passwords to itself', () => {
    const given = withJaas(SERVER + LEARNER, ...SASL);
    const dump = inspect(load(given), { depth: null, showHidden: true });
    assert.doesNotMatch(dump + JSON.stringify(load(given)) + notes(given), /planted/);
  });

  const refused: readonly (readonly [string, () => Given, code: number, says: RegExp])[] = [
    [
      'a step without the one before',
      () => withJaas(SERVER + LEARNER, SASL[1] ?? ''),
      2,
      /learnerRequireSasl=true: quorum.auth.enableSasl is not true/,
    ],
    [
      'the last step without the second',
      () => withJaas(SERVER + LEARNER, SASL[0] ?? '', SASL[2] ?? ''),
      2,
      /serverRequireSasl=true: quorum.auth.learnerRequireSasl is not true/,
    ],
    ['no JAAS file', () => member(SASL[0] ?? ''), 1, /"QuorumServer" of .*there is no JAAS file/],
    ['no section of users', () => withJaas(LEARNER, SASL[0] ?? ''), 1, /"QuorumServer" of/],
    ['no section of its own', () => withJaas(SERVER, SASL[0] ?? ''), 1, /"QuorumLearner" of/],
    [
      'a login without a user',
      () => withJaas(`${SERVER}QuorumLearner { ${LOGIN} password="planted"; };`, SASL[0] ?? ''),
      1,
      /wanted a username and a password/,
    ],
    [
      'Kerberos',
      () =>
        withJaas(
          `QuorumServer { com.sun.security.auth.module.Krb5LoginModule required; };${LEARNER}`,
          SASL[0] ?? '',
        ),
      2,
      /Kerberos is not supported/,
    ],
    [
      'MD5 where FIPS is asked for',
      () => withJaas(SERVER + LEARNER, SASL[0] ?? '', 'fips-mode=true'),
      2,
      /with fips-mode=true/,
    ],
  ];
  for (const [name, given, code, says] of refused) {
    it(`refuses ${name}`, () => {
      const found = refusal(given());
      assert.match(found.message, says);
      assert.doesNotMatch(found.message, /planted|\n/);
      assert.equal(found.code, code);
    });
  }
});
