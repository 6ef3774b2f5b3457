/**
 * MixedEnsemble: servers of both kinds as one ensemble, and what the drills do to it: writes of
 * every sort through every member, kills, wiped disks, and a tail in the log of a leader that
 * nobody else ever had. Members of our kind must have equal digests; what a client sees of an
 * Apache member must be equal as well.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { type EnsembleOptions, TestEnsemble } from '../process/ensemble.ts';
import { askSrvr, askWord } from '../process/four-letter-word.ts';
import { readQuorum } from '../process/health.ts';
import type { ServerProcess } from '../process/server-process.ts';
import { waitFor } from '../process/wait-for.ts';
import { assertSameContents } from './member-contents.ts';

export type SyncKind = 'DIFF' | 'TRUNC' | 'SNAP';

const SESSION_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 60_000;
const CHILDREN = 10;

/** What each kind of server writes into its log when its leader has brought it in step. */
const SAYS: Readonly<Record<'zabra' | 'apache', Readonly<Record<SyncKind, RegExp>>>> = {
  zabra: {
    DIFF: /Up to date in epoch \d+ by DIFF/,
    TRUNC: /Up to date in epoch \d+ by TRUNC/,
    SNAP: /Up to date in epoch \d+ by SNAP/,
  },
  apache: {
    DIFF: /Getting a diff from the leader/,
    TRUNC: /Truncating log to get in sync with the leader/,
    SNAP: /Getting a snapshot from leader/,
  },
};

export class MixedEnsemble {
  readonly servers: readonly ServerProcess[];
  readonly #ensemble: TestEnsemble;
  #round = 0;

  private constructor(ensemble: TestEnsemble) {
    this.#ensemble = ensemble;
    this.servers = ensemble.servers;
  }

  /**
   * Runs the drill with a started ensemble that `leader` leads, the largest of the sids that vote.
   * Ends all processes, and prints their logs if something fails.
   */
  static async run(
    options: EnsembleOptions & { readonly leader: number },
    drill: (ensemble: MixedEnsemble) => Promise<void>,
  ): Promise<void> {
    await TestEnsemble.run(options, async (ensemble) => {
      const mixed = new MixedEnsemble(ensemble);
      await mixed.#start(options.leader);
      await drill(mixed);
    });
  }

  get connectString(): string {
    return this.#ensemble.connectString;
  }

  server(sid: number): ServerProcess {
    return this.servers[sid - 1] ?? assert.fail(`There is no server ${sid}`);
  }

  leader(): Promise<ServerProcess> {
    return this.#ensemble.leader(PATIENCE_MS);
  }

