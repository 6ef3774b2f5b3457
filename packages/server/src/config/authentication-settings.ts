/**
 * What a configuration says about who clients are: schemes, SASL users from the JAAS file, and
 * whether clients must authenticate (client-protocol.md 13.3 and 13.6, storage-and-config.md 14).
 * Kerberos is refused: nobody who relies on it may find the door open.
 */

import { SaslUsers } from '../ops/sasl-users.ts';
import type { SchemeOptions } from '../ops/state-options.ts';
import type { AuthenticationConfig } from '../peer/authentication-config.ts';
import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';
import type { ConfigValues } from './config-values.ts';
import { readJaas, saslUsersOf } from './jaas-sections.ts';
import { KEYS } from './server-keys.ts';

const PROVIDER_PACKAGE = 'org.apache.zookeeper.server.auth.';
const SASL_PROVIDER = `${PROVIDER_PACKAGE}SASLAuthenticationProvider`;
const X509_PROVIDER = `${PROVIDER_PACKAGE}X509AuthenticationProvider`;
const IP_PROVIDER = `${PROVIDER_PACKAGE}IPAuthenticationProvider`;
const DIGEST_PROVIDER = `${PROVIDER_PACKAGE}DigestAuthenticationProvider`;
const ENSEMBLE_PROVIDER = `${PROVIDER_PACKAGE}EnsembleAuthenticationProvider`;
const PROVIDERS: ReadonlySet<string> = new Set([
  SASL_PROVIDER,
  X509_PROVIDER,
  IP_PROVIDER,
  DIGEST_PROVIDER,
  ENSEMBLE_PROVIDER,
]);
const SUPER_USER = 'super';

export function authenticationSettings(
  values: ConfigValues,
  hasTls: boolean,
  warn: (message: string) => void,
): AuthenticationConfig {
  const providers = providersOf(values, warn);
  const saslUsers = readSaslUsers(values);
  const schemes: SchemeOptions = {
    digest: values.get(KEYS.digestSchemeEnabled) || providers.has(DIGEST_PROVIDER),
    digestAlgorithm: values.get(KEYS.digestAlgorithm),
    ensemble: providers.has(ENSEMBLE_PROVIDER),
    ensembleNames: ensembleNames(values),
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
    if (PROVIDERS.has(name)) continue;
    warn(`There is no effect of "authProvider", which names "${name}": there is no such scheme`);
  }
  return names;
}

/** Null when nothing is said; an empty list names nobody. */
function ensembleNames(values: ConfigValues): ReadonlySet<string> | null {
  if (!values.has(KEYS.ensembleAuthName)) return null;
  const names = values.get(KEYS.ensembleAuthName).split(',');
  return new Set(names.map((name) => name.trim()));
}

/** Whether the class is one of ZooKeeper's own whose scheme exists here. */
export function isKnownProvider(name: string): boolean {
  return PROVIDERS.has(name);
}

function superUsersOf(values: ConfigValues): ReadonlySet<string> {
  const names = [values.get(KEYS.saslSuperUser), ...values.family('superUser')];
  return new Set(names.filter((name) => name !== ''));
}

function requiredSchemes(values: ConfigValues, schemes: SchemeOptions): readonly string[] {
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
  const { digest, ensemble, sasl, x509 } = schemes;
  const known = Object.entries({ ip: true, digest, ensemble, sasl, x509 });
  for (const name of required) {
    if (known.some(([scheme, exists]) => exists && scheme === name)) continue;
    throw new ConfigError(`Cannot require the authentication scheme "${name}": it does not exist`);
  }
  return [...required];
}

/** Null without a section for the server, unless a section was asked for by name. */
function readSaslUsers(values: ConfigValues): SaslUsers | null {
  const file = values.get(KEYS.jaasFile);
  const section = values.get(KEYS.saslServerConfig);
  const modules = file === '' ? undefined : readJaas(values, file).get(section);
  if (modules === undefined) {
    if (!values.has(KEYS.saslServerConfig)) return null;
    const where = file === '' ? 'there is no JAAS file' : `"${file}" has no such section`;
    throw new ConfigError(
      `Cannot use the JAAS section "${section}" of sasl.serverconfig: ${where}`,
      EXIT_UNEXPECTED,
    );
  }
  const users = saslUsersOf(modules, `the section "${section}" of "${file}"`);
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
