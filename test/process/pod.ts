/** Pod: `zabra k8s start` as a child process, with a directory for a volume. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askSrvr } from './four-letter-word.ts';
import { ROOT } from './server-process.ts';
import { namedBy, writeNames } from './test-names.ts';
import { waitFor } from './wait-for.ts';

/** One pod with its volume; its host name is zk-0, of a set that began with one. */
export class Pod {
  readonly volume = mkdtempSync(join(tmpdir(), 'zabra-pod-'));
  readonly #ports: readonly number[];
  #child: ChildProcess | null = null;

  constructor(ports: readonly number[]) {
    this.#ports = ports;
    writeNames(join(this.volume, 'names'), { 'zk-0.zk-hs.test': '127.0.0.1' });
  }

  get clientPort(): number {
    return this.#ports[0] as number;
  }

  async start(...lines: readonly string[]): Promise<void> {
    const data = join(this.volume, 'data');
    const config = join(this.volume, 'shared.cfg');
    const own = [`dataDir=${data}`, 'initLimit=10', 'syncLimit=5', 'standaloneEnabled=false'];
    writeFileSync(config, `${[...own, 'reconfigEnabled=true', ...lines].join('\n')}\n`);
    const [client, quorum, election] = this.#ports.map(String) as [string, string, string];
    const ports = ['--client-port', client, '--quorum-port', quorum, '--election-port', election];
    const name = ['--host', 'zk-0', '--domain', 'zk-hs.test', '--members', '1'];
    const files = ['--config', config, '--home', this.volume];
    const program = join(ROOT, 'packages/server/dist/bin/zabra.js');
    const args = [program, 'k8s', 'start', ...files, ...name, ...ports];
    const env = { ...process.env, ...namedBy(join(this.volume, 'names')) };
    this.#child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    await waitFor('the pod to serve', 20_000, () => askSrvr(this.clientPort, 'Mode'));
  }

  async end(): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return await ended;
  }
}
