/**
 * Security as one value: how clients come in and who they are, and the same of other servers. TLS
 * and identities of clients belong together, because a certificate is an identity only where there
 * is TLS.
 */

import type { AuthenticationConfig } from '../peer/authentication-config.ts';
import type { QuorumAuthConfig } from '../peer/quorum-auth-config.ts';
import { authenticationSettings } from './authentication-settings.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './config-key.ts';
import type { ConfigValues } from './config-values.ts';
import {
  quorumAuthConfig,
  type QuorumTlsSettings,
  quorumTlsSettings,
} from './quorum-security-settings.ts';
import { KEYS } from './server-keys.ts';
import { type TlsSettings, tlsSettings } from './tls-settings.ts';

export interface SecuritySettings {
  readonly tls: TlsSettings | null;
  readonly authentication: AuthenticationConfig;
  readonly quorumTls: QuorumTlsSettings | null;
  readonly quorumAuth: QuorumAuthConfig | null;
}

export function securitySettings(
  values: ConfigValues,
  hasSecurePort: boolean,
  isMember: boolean,
  warn: (message: string) => void,
): SecuritySettings {
  const tls = tlsSettings(values, hasSecurePort, warn);
  return {
    tls,
    authentication: authenticationSettings(values, tls !== null, warn),
    quorumTls: isMember ? quorumTlsSettings(values, warn) : null,
    quorumAuth: isMember ? quorumAuthConfig(values) : null,
  };
}

/** What the switches of SASL between servers must be together, as in the reference. */
export function checkQuorumSasl(values: ConfigValues): void {
  const { quorumEnableSasl, quorumLearnerRequireSasl, quorumServerRequireSasl } = KEYS;
  const mustHave = (row: ConfigKey<boolean>, wanted: ConfigKey<boolean>): void => {
    if (!values.get(row) || values.get(wanted)) return;
    throw new ConfigError(`Cannot use ${row.key}=true: ${wanted.key} is not true`);
  };
  mustHave(quorumServerRequireSasl, quorumEnableSasl);
  mustHave(quorumLearnerRequireSasl, quorumEnableSasl);
  mustHave(quorumServerRequireSasl, quorumLearnerRequireSasl);
}
