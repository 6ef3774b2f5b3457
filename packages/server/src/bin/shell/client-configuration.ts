/**
 * TLS and SASL for the shell, as Java's clients are told of them: by the properties file that
 * `-client-configuration` names, and before that by `-D` in CLIENT_JVMFLAGS and JVMFLAGS. The names
 * are the same in all (operations.md 7.1); other properties are not looked at.
 */

import fs from 'node:fs';
import { ConfigError } from '../../config/config-error.ts';
import { ConfigValues } from '../../config/config-values.ts';
import { readJvmFlags, splitFlags } from '../../config/jvm-flags.ts';
import { digestOptions, readJaas } from '../../config/jaas-sections.ts';
import { decodeProperties, parseProperties } from '../../config/properties-file.ts';
import { KEYS } from '../../config/server-keys.ts';
import {
  CLIENT_TLS_KEYS,
  cipherList,
  pemFile,
  type TlsVersion,
  tlsVersions,
} from '../../config/tls-settings.ts';

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

export interface ClientSasl {
  readonly username: string;
  readonly password: string;
}

/** Null for what the connection is to be without. */
export interface ClientSecurity {
  readonly tls: ClientTls | null;
  readonly sasl: ClientSasl | null;
}

const SECURE = 'zookeeper.client.secure';
const SASL = 'zookeeper.sasl.client';
const SASL_SECTION = 'zookeeper.sasl.clientconfig';
const SASL_SECTION_DEFAULT = 'Client';

type Environment = Readonly<Record<string, string | undefined>>;

/** Its ConfigErrors show no secret. */
export function clientSecurity(file: string, environment: Environment): ClientSecurity {
  const properties = clientProperties(file, environment);
  const values = new ConfigValues(new Map(), properties);
  const isSecure = properties.get(SECURE)?.toLowerCase() === 'true';
  return { tls: isSecure ? tlsOf(values) : null, sasl: saslOf(values) };
}

/** For a connection that must be over TLS, whatever the properties say. */
export function clientTls(environment: Environment): ClientTls {
  return tlsOf(new ConfigValues(new Map(), clientProperties('', environment)));
}

function clientProperties(file: string, environment: Environment): Map<string, string> {
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
  return properties;
}

/** Without a section nobody logs in, unless a section was asked for by name. */
function saslOf(values: ConfigValues): ClientSasl | null {
  const file = values.get(KEYS.jaasFile);
  if (values.property(SASL)?.toLowerCase() === 'false') return null;
  const asked = values.property(SASL_SECTION);
  const section = asked ?? SASL_SECTION_DEFAULT;
  const modules = file === '' ? undefined : readJaas(values, file).get(section);
  if (modules === undefined) {
    if (asked === undefined) return null;
    const where = file === '' ? 'there is no JAAS file' : `"${file}" has no such section`;
    throw new ConfigError(`Cannot use the JAAS section "${section}" of ${SASL_SECTION}: ${where}`);
  }
  const where = `the section "${section}" of "${file}"`;
  const [options] = digestOptions(modules, where);
  const username = options?.get('username') ?? '';
  const password = options?.get('password');
  if (username === '' || password === undefined) {
    throw new ConfigError(`Cannot use ${where}: wanted a username and a password`);
  }
  return { username, password };
}

function tlsOf(values: ConfigValues): ClientTls {
  const versions = tlsVersions(values, CLIENT_TLS_KEYS, () => {});
  const ciphers = cipherList(values, CLIENT_TLS_KEYS);
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
