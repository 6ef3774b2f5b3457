/**
 * Commands as somebody types them: each goes to a shell, in a folder where the paths of the
 * tutorial lead to the laboratory's files. All have a deadline. A watch goes on until it is
 * stopped, as by Ctrl-C.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface Ran {
  readonly code: number;
  /** Standard output and standard error in the order in which they came. */
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

export class Shell {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws when it takes longer than that. */
  async run(command: string, secondsMax: number): Promise<Ran> {
    const beganMs = performance.now();
    const started = this.start(command);
    const timer = setTimeout(() => started.kill('SIGKILL'), secondsMax * 1000);
    const code = await started.ended;
    clearTimeout(timer);
    const tookMs = performance.now() - beganMs;
    const { output, stdout, stderr } = started;
    if (code === null) {
      throw new Error(`Waited ${secondsMax} s in vain for "${command}"; it said: ${output}`);
    }
    return { code, output, stdout, stderr, tookMs };
  }

  start(command: string): Started {
    return new Started(command, this.#folder);
  }
}

/** A command that runs; a process group of its own, so that all of it can be ended. */
export class Started {
  output = '';
  stdout = '';
  stderr = '';
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #listener: () => void = () => {};

  constructor(command: string, folder: string) {
    this.#child = spawn('bash', ['-c', command], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.output += text;
      this.#listener();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.output += text;
      this.#listener();
    });
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** Is called whenever there is more output. */
  onOutput(listener: () => void): void {
    this.#listener = listener;
  }

  kill(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  }

  /** Ctrl-C. */
  async stop(): Promise<void> {
    this.kill('SIGINT');
    await this.ended;
  }
}
