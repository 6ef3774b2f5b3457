/**
 * Keys, certificates and passwords for connections between servers, in files of a temporary
 * directory, and the lines of `zoo.cfg` that ask for them; for servers of either kind. Servers take
 * the JAAS file from the environment, which stands as long as the kit is open.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@zabra/client';
import { Authority, CN } from 'zabra/dist/io/certificates.test-kit.js';
import { type EnsembleOptions, TestEnsemble } from './ensemble.ts';
import type { ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const LOGIN = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
const FLAGS = ['SERVER_JVMFLAGS', 'JDK_JAVA_OPTIONS'];
/** Marks the lines that `reconfigure` replaces. */
const MARK = '# security between servers';

export class QuorumKeys {
  readonly #directory: string;
  readonly #authority = new Authority();

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'zabra-quorum-'));
    this.issue('member.pem');
    this.#write('ca.pem', this.#authority.pem);
    this.#write('jaas.conf', jaasOf('zksecret'));
    this.#write('wrong.conf', jaasOf('wrong'));
    this.useJaas('jaas.conf');
  }

  /** A certificate for these addresses, or this host, in a file that may be there already. */
  issue(name: string, ...ips: readonly string[]): void {
    const own = ips.length === 0 ? ['127.0.0.1'] : [...ips];
    this.#write(name, this.#authority.issue({ subject: [[CN, name]], ips: own }));
  }

  /** Of servers that are started from here on. Apache wants to be asked for MD5. */
  useJaas(name: string): void {
    const file = join(this.#directory, name);
    const flags = `-Djava.security.auth.login.config=${file} -Dzookeeper.fips-mode=false`;
    for (const variable of FLAGS) process.env[variable] = flags;
  }

  tls(...switches: readonly string[]): string[] {
    return [
      ...switches.map((name) => `${name}=true`),
      `ssl.quorum.keyStore.location=${join(this.#directory, 'member.pem')}`,
      `ssl.quorum.trustStore.location=${join(this.#directory, 'ca.pem')}`,
    ];
  }

  sasl(...switches: readonly string[]): string[] {
    return switches.map((name) => `quorum.auth.${name}=true`);
  }

  end(): void {
    for (const variable of FLAGS) delete process.env[variable];
    rmSync(this.#directory, { recursive: true });
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }
}

function jaasOf(password: string): string {
  return (
    `QuorumServer { ${LOGIN} user_zk="${password}"; };\n` +
    `QuorumLearner { ${LOGIN} username="zk" password="${password}"; };\n`
  );
}

export const EVERY_SASL = ['enableSasl', 'learnerRequireSasl', 'serverRequireSasl'] as const;

/** From here on the server is configured so; it hears of it at its next start. */
export function reconfigure({ configFile }: ServerProcess, lines: readonly string[]): void {
  const [kept = ''] = readFileSync(configFile, 'utf8').split(MARK);
  writeFileSync(configFile, `${kept}${MARK}\n${lines.join('\n')}\n`);
}

/** That server is an observer in the list of every server, from their next start on. */
export function makeObserver(ensemble: TestEnsemble, sid: number): void {
  const line = new RegExp(`^(server\\.${sid}=.*):participant`, 'm');
  for (const { configFile } of ensemble.servers) {
    const text = readFileSync(configFile, 'utf8');
    writeFileSync(configFile, text.replace(line, '$1:observer'));
  }
}

/** One server behind the other gets these lines and is started anew. */
export async function roll(ensemble: TestEnsemble, lines: readonly string[]): Promise<void> {
  for (const server of ensemble.servers) {
    reconfigure(server, lines);
    await server.end('SIGTERM');
    server.start();
    await server.waitUntilServing();
  }
}

/** Every server takes a write. */
export async function writeEverywhere(ensemble: TestEnsemble, name: string): Promise<void> {
  for (const { clientPort } of ensemble.servers) {
    const client = await connect(`127.0.0.1:${clientPort}`, { sessionTimeoutMs: 10_000 });
    await client.create(`/${name}-${clientPort}`, 'x');
    await client.close();
  }
}

/** The same, also when the leader was lost and has come back. */
export async function exercise(ensemble: TestEnsemble): Promise<void> {
  await writeEverywhere(ensemble, 'first');
  const leader = await ensemble.leader();
  await leader.end('SIGKILL');
  await ensemble.leader();
  leader.start();
  await leader.waitUntilServing();
  await writeEverywhere(ensemble, 'second');
}

/** A port of that server's own line, the address `127.0.0.1` before it. */
export function portOf(
  { configFile }: ServerProcess,
  sid: number,
  which: 'quorum' | 'election',
): number {
  const line = new RegExp(`^server\\.${sid}=127\\.0\\.0\\.1:(\\d+):(\\d+)`, 'm');
  const found = line.exec(readFileSync(configFile, 'utf8'));
  return Number(found?.[which === 'quorum' ? 1 : 2]);
}

/** What comes back on that port until the server hangs up. */
export async function replyOf(
  port: number,
  bytes: Uint8Array,
  host = '127.0.0.1',
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = net.connect(port, host);
  socket.on('error', () => undefined);
  socket.write(bytes);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function waitForLine(server: ServerProcess, says: RegExp): Promise<void> {
  await waitFor(`"${says.source}" in the log`, 20_000, () => says.test(server.log()));
}

/** Runs `use` with servers that have the lines which their keys give, and are started. */
export async function withSecured(
  options: EnsembleOptions,
  lines: (keys: QuorumKeys) => readonly string[],
  use: (ensemble: TestEnsemble, keys: QuorumKeys) => Promise<void>,
): Promise<void> {
  const keys = new QuorumKeys();
  try {
    await TestEnsemble.run(options, async (ensemble) => {
      for (const server of ensemble.servers) reconfigure(server, lines(keys));
      await ensemble.start();
      await use(ensemble, keys);
    });
  } finally {
    keys.end();
  }
}
