/**
 * UnbrokenWriter: a client of one server that writes without pause, one write at a time, and must
 * notice nothing: no write fails, and the connection it began with is the one it ends with.
 */

import assert from 'node:assert/strict';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { waitFor } from './wait-for.ts';

const PATIENCE_MS = 30_000;

export class UnbrokenWriter {
  /** When each write was acknowledged, ms. */
  readonly acknowledgedMs: number[] = [];
  readonly zk: ZooKeeperClient;
  readonly #root: string;
  /** What the client went through since it connected. */
  readonly #states: string[] = [];
  #failure: unknown = null;
  #isStopping = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(zk: ZooKeeperClient, root: string) {
    this.zk = zk;
    this.#root = root;
    zk.onState((state) => this.#states.push(String(state)));
  }

  /** Through the server on this port, below `root`, which it makes. */
  static async begin(port: number, root: string): Promise<UnbrokenWriter> {
    const zk = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 10_000 });
    await zk.create(root);
    const writer = new UnbrokenWriter(zk, root);
    writer.#running = writer.#run();
    return writer;
  }

  /** Waits until it has made so many more writes. */
  async progress(count: number): Promise<void> {
    const wanted = this.acknowledgedMs.length + count;
    await waitFor(`${count} more writes below ${this.#root}`, PATIENCE_MS, () => {
      return this.#failure !== null || this.acknowledgedMs.length >= wanted;
    });
    this.#judge();
  }

  /** Ends, and asserts that all is there that was acknowledged, and nothing else. */
  async end(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    this.#judge();
    const { children } = await this.zk.getChildren(this.#root);
    const wanted = this.acknowledgedMs.map((_, n) => `n-${n}`);
    assert.deepEqual(new Set(children), new Set(wanted));
    await this.zk.close();
  }

  async #run(): Promise<void> {
    try {
      for (let n = 0; !this.#isStopping; n++) {
        await this.zk.create(`${this.#root}/n-${n}`, `data ${n}`);
        this.acknowledgedMs.push(performance.now());
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  #judge(): void {
    if (this.#failure !== null) throw this.#failure;
    assert.deepEqual(this.#states, [], `the client of ${this.#root} lost its connection`);
  }
}
