/**
 * Security for clients as `zoo.cfg` asks for it: TLS from PEM files, schemes, SASL users, and what
 * is refused rather than left out.
 */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { cipherName } from './cipher-suites.ts';
import type { TlsSettings } from './tls-settings.ts';
import {
  directory,
  type Given,
  load,
  notes,
  refusal,
  STANDALONE,
  useDirectory,
} from './zoo-cfg.test-kit.ts';

useDirectory();

const STORES = ['ssl.keyStore.location=/s/key.pem', 'ssl.trustStore.location=/s/ca.pem'];
const SECURE = [...STANDALONE, 'secureClientPort=2281', ...STORES];
const SASL_CLASS = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';
const DIGEST_CLASS = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const JAAS = `Server { ${DIGEST_CLASS} required user_super="planted1" user_bob="planted2"; };`;

function tlsOf(lines: readonly string[]): TlsSettings {
  const { tls } = load({ lines: [...SECURE, ...lines] }).edge;
  assert.ok(tls !== null);
  return tls;
}

/** With a JAAS file beside zoo.cfg. */
function withJaas(lines: readonly string[], jaas = JAAS): Given {
  const flag = `-Djava.security.auth.login.config=${path.join(directory(), 'jaas.conf')}`;
  return { lines: [...STANDALONE, ...lines], flags: [flag], files: { 'jaas.conf': jaas } };
}

