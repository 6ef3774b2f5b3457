/**
 * ServerProcess: one ZooKeeper server as a child process: ours, our last version, or Apache's. It
 * starts from a `zoo.cfg` that the ensemble wrote, can be killed and started again on the same
 * directory, and its log is kept for the report of a failing test.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askSrvr } from './four-letter-word.ts';
import { lastVersionProgram } from './last-version.ts';
import { waitFor } from './wait-for.ts';

export type ServerKind = 'zabra' | 'zabra-last' | 'apache-3.9.5' | 'apache-3.8.0';

/** The root of the checkout: where the lock file is. */
export const ROOT = checkoutOf(dirname(fileURLToPath(import.meta.url)));
const CACHE = process.env['ZABRA_INTEROP_CACHE'] ?? join(ROOT, '.cache/interop');
const DEBIAN_JARS = '/usr/share/java';
/** As in `install-peers.sh`. */
const LOGBACK_VERSION = '1.3.15';

export class ServerProcess {
  readonly kind: ServerKind;
  readonly configFile: string;
  readonly logFile: string;
  readonly clientPort: number;
  /** Variables that it is started with beside ours. */
  readonly environment: Record<string, string> = {};
  #child: ChildProcess | null = null;
  #exit: Promise<number | null> = Promise.resolve(null);

  constructor(kind: ServerKind, configFile: string, logFile: string, clientPort: number) {
    this.kind = kind;
    this.configFile = configFile;
    this.logFile = logFile;
    this.clientPort = clientPort;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  start(): void {
    if (this.#child !== null) throw new Error(`Server on port ${this.clientPort} runs already`);
    const [command, args] = commandOf(this.kind, this.configFile);
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.environment },
    });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#child = child;
    this.#exit = new Promise((done) => {
      child.once('exit', (code) => {
        if (this.#child === child) this.#child = null;
        log.end();
        done(code);
      });
    });
  }

  /** Ends the process and waits until it is gone; returns its exit code. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#child?.kill(signal);
    return await this.#exit;
  }

  /** SIGSTOP or SIGCONT: the process stands still but keeps its connections. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  waitForExit(): Promise<number | null> {
    return this.#exit;
  }

  mode(): Promise<string | null> {
    return askSrvr(this.clientPort, 'Mode');
  }

  async waitUntilServing(timeoutMs = 30_000): Promise<string> {
    return await waitFor(`a serving server on port ${this.clientPort}`, timeoutMs, () =>
      this.mode(),
    );
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }
}

function commandOf(kind: ServerKind, configFile: string): [string, string[]] {
  if (kind === 'zabra' || kind === 'zabra-last') {
    const present = join(ROOT, 'packages/server/dist/bin/zabra.js');
    const program = kind === 'zabra' ? present : lastVersionProgram(ROOT);
    return [process.execPath, [program, 'server', configFile]];
  }
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const options = ['-Xmx512m', '-Dzookeeper.admin.enableServer=false', '-cp'];
  return ['java', [...options, serverClassPathOf(kind), main, configFile]];
}

/** With what makes a server write its log, which shells are to do without. */
function serverClassPathOf(kind: ServerKind): string {
  const classPath = classPathOf(kind);
  if (kind !== 'apache-3.9.5') return classPath;
  const logback = join(CACHE, `logback-${LOGBACK_VERSION}`, 'lib');
  return [classPath, logback, ...jarsOf(logback)].join(':');
}

/** Class path of an installed Apache server; the install script must have run. */
export function classPathOf(kind: ServerKind): string {
  if (kind === 'apache-3.9.5') {
    const home = join(CACHE, kind);
    return [join(home, 'conf'), ...jarsOf(join(home, 'lib'))].join(':');
  }
  const conf = join(CACHE, 'apache-3.8.0-conf');
  mkdirSync(conf, { recursive: true });
  const names = [
    'zookeeper',
    'zookeeper-jute',
    'slf4j-api',
    'slf4j-simple',
    'commons-cli',
    'netty-all',
    'netty-common',
    'netty-buffer',
    'netty-transport',
    'netty-handler',
    'netty-resolver',
    'netty-codec',
    'metrics-core',
    'snappy-java',
    'jackson-databind',
    'jackson-core',
    'jackson-annotations',
    'commons-io',
    'jline',
    'jetty-server',
    'jetty-servlet',
    'jetty-util',
    'jetty-http',
    'jetty-io',
    'jetty-security',
    'audience-annotations',
    'servlet-api',
  ];
  const found = names.map((name) => join(DEBIAN_JARS, `${name}.jar`)).filter(existsSync);
  return [conf, ...found].join(':');
}

function jarsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(directory, name));
}

function checkoutOf(directory: string): string {
  if (existsSync(join(directory, 'package-lock.json'))) return directory;
  return checkoutOf(dirname(directory));
}
