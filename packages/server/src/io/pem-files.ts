/**
 * PemFiles: private key, certificates and authorities of this server as they stand in files now,
 * and word of it when they change. A file is looked at by its name, through links, so that a
 * directory that is exchanged as a whole (as Kubernetes does with secrets) counts as a change.
 */

import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError, EXIT_UNEXPECTED } from '../config/config-error.ts';
import type { TlsIdentity } from '../config/tls-settings.ts';

/** How often the files are looked at. */
const POLL_MS = 2000;
/** Several files may change one behind the other, and one may be half written. */
const SETTLE_MS = 300;
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----/;

export interface PemListener {
  /** What the changed files hold has been found good. */
  onChanged(context: SecureContextOptions): void;
  /** It has not: the present ones stay. */
  onUnusable(reason: string): void;
}

export class PemFiles {
  readonly #settings: TlsIdentity;
  #timer: NodeJS.Timeout | null = null;
  #watched: readonly string[] = [];

  constructor(settings: TlsIdentity) {
    this.#settings = settings;
  }

  /** What the files hold now. Throws ConfigError, which never shows anything of a key. */
  read(): SecureContextOptions {
    const { prefix, keyFile, keyPassword, keyPasswordFile, trustFile } = this.#settings;
    const passphrase =
      keyPasswordFile === ''
        ? keyPassword?.reveal()
        : readText(keyPasswordFile, `${prefix}keyStore.passwordPath`).replace(/\r?\n$/, '');
    const own = readText(keyFile, `${prefix}keyStore.location`);
    const { minVersion, maxVersion, ciphers } = this.#settings;
    const context: SecureContextOptions = {
      key: own,
      cert: own,
      minVersion,
      maxVersion,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ciphers === '' ? {} : { ciphers, honorCipherOrder: true }),
      ...(trustFile === ''
        ? {}
        : { ca: readAuthorities(trustFile, `${prefix}trustStore.location`) }),
    };
    try {
      createSecureContext(context);
    } catch (error) {
      throw unusable(keyFile, `${prefix}keyStore.location`, reasonOf(error as Error, own));
    }
    return context;
  }

  /** Subject and end of the own certificate, for the log. */
  describe(context: SecureContextOptions): string {
    const { subject, validTo } = new X509Certificate(String(context.cert));
    return `certificate of "${subject.replaceAll('\n', ', ')}", valid until ${validTo}`;
  }

  watch(listener: PemListener): void {
    const { keyFile, keyPasswordFile, trustFile } = this.#settings;
    this.#watched = [keyFile, keyPasswordFile, trustFile].filter((file) => file !== '');
    for (const file of this.#watched) {
      fs.watchFile(file, { interval: POLL_MS, persistent: false }, () => this.#readSoon(listener));
    }
  }

  close(): void {
    for (const file of this.#watched) fs.unwatchFile(file);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #readSoon(listener: PemListener): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      let context: SecureContextOptions;
      try {
        context = this.read();
      } catch (error) {
        listener.onUnusable((error as Error).message);
        return;
      }
      listener.onChanged(context);
    }, SETTLE_MS);
    this.#timer.unref();
  }
}

function readAuthorities(file: string, key: string): string {
  const text = readText(file, key);
  // Without this, nobody's certificate would be good, and nobody would know why.
  if (!CERTIFICATE.test(text)) throw unusable(file, key, 'no certificate');
  try {
    createSecureContext({ ca: text });
  } catch (error) {
    throw unusable(file, key, reasonOf(error as Error, text));
  }
  return text;
}

function readText(file: string, key: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw unusable(file, key, (error as Error).message);
  }
}

function unusable(file: string, key: string, reason: string): ConfigError {
  return new ConfigError(`Cannot use "${file}" (${key}): ${reason}`, EXIT_UNEXPECTED);
}

/** OpenSSL's words, which name functions and not contents, where there are no better ones. */
function reasonOf({ message }: Error, pem: string): string {
  const isUndecodable = /no start line|DECODER routines::unsupported/i.test(message);
  const isLocked = /bad decrypt|empty password|interrupted or cancelled|bad password/i.test(
    message,
  );
  if (isLocked || (isUndecodable && ENCRYPTED.test(pem))) {
    return 'the password of the key is wrong or missing';
  }
  if (isUndecodable) return 'it holds no PEM block of the kind wanted';
  return message.replace(/^error:[0-9A-F]+:/i, '');
}
