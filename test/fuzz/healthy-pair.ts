/**
 * HealthyPair: a writer and a watcher with the public client on a real server, the one over a plain
 * connection, the other over TLS: each change is seen as an event, and read, before the next one is
 * made. They must notice nothing of what others send.
 */

import { connect, type TlsOptions, type ZooKeeperClient } from '@zabra/client';
import { expectThat } from './finding.ts';

const PATH = '/healthy-pair';
const SESSION_MS = 20_000;

export class HealthyPair {
  readonly #writer: ZooKeeperClient;
  readonly #watcher: ZooKeeperClient;
  /** Changes that were made, seen and read. */
  changes: number;
  slowestMs: number;
  #isStopping: boolean;
  #loop: Promise<void>;

  private constructor(writer: ZooKeeperClient, watcher: ZooKeeperClient) {
    this.#writer = writer;
    this.#watcher = watcher;
    this.changes = 0;
    this.slowestMs = 0;
    this.#isStopping = false;
    this.#loop = Promise.resolve();
  }

  static async start(plain: string, secure: string, tls: TlsOptions): Promise<HealthyPair> {
    const writer = await connect(plain, { sessionTimeoutMs: SESSION_MS });
    const watcher = await connect(secure, { sessionTimeoutMs: SESSION_MS, tls });
    await writer.create(PATH, '0');
    const pair = new HealthyPair(writer, watcher);
    pair.#loop = pair.#run();
    return pair;
  }

  /** What the fuzzed clients are to find there. */
  async setStage(znodes: readonly (readonly [path: string, text: string])[]): Promise<void> {
    for (const [path, text] of znodes) await this.#writer.create(path, text);
  }

  /** Rejects with what was wrong. */
  async end(): Promise<void> {
    this.#isStopping = true;
    await this.#loop;
    await this.#writer.close();
    await this.#watcher.close();
  }

  async #run(): Promise<void> {
    const sessions = [this.#writer.sessionId, this.#watcher.sessionId];
    const stream = await this.#watcher.addWatch(PATH);
    while (!this.#isStopping) {
      const startedMs = performance.now();
      const wanted = this.changes + 1;
      const { version } = await this.#writer.setData(PATH, String(wanted), { version: wanted - 1 });
      expectThat(version === wanted, () => `The healthy znode has version ${version}`);
      const { value } = await stream.next();
      const event = `${value?.type} ${value?.path}`;
      expectThat(event === `NodeDataChanged ${PATH}`, () => `The healthy watcher hears ${event}`);
      const { data } = await this.#watcher.getData(PATH);
      const text = Buffer.from(data ?? []).toString();
      expectThat(text === String(wanted), () => `The watcher reads ${text}, wanted ${wanted}`);
      this.changes = wanted;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
    }
    const now = [this.#writer.sessionId, this.#watcher.sessionId];
    expectThat(String(now) === String(sessions), () => `Healthy sessions were lost`);
  }
}