describe('TLS for clients', () => {
  it('is off unless a port asks for it, whatever keys of TLS are set', () => {
    const { peer, edge } = load({ lines: [...STANDALONE, ...STORES] });
    assert.equal(edge.tls, null);
    assert.equal(peer.secureClientAddress, null);
    assert.equal(peer.authentication.schemes.x509, false);
  });

  it('has safe defaults', () => {
    const { peer, edge } = load({ lines: SECURE });
    assert.deepEqual(peer.secureClientAddress, { host: '0.0.0.0', port: 2281 });
    assert.equal(peer.clientAddress.port, 2181);
    assert.equal(peer.authentication.schemes.x509, true);
    assert.deepEqual(edge.tls, {
      keyFile: '/s/key.pem',
      keyPassword: null,
      keyPasswordFile: '',
      trustFile: '/s/ca.pem',
      prefix: 'ssl.',
      clientAuth: 'need',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: '',
      checksClientAddress: false,
      reloadsFiles: false,
      isClientPortUnified: false,
      handshakesMax: 2000,
    });
  });

  it('needs no plain port, and no second one where the plain port takes both', () => {
    const alone = ['dataDir=DIR', 'secureClientPort=2281', 'secureClientPortAddress=10.0.0.1'];
    const { peer } = load({ lines: [...alone, ...STORES] });
    assert.equal(peer.clientAddress.port, -1);
    assert.deepEqual(peer.secureClientAddress, { host: '10.0.0.1', port: 2281 });
    assert.doesNotMatch(notes({ lines: [...alone, ...STORES] }), /no client can connect/);
    const unified = load({ lines: [...STANDALONE, ...STORES, 'client.portUnification=true'] });
    assert.equal(unified.edge.tls?.isClientPortUnified, true);
    assert.equal(unified.peer.secureClientAddress, null);
    assert.equal(unified.peer.authentication.schemes.x509, true);
  });

  const read: readonly (readonly [string, Partial<TlsSettings>])[] = [
    ['ssl.clientAuth=WANT', { clientAuth: 'want' }],
    ['ssl.clientAuth=none', { clientAuth: 'none', trustFile: '' }],
    ['ssl.keyStore.type=PEM', { keyFile: '/s/key.pem' }],
    ['ssl.keyStore.passwordPath=/s/pw', { keyPasswordFile: '/s/pw' }],
    ['ssl.protocol=TLSv1.3', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }],
    ['ssl.protocol=TLSv1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['ssl.protocol=TLS', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }],
    ['ssl.enabledProtocols=TLSv1.2, TLSv1.1', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['ssl.clientHostnameVerification=true', { checksClientAddress: true }],
    ['client.certReload=true', { reloadsFiles: true }],
    ['netty.server.outstandingHandshake.limit=7', { handshakesMax: 7 }],
    [
      'ssl.ciphersuites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256' },
    ],
  ];
  for (const [line, expected] of read) {
    it(`reads ${line}`, () => {
      const tls = tlsOf([line]);
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(tls[name as keyof TlsSettings], value, name);
      }
    });
  }

  it('takes hostnameVerification for the one that switches the other off', () => {
    const lines = ['ssl.clientHostnameVerification=true', 'ssl.hostnameVerification=false'];
    assert.equal(tlsOf(lines).checksClientAddress, false);
  });

  const refused: readonly (readonly [lines: readonly string[], says: RegExp])[] = [
    [['secureClientPortAddress=10.0.0.1'], /secureClientPortAddress is set but secureClientPort/],
    [['secureClientPort=2281'], /ssl.keyStore.location is not set/],
    [['client.portUnification=true'], /ssl.keyStore.location is not set/],
    [['secureClientPort=2281', STORES[0] as string], /\(ssl.clientAuth=need\): ssl.trustStore/],
    [['secureClientPort=70000', ...STORES], /70000, which is no port/],
    [
      ['secureClientPort=2281', 'ssl.keyStore.location=/s/k.jks'],
      /"\/s\/k.jks".*: JKS is not read/,
    ],
    [['secureClientPort=2281', 'ssl.keyStore.location=/s/k.p12'], /P12 is not read, only PEM/],
    [['secureClientPort=2281', ...STORES, 'ssl.keyStore.type=PKCS12'], /PKCS12 is not read/],
    [['secureClientPort=2281', ...STORES, 'ssl.trustStore.type=bcfks'], /BCFKS is not read/],
    [['secureClientPort=2281', ...STORES, 'ssl.clientAuth=maybe'], /one of none, want, need/],
    [['secureClientPort=2281', ...STORES, 'ssl.protocol=TLSv1.1'], /"TLSv1.1": wanted TLSv1.2/],
    [['secureClientPort=2281', ...STORES, 'ssl.enabledProtocols=SSLv3'], /"SSLv3": wanted/],
    [
      ['secureClientPort=2281', ...STORES, 'ssl.ciphersuites=TLS_NONE'],
      /"TLS_NONE".*no such suite/,
    ],
    [['secureClientPort=2281', ...STORES, 'ssl.authProvider=mine'], /only x509 exists/],
    [['ssl.crl=true'], /revoked certificates are not known/],
    [['ssl.ocsp=true'], /revoked certificates are not known/],
    [['ssl.context.supplier.class=a.B'], /no classes to load/],
  ];
  for (const [lines, says] of refused) {
    it(`refuses ${lines.join(' ')}`, () => {
      const { code, message } = refusal({ lines: [...STANDALONE, ...lines] });
      assert.match(message, says);
      assert.doesNotMatch(message, /\n/);
      assert.equal(code, 2);
    });
  }

  it('warns of versions that are not safe any more, and of keys that nobody knows', () => {
    const lines = [...SECURE, 'ssl.enabledProtocols=TLSv1.3,TLSv1.1', 'ssl.keystore.type=PEM'];
    const text = notes({ lines });
    assert.match(text, /warn There is no effect of "TLSv1.1" in ssl.enabledProtocols/);
    assert.match(text, /warn There is no key "ssl.keystore.type"/);
    assert.doesNotMatch(notes({ lines: [...SECURE, 'ssl.quorum.keyStore.type=JKS'] }), /warn/);
  });
});

describe('cipherName', () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DHE-RSA-AES128-GCM-SHA256'],
    ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
    ['ecdhe-rsa-aes128-gcm-sha256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLS_RSA_WITH_RC4_128_MD5', null],
    ['', null],
  ];
  for (const [suite, expected] of rows) {
    it(`calls "${suite}" ${expected}`, () => assert.equal(cipherName(suite), expected));
  }
});

