/**
 * HealthyServer: one server of ours with a client that must notice nothing while others misbehave.
 */

import assert from 'node:assert/strict';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import type { ServerProcess } from './server-process.ts';

export class HealthyServer {
  readonly server: ServerProcess;
  readonly #ensemble: TestEnsemble;
  readonly #client: ZooKeeperClient;
  #failures = 0;

  private constructor(ensemble: TestEnsemble, client: ZooKeeperClient) {
    this.#ensemble = ensemble;
    this.server = ensemble.servers[0] as ServerProcess;
    this.#client = client;
  }

  static async start(): Promise<HealthyServer> {
    const ensemble = await TestEnsemble.create({ kinds: ['zabra'] });
    await ensemble.start();
    const client = await connect(ensemble.connectString, { sessionTimeoutMs: 10_000 });
    await client.create('/healthy', 'yes');
    return new HealthyServer(ensemble, client);
  }

  async end(): Promise<void> {
    await this.#client.close();
    await this.#ensemble.end(this.#failures > 0);
  }

  /** Runs what misbehaves, then asks whether server and client are as well as before. */
  async check(run: (port: number) => Promise<void>): Promise<void> {
    this.#failures++;
    const session = this.#client.sessionId;
    await run(this.server.clientPort);
    const { data } = await this.#client.getData('/healthy');
    assert.equal(Buffer.from(data ?? []).toString(), 'yes');
    assert.equal(this.#client.sessionId, session);
    assert.equal(await askWord(this.server.clientPort, 'ruok'), 'imok');
    this.#failures--;
  }

  /** A counter of `mntr`. */
  async counter(name: string): Promise<number> {
    const text = await askWord(this.server.clientPort, 'mntr');
    return Number(new RegExp(`^zk_${name}\t(\\d+)$`, 'm').exec(text)?.[1]);
  }
}
