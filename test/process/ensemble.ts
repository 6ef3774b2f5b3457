/**
 * TestEnsemble: some servers on loopback with free ports, each in a directory of its own below a
 * temporary one that is removed at the end. Members may be of different kinds.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { ServerProcess, type ServerKind } from './server-process.ts';
import { waitFor } from './wait-for.ts';

export interface EnsembleOptions {
  readonly kinds: readonly ServerKind[];
  /** Sids of those that observe; all others vote. */
  readonly observers?: readonly number[];
  /** Names or addresses at which the others reach a member; 127.0.0.1 if there are none. */
  readonly hostsOf?: (sid: number) => readonly string[];
  readonly tickTimeMs?: number;
  readonly initLimit?: number;
  readonly syncLimit?: number;
  /** Variables of every server's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Lines added to every zoo.cfg. */
  readonly extra?: readonly string[];
}

const PORTS_PER_SERVER = 4;

export class TestEnsemble {
  readonly directory: string;
  readonly servers: ServerProcess[];
  readonly healthPorts: number[];

  private constructor(directory: string, servers: ServerProcess[], healthPorts: number[]) {
    this.directory = directory;
    this.servers = servers;
    this.healthPorts = healthPorts;
  }

  static async create(options: EnsembleOptions): Promise<TestEnsemble> {
    const { kinds } = options;
    const directory = mkdtempSync(join(tmpdir(), 'zabra-test-'));
    const ports = await freePorts(kinds.length * PORTS_PER_SERVER);
    const portOf = (index: number, which: number): number =>
      ports[index * PORTS_PER_SERVER + which] as number;
    const roleOf = (sid: number): string =>
      options.observers?.includes(sid) ? 'observer' : 'participant';
    const members = kinds.map((_, index) => {
      const sid = index + 1;
      const tail = `${portOf(index, 1)}:${portOf(index, 2)}:${roleOf(sid)}`;
      const hosts = options.hostsOf?.(sid) ?? ['127.0.0.1'];
      const addresses = hosts.map((host) => `${host}:${tail}`).join('|');
      return `server.${sid}=${addresses};127.0.0.1:${portOf(index, 0)}`;
    });
    const servers: ServerProcess[] = [];
    const healthPorts: number[] = [];
    kinds.forEach((kind, index) => {
      const home = join(directory, `s${index + 1}`);
      const dataDir = join(home, 'data');
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(join(dataDir, 'myid'), `${index + 1}\n`);
      const healthPort = portOf(index, 3);
      healthPorts.push(healthPort);
      const lines = [
        `dataDir=${dataDir}`,
        `tickTime=${options.tickTimeMs ?? 2000}`,
        `initLimit=${options.initLimit ?? 10}`,
        `syncLimit=${options.syncLimit ?? 5}`,
        '4lw.commands.whitelist=*',
        'maxClientCnxns=0',
        'admin.enableServer=false',
        ...(kinds.length > 1
          ? members
          : [`clientPort=${portOf(index, 0)}`, 'clientPortAddress=127.0.0.1']),
        ...(kind === 'zabra' ? [`zabra.healthPort=${healthPort}`] : []),
        ...(options.extra ?? []),
      ];
      const configFile = join(home, 'zoo.cfg');
      writeFileSync(configFile, `${lines.join('\n')}\n`);
      const server = new ServerProcess(kind, configFile, join(home, 'log'), portOf(index, 0));
      Object.assign(server.environment, options.environment);
      servers.push(server);
    });
    return new TestEnsemble(directory, servers, healthPorts);
  }

  get connectString(): string {
    return this.servers.map((server) => `127.0.0.1:${server.clientPort}`).join(',');
  }

  async start(timeoutMs = 60_000): Promise<void> {
    for (const server of this.servers) server.start();
    await Promise.all(this.servers.map((server) => server.waitUntilServing(timeoutMs)));
  }

  /** The server that leads, once one does. */
  async leader(timeoutMs = 30_000): Promise<ServerProcess> {
    return await waitFor('a leader', timeoutMs, async () => {
      for (const server of this.servers) {
        if (server.running && (await server.mode()) === 'leader') return server;
      }
      return null;
    });
  }

  /**
   * Runs `use` with the servers, which it has to start; ends them afterwards, and prints their logs
   * if it fails.
   */
  static async run(
    options: EnsembleOptions,
    use: (ensemble: TestEnsemble) => Promise<void>,
  ): Promise<void> {
    const ensemble = await TestEnsemble.create(options);
    let failed = true;
    try {
      await use(ensemble);
      failed = false;
    } finally {
      await ensemble.end(failed);
    }
  }

  /** Ends all servers and removes their files; with `failed` the logs are printed first. */
  async end(failed = false): Promise<void> {
    if (failed) {
      for (const server of this.servers) {
        const tail = server.log().split('\n').slice(-60).join('\n');
        process.stderr.write(`--- ${server.kind} on ${server.clientPort}\n${tail}\n`);
      }
    }
    await Promise.all(this.servers.map((server) => server.end('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
