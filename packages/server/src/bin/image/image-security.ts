/**
 * Logins and TLS as bitnami's image is told of them. Passwords never enter zoo.cfg by way of a
 * message: those of logins go into a JAAS file that only the server's user may read.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import type { ImageVariables } from './image-variables.ts';

const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const PROVIDER = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';
const TLS_PORT = '3181';

/** Lines of zoo.cfg for TLS, to clients and between servers. */
export function tlsLines(variables: ImageVariables): readonly string[] {
  const client = variables.isOn('ZOO_TLS_CLIENT_ENABLE');
  const quorum = variables.isOn('ZOO_TLS_QUORUM_ENABLE');
  const port = variables.text('ZOO_TLS_PORT_NUMBER') || TLS_PORT;
  return [
    ...(client ? [`secureClientPort=${port}`, ...keyLines(variables, 'CLIENT', 'ssl')] : []),
    ...(quorum ? ['sslQuorum=true', ...keyLines(variables, 'QUORUM', 'ssl.quorum')] : []),
  ];
}

function keyLines(variables: ImageVariables, which: string, prefix: string): readonly string[] {
  const of = (name: string) => variables.text(`ZOO_TLS_${which}_${name}`);
  const rows = [
    ['keyStore.location', of('KEYSTORE_FILE')],
    ['keyStore.password', of('KEYSTORE_PASSWORD')],
    ['trustStore.location', of('TRUSTSTORE_FILE')],
    ['trustStore.password', of('TRUSTSTORE_PASSWORD')],
    ['clientAuth', of('AUTH') || of('CLIENT_AUTH')],
  ] as const;
  if (rows[0][1] === '') {
    throw refusal(`Cannot switch TLS on: ZOO_TLS_${which}_KEYSTORE_FILE is not set`);
  }
  return rows.flatMap(([key, value]) => (value === '' ? [] : [`${prefix}.${key}=${value}`]));
}

export interface Logins {
  /** Text of the JAAS file; empty for none. */
  readonly jaas: string;
  /** Of zoo.cfg. */
  readonly lines: readonly string[];
}

/** Throws a ConfigError where clients may neither log in nor come without. */
export function logins(variables: ImageVariables): Logins {
  if (!variables.isOn('ZOO_ENABLE_AUTH')) {
    if (variables.isOff('ALLOW_ANONYMOUS_LOGIN')) {
      throw refusal(
        'Cannot start: ALLOW_ANONYMOUS_LOGIN says no and ZOO_ENABLE_AUTH does not say yes',
      );
    }
    return { jaas: '', lines: [] };
  }
  const users = listOf(variables.text('ZOO_SERVER_USERS'));
  const passwords = listOf(variables.text('ZOO_SERVER_PASSWORDS'));
  if (users.length === 0 || users.length !== passwords.length) {
    throw refusal(
      `Cannot switch logins on: ZOO_SERVER_USERS has ${users.length} names, ` +
        `ZOO_SERVER_PASSWORDS ${passwords.length}, wanted as many, and one at least`,
    );
  }
  const options = users.map((user, index) => option(`user_${user}`, passwords[index] ?? ''));
  const user = variables.text('ZOO_CLIENT_USER');
  const password = variables.text('ZOO_CLIENT_PASSWORD');
  const client = user === '' ? [] : [option('username', user), option('password', password)];
  return {
    jaas: section('Server', options) + (client.length === 0 ? '' : section('Client', client)),
    lines: [
      `authProvider.1=${PROVIDER}`,
      ...(variables.isOn('ALLOW_ANONYMOUS_LOGIN') ? [] : ['sessionRequireClientSASLAuth=true']),
    ],
  };
}

function section(name: string, options: readonly string[]): string {
  return `${name} {\n  ${MODULE} required\n  ${options.join('\n  ')};\n};\n`;
}

function option(name: string, value: string): string {
  if (/["\\$\s]/.test(name) || /["\\\r\n]|\$\{/.test(value)) {
    throw refusal(`Cannot write the login "${name}": it or its password has \\, " or $\{`);
  }
  return `${name}="${value}"`;
}

function listOf(text: string): readonly string[] {
  return text.split(/[,;\s]+/).filter((word) => word !== '');
}

function refusal(message: string): ConfigError {
  return new ConfigError(message, EXIT_UNEXPECTED);
}
