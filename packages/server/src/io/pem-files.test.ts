/** Keys and certificates from files: passwords, what cannot be used, and files that change. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Secret } from '../config/secret.ts';
import type { TlsFrontSettings } from './tls-front.ts';
import { CN, writePem } from './certificates.test-kit.ts';
import { TlsFront } from './tls-front.ts';
import {
  alice,
  connect,
  directory,
  hello,
  open,
  ours,
  SERVER,
  SETTINGS,
  stranger,
  theirs,
  trustFile,
  until,
  useSeats,
} from './tls-seat.test-kit.ts';

useSeats();

describe('PemFiles', () => {
  it('takes an encrypted key with its password, given or in a file', async () => {
    const file = writePem(directory, 'locked.pem', ours.issue(SERVER, 'open sesame'));
    const seat = await open({ keyFile: file, keyPassword: new Secret('open sesame') });
    assert.equal(await hello(seat, alice), '<hello>');
    const keyPasswordFile = writePem(directory, 'password', 'open sesame\n');
    const other = await open({ keyFile: file, keyPasswordFile, keyPassword: new Secret('wrong') });
    assert.equal(await hello(other, alice), '<hello>');
  });

  const locked = writePem(directory, 'locked2.pem', ours.issue(SERVER, 'planted'));
  const mixed = ours.issue(SERVER).replace(/-----BEGIN CERT[^]*/, '') + ours.pem;
  const unusable: readonly (readonly [string, Partial<TlsFrontSettings>, RegExp])[] = [
    [
      'a wrong password',
      { keyFile: locked, keyPassword: new Secret('planted guess') },
      /password of the key is wrong or missing$/,
    ],
    ['no password', { keyFile: locked }, /password of the key is wrong or missing$/],
    [
      'a file that is not there',
      { keyFile: '/nowhere/key.pem' },
      /"\/nowhere\/key.pem" \(ssl.keyStore.location\): ENOENT/,
    ],
    [
      'a password file that is not there',
      { keyPasswordFile: '/nowhere/pw' },
      /\(ssl.keyStore.passwordPath\): ENOENT/,
    ],
    ['no key', { keyFile: trustFile }, /ssl.keyStore.location\): it holds no PEM block/],
    [
      'a key of another certificate',
      { keyFile: writePem(directory, 'mixed.pem', mixed) },
      /key values mismatch/,
    ],
    [
      'authorities that are none',
      { trustFile: writePem(directory, 'none.pem', 'planted') },
      /ssl.trustStore.location\): no certificate/,
    ],
    ['no suite that fits the version', { ciphers: 'NONE' }, /no cipher match/i],
  ];
  for (const [name, changes, says] of unusable) {
    it(`does not start with ${name}, and shows nothing of it`, () => {
      assert.throws(
        () => new TlsFront({ ...SETTINGS, ...changes }, () => {}),
        (error: Error) => {
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /planted|BEGIN|\n/);
          return error.name === 'ConfigError';
        },
      );
    });
  }

  it('reads changed files for new connections, and keeps the old when they are bad', async () => {
    const file = writePem(directory, 'changing.pem', ours.issue(SERVER));
    const trust = writePem(directory, 'changing-ca.pem', ours.pem);
    const seat = await open({ keyFile: file, trustFile: trust, reloadsFiles: true });
    const old = connect(seat, alice);
    await once(old, 'secureConnect');
    const peerName = async () => {
      const socket = connect(seat, alice);
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    assert.equal(await peerName(), 'server');
    const renewed = { ...SERVER, subject: [[CN, 'renewed']] as const };
    writePem(directory, 'changing.pem', ours.issue(renewed));
    await until(() => seat.log.some((line) => /New connections get .*"CN=renewed"/.test(line)));
    assert.equal(await peerName(), 'renewed');
    writePem(directory, 'changing.pem', 'half a file');
    await until(() =>
      seat.log.some((line) => line.startsWith('error Changed certificates are not used')),
    );
    assert.equal(await peerName(), 'renewed');
    writePem(directory, 'changing.pem', ours.issue(SERVER));
    writePem(directory, 'changing-ca.pem', theirs.pem);
    await until(() => (seat.log.at(-1) ?? '').includes('"CN=server"'));
    assert.notEqual(await hello(seat, alice), '<hello>');
    assert.equal(await hello(seat, stranger), '<hello>');
    // Who is in stays in.
    old.write('still');
    assert.equal(String((await once(old, 'data'))[0]), '<still>');
    old.destroy();
  });
});
