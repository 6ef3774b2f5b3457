/**
 * Servers as processes, for benchmarks: an ensemble on free loopback ports with its data in a
 * folder of its own, each member started from a `zoo.cfg` as an operator would. Ends only what it
 * started.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/bin/zabra.js', import.meta.url));
const POLL_MS = 10;
const STOP_MS_MAX = 10_000;
/** Characters of a server's output that are kept for the day it fails. */
const OUTPUT_KEPT = 4000;

export interface Member {
  readonly sid: number;
  readonly clientPort: number;
  readonly configFile: string;
  process: ChildProcess | null;
  output: string;
}

export class ProcessEnsemble {
  readonly members: readonly Member[];
  readonly #folder: string;

  private constructor(folder: string, members: readonly Member[]) {
    this.#folder = folder;
    this.members = members;
  }

  /** Writes the files; nothing runs yet. */
  static async make(size: number): Promise<ProcessEnsemble> {
    const folder = await mkdtemp(join(tmpdir(), 'zabra-bench-'));
    const ports = await freePorts(size * 3);
    const lines = Array.from({ length: size }, (_, index) => {
      return `server.${index + 1}=127.0.0.1:${ports[index * 3]}:${ports[index * 3 + 1]}`;
    });
    const members: Member[] = [];
    for (let sid = 1; sid <= size; sid++) {
      const dataDir = join(folder, `data-${sid}`);
      await mkdir(dataDir);
      await writeFile(join(dataDir, 'myid'), `${sid}\n`);
      const clientPort = ports[sid * 3 - 1] as number;
      const configFile = join(folder, `zoo-${sid}.cfg`);
      const config = [
        'tickTime=2000',
        'initLimit=10',
        'syncLimit=5',
        `dataDir=${dataDir}`,
        `clientPort=${clientPort}`,
        'clientPortAddress=127.0.0.1',
        'maxClientCnxns=0',
        '4lw.commands.whitelist=srvr,ruok,mntr',
        ...lines,
      ];
      await writeFile(configFile, `${config.join('\n')}\n`);
      members.push({ sid, clientPort, configFile, process: null, output: '' });
    }
    // A benchmark that is interrupted takes its servers with it.
    process.once('exit', () => {
      for (const { process: child } of members) child?.kill('SIGKILL');
    });
    return new ProcessEnsemble(folder, members);
  }

  get connectString(): string {
    return this.members.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
  }

  start(member: Member): void {
    const child = spawn(process.execPath, [COMMAND, 'server', member.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      member.output = (member.output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    member.process = child;
  }

  /** Resolves when every member serves; milliseconds that it took. */
  async serving(timeoutMs: number): Promise<number> {
    const started = performance.now();
    for (const member of this.members) {
      while ((await this.mode(member)) === null) {
        if (performance.now() - started > timeoutMs) {
          throw new Error(
            `Member ${member.sid} does not serve in ${timeoutMs} ms\n${member.output}`,
          );
        }
        await sleep(POLL_MS);
      }
    }
    return performance.now() - started;
  }

  /** `leader`, `follower`, ...; null while it does not serve. */
  async mode(member: Member): Promise<string | null> {
    const answer = await fourLetterWord(member.clientPort, 'srvr').catch(() => '');
    return /^Mode: (\w+)$/m.exec(answer)?.[1] ?? null;
  }

  async leader(): Promise<Member> {
    for (const member of this.members) {
      if ((await this.mode(member)) === 'leader') return member;
    }
    throw new Error('There is no leader');
  }

  async end(member: Member, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = member.process;
    member.process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
  }

  /** Ends all members and removes their data. */
  async dispose(): Promise<void> {
    await Promise.all(this.members.map((member) => this.end(member, 'SIGTERM')));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function fourLetterWord(port: number, word: string): Promise<string> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  socket.setTimeout(1000, () => socket.destroy());
  await once(socket, 'connect');
  socket.write(word);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}
