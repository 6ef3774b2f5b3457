/**
 * What a configuration says about who clients are: schemes, SASL users from the JAAS file, and
 * whether clients must authenticate (client-protocol.md 13.3 and 13.6, storage-and-config.md 14).
 * Kerberos is refused: nobody who relies on it may find the door open.
 */

import fs from 'node:fs';
import { SaslUsers } from '../ops/sasl-users.ts';
import type { AuthenticationConfig } from '../peer/authentication-config.ts';
import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';
import type { ConfigValues } from './config-values.ts';
import { type LoginModule, parseJaas } from './jaas-file.ts';
import { KEYS } from './server-keys.ts';

const PROVIDER_PACKAGE = 'org.apache.zookeeper.server.auth.';
const SASL_PROVIDER = `${PROVIDER_PACKAGE}SASLAuthenticationProvider`;
const X509_PROVIDER = `${PROVIDER_PACKAGE}X509AuthenticationProvider`;
/** Those that are there without being named. */
const BUILT_IN_PROVIDERS: ReadonlySet<string> = new Set([
  `${PROVIDER_PACKAGE}IPAuthenticationProvider`,
  `${PROVIDER_PACKAGE}DigestAuthenticationProvider`,
]);
const DIGEST_MODULE = `${PROVIDER_PACKAGE}DigestLoginModule`;
const KERBEROS_MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const USER_PREFIX = 'user_';
const SUPER_USER = 'super';

export function authenticationSettings(
  values: ConfigValues,
  hasTls: boolean,
  warn: (message: string) => void,
): AuthenticationConfig {
  const providers = providersOf(values, warn);
  const saslUsers = readSaslUsers(values);
  const schemes = {
    x509: hasTls || providers.has(X509_PROVIDER),
    x509SuperUser: values.get(KEYS.x509SuperUser),
    sasl: providers.has(SASL_PROVIDER),
    saslSuperUsers: superUsersOf(values),
    anySaslUser: values.get(KEYS.letAnySaslUserDoX),
  };
  if (saslUsers !== null && !schemes.sasl) {
    warn(`ACLs cannot name SASL users: there is no "authProvider.1=${SASL_PROVIDER}"`);
  }
  return {
    schemes,
    saslUsers,
    allowSaslFailedClients: values.get(KEYS.allowSaslFailedClients),
    requiredSchemes: requiredSchemes(values, schemes),
  };
}

function providersOf(values: ConfigValues, warn: (message: string) => void): ReadonlySet<string> {
  const names = new Set(values.family('authProvider'));
  for (const name of names) {
    if (name === SASL_PROVIDER || name === X509_PROVIDER || BUILT_IN_PROVIDERS.has(name)) continue;
    warn(`There is no effect of "authProvider", which names "${name}": there is no such scheme`);
  }
  return names;
}

function superUsersOf(values: ConfigValues): ReadonlySet<string> {
  const names = [values.get(KEYS.saslSuperUser), ...values.family('superUser')];
  return new Set(names.filter((name) => name !== ''));
}

function requiredSchemes(
  values: ConfigValues,
  schemes: { readonly x509: boolean; readonly sasl: boolean },
): readonly string[] {
  const required = new Set<string>();
  if (values.get(KEYS.enforceAuthEnabled)) {
    for (const name of values.get(KEYS.enforceAuthSchemes).split(',')) {
      if (name.trim() !== '') required.add(name.trim());
    }
    if (required.size === 0) {
      throw new ConfigError('enforce.auth.enabled is true but enforce.auth.schemes is empty');
    }
  }
  if (values.get(KEYS.sessionRequireClientSaslAuth)) required.add('sasl');
  const known = { ip: true, digest: true, x509: schemes.x509, sasl: schemes.sasl };
  for (const name of required) {
    if (Object.entries(known).some(([scheme, exists]) => exists && scheme === name)) continue;
    throw new ConfigError(`Cannot require the authentication scheme "${name}": it does not exist`);
  }
  return [...required];
}

/** Null without a section for the server, unless a section was asked for by name. */
function readSaslUsers(values: ConfigValues): SaslUsers | null {
  const file = values.get(KEYS.jaasFile);
  const section = values.get(KEYS.saslServerConfig);
  const modules = file === '' ? undefined : readSections(values, file).get(section);
  if (modules === undefined) {
    if (!values.has(KEYS.saslServerConfig)) return null;
    const where = file === '' ? 'there is no JAAS file' : `"${file}" has no such section`;
    throw new ConfigError(
      `Cannot use the JAAS section "${section}" of sasl.serverconfig: ${where}`,
      EXIT_UNEXPECTED,
    );
  }
  const users = usersOf(modules, `the section "${section}" of "${file}"`);
  const superPassword = values.get(KEYS.saslSuperPassword);
  // As in Apache, it takes the place of a password and makes no user.
  if (superPassword !== '' && users.has(SUPER_USER)) users.set(SUPER_USER, superPassword);
  if (values.get(KEYS.fipsMode)) {
    throw new ConfigError(
      `Cannot use DIGEST-MD5 with fips-mode=true: remove the section "${section}" of "${file}"`,
    );
  }
  return new SaslUsers(users);
}

function readSections(
  values: ConfigValues,
  file: string,
): ReadonlyMap<string, readonly LoginModule[]> {
  try {
    return parseJaas(fs.readFileSync(file, 'utf8'), (name) => values.property(name));
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(`Cannot use the JAAS file "${file}": ${message}`, EXIT_UNEXPECTED);
  }
}

function usersOf(modules: readonly LoginModule[], where: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const { className, options } of modules) {
    if (className === KERBEROS_MODULE) {
      throw new ConfigError(`Cannot use ${where}: Kerberos is not supported, only DIGEST-MD5`);
    }
    if (className !== DIGEST_MODULE) {
      throw new ConfigError(`Cannot use ${where}: there is no login module "${className}"`);
    }
    for (const [name, password] of options) {
      const user = name.startsWith(USER_PREFIX) ? name.slice(USER_PREFIX.length) : '';
      if (user !== '') users.set(user, password);
    }
  }
  return users;
}
