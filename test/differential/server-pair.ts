/**
 * ServerPair: Apache's server and ours, each alone, fresh and with the same configuration. What
 * would happen by itself at times of its own is switched off or put off to the end of the world:
 * sessions outlive the run, nothing sweeps containers, and no disk is waited for.
 */

import { TestEnsemble } from '../process/ensemble.ts';
import type { ServerKind } from '../process/server-process.ts';
import { SUPER_DIGEST } from './acls.ts';
import type { PeerVersion } from './barred.ts';
import type { Ports } from './comparison.ts';

const CONFIGURATION = [
  'extendedTypesEnabled=true',
  'enforceQuota=true',
  'forceSync=no',
  'minSessionTimeout=300000',
  'maxSessionTimeout=600000',
  `DigestAuthenticationProvider.superDigest=${SUPER_DIGEST}`,
];
/** Read by every JVM; only so can it be told what has no key in `zoo.cfg`. */
const JAVA_OPTIONS = '-Dznode.container.checkIntervalMs=100000000 -Xshare:auto';

export class ServerPair {
  readonly #real: TestEnsemble;
  readonly #ours: TestEnsemble;

  private constructor(real: TestEnsemble, ours: TestEnsemble) {
    this.#real = real;
    this.#ours = ours;
  }

  static async start(version: PeerVersion): Promise<ServerPair> {
    process.env['JAVA_TOOL_OPTIONS'] = JAVA_OPTIONS;
    const kind: ServerKind = version === '3.8.0' ? 'apache-3.8.0' : 'apache-3.9.5';
    const real = await TestEnsemble.create({ kinds: [kind], extra: CONFIGURATION });
    const ours = await TestEnsemble.create({ kinds: ['zabra'], extra: CONFIGURATION });
    const pair = new ServerPair(real, ours);
    await Promise.all([real.start(), ours.start()]);
    return pair;
  }

  get ports(): Ports {
    return { real: portOf(this.#real), ours: portOf(this.#ours) };
  }

  async end(failed: boolean): Promise<void> {
    await Promise.all([this.#real.end(failed), this.#ours.end(failed)]);
  }
}

function portOf(ensemble: TestEnsemble): number {
  return ensemble.servers[0]?.clientPort ?? 0;
}
