/** What stands before the protocols of a server's ports, as its settings ask for. */

import type { EdgeSettings } from '../config/settings.ts';
import type { LogSink } from './log-lines.ts';
import type { NetworkOptions } from './net.ts';
import { quorumPrefaces } from './quorum-tls.ts';
import { tlsPrefaces } from './tls-front.ts';

/** Throws ConfigError when keys and certificates cannot be used. */
export function serverPrefaces(
  { tls, quorumTls }: Pick<EdgeSettings, 'tls' | 'quorumTls'>,
  log: LogSink,
): NetworkOptions['prefaces'] {
  return { ...tlsPrefaces(tls, log), ...quorumPrefaces(quorumTls, log) };
}