describe('authentication of clients', () => {
  it('has SASL users where the JAAS file has a section for the server', () => {
    const { saslUsers, schemes } = load(withJaas([`authProvider.1=${SASL_CLASS}`])).peer
      .authentication;
    assert.equal(saslUsers?.count, 2);
    assert.equal(saslUsers.passwordOf('bob'), 'planted2');
    assert.equal(saslUsers.passwordOf('super'), 'planted1');
    assert.equal(saslUsers.passwordOf('eve'), null);
    assert.equal(schemes.sasl, true);
    const other = load(withJaas([], JAAS.replace('Server', 'Client'))).peer.authentication;
    assert.equal(other.saslUsers, null);
    assert.equal(load({ lines: STANDALONE }).peer.authentication.saslUsers, null);
  });

  it('finds another section by name, and takes the super password in place of one', () => {
    const lines = ['sasl.serverconfig=Mine', 'SASLAuthenticationProvider.superPassword=planted3'];
    const given = withJaas(lines, JAAS.replace('Server', 'Mine'));
    assert.equal(load(given).peer.authentication.saslUsers?.passwordOf('super'), 'planted3');
    const without = withJaas(lines, JAAS.replace('Server', 'Mine').replace('user_super', 'x'));
    assert.equal(load(without).peer.authentication.saslUsers?.passwordOf('super'), null);
  });

  it('says when ACLs cannot name SASL users, as in Apache', () => {
    const given = withJaas([]);
    assert.equal(load(given).peer.authentication.schemes.sasl, false);
    assert.match(notes(given), /warn ACLs cannot name SASL users/);
    assert.doesNotMatch(notes(withJaas([`authProvider.sasl=${SASL_CLASS}`])), /warn/);
  });

  it('knows who is super, and the id that means everybody', () => {
    const lines = ['superUser=bob', 'superUser.2=eve', 'superUser.x=', 'letAnySaslUserDoX=any'];
    const { schemes } = load({
      lines: [...STANDALONE, ...lines, 'X509AuthenticationProvider.superUser=CN=a'],
    }).peer.authentication;
    assert.deepEqual([...schemes.saslSuperUsers], ['bob', 'eve']);
    assert.equal(schemes.anySaslUser, 'any');
    assert.equal(schemes.x509SuperUser, 'CN=a');
  });

  it('makes clients authenticate by the schemes that exist', () => {
    const required = (given: Given) => load(given).peer.authentication.requiredSchemes;
    assert.deepEqual(required({ lines: STANDALONE }), []);
    const enforced = ['enforce.auth.enabled=true', 'enforce.auth.schemes=digest, ip'];
    assert.deepEqual(required({ lines: [...STANDALONE, ...enforced] }), ['digest', 'ip']);
    const sasl = [`authProvider.1=${SASL_CLASS}`, 'sessionRequireClientSASLAuth=true'];
    assert.deepEqual(required(withJaas(sasl)), ['sasl']);
    const x509 = ['enforce.auth.enabled=true', 'enforce.auth.schemes=x509'];
    assert.deepEqual(required({ lines: [...SECURE, ...x509] }), ['x509']);
    assert.deepEqual(required({ lines: [...STANDALONE, 'enforce.auth.schemes=digest'] }), []);
  });

  it('knows the hash of digests by its Java name, and whether there are any', () => {
    const schemesOf = (...lines: string[]) =>
      load({ lines: [...STANDALONE, ...lines] }).peer.authentication.schemes;
    const key = 'DigestAuthenticationProvider';
    assert.deepEqual([schemesOf().digest, schemesOf().digestAlgorithm], [true, 'sha1']);
    for (const [name, expected] of [
      ['SHA1', 'sha1'],
      ['SHA-256', 'sha256'],
      ['sha512/256', 'sha512-256'],
      ['SHA3-384', 'sha3-384'],
      ['md5', 'md5'],
    ]) {
      assert.equal(schemesOf(`${key}.digestAlg=${name}`).digestAlgorithm, expected);
    }
    assert.equal(schemesOf(`${key}.enabled=false`).digest, false);
    const named = `authProvider.1=org.apache.zookeeper.server.auth.${key}`;
    assert.equal(schemesOf(`${key}.enabled=false`, named).digest, true);
  });

  it('has the scheme ensemble where its class is named, and the names that it answers to', () => {
    const named = 'authProvider.1=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
    const schemesOf = (...lines: string[]) =>
      load({ lines: [...STANDALONE, ...lines] }).peer.authentication.schemes;
    assert.deepEqual([schemesOf().ensemble, schemesOf().ensembleNames], [false, null]);
    assert.deepEqual([schemesOf(named).ensemble, schemesOf(named).ensembleNames], [true, null]);
    const names = schemesOf(named, 'ensembleAuthName=east, west').ensembleNames;
    assert.deepEqual([...(names ?? [])], ['east', 'west']);
    assert.deepEqual([...(schemesOf('ensembleAuthName=').ensembleNames ?? [])], ['']);
    assert.doesNotMatch(notes({ lines: [...STANDALONE, named] }), /warn/);
  });

  const refused: readonly (readonly [string, () => Given, code: number, says: RegExp])[] = [
    [
      'enforcement without schemes',
      () => ({ lines: [...STANDALONE, 'enforce.auth.enabled=true'] }),
      2,
      /schemes is empty/,
    ],
    [
      'enforcement by a scheme that is not there',
      () => ({ lines: [...STANDALONE, 'enforce.auth.enabled=true', 'enforce.auth.schemes=x509'] }),
      2,
      /scheme "x509": it does not exist/,
    ],
    [
      'SASL by force without its scheme',
      () => withJaas(['sessionRequireClientSASLAuth=true']),
      2,
      /scheme "sasl"/,
    ],
    [
      'a section that is not there',
      () => withJaas(['sasl.serverconfig=Mine']),
      1,
      /section "Mine" of sasl.serverconfig: ".*" has no such section/,
    ],
    [
      'a section without a file',
      () => ({ lines: [...STANDALONE, 'sasl.serverconfig=Server'] }),
      1,
      /there is no JAAS file/,
    ],
    [
      'a file that cannot be read',
      () => ({ ...withJaas([]), files: {} }),
      1,
      /JAAS file ".*jaas.conf": ENOENT/,
    ],
    [
      'a broken file',
      () => withJaas([], JAAS.replace('}', ']')),
      1,
      /JAAS file ".*": line 1: wanted/,
    ],
    [
      'Kerberos',
      () =>
        withJaas([], JAAS.replace(DIGEST_CLASS, 'com.sun.security.auth.module.Krb5LoginModule')),
      2,
      /Kerberos is not supported/,
    ],
    [
      'another login module',
      () => withJaas([], JAAS.replace(DIGEST_CLASS, 'a.B')),
      2,
      /no login module "a.B"/,
    ],
    [
      'DIGEST-MD5 under FIPS',
      () => withJaas(['fips-mode=true']),
      2,
      /DIGEST-MD5 with fips-mode=true/,
    ],
  ];
  for (const [name, given, code, says] of refused) {
    it(`refuses ${name}`, () => {
      const found = refusal(given());
      assert.match(found.message, says);
      assert.doesNotMatch(found.message, /\n|planted/);
      assert.equal(found.code, code);
    });
  }

  it('warns of schemes that it does not have', () => {
    const lines = [...STANDALONE, 'authProvider.1=a.Mine'];
    assert.match(notes({ lines }), /warn There is no effect of "authProvider".*"a.Mine"/);
  });
});

describe('secrets', () => {
  it('are in no dump of the settings and in no note', () => {
    const given = withJaas([
      ...STORES,
      'secureClientPort=2281',
      'ssl.keyStore.password=planted4',
      'ssl.trustStore.password=planted5',
      'SASLAuthenticationProvider.superPassword=planted6',
      'metricsProvider.ssl.keyStore.password=planted7',
      'ssl.quorum.keyStore.password=planted8',
    ]);
    const settings = load(given);
    assert.equal(settings.edge.tls?.keyPassword?.reveal(), 'planted4');
    const dump = inspect(settings, { depth: null, showHidden: true }) + JSON.stringify(settings);
    assert.doesNotMatch(dump, /planted/);
    assert.doesNotMatch(notes(given), /planted/);
  });
});
