/**
 * Ensembles of servers of both kinds that speak TLS among themselves, or authenticate by SASL, or
 * both, in either direction: who dials whom depends on the sid and on who leads. A server whose
 * password is wrong is refused by either kind.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestEnsemble } from '../process/ensemble.ts';
import {
  EVERY_SASL,
  exercise,
  makeObserver,
  type QuorumKeys,
  withSecured,
  roll,
  waitForLine,
  writeEverywhere,
} from '../process/quorum-security.test-kit.ts';
import type { ServerKind } from '../process/server-process.ts';

const APACHE = 'apache-3.9.5';
const ENSEMBLES: readonly (readonly ServerKind[])[] = [
  ['zabra', APACHE, APACHE],
  [APACHE, APACHE, 'zabra'],
  [APACHE, 'zabra', 'zabra'],
];
const SECURITY: readonly (readonly [string, (keys: QuorumKeys) => readonly string[]])[] = [
  ['TLS', (keys) => keys.tls('sslQuorum')],
  ['TLS with port unification', (keys) => keys.tls('sslQuorum', 'portUnification')],
  ['SASL', (keys) => keys.sasl(...EVERY_SASL)],
  ['TLS and SASL', (keys) => [...keys.tls('sslQuorum'), ...keys.sasl(...EVERY_SASL)]],
];

async function withEnsemble(
  kinds: readonly ServerKind[],
  lines: (keys: QuorumKeys) => readonly string[],
  use: (ensemble: TestEnsemble, keys: QuorumKeys) => Promise<void>,
): Promise<void> {
  await withSecured({ kinds }, lines, use);
}

describe('security between servers of both kinds', { concurrency: 1 }, () => {
  for (const [name, lines] of SECURITY) {
    for (const kinds of ENSEMBLES) {
      it(`${kinds.join(', ')} agree over ${name}`, async () => {
        await withEnsemble(kinds, lines, async (ensemble) => await exercise(ensemble));
      });
    }
  }

  // Apache's voters before 3.9.4 did not authenticate to observers and lost those of small sids.
  for (const kinds of [
    ['zabra', APACHE, APACHE],
    [APACHE, 'zabra', 'zabra'],
  ] as const) {
    it(`S24: the observer 1 gets in by SASL, voters dial it: ${kinds.join(', ')}`, async () => {
      const lines = (keys: QuorumKeys): string[] => keys.sasl(...EVERY_SASL);
      await withEnsemble(kinds, lines, async (ensemble) => {
        await Promise.all(ensemble.servers.map((server) => server.end('SIGTERM')));
        makeObserver(ensemble, 1);
        await ensemble.start();
        assert.equal(await ensemble.servers[0]?.mode(), 'observer');
        await writeEverywhere(ensemble, 'observed');
      });
    });
  }

  it('SASL is switched on one server after the other', async () => {
    await withEnsemble(
      [APACHE, 'zabra', 'zabra'],
      () => [],
      async (ensemble, keys) => {
        for (const count of [1, 2, 3]) {
          await roll(ensemble, keys.sasl(...EVERY_SASL.slice(0, count)));
        }
        await exercise(ensemble);
      },
    );
  });

  it('TLS is switched on one server after the other', async () => {
    await withEnsemble(
      [APACHE, 'zabra', 'zabra'],
      () => [],
      async (ensemble, keys) => {
        await roll(ensemble, keys.tls('portUnification'));
        await roll(ensemble, keys.tls('portUnification', 'sslQuorum'));
        await roll(ensemble, keys.tls('sslQuorum'));
        await exercise(ensemble);
      },
    );
  });

  for (const wrong of [0, 2] as const) {
    const kinds = [APACHE, 'zabra', 'zabra'] as const;
    const who = `server ${wrong + 1} of ${kinds.join(', ')}`;
    it(`${who} with a wrong password gets nowhere`, async () => {
      await withEnsemble(
        kinds,
        (keys) => keys.sasl(...EVERY_SASL),
        async (ensemble, keys) => {
          const server = ensemble.servers[wrong];
          assert.ok(server !== undefined);
          await server.end('SIGTERM');
          keys.useJaas('wrong.conf');
          server.start();
          await waitForLine(
            ensemble.servers[1] ?? server,
            /Refused .*: its user or its password is wrong/,
          );
          assert.equal(await server.mode(), null);
          keys.useJaas('jaas.conf');
          await server.end('SIGTERM');
          server.start();
          await server.waitUntilServing();
        },
      );
    });
  }
});
