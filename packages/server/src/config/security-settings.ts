/**
 * Security for clients as one value: how they come in and who they are. The two belong together,
 * because a certificate is an identity only where there is TLS.
 */

import type { AuthenticationConfig } from '../peer/authentication-config.ts';
import { authenticationSettings } from './authentication-settings.ts';
import type { ConfigValues } from './config-values.ts';
import { type TlsSettings, tlsSettings } from './tls-settings.ts';

export interface SecuritySettings {
  readonly tls: TlsSettings | null;
  readonly authentication: AuthenticationConfig;
}

export function securitySettings(
  values: ConfigValues,
  hasSecurePort: boolean,
  warn: (message: string) => void,
): SecuritySettings {
  const tls = tlsSettings(values, hasSecurePort, warn);
  return { tls, authentication: authenticationSettings(values, tls !== null, warn) };
}
