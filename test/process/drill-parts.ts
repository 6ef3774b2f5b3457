/**
 * What clients do while the servers under them are exchanged, and what must hold of it in the end:
 * no acknowledged write is lost, no session expires, no ephemeral goes, and watches tell what they
 * promise: within a connection none is lost and none comes twice, and one-shot watches are caught
 * up across connections. Each part has clients of its own and judges itself.
 */

import assert from 'node:assert/strict';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { waitFor } from './wait-for.ts';

/** A loop in the background whose failure is kept until somebody asks. */
export class Work {
  readonly #done: Promise<void>;
  #failure: unknown = null;

  constructor(run: () => Promise<void>) {
    this.#done = run().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  rethrow(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async end(): Promise<void> {
    await this.#done;
    this.rethrow();
  }
}

const IDLE = new Work(async () => {});
const SESSION_TIMEOUT_MS = 10_000;
const QUIET_MS_MAX = 20_000;
const RETRY_MS = 25;

/** A client whose session must live as long as the drill, whatever happens to connections. */
export class LastingClient {
  readonly zk: ZooKeeperClient;
  readonly name: string;
  readonly sessionId: bigint;
  /** Connections so far. */
  connections = 1;
  readonly states: string[] = [];

  private constructor(zk: ZooKeeperClient, name: string) {
    this.zk = zk;
    this.name = name;
    this.sessionId = zk.sessionId;
    zk.onState((state) => {
      this.states.push(state);
      if (state === 'CONNECTED') this.connections++;
    });
  }

  static async open(connectString: string, name: string): Promise<LastingClient> {
    const zk = await connect(connectString, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
    return new LastingClient(zk, name);
  }

  /** Runs the call until a server has answered it; for calls that may be repeated. */
  async insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isLoss(error)) throw error;
        await pause();
      }
    }
  }

  judge(): void {
    assert.equal(this.zk.sessionId, this.sessionId, `${this.name} has another session`);
    assert.ok(!this.states.includes('EXPIRED'), `${this.name}: ${this.states.join(' ')}`);
  }
}

/**
 * The only writer of one znode: each write names the version before it, so that a write that was
 * acknowledged and is lost, or one that was applied twice, shows at the next one.
 */
export class Register {
  readonly path: string;
  readonly #client: LastingClient;
  #isStopping = false;
  work = IDLE;
  /** Version of the last write that is known to be applied. */
  version = 0;
  acknowledgedCount = 0;
  /** Writes whose connection broke before the answer. */
  unknown = 0;

  constructor(client: LastingClient, path: string) {
    this.#client = client;
    this.path = path;
  }

  async begin(): Promise<void> {
    await this.#client.zk.create(this.path, '0');
    this.work = new Work(() => this.#write());
  }

  async end(): Promise<void> {
    this.#isStopping = true;
    await this.work.end();
  }

  async #write(): Promise<void> {
    const { zk } = this.#client;
    while (!this.#isStopping) {
      const next = this.version + 1;
      try {
        const stat = await zk.setData(this.path, String(next), { version: this.version });
        assert.equal(stat.version, next);
        this.acknowledgedCount++;
        this.version = next;
      } catch (error) {
        if (!isLoss(error)) throw error;
        await this.#find(next);
      }
      await pause();
    }
  }

  /** The answer was lost: either nothing happened or exactly the one write. */
  async #find(attempted: number): Promise<void> {
    this.unknown++;
    // What the lost connection sent either stands before this sync at the leader, or is refused,
    // because the session has moved.
    await this.#client.insist(() => this.#client.zk.sync(this.path));
    const { data, stat } = await this.#client.insist(() => this.#client.zk.getData(this.path));
    const found = `${this.path} has version ${stat.version}`;
    assert.ok(stat.version === attempted || stat.version === attempted - 1, found);
    assert.equal(Buffer.from(data ?? []).toString(), String(stat.version));
    this.version = stat.version;
  }
}

/** Reads a znode and sets a one-shot watch again for each event. */
export class OneShotWatcher {
  readonly #client: LastingClient;
  readonly #register: Register;
  #isStopping = false;
  work = IDLE;
  #seen = -1;
  events = 0;
  #wake: (() => void) | null = null;

  constructor(client: LastingClient, register: Register) {
    this.#client = client;
    this.#register = register;
  }

