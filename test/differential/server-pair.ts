/**
 * ServerPair: Apache's server and ours, each alone, fresh and with the same configuration. What
 * would happen by itself at times of its own is switched off or put off to the end of the world:
 * sessions outlive the run, nothing sweeps containers, and no disk is waited for.
 */

import { TestEnsemble } from '../process/ensemble.ts';
import type { ServerKind } from '../process/server-process.ts';
import { SUPER_DIGEST } from './acls.ts';
import type { Ports } from './comparison.ts';
import type { PeerVersion } from './peer-version.ts';

export const CONFIGURATION: readonly string[] = [
  'extendedTypesEnabled=true',
  'enforceQuota=true',
  'forceSync=no',
  'minSessionTimeout=3600000',
  'maxSessionTimeout=7200000',
  `DigestAuthenticationProvider.superDigest=${SUPER_DIGEST}`,
];
/** It has no key in `zoo.cfg`: every JVM reads the one variable, our server the other. */
const NO_SWEEPS = '-Dznode.container.checkIntervalMs=100000000';

export interface PairOptions {
  /** Whose rules the comparison follows. */
  readonly version: PeerVersion;
  /** The server that is right. */
  readonly realKind: ServerKind;
  /** Lines for its configuration alone. */
  readonly realExtra: readonly string[];
}

export function apachePair(version: PeerVersion): PairOptions {
  const realKind = version === '3.8.0' ? 'apache-3.8.0' : 'apache-3.9.5';
  return { version, realKind, realExtra: [] };
}

export class ServerPair {
  readonly #real: TestEnsemble;
  readonly #ours: TestEnsemble;

  private constructor(real: TestEnsemble, ours: TestEnsemble) {
    this.#real = real;
    this.#ours = ours;
  }

  static async start({ realKind, realExtra }: PairOptions): Promise<ServerPair> {
    process.env['JAVA_TOOL_OPTIONS'] = NO_SWEEPS;
    process.env['SERVER_JVMFLAGS'] = NO_SWEEPS;
    const extra = [...CONFIGURATION, ...realExtra];
    const real = await TestEnsemble.create({ kinds: [realKind], extra });
    const ours = await TestEnsemble.create({ kinds: ['zabra'], extra: CONFIGURATION });
    const pair = new ServerPair(real, ours);
    await Promise.all([real.start(), ours.start()]);
    return pair;
  }

  get ports(): Ports {
    return { real: portOf(this.#real), ours: portOf(this.#ours) };
  }

  /** Prints the log of a server that has ended by itself. */
  async end(): Promise<void> {
    await Promise.all(
      [this.#real, this.#ours].map((ensemble) => ensemble.end(!isRunning(ensemble))),
    );
  }
}

function isRunning(ensemble: TestEnsemble): boolean {
  return ensemble.servers.every((server) => server.running);
}

function portOf(ensemble: TestEnsemble): number {
  return ensemble.servers[0]?.clientPort ?? 0;
}
