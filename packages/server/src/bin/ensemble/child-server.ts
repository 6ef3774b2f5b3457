/**
 * ChildServer: one server of the local ensemble as a child process. A child that ends although
 * nobody asked it to is started again after a second, as a supervisor would; one that ends at once
 * three times in a row cannot start, and is given up with the last line it wrote.
 *
 * A child is its own process group, so that Ctrl-C in the terminal reaches the parent alone, which
 * then ends the children in its own way; should the parent vanish, the closed channel between them
 * ends the child.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import type { PlannedServer } from './plan.ts';

const RESTART_MS = 1000;
/** A child that ends within this long of its start has not really started. */
const QUICK_END_MS = 5000;
const QUICK_ENDS_MAX = 3;
/** A log longer than this is begun anew at the start of the ensemble. */
const LOG_BYTES_MAX = 32 * 1024 * 1024;
const TAIL_BYTES = 4096;

export interface ChildEvents {
  onEnded(server: PlannedServer, how: string): void;
  onGivenUp(server: PlannedServer, lastLine: string): void;
}

export class ChildServer {
  readonly plan: PlannedServer;
  readonly #command: readonly string[];
  readonly #events: ChildEvents;
  #process: ChildProcess | null = null;
  #startedMs = 0;
  #quickEnds = 0;
  #isStopping = false;
  #restart: NodeJS.Timeout | null = null;
  #onGone: (() => void) | null = null;

  /** `command` is the program and the arguments before the name of the configuration. */
  constructor(plan: PlannedServer, command: readonly string[], events: ChildEvents) {
    this.plan = plan;
    this.#command = command;
    this.#events = events;
  }

  /** Null while it does not run. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  start(): void {
    const { logFile, configFile } = this.plan;
    if ((fs.statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) {
      fs.rmSync(logFile);
    }
    const log = fs.openSync(logFile, 'a');
    const [program = '', ...args] = this.#command;
    const child = spawn(program, [...args, configFile], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '8' },
    });
    fs.closeSync(log);
    this.#process = child;
    this.#startedMs = Date.now();
    child.on('error', (error) => this.#onEnded(child, error.message));
    child.on('exit', (code, signal) => {
      this.#onEnded(child, signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  }

  /** Resolves when the process is gone; `signal` may be sent again, harder. */
  stop(signal: NodeJS.Signals): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const child = this.#process;
    if (child === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onGone = resolve;
      child.kill(signal);
    });
  }

  #onEnded(child: ChildProcess, how: string): void {
    if (this.#process !== child) return;
    this.#process = null;
    this.#onGone?.();
    if (this.#isStopping) return;
    const isQuick = Date.now() - this.#startedMs < QUICK_END_MS;
    this.#quickEnds = isQuick ? this.#quickEnds + 1 : 0;
    if (this.#quickEnds >= QUICK_ENDS_MAX) {
      this.#events.onGivenUp(this.plan, lastLine(this.plan.logFile));
      return;
    }
    this.#events.onEnded(this.plan, how);
    this.#restart = setTimeout(() => this.start(), RESTART_MS);
  }
}

function lastLine(file: string): string {
  const size = fs.statSync(file).size;
  const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const fd = fs.openSync(file, 'r');
  fs.readSync(fd, buffer, 0, buffer.length, size - buffer.length);
  fs.closeSync(fd);
  return buffer.toString().trimEnd().split('\n').at(-1) ?? '';
}
