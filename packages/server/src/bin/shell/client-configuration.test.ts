/** TLS and SASL of the shell from properties, as Java's clients are told of them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfigError } from '../../config/config-error.ts';
import { clientSecurity } from './client-configuration.ts';

let directory = '';
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-shell-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(directory, name);
  fs.writeFileSync(file, text);
  return file;
}

function fromFile(...lines: readonly string[]): ReturnType<typeof clientSecurity>['tls'] {
  return clientSecurity(write('client.cfg', lines.join('\n')), {}).tls;
}

const SECURE = 'zookeeper.client.secure=true';

test('clientSecurity has no TLS unless the client is to be secure', () => {
  assert.deepEqual(clientSecurity('', {}), { tls: null, sasl: null });
  assert.equal(fromFile('zookeeper.ssl.keyStore.location=/nowhere.pem'), null);
  assert.equal(fromFile('zookeeper.client.secure=yes'), null);
  const flags = { JVMFLAGS: '-Dzookeeper.client.secure=false' };
  assert.equal(clientSecurity('', flags).tls, null);
});

test('clientSecurity reads the PEM files that it is told of', () => {
  const key = write('key.pem', 'the key');
  const ca = write('ca.pem', 'the authorities');
  const password = write('password', 'sesame\n');
  const tls = fromFile(
    SECURE,
    `zookeeper.ssl.keyStore.location=${key}`,
    `zookeeper.ssl.keyStore.passwordPath=${password}`,
    `zookeeper.ssl.trustStore.location=${ca}`,
    'zookeeper.ssl.hostnameVerification=false',
    'zookeeper.ssl.protocol=TLSv1.3',
    'zookeeper.ssl.ciphersuites=TLS_AES_128_GCM_SHA256',
  );
  assert.deepEqual(tls, {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    verifyHostname: false,
    ciphers: 'TLS_AES_128_GCM_SHA256',
    key: Buffer.from('the key'),
    cert: Buffer.from('the key'),
    passphrase: 'sesame',
    ca: Buffer.from('the authorities'),
  });
});

test('clientSecurity takes flags of the JVM as well, and the file over them', () => {
  const flags = '-Dzookeeper.client.secure=true -Dzookeeper.ssl.protocol=TLSv1.2 -Xmx256m';
  const defaults = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', verifyHostname: true };
  assert.deepEqual(clientSecurity('', { CLIENT_JVMFLAGS: flags }).tls, defaults);
  const file = write('client.cfg', 'zookeeper.ssl.protocol=TLSv1.3');
  const { tls } = clientSecurity(file, { CLIENT_JVMFLAGS: flags });
  assert.deepEqual(tls, { ...defaults, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
});

test('clientSecurity refuses what it cannot use, with exit code 2', () => {
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [[SECURE, 'zookeeper.ssl.keyStore.location=/nowhere/k.pem'], /the key: ENOENT/],
    [[SECURE, 'zookeeper.ssl.trustStore.location=/t.jks'], /JKS is not read, only PEM/],
    [
      [SECURE, 'zookeeper.ssl.keyStore.type=PKCS12', 'zookeeper.ssl.keyStore.location=/k'],
      /PKCS12/,
    ],
    [[SECURE, 'zookeeper.ssl.protocol=TLSv1'], /"TLSv1": wanted/],
  ];
  for (const [lines, says] of rows) {
    assert.throws(
      () => fromFile(...lines),
      (error) => error instanceof ConfigError && error.exitCode === 2 && says.test(error.message),
    );
  }
  assert.throws(() => clientSecurity('/nowhere/client.cfg', {}), /client configuration: ENOENT/);
});

const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';

function jaas(text: string): string {
  return `-Djava.security.auth.login.config=${write('jaas.conf', text)}`;
}

function saslOf(flags: string): ReturnType<typeof clientSecurity>['sasl'] {
  return clientSecurity('', { CLIENT_JVMFLAGS: flags }).sasl;
}

test('clientSecurity logs in as the JAAS file says, unless it is told not to', () => {
  const file = jaas(`
    Client { ${MODULE} required username="bob" password="bob secret"; };
    Other { ${MODULE} required username=eve password=planted; };
    Server { ${MODULE} required user_bob="bobsecret"; };`);
  assert.deepEqual(saslOf(file), { username: 'bob', password: 'bob secret' });
  assert.deepEqual(saslOf(`${file} -Dzookeeper.sasl.clientconfig=Other`), {
    username: 'eve',
    password: 'planted',
  });
  assert.equal(saslOf(`${file} -Dzookeeper.sasl.client=false`), null);
  assert.equal(saslOf(jaas(`Server { ${MODULE} required user_bob="bobsecret"; };`)), null);
});

test('clientSecurity refuses a login that it cannot make, and shows no password', () => {
  const file = jaas(`
    Client { ${MODULE} required password="planted"; };
    Kerberos { com.sun.security.auth.module.Krb5LoginModule required; };`);
  const rows: readonly (readonly [string, RegExp])[] = [
    [file, /"Client" of ".*jaas.conf": wanted a username and a password$/],
    [`${file} -Dzookeeper.sasl.clientconfig=Kerberos`, /Kerberos is not supported/],
    [`${file} -Dzookeeper.sasl.clientconfig=No`, /"No" of zookeeper.*: ".*" has no such section$/],
    ['-Dzookeeper.sasl.clientconfig=No', /there is no JAAS file$/],
    ['-Djava.security.auth.login.config=/nowhere', /Cannot use the JAAS file "\/nowhere": ENOENT/],
  ];
  for (const [flags, says] of rows) {
    assert.throws(
      () => saslOf(flags),
      (error) =>
        error instanceof ConfigError && says.test(error.message) && !/planted/.test(error.message),
    );
  }
});
