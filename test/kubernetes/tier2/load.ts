/** Load: the process of `load-process.ts`, in a mount of its own where names are the cluster's. */

import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('load-process.js', import.meta.url));
const PATIENCE_MS = 120_000;

export interface LoadReport {
  readonly acknowledged: number;
  /** Of these, how many were read again with what was written; 0 before the end. */
  readonly readBack: number;
  readonly epoch: number;
  /** Of both clients, since the beginning. */
  readonly connections: number;
}

export class Load {
  readonly #child: ChildProcess;
  readonly #waiting: {
    readonly resolve: (report: LoadReport) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  #complaint = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    child.on('message', (report: LoadReport) => this.#waiting.shift()?.resolve(report));
    child.on('exit', () => {
      const error = new Error(`The load has ended: ${this.#complaint}`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** Resolves when both clients have their sessions. */
  static async begin(lab: string, nameServer: string, servers: string): Promise<Load> {
    const resolver = join(lab, 'resolv.conf');
    writeFileSync(resolver, `nameserver ${nameServer}\n`);
    const mount = 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"';
    const args = ['--mount', 'bash', '-c', mount, resolver, process.execPath, PROGRAM, servers];
    const load = new Load(spawn('unshare', args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }));
    await load.#answer();
    return load;
  }

  /** Judges the sessions; throws when one was lost or the process is gone. */
  async report(): Promise<LoadReport> {
    const answer = this.#answer();
    this.#child.send('report');
    return await answer;
  }

  /** Ends it, when everything has been read back. */
  async end(): Promise<LoadReport> {
    const answer = this.#answer();
    this.#child.send('end');
    return await answer;
  }

  /** The part has failed: nobody asks any more. */
  abandon(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }

  async #answer(): Promise<LoadReport> {
    if (this.#child.exitCode !== null) throw new Error(`The load has ended: ${this.#complaint}`);
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<LoadReport>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      timer = setTimeout(
        () => reject(new Error(`No answer of the load within ${PATIENCE_MS} ms`)),
        PATIENCE_MS,
      );
    });
    return await answer.finally(() => clearTimeout(timer));
  }
}