  begin(): void {
    this.work = new Work(() => this.#follow());
  }

  /** The register is written no more: every write must have been told of. */
  async end(): Promise<void> {
    const { path, version } = this.#register;
    await waitFor(`a watch on ${path} to tell of version ${version}`, QUIET_MS_MAX, () => {
      return this.#seen === version;
    });
    this.#isStopping = true;
    this.#wake?.();
    await this.work.end();
  }

  async #follow(): Promise<void> {
    const { path } = this.#register;
    while (!this.#isStopping) {
      let told = 0;
      const event = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const watch = () => {
        told++;
        this.events++;
        this.#wake?.();
      };
      const { stat } = await this.#client.insist(() => this.#client.zk.getData(path, { watch }));
      const armed = stat.version;
      assert.ok(armed > this.#seen, `${path}: an event without a change, version ${armed} again`);
      this.#seen = armed;
      await event;
      assert.ok(told <= 1, `${path}: one watch told ${told} times`);
    }
  }
}

/** Creates numbered znodes one after another, so that their order is that of their numbers. */
export class Sequence {
  readonly root: string;
  readonly #client: LastingClient;
  readonly acknowledged = new Set<number>();
  #isStopping = false;
  work = IDLE;

  constructor(client: LastingClient, root: string) {
    this.#client = client;
    this.root = root;
  }

  get acknowledgedCount(): number {
    return this.acknowledged.size;
  }

  begin(): void {
    this.work = new Work(() => this.#create());
  }

  async end(): Promise<void> {
    this.#isStopping = true;
    await this.work.end();
  }

  async #create(): Promise<void> {
    for (let n = 0; !this.#isStopping; n++) {
      try {
        await this.#client.zk.create(`${this.root}/n-${n}`, `data ${n}`);
        this.acknowledged.add(n);
      } catch (error) {
        if (!isLoss(error)) throw error;
      }
      await pause();
    }
  }
}

/** A lasting watch over a sequence: gaps between connections only, and nothing twice. */
export class LastingWatcher {
  readonly #client: LastingClient;
  readonly #sequence: Sequence;
  /** Numbers of created znodes as they were told, by connection. */
  readonly #told = new Map<number, number[]>();
  work = IDLE;
  #close: () => Promise<void> = async () => {};

  constructor(client: LastingClient, sequence: Sequence) {
    this.#client = client;
    this.#sequence = sequence;
  }

  get events(): number {
    return [...this.#told.values()].reduce((sum, numbers) => sum + numbers.length, 0);
  }

  async begin(): Promise<void> {
    const stream = await this.#client.zk.addWatch(this.#sequence.root, { recursive: true });
    this.#close = () => stream.close();
    this.work = new Work(() => this.#listen(stream));
  }

  async end(): Promise<void> {
    const last = Math.max(...this.#sequence.acknowledged);
    await waitFor(`a lasting watch to tell of n-${last}`, QUIET_MS_MAX, () => {
      return [...this.#told.values()].some((numbers) => numbers.includes(last));
    });
    await this.#close();
    await this.work.end();
    this.#judge();
  }

  async #listen(stream: AsyncIterable<{ type: string; path: string }>): Promise<void> {
    const prefix = `${this.#sequence.root}/n-`;
    for await (const { type, path } of stream) {
      assert.equal(type, 'NodeCreated', path);
      assert.ok(path.startsWith(prefix), path);
      const { connections } = this.#client;
      const numbers = this.#told.get(connections) ?? [];
      this.#told.set(connections, numbers);
      numbers.push(Number(path.slice(prefix.length)));
    }
  }

  #judge(): void {
    const all = [...this.#told.values()].flat();
    const sorted = [...all].sort((a, b) => a - b);
    assert.deepEqual(all, sorted, 'events came in another order than the writes');
    assert.equal(new Set(all).size, all.length, 'an event came twice');
    for (const [connection, numbers] of this.#told) {
      const [first = 0] = numbers;
      const last = numbers.at(-1) ?? 0;
      const told = new Set(numbers);
      const lost = [...this.#sequence.acknowledged].filter((n) => {
        return n > first && n < last && !told.has(n);
      });
      assert.deepEqual(lost, [], `events lost within connection ${connection}`);
    }
  }
}

/** An ephemeral that must be the same one at the end. */
export class Ephemeral {
  readonly path: string;
  readonly #client: LastingClient;
  #czxid = 0n;

  constructor(client: LastingClient, path: string) {
    this.#client = client;
    this.path = path;
  }

  async begin(): Promise<void> {
    const { stat } = await this.#client.zk.create2(this.path, '', { ephemeral: true });
    this.#czxid = stat.czxid;
  }

  async judge(): Promise<void> {
    const stat = await this.#client.insist(() => this.#client.zk.exists(this.path));
    assert.ok(stat !== null, `${this.path} is gone`);
    assert.equal(stat.czxid, this.#czxid, `${this.path} was created anew`);
    assert.equal(stat.ephemeralOwner, this.#client.sessionId);
  }
}

function isLoss(error: unknown): boolean {
  return isZooKeeperError(error) && error.code === 'CONNECTIONLOSS';
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
