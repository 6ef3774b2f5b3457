/**
 * ExchangedServer: one member of an ensemble whose program changes while its files stay. It is
 * stopped and started by the commands of docs/migration.md alone; here is only what these commands
 * are told, and the end of whatever still runs when a test is over.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { askSrvr } from '../process/four-letter-word.ts';
import { classPathOf, ROOT, type ServerKind } from '../process/server-process.ts';
import { waitFor } from '../process/wait-for.ts';
import type { DocumentedSteps } from './documented-steps.ts';

export class ExchangedServer {
  readonly configFile: string;
  readonly clientPort: number;
  readonly dataDir: string;
  readonly #logDir: string;
  readonly #steps: DocumentedSteps;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(
    steps: DocumentedSteps,
    apache: ServerKind,
    server: { readonly configFile: string; readonly clientPort: number },
    ports: readonly number[],
  ) {
    this.configFile = server.configFile;
    this.clientPort = server.clientPort;
    this.dataDir = join(dirname(server.configFile), 'data');
    this.#logDir = join(dirname(server.configFile), 'logs');
    this.#steps = steps;
    mkdirSync(this.#logDir);
    this.#variables = {
      CFG: this.configFile,
      DATA: this.dataDir,
      SERVER: addressOf(this.clientPort),
      ENSEMBLE: ports.map(addressOf).join(' '),
      ZABRA: ROOT,
      APACHE: apacheHome(),
      ZOO_LOG_DIR: this.#logDir,
      ZABRA_CLASS_PATH: classPathOf(apache),
    };
  }

  async run(...steps: readonly string[]): Promise<string> {
    let said = '';
    for (const step of steps) said += await this.#steps.run(step, this.#variables);
    return said;
  }

  mode(): Promise<string | null> {
    return askSrvr(this.clientPort, 'Mode');
  }

  async version(): Promise<string> {
    return (await askSrvr(this.clientPort, 'Zookeeper version')) ?? '';
  }

  log(): string {
    const names = readdirSync(this.#logDir).sort();
    return names.map((name) => readFileSync(join(this.#logDir, name), 'utf8')).join('\n');
  }

  /** The end, when the procedure has not come to its own. */
  async kill(): Promise<void> {
    const file = join(this.dataDir, 'zookeeper_server.pid');
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8'));
    if (!isAlive(pid)) return;
    process.kill(pid, 'SIGKILL');
    await waitFor(`the end of process ${pid}`, 10_000, () => !isAlive(pid));
  }
}

/** The Apache servers are installed as jars; their script stands beside the tests. */
function apacheHome(): string {
  return join(ROOT, 'test/interop/apache');
}

function addressOf(port: number): string {
  return `127.0.0.1:${port}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
