/** TLS of the shell from properties, as Java's clients are told of it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfigError } from '../../config/config-error.ts';
import { clientTls } from './client-configuration.ts';

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

function fromFile(...lines: readonly string[]): ReturnType<typeof clientTls> {
  return clientTls(write('client.cfg', lines.join('\n')), {});
}

const SECURE = 'zookeeper.client.secure=true';

test('clientTls is off unless the client is to be secure', () => {
  assert.equal(clientTls('', {}), null);
  assert.equal(fromFile('zookeeper.ssl.keyStore.location=/nowhere.pem'), null);
  assert.equal(fromFile('zookeeper.client.secure=yes'), null);
  assert.equal(clientTls('', { JVMFLAGS: '-Dzookeeper.client.secure=false' }), null);
});

test('clientTls reads the files that it is told of', () => {
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

test('clientTls takes flags of the JVM as well, and the file over them', () => {
  const flags = '-Dzookeeper.client.secure=true -Dzookeeper.ssl.protocol=TLSv1.2 -Xmx256m';
  const defaults = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', verifyHostname: true };
  assert.deepEqual(clientTls('', { CLIENT_JVMFLAGS: flags }), defaults);
  const file = write('client.cfg', 'zookeeper.ssl.protocol=TLSv1.3');
  const tls = clientTls(file, { CLIENT_JVMFLAGS: flags });
  assert.deepEqual(tls, { ...defaults, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
});

test('clientTls refuses what it cannot use, with exit code 2', () => {
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
  assert.throws(() => clientTls('/nowhere/client.cfg', {}), /client configuration: ENOENT/);
});
