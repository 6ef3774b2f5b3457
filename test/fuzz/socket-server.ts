/**
 * A server process as the fuzz run over sockets wants it: a plain port that takes TLS as well, a
 * port for TLS alone, and its memory to be asked for.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JUTE_MAXBUFFER_DEFAULT } from '@zabra/protocol';
import { Authority, CN } from 'zabra/dist/io/certificates.test-kit.js';
import { TestEnsemble } from '../process/ensemble.ts';
import { askWord } from '../process/four-letter-word.ts';
import { freePorts } from '../process/free-ports.ts';
import { waitFor } from '../process/wait-for.ts';
import { expectThat } from './finding.ts';
import type { SocketTarget } from './socket-client.ts';

/** Of a server that was asked to end by SIGTERM, and did. */
const EXIT_TERMINATED = 143;
const NOBODY_MS_MAX = 10_000;
const KILO = 1024;

export class SocketServer {
  readonly target: SocketTarget;
  readonly #ensemble: TestEnsemble;
  readonly #directory: string;

  private constructor(ensemble: TestEnsemble, directory: string, target: SocketTarget) {
    this.#ensemble = ensemble;
    this.#directory = directory;
    this.target = target;
  }

  static async start(): Promise<SocketServer> {
    const directory = mkdtempSync(join(tmpdir(), 'zabra-fuzz-tls-'));
    const authority = new Authority();
    const keyFile = join(directory, 'server.pem');
    const caFile = join(directory, 'ca.pem');
    writeFileSync(keyFile, authority.issue({ subject: [[CN, 'server']], ips: ['127.0.0.1'] }));
    writeFileSync(caFile, authority.pem);
    const [securePort] = (await freePorts(1)) as [number];
    const ensemble = await TestEnsemble.create({
      kinds: ['zabra'],
      extra: [
        'client.portUnification=true',
        `secureClientPort=${securePort}`,
        'secureClientPortAddress=127.0.0.1',
        `ssl.keyStore.location=${keyFile}`,
        `ssl.trustStore.location=${caFile}`,
        'ssl.clientAuth=none',
      ],
    });
    const plainPort = ensemble.servers[0]?.clientPort ?? 0;
    const frameBytesMax = JUTE_MAXBUFFER_DEFAULT;
    const target = { plainPort, securePort, ca: authority.pem, frameBytesMax };
    const server = new SocketServer(ensemble, directory, target);
    await ensemble.start();
    return server;
  }

  get isRunning(): boolean {
    return this.#ensemble.servers[0]?.running === true;
  }

  /** Memory of the process, bytes. */
  rssBytes(): number {
    const pid = String(this.#ensemble.servers[0]?.pid ?? 0);
    const text = execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' });
    return Number(text.trim()) * KILO;
  }

  /** No connection but the one that asks, and nothing unanswered; then it ends as it should. */
  async stop(): Promise<void> {
    await waitFor('a server without clients', NOBODY_MS_MAX, async () => {
      const text = await askWord(this.target.plainPort, 'mntr');
      const isAlone = /^zk_num_alive_connections\t1$/m.test(text);
      return isAlone && /^zk_outstanding_requests\t0$/m.test(text);
    });
    const code = await this.#ensemble.servers[0]?.end('SIGTERM');
    expectThat(code === EXIT_TERMINATED, () => `The server ends with exit code ${code}`);
  }

  /** Whatever has become of it; with `failed` its log is shown. */
  async dispose(failed: boolean): Promise<void> {
    await this.#ensemble.end(failed);
    rmSync(this.#directory, { recursive: true });
  }
}