  /** Among equal histories the largest sid wins, if it is there in time. */
  async #start(leader: number): Promise<void> {
    const first = this.server(leader);
    first.start();
    await waitFor('the first server to answer', PATIENCE_MS, async () => {
      return (await askWord(first.clientPort, 'ruok')) === 'imok';
    });
    for (const server of this.servers) if (server !== first) server.start();
    for (const server of this.servers) await server.waitUntilServing(PATIENCE_MS);
    await this.assertLeader(leader);
  }

  /** Asserts who leads. */
  async assertLeader(sid: number): Promise<void> {
    assert.equal((await this.leader()).clientPort, this.server(sid).clientPort);
  }

  /** Through every member that runs: each kind of write, and a session that ends. */
  async writeThroughAll(): Promise<void> {
    for (const server of this.servers) if (server.running) await this.writeThrough(server);
  }

  async writeThrough({ clientPort }: ServerProcess): Promise<void> {
    const root = `/round-${++this.#round}-through-${clientPort}`;
    await withClient(clientPort, async (zk) => {
      await zk.create(root, 'x');
      const names = Array.from({ length: CHILDREN }, (_, index) => `${root}/c-${index}`);
      await Promise.all(names.map((name) => zk.create(name, 'child')));
      await zk.create(`${root}/s-`, null, { sequential: true });
      await zk.create(`${root}/alive`, null, { ephemeral: true });
      await zk.setData(root, 'y');
      await zk.setACL(`${root}/c-1`, [{ perms: 31, scheme: 'ip', id: '127.0.0.1' }]);
      await zk.multi([
        { op: 'check', path: root, version: 1 },
        { op: 'create', path: `${root}/m`, data: 'multi' },
        { op: 'delete', path: `${root}/c-0` },
      ]);
    });
  }

  /** That many writes to one znode. */
  async writeOften(server: ServerProcess, count: number): Promise<void> {
    const path = `/often-${++this.#round}`;
    await withClient(server.clientPort, async (zk) => {
      await zk.create(path, '0');
      const writes = Array.from({ length: count }, (_, index) => zk.setData(path, String(index)));
      await Promise.all(writes);
    });
  }

  /**
   * The leader logs writes that nobody else ever receives; then all voters are killed. Others stand
   * still meanwhile, and what waits for them in their sockets dies with them.
   */
  async leaveTailAtLeader(): Promise<ServerProcess> {
    const leader = await this.leader();
    const others = this.servers.filter((server) => server !== leader);
    const zk = await connect(`127.0.0.1:${leader.clientPort}`, {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    });
    await this.#waitUntilLevel();
    for (const other of others) other.freeze(true);
    const lost = [1, 2, 3].map((n) => zk.create(`/tail-${n}`, 'never committed'));
    const refused = Promise.allSettled(lost);
    await waitFor('the tail in the log of the leader', PATIENCE_MS, () =>
      logOf(leader).includes('/tail-3'),
    );
    await Promise.all([...others, leader].map((server) => server.end('SIGKILL')));
    await zk.close().catch(() => undefined);
    for (const { status } of await refused) assert.equal(status, 'rejected');
    return leader;
  }

  /** Starts servers and waits until all of them serve; no client has written anything then. */
  async start(...sids: readonly number[]): Promise<void> {
    const servers = sids.map((sid) => this.server(sid));
    for (const server of servers) server.start();
    await Promise.all(servers.map((server) => server.waitUntilServing(PATIENCE_MS)));
  }

  /** Starts one server and asserts how its leader brought it in step. */
  async rejoin(server: ServerProcess, wanted: SyncKind): Promise<void> {
    const before = server.log().length;
    server.start();
    await server.waitUntilServing(PATIENCE_MS);
    const said = SAYS[server.kind === 'zabra' ? 'zabra' : 'apache'];
    const kinds = await waitFor('the server to say how it was synchronized', 5000, () => {
      const log = server.log().slice(before);
      const found = (Object.keys(said) as SyncKind[]).filter((kind) => said[kind].test(log));
      return found.length > 0 ? found : null;
    });
    assert.deepEqual(kinds, [wanted], `${server.kind} on ${server.clientPort}`);
  }

  /** A dead server loses its disk and keeps its sid. */
  wipe(server: ServerProcess): void {
    rmSync(join(dataOf(server), 'version-2'), { recursive: true });
  }

  /** All members have processed the same. */
  async #waitUntilLevel(): Promise<void> {
    await waitFor('the same zxid everywhere', PATIENCE_MS, async () => {
      const zxids = this.servers.map(({ clientPort }) => askSrvr(clientPort, 'Zxid'));
      const [first, ...others] = await Promise.all(zxids);
      return first !== null && others.every((zxid) => zxid === first);
    });
  }

  /** The same znodes on all members, and the same digests on those of our kind. */
  async assertEqual(): Promise<void> {
    const ports = this.servers.map(({ clientPort }) => clientPort);
    const count = await assertSameContents(ports);
    assert.ok(count > CHILDREN, `${count} znodes`);
    const ours = this.#ensemble.healthPorts.filter((_, at) => this.servers[at]?.kind === 'zabra');
    await waitFor('equal digests', PATIENCE_MS, async () => {
      const views = await Promise.all(ours.map(readQuorum));
      return views.every(({ zxid, digest }) => {
        return zxid === views[0]?.zxid && digest === views[0]?.digest;
      });
    });
  }

  /** No trace is left of what was never committed. */
  async assertNoTail(): Promise<void> {
    for (const { clientPort } of this.servers) {
      await withClient(clientPort, async (zk) => {
        await zk.sync('/');
        const { children } = await zk.getChildren('/');
        assert.deepEqual(
          children.filter((name) => name.startsWith('tail-')),
          [],
        );
      });
    }
  }
}

async function withClient(
  port: number,
  use: (zk: ZooKeeperClient) => Promise<void>,
): Promise<void> {
  const zk = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
  try {
    await use(zk);
  } finally {
    await zk.close();
  }
}

function dataOf({ configFile }: ServerProcess): string {
  return join(dirname(configFile), 'data');
}

/** All transaction logs of a server, as text that shows paths. */
function logOf(server: ServerProcess): string {
  const directory = join(dataOf(server), 'version-2');
  const names = readdirSync(directory).filter((name) => name.startsWith('log.'));
  return names.map((name) => readFileSync(join(directory, name), 'latin1')).join('');
}
