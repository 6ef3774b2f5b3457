/**
 * What a configuration says about security between servers: TLS on the quorum and election ports,
 * and SASL behind it (quorum-protocol.md 16 and 17). Either does without the other.
 */

import { SaslUsers } from '../ops/sasl-users.ts';
import type { QuorumAuthConfig } from '../peer/quorum-auth-config.ts';
import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';
import type { ConfigKey } from './config-key.ts';
import type { ConfigValues } from './config-values.ts';
import type { LoginModule } from './jaas-file.ts';
import { digestOptions, readJaas, saslUsersOf } from './jaas-sections.ts';
import { KEYS } from './server-keys.ts';
import { type TlsIdentity, type TlsKeys, tlsIdentity } from './tls-settings.ts';

export interface QuorumTlsSettings extends TlsIdentity {
  /** Where this server connects, it speaks TLS. */
  readonly dialsTls: boolean;
  /** Who connects may do without TLS. */
  readonly takesPlain: boolean;
  /** The certificate of whom we dialed must name the host that was dialed. */
  readonly checksDialedHost: boolean;
  /** The certificate of who connects must name the host that it is at. */
  readonly checksAcceptedHost: boolean;
  readonly reloadsFiles: boolean;
  /** How long who connects may be silent. */
  readonly silenceMs: number;
}

const QUORUM_KEYS: TlsKeys = {
  prefix: 'ssl.quorum.',
  keyStoreLocation: KEYS.quorumKeyStoreLocation,
  keyStorePassword: KEYS.quorumKeyStorePassword,
  keyStorePasswordPath: KEYS.quorumKeyStorePasswordPath,
  keyStoreType: KEYS.quorumKeyStoreType,
  trustStoreLocation: KEYS.quorumTrustStoreLocation,
  trustStoreType: KEYS.quorumTrustStoreType,
  clientAuth: KEYS.quorumClientAuth,
  protocol: KEYS.quorumSslProtocol,
  enabledProtocols: KEYS.quorumEnabledProtocols,
  cipherSuites: KEYS.quorumCipherSuites,
};

/** Null when the ports between servers do not take TLS. */
export function quorumTlsSettings(
  values: ConfigValues,
  warn: (message: string) => void,
): QuorumTlsSettings | null {
  const dialsTls = values.get(KEYS.sslQuorum);
  const takesPlain = values.get(KEYS.portUnification);
  if (!dialsTls && !takesPlain) return null;
  const checksHosts = values.get(KEYS.quorumHostnameVerification);
  const silenceMs = values.get(KEYS.quorumHandshakeDetection);
  return {
    ...tlsIdentity(values, QUORUM_KEYS, warn),
    dialsTls,
    takesPlain,
    checksDialedHost: checksHosts,
    checksAcceptedHost: checksHosts && values.get(KEYS.quorumClientHostnameVerification),
    reloadsFiles: values.get(KEYS.sslQuorumReloadCertFiles),
    silenceMs: silenceMs > 0 ? silenceMs : KEYS.quorumHandshakeDetection.rule.fallback,
  };
}

/** Null when there is no SASL between servers. Both sections must be there, as in the reference. */
export function quorumAuthConfig(values: ConfigValues): QuorumAuthConfig | null {
  if (!values.get(KEYS.quorumEnableSasl)) return null;
  const users = saslUsersOf(...section(values, KEYS.quorumServerContext));
  const [modules, where] = section(values, KEYS.quorumLearnerContext);
  const [login] = digestOptions(modules, where);
  const userName = login?.get('username') ?? '';
  const password = login?.get('password');
  if (userName === '' || password === undefined) {
    throw new ConfigError(`Cannot use ${where}: wanted a username and a password`, EXIT_UNEXPECTED);
  }
  if (values.get(KEYS.fipsMode)) {
    throw new ConfigError('Cannot use quorum.auth.enableSasl=true with fips-mode=true');
  }
  return {
    users: new SaslUsers(users),
    userName,
    ownPassword: new SaslUsers(new Map([[userName, password]])),
    learnerRequiresSasl: values.get(KEYS.quorumLearnerRequireSasl),
    serverRequiresSasl: values.get(KEYS.quorumServerRequireSasl),
  };
}

/** The section that a key names, and how a refusal calls it. */
function section(
  values: ConfigValues,
  name: ConfigKey<string>,
): [modules: readonly LoginModule[], where: string] {
  const file = values.get(KEYS.jaasFile);
  const wanted = values.get(name);
  const modules = file === '' ? undefined : readJaas(values, file).get(wanted);
  if (modules !== undefined) return [modules, `the section "${wanted}" of "${file}"`];
  const found = file === '' ? 'there is no JAAS file' : `"${file}" has no such section`;
  throw new ConfigError(
    `Cannot use the JAAS section "${wanted}" of ${name.key}: ${found}`,
    EXIT_UNEXPECTED,
  );
}
