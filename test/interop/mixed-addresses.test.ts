/**
 * Servers of both kinds that reach each other by IPv6, and by several addresses each: the second
 * form of INIT, which names them all, is understood in both directions.
 */

import { describe, it } from 'node:test';
import type { ServerKind } from '../process/server-process.ts';
import { MixedEnsemble } from './mixed-ensemble.ts';

const SEVERAL = '-Dzookeeper.multiAddress.enabled=true';
/** The switch is a property of the system, for either kind in its own way. */
const ENVIRONMENT = { JVMFLAGS: SEVERAL, JAVA_TOOL_OPTIONS: SEVERAL };

const ENSEMBLES: readonly (readonly ServerKind[])[] = [
  ['apache-3.9.5', 'zabra', 'zabra'],
  ['zabra', 'zabra', 'apache-3.9.5'],
];

const HOSTS = {
  'at ::1': ['[::1]'],
  'at two addresses each': ['127.0.0.1', '127.0.0.2'],
} as const;

describe('members of both kinds', { concurrency: 1 }, () => {
  for (const [where, hosts] of Object.entries(HOSTS)) {
    for (const kinds of ENSEMBLES) {
      it(`${where}: ${kinds.join(', ')}`, async () => {
        const options = { kinds, leader: 3, hostsOf: () => hosts, environment: ENVIRONMENT };
        await MixedEnsemble.run(options, async (ensemble) => {
          await ensemble.writeThroughAll();
          const leader = await ensemble.leader();
          await leader.end('SIGKILL');
          await ensemble.writeThrough(await ensemble.leader());
          await ensemble.rejoin(leader, 'DIFF');
          await ensemble.writeThroughAll();
          await ensemble.assertEqual();
        });
      });
    }
  }
});
