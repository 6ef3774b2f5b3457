/**
 * TLS for clients as a configuration asks for it: which files, which versions, who must show a
 * certificate (storage-and-config.md 14). Only PEM files are read; a keystore of another form is
 * refused by name. The files themselves are opened by `io/`.
 */

import { cipherName } from './cipher-suites.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './config-key.ts';
import type { ConfigValues } from './config-values.ts';
import { Secret } from './secret.ts';
import type { ClientAuth } from './security-keys.ts';
import { KEYS } from './server-keys.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface TlsSettings {
  /** PEM file of the private key and the certificate chain. */
  readonly keyFile: string;
  /** Of an encrypted key; null for none. */
  readonly keyPassword: Secret | null;
  /** File with that password, empty for none; it wins. */
  readonly keyPasswordFile: string;
  /** PEM file of authorities; empty when clients are not asked for certificates. */
  readonly trustFile: string;
  readonly clientAuth: ClientAuth;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Names parted by colons; empty is what the runtime thinks best. */
  readonly ciphers: string;
  /** The certificate of a client must name the address that it comes from. */
  readonly checksClientAddress: boolean;
  readonly reloadsFiles: boolean;
  /** The plain client port takes TLS as well. */
  readonly isClientPortUnified: boolean;
  /** Handshakes under way at once. */
  readonly handshakesMax: number;
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];
/** Names of `ssl.protocol` that leave the choice of the version open. */
const ANY_VERSION: ReadonlySet<string> = new Set(['', 'TLS', 'DEFAULT']);
/** A handshake takes a millisecond of processor time and some tens of kilobytes. */
const HANDSHAKES_MAX = 2000;
const OTHER_STORES = /\.(jks|p12|pfx|bcfks)$/i;

/** Null when no port takes TLS. */
export function tlsSettings(
  values: ConfigValues,
  hasSecurePort: boolean,
  warn: (message: string) => void,
): TlsSettings | null {
  const isClientPortUnified = values.get(KEYS.clientPortUnification);
  if (!hasSecurePort && !isClientPortUnified) return null;
  const clientAuth = values.get(KEYS.sslClientAuth);
  const authProvider = values.get(KEYS.sslAuthProvider);
  if (authProvider !== 'x509') {
    throw new ConfigError(`Cannot use ssl.authProvider=${authProvider}: only x509 exists`);
  }
  const handshakesMax = values.get(KEYS.outstandingHandshakeLimit);
  const password = values.get(KEYS.keyStorePassword);
  return {
    keyFile: pemFile(values, KEYS.keyStoreLocation, KEYS.keyStoreType),
    keyPassword: password === '' ? null : new Secret(password),
    keyPasswordFile: values.get(KEYS.keyStorePasswordPath),
    trustFile: clientAuth === 'none' ? '' : trustFile(values, clientAuth),
    clientAuth,
    ...tlsVersions(values, warn),
    ciphers: cipherList(values),
    checksClientAddress:
      values.get(KEYS.sslHostnameVerification) && values.get(KEYS.sslClientHostnameVerification),
    reloadsFiles: values.get(KEYS.clientCertReload),
    isClientPortUnified,
    handshakesMax: handshakesMax > 0 ? handshakesMax : HANDSHAKES_MAX,
  };
}

/** Java would trust the authorities of its own installation, which is nobody's wish. */
function trustFile(values: ConfigValues, clientAuth: ClientAuth): string {
  if (values.get(KEYS.trustStoreLocation) === '') {
    throw new ConfigError(
      `Cannot verify certificates of clients (ssl.clientAuth=${clientAuth}): ` +
        'ssl.trustStore.location is not set',
    );
  }
  return pemFile(values, KEYS.trustStoreLocation, KEYS.trustStoreType);
}

/** The file of a store, which must be PEM. */
export function pemFile(
  values: ConfigValues,
  location: ConfigKey<string>,
  type: ConfigKey<string>,
): string {
  const file = values.get(location);
  if (file === '') throw new ConfigError(`Cannot use TLS: ${location.key} is not set`);
  const named = values.get(type).toUpperCase();
  const found = named === '' ? OTHER_STORES.exec(file)?.[1]?.toUpperCase() : named;
  if (found !== undefined && found !== 'PEM') {
    throw new ConfigError(`Cannot use "${file}" (${location.key}): ${found} is not read, only PEM`);
  }
  return file;
}

/** Least and greatest of those that are enabled. */
export function tlsVersions(
  values: ConfigValues,
  warn: (message: string) => void,
): { minVersion: TlsVersion; maxVersion: TlsVersion } {
  const enabled = listOf(values.get(KEYS.sslEnabledProtocols));
  const protocol = values.get(KEYS.sslProtocol);
  const isAny = ANY_VERSION.has(protocol.toUpperCase());
  const wanted = enabled.length > 0 ? enabled : isAny ? VERSIONS : [protocol];
  const [minVersion, maxVersion = minVersion] = VERSIONS.filter((name) => wanted.includes(name));
  if (minVersion === undefined || maxVersion === undefined) {
    throw new ConfigError(
      `Cannot use the TLS versions "${wanted.join(',')}": wanted ${VERSIONS.join(' or ')}`,
    );
  }
  for (const name of enabled) {
    if (VERSIONS.some((version) => version === name)) continue;
    warn(`There is no effect of "${name}" in ssl.enabledProtocols: it is not safe any more`);
  }
  return { minVersion, maxVersion };
}

/** Parted by colons; empty is what the runtime thinks best. */
export function cipherList(values: ConfigValues): string {
  const names = listOf(values.get(KEYS.sslCipherSuites)).map((suite) => {
    const name = cipherName(suite);
    if (name !== null) return name;
    throw new ConfigError(`Cannot use "${suite}" in ssl.ciphersuites: there is no such suite`);
  });
  return names.join(':');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
