/**
 * ServerSettings: everything that a configuration says, checked, as two frozen parts. `peer` is
 * what the machine knows; `edge` is what the world around it needs to carry the machine.
 */

import type { LogEvent } from '../peer/ready.ts';
import type { PeerConfig } from '../peer/peer-config.ts';
import type { DataDirectories } from './data-directories.ts';
import type { QuorumTlsSettings } from './quorum-security-settings.ts';
import type { TlsSettings } from './tls-settings.ts';

export interface EdgeSettings {
  readonly directories: DataDirectories;
  readonly datadirAutocreate: boolean;
  /** Decimal, or empty for a server without `myid`. */
  readonly myid: string;
  /** Path of the zoo.cfg that changes of the ensemble are written to; null when there are none. */
  readonly configFile: string | null;
  /** The first change of the ensemble will take the server list out of zoo.cfg. */
  readonly backsUpConfig: boolean;
  /** 0 is the default of the system. */
  readonly clientBacklog: number;
  readonly clientKeepAlive: boolean;
  readonly linkKeepAlive: boolean;
  readonly sharedReads: boolean;
  readonly writesDirectly: boolean;
  /** Null when no port for clients takes TLS. */
  readonly tls: TlsSettings | null;
  /** Null when the ports between servers do not take TLS. */
  readonly quorumTls: QuorumTlsSettings | null;
  /** A synced log write that takes longer is told of, ms. */
  readonly slowLogWriteMs: number;
  /** Null when there is no health port. */
  readonly health: { readonly host: string; readonly port: number } | null;
  readonly logFormat: 'log4j' | 'json';
  readonly logLevel: LogEvent['level'];
  /** 0 is none. */
  readonly memoryBytes: number;
}

export interface ServerSettings {
  readonly peer: PeerConfig;
  readonly edge: EdgeSettings;
  /** What reading the configuration has to say, for the log, in order. */
  readonly notes: readonly LogEvent[];
}
