/**
 * TLS as a configuration asks for it, for clients and between servers: which files and versions,
 * who must show a certificate (storage-and-config.md 14). Only PEM files are read; a keystore of
 * another form is refused by name. The files themselves are opened by `io/`.
 */

import { cipherName } from './cipher-suites.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './config-key.ts';
import type { ConfigValues } from './config-values.ts';
import { Secret } from './secret.ts';
import type { ClientAuth } from './security-keys.ts';
import { KEYS } from './server-keys.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** The keys of one set of options: for clients, or for servers among themselves. */
export interface TlsKeys {
  readonly prefix: string;
  readonly keyStoreLocation: ConfigKey<string>;
  readonly keyStorePassword: ConfigKey<string>;
  readonly keyStorePasswordPath: ConfigKey<string>;
  readonly keyStoreType: ConfigKey<string>;
  readonly trustStoreLocation: ConfigKey<string>;
  readonly trustStoreType: ConfigKey<string>;
  readonly clientAuth: ConfigKey<ClientAuth>;
  readonly protocol: ConfigKey<string>;
  readonly enabledProtocols: ConfigKey<string>;
  readonly cipherSuites: ConfigKey<string>;
}

/** What this server shows, and whom it believes. */
export interface TlsIdentity {
  /** Of the keys that say so, for messages. */
  readonly prefix: string;
  /** PEM file of the private key and the certificate chain. */
  readonly keyFile: string;
  /** Of an encrypted key; null for none. */
  readonly keyPassword: Secret | null;
  /** File with that password, empty for none; it wins. */
  readonly keyPasswordFile: string;
  /** PEM file of authorities; empty when nobody is asked for a certificate. */
  readonly trustFile: string;
  readonly clientAuth: ClientAuth;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Names parted by colons; empty is what the runtime thinks best. */
  readonly ciphers: string;
}

export interface TlsSettings extends TlsIdentity {
  /** The certificate of a client must name the address that it comes from. */
  readonly checksClientAddress: boolean;
  readonly reloadsFiles: boolean;
  /** The plain client port takes TLS as well. */
  readonly isClientPortUnified: boolean;
  /** Handshakes under way at once. */
  readonly handshakesMax: number;
}

export const CLIENT_TLS_KEYS: TlsKeys = {
  prefix: 'ssl.',
  keyStoreLocation: KEYS.keyStoreLocation,
  keyStorePassword: KEYS.keyStorePassword,
  keyStorePasswordPath: KEYS.keyStorePasswordPath,
  keyStoreType: KEYS.keyStoreType,
  trustStoreLocation: KEYS.trustStoreLocation,
  trustStoreType: KEYS.trustStoreType,
  clientAuth: KEYS.sslClientAuth,
  protocol: KEYS.sslProtocol,
  enabledProtocols: KEYS.sslEnabledProtocols,
  cipherSuites: KEYS.sslCipherSuites,
};

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
  const authProvider = values.get(KEYS.sslAuthProvider);
  if (authProvider !== 'x509') {
    throw new ConfigError(`Cannot use ssl.authProvider=${authProvider}: only x509 exists`);
  }
  const handshakesMax = values.get(KEYS.outstandingHandshakeLimit);
  return {
    ...tlsIdentity(values, CLIENT_TLS_KEYS, warn),
    checksClientAddress:
      values.get(KEYS.sslHostnameVerification) && values.get(KEYS.sslClientHostnameVerification),
    reloadsFiles: values.get(KEYS.clientCertReload),
    isClientPortUnified,
    handshakesMax: handshakesMax > 0 ? handshakesMax : HANDSHAKES_MAX,
  };
}

/** Throws ConfigError when the options make no sense; the files are not opened yet. */
export function tlsIdentity(
  values: ConfigValues,
  keys: TlsKeys,
  warn: (message: string) => void,
): TlsIdentity {
  const password = values.get(keys.keyStorePassword);
  return {
    prefix: keys.prefix,
    keyFile: pemFile(values, keys.keyStoreLocation, keys.keyStoreType),
    keyPassword: password === '' ? null : new Secret(password),
    keyPasswordFile: values.get(keys.keyStorePasswordPath),
    trustFile: trustFile(values, keys),
    clientAuth: values.get(keys.clientAuth),
    ...tlsVersions(values, keys, warn),
    ciphers: cipherList(values, keys),
  };
}

/** Java would trust the authorities of its own installation, which is nobody's wish. */
function trustFile(values: ConfigValues, keys: TlsKeys): string {
  const clientAuth = values.get(keys.clientAuth);
  // Servers connect to each other: whom they dial is judged in any case.
  if (clientAuth === 'none' && keys === CLIENT_TLS_KEYS) return '';
  const { key } = keys.trustStoreLocation;
  if (values.get(keys.trustStoreLocation) === '') {
    throw new ConfigError(
      `Cannot verify certificates (${keys.clientAuth.key}=${clientAuth}): ${key} is not set`,
    );
  }
  return pemFile(values, keys.trustStoreLocation, keys.trustStoreType);
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
  keys: TlsKeys,
  warn: (message: string) => void,
): { minVersion: TlsVersion; maxVersion: TlsVersion } {
  const enabled = listOf(values.get(keys.enabledProtocols));
  const protocol = values.get(keys.protocol);
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
    const { key } = keys.enabledProtocols;
    warn(`There is no effect of "${name}" in ${key}: it is not safe any more`);
  }
  return { minVersion, maxVersion };
}

/** Parted by colons; empty is what the runtime thinks best. */
export function cipherList(values: ConfigValues, { cipherSuites }: TlsKeys): string {
  const names = listOf(values.get(cipherSuites)).map((suite) => {
    const name = cipherName(suite);
    if (name !== null) return name;
    throw new ConfigError(`Cannot use "${suite}" in ${cipherSuites.key}: there is no such suite`);
  });
  return names.join(':');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
