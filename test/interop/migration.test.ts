/**
 * The migration drill: three Apache servers under a steady load of writers, lock holders, watchers
 * and ephemerals are exchanged for ours, one at a time, on their own data directories, and then
 * back, by the commands of docs/migration.md as they stand there. No acknowledged write is lost, no
 * session expires, watches tell what they promise, and at the end all members hold the same.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TestEnsemble } from '../process/ensemble.ts';
import { ROOT, type ServerKind } from '../process/server-process.ts';
import { waitFor } from '../process/wait-for.ts';
import { runScript } from './client-script.ts';
import { DocumentedSteps } from './documented-steps.ts';
import { DrillLoad } from '../process/drill-load.ts';
import { ExchangedServer } from './exchanged-server.ts';
import { assertSameContents } from './member-contents.ts';
import { CACHE } from './with-ensemble.ts';

const DRILL_MS_MAX = 180_000;
/** Writes that every register must get between two exchanges. */
const WRITES_BETWEEN = 20;

const TO_ZABRA = ['check', 'stop-apache', 'check-stopped', 'start-zabra', 'wait', 'look'];
const TO_APACHE = ['stop-zabra', 'check-stopped', 'start-apache', 'wait', 'look'];

class Drill {
  readonly servers: readonly ExchangedServer[];
  readonly load: DrillLoad;

  constructor(servers: readonly ExchangedServer[], load: DrillLoad) {
    this.servers = servers;
    this.load = load;
  }

  /** Followers first, the leader last; under load before, between and after. */
  async exchangeAll(steps: readonly string[], isNew: (version: string) => boolean): Promise<void> {
    for (let count = 0; count < this.servers.length; count++) {
      await this.load.progress(WRITES_BETWEEN);
      const server = await this.#next(isNew);
      const startedMs = performance.now();
      const said = await server.run(...steps);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      process.stderr.write(`exchanged ${server.clientPort} in ${seconds} s\n`);
      assertDigests(said, this.servers.length);
    }
    await this.load.progress(WRITES_BETWEEN);
  }

  async #next(isNew: (version: string) => boolean): Promise<ExchangedServer> {
    const old: { server: ExchangedServer; mode: string }[] = [];
    for (const server of this.servers) {
      const mode = await waitFor('a serving server', 20_000, () => server.mode());
      if (!isNew(await server.version())) old.push({ server, mode });
    }
    const chosen = old.find(({ mode }) => mode === 'follower') ?? old[0];
    return chosen?.server ?? assert.fail('There is no server to exchange any more');
  }
}

/**
 * In the answers of all servers: none of ours may have a tree that is not the proposer's. Apache's
 * own count some for every snapshot that they get from an Apache leader, in ensembles of Apache's
 * servers alone, too; what they hold is compared at the end.
 */
function assertDigests(said: string, serverCount: number): void {
  const answers = [...said.matchAll(/^Zookeeper version: (.*)[^]*?_mismatches_count\t(\d+)$/gm)];
  assert.ok(answers.length >= serverCount, said);
  for (const [answer, version = '', count] of answers) {
    if (isZabra(version)) assert.equal(count, '0', answer);
  }
}

const isZabra = (version: string): boolean => version.includes('-zabra.');

async function drill(apache: ServerKind): Promise<void> {
  const ensemble = await TestEnsemble.create({
    kinds: [apache, apache, apache],
    extra: ['snapCount=400', 'preAllocSize=64'],
  });
  const steps = new DocumentedSteps(join(ROOT, 'docs/migration.md'));
  const ports = ensemble.servers.map(({ clientPort }) => clientPort);
  const servers = ensemble.servers.map(
    (server) => new ExchangedServer(steps, apache, server, ports),
  );
  let load: DrillLoad | null = null;
  let failed = true;
  try {
    for (const server of servers) await server.run('start-apache');
    for (const server of servers) await server.run('wait');
    load = await DrillLoad.begin(ensemble.connectString);
    const exchange = new Drill(servers, load);
    const kazoo = await runScript(
      'python3',
      [join(ROOT, 'test/interop/drill_load.py'), ensemble.connectString],
      { PYTHONPATH: join(CACHE, 'kazoo-2.10.0') },
      async () => {
        await exchange.exchangeAll(TO_ZABRA, isZabra);
        await exchange.exchangeAll(TO_APACHE, (version) => !isZabra(version));
      },
      DRILL_MS_MAX,
    );
    const report = await load.end();
    const count = await assertSameContents(ports);
    process.stderr.write(`${report}\nkazoo: ${kazoo.facts.join('; ')}\n${count} znodes\n`);
    assert.deepEqual([...steps.done].sort(), [...steps.names].sort());
    failed = false;
  } finally {
    load?.abandon();
    for (const server of servers) await server.kill();
    if (failed) for (const server of servers) process.stderr.write(server.log().slice(-20_000));
    await ensemble.end();
  }
}

describe('the migration drill', { concurrency: 1 }, () => {
  for (const apache of ['apache-3.9.5', 'apache-3.8.0'] as const) {
    it(`three servers of ${apache} become ours and ${apache} again under load`, async () => {
      await drill(apache);
    });
  }
});
