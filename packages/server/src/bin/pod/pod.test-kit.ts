/** The commands of a pod as programs, with a host name and directories of their own. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort, makeDirectory, Program, SCRIPTS } from '../program.test-kit.ts';

const DOMAIN = 'zk.test.invalid';

export class PodBed {
  readonly root = makeDirectory();
  readonly port: number;
  readonly #programs: Program[] = [];

  private constructor(port: number) {
    this.port = port;
    this.callMachine('zk-0');
  }

  static async open(): Promise<PodBed> {
    return new PodBed(await freePort());
  }

  /** A `hostname` of our own comes first in the path of what is started. */
  callMachine(short: string): void {
    fs.mkdirSync(this.at('path'), { recursive: true });
    const script = `#!/bin/sh\nif [ "$1" = -d ]; then echo ${DOMAIN}; else echo '${short}'; fi\n`;
    fs.writeFileSync(this.at('path/hostname'), script, { mode: 0o755 });
  }

  at(name: string): string {
    return path.join(this.root, name);
  }

  text(name: string): string {
    return fs.readFileSync(this.at(name), 'utf8');
  }

  flags(...more: readonly string[]): string[] {
    return [
      `--conf_dir=${this.at('conf')}`,
      `--data_dir=${this.at('data')}`,
      `--data_log_dir=${this.at('data/log')}`,
      `--log_dir=${this.at('logs')}`,
      `--client_port=${this.port}`,
      '--heap=128M',
      ...more,
    ];
  }

  run(script: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Program {
    const env = { ...process.env, ...variables };
    env['PATH'] = `${this.at('path')}:${process.env['PATH']}`;
    const program = new Program(path.join(SCRIPTS, script), args, { cwd: this.root, env });
    this.#programs.push(program);
    return program;
  }

  /** Exit code, standard output, standard error. */
  async outcome(
    script: string,
    args: readonly string[],
    variables: NodeJS.ProcessEnv = {},
  ): Promise<readonly [number | null, string, string]> {
    const program = this.run(script, args, variables);
    const { code } = await program.ended;
    return [code, program.out, program.err];
  }

  async close(): Promise<void> {
    for (const { process: child } of this.#programs) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    }
    await Promise.all(this.#programs.map(({ ended }) => ended));
    fs.rmSync(this.root, { recursive: true });
  }
}

/** Process id and name of the one child of a process. */
export function childOf(parent: number | undefined): {
  readonly pid: number;
  readonly name: string;
} {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const found = rows.find(([, ppid]) => ppid === String(parent));
  return { pid: Number(found?.[0]), name: found?.[2] ?? '' };
}
