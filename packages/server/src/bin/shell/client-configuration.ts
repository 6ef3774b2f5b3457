/**
 * TLS for the shell, as Java's clients are told of it: by the properties file that
 * `-client-configuration` names, and before that by `-D` in CLIENT_JVMFLAGS and JVMFLAGS. The names
 * are the same in all (operations.md 7.1); what does not concern TLS is not looked at.
 */

import fs from 'node:fs';
import { ConfigError } from '../../config/config-error.ts';
import { ConfigValues } from '../../config/config-values.ts';
import { readJvmFlags, splitFlags } from '../../config/jvm-flags.ts';
import { decodeProperties, parseProperties } from '../../config/properties-file.ts';
import { KEYS } from '../../config/server-keys.ts';
import { cipherList, pemFile, type TlsVersion, tlsVersions } from '../../config/tls-settings.ts';

export interface ClientTls {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly verifyHostname: boolean;
  readonly ciphers?: string;
  readonly key?: Buffer;
  readonly cert?: Buffer;
  readonly passphrase?: string;
  readonly ca?: Buffer;
}

const SECURE = 'zookeeper.client.secure';

/** Null is a plain connection, unless it must be secure. Its ConfigErrors show no secret. */
export function clientTls(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  mustBeSecure = false,
): ClientTls | null {
  const properties = new Map<string, string>();
  for (const name of ['CLIENT_JVMFLAGS', 'JVMFLAGS']) {
    readJvmFlags(splitFlags(environment[name]), properties);
  }
  if (file !== '') {
    const bytes = readFile(file, 'the client configuration');
    for (const [name, value] of parseProperties(decodeProperties(bytes))) {
      properties.set(name, value);
    }
  }
  const isSecure = mustBeSecure || properties.get(SECURE)?.toLowerCase() === 'true';
  if (!isSecure) return null;
  return tlsOf(new ConfigValues(new Map(), properties));
}

function tlsOf(values: ConfigValues): ClientTls {
  const versions = tlsVersions(values, () => {});
  const ciphers = cipherList(values);
  const passwordFile = values.get(KEYS.keyStorePasswordPath);
  const password =
    passwordFile === ''
      ? values.get(KEYS.keyStorePassword)
      : readFile(passwordFile, 'the password')
          .toString('utf8')
          .replace(/\r?\n$/, '');
  const own = values.has(KEYS.keyStoreLocation)
    ? readFile(pemFile(values, KEYS.keyStoreLocation, KEYS.keyStoreType), 'the key')
    : null;
  const trusted = values.has(KEYS.trustStoreLocation)
    ? readFile(pemFile(values, KEYS.trustStoreLocation, KEYS.trustStoreType), 'the authorities')
    : null;
  return {
    ...versions,
    verifyHostname: values.get(KEYS.sslHostnameVerification),
    ...(ciphers === '' ? {} : { ciphers }),
    ...(own === null ? {} : { key: own, cert: own }),
    ...(password === '' ? {} : { passphrase: password }),
    ...(trusted === null ? {} : { ca: trusted }),
  };
}

function readFile(file: string, what: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new ConfigError(`Cannot read ${what}: ${(error as Error).message}`);
  }
}
