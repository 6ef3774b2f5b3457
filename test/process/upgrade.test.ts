/**
 * Upgrade and downgrade of an ensemble of ours, one server after another on its own directories,
 * from the last version to this one and back, under load: what a server writes to disk and what it
 * says to other members is understood by the version before and by the version after (ADR 19).
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askSrvr } from './four-letter-word.ts';
import { type ServerKind, ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

const SIDS = [1, 2, 3];
const SESSION_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 60_000;
const WRITES_PER_SECOND = 50;
/** Of each writer, before the next server is stopped. */
const WRITES_BETWEEN = 25;
const CHANGES_MAX = 2;
/** The line of a member that was sent what its version does not know. */
const UNKNOWN_PACKET = /Ignored \d+ of the leader|sent \d+: ignored/;
/** What `srvr` shows of a program without a checkout: the last version is unpacked alone. */
const NO_REVISION = '0'.repeat(40);

describe('an ensemble that goes to this version and back', { concurrency: 1 }, () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`server by server, ${signal} for each, keeps writes and sessions`, async () => {
      const kinds = SIDS.map(() => 'zabra' as const);
      await TestEnsemble.run({ kinds, tickTimeMs: 500, initLimit: 20 }, async (ensemble) => {
        for (const sid of SIDS) replace(ensemble, sid, 'zabra-last');
        await ensemble.start();
        await checkVersions(ensemble, 'zabra-last');
        const tenants = await Promise.all(SIDS.map((sid) => Tenant.enter(ensemble, sid)));
        try {
          for (const kind of ['zabra', 'zabra-last'] as const) {
            const changes = await roll(ensemble, kind, signal, tenants);
            await checkVersions(ensemble, kind);
            assert.ok(changes <= CHANGES_MAX, `the leader changed ${changes} times`);
          }
          for (const tenant of tenants) await tenant.judge(ensemble);
          for (const server of ensemble.servers) assert.doesNotMatch(server.log(), UNKNOWN_PACKET);
        } finally {
          await Promise.all(tenants.map((tenant) => tenant.leave()));
        }
      });
    });
  }
});

/** A client with a session that must last, an ephemeral that lives as long, and writes. */
class Tenant {
  readonly #client: ZooKeeperClient;
  readonly #root: string;
  readonly #sessionId: bigint;
  readonly #startedMs: number;
  readonly writer: Writer;

  private constructor(client: ZooKeeperClient, root: string) {
    this.#client = client;
    this.#root = root;
    this.#sessionId = client.sessionId;
    this.#startedMs = performance.now();
    this.writer = new Writer(client, root);
  }

  /** Begins at one server; where it goes from there is its own choice. */
  static async enter(ensemble: TestEnsemble, sid: number): Promise<Tenant> {
    const own = ensemble.servers[sid - 1]?.clientPort;
    const others = ensemble.servers.map((server) => server.clientPort).filter((to) => to !== own);
    const addresses = [own, ...others].map((port) => `127.0.0.1:${port}`).join(',');
    const client = await connect(addresses, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
    const root = `/tenant-${sid}`;
    await client.create(root);
    await client.create(`${root}-lives`, '', { ephemeral: true });
    const tenant = new Tenant(client, root);
    tenant.writer.start(WRITES_PER_SECOND);
    return tenant;
  }

  async progress(): Promise<void> {
    const { acknowledged } = this.writer;
    const wanted = acknowledged.length + WRITES_BETWEEN;
    await waitFor(`writes below ${this.#root}`, PATIENCE_MS, () => acknowledged.length >= wanted);
  }

  /** Nothing acknowledged is missing at any server, nor is the session. */
  async judge(ensemble: TestEnsemble): Promise<void> {
    await this.writer.stop();
    const { acknowledged, acknowledgedMs } = this.writer;
    assert.equal(this.#client.sessionId, this.#sessionId, 'it was given another session');
    assert.ok(longestGapMs(acknowledgedMs, this.#startedMs) < SESSION_TIMEOUT_MS);
    for (const { clientPort } of ensemble.servers) {
      const reader = await connect(`127.0.0.1:${clientPort}`);
      await reader.sync(this.#root);
      const { children } = await reader.getChildren(this.#root);
      const found = new Set(children);
      const lost = acknowledged.filter((number) => !found.has(`n-${number}`));
      assert.deepEqual(lost, [], `acknowledged and not at the server on port ${clientPort}`);
      const stat = await reader.exists(`${this.#root}-lives`);
      assert.equal(stat?.ephemeralOwner, this.#sessionId);
      await reader.close();
    }
  }

  async leave(): Promise<void> {
    await this.writer.stop();
    await this.#client.close();
  }
}

/** From the highest sid to the lowest, as Kubernetes does; how often the leader changed. */
async function roll(
  ensemble: TestEnsemble,
  kind: ServerKind,
  signal: 'SIGTERM' | 'SIGKILL',
  tenants: readonly Tenant[],
): Promise<number> {
  const before = await epochOf(ensemble);
  for (const sid of SIDS.toReversed()) {
    await ensemble.servers[sid - 1]?.end(signal);
    const server = replace(ensemble, sid, kind);
    server.start();
    await server.waitUntilServing(PATIENCE_MS);
    await epochOf(ensemble);
    await Promise.all(tenants.map((tenant) => tenant.progress()));
  }
  return (await epochOf(ensemble)) - before;
}

/** The same files, another program. */
function replace(ensemble: TestEnsemble, sid: number, kind: ServerKind): ServerProcess {
  const { configFile, logFile, clientPort } = ensemble.servers[sid - 1] as ServerProcess;
  const server = new ServerProcess(kind, configFile, logFile, clientPort);
  ensemble.servers[sid - 1] = server;
  return server;
}

/** Of the reign that all members follow; each leader has one of its own. */
async function epochOf(ensemble: TestEnsemble): Promise<number> {
  return await waitFor('one epoch', PATIENCE_MS, () => {
    const epochs = ensemble.servers.map(({ configFile }) => {
      return readFileSync(join(dirname(configFile), 'data/version-2/currentEpoch'), 'utf8');
    });
    return new Set(epochs).size === 1 ? Number(epochs[0]) : null;
  });
}

async function checkVersions(ensemble: TestEnsemble, kind: ServerKind): Promise<void> {
  for (const { clientPort } of ensemble.servers) {
    const version = (await askSrvr(clientPort, 'Zookeeper version')) ?? '';
    assert.equal(version.includes(NO_REVISION), kind === 'zabra-last', version);
  }
}
