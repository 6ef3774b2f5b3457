/** The program as a child process, for tests of what an operator sees. */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { askWord } from './four-letter-word.ts';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const ZABRA = path.join(HERE, 'zabra.js');
export const SCRIPTS = path.resolve(HERE, '../../../../bin');

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running program with what it has printed so far. */
export class Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  out = '';
  err = '';

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.process = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Waits until the output matches, or fails with what there is. */
  async until(pattern: RegExp, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!pattern.test(this.out)) {
      if (Date.now() > deadline || this.process.exitCode !== null) {
        throw new Error(`No ${pattern} in:\n${this.out}\n${this.err}`);
      }
      await sleep(20);
    }
  }
}

export function runZabra(...args: readonly string[]): Program {
  return new Program(process.execPath, [ZABRA, ...args]);
}

export function makeDirectory(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-bin-'));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Asks until the answer matches. */
export async function waitForWord(
  port: number,
  word: string,
  pattern: RegExp,
  timeoutMs = 20_000,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await askWord('127.0.0.1', port, word, 1000).catch(
      (error: Error) => error.message,
    );
    if (pattern.test(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`No ${pattern} on port ${port}: ${answer}`);
    await sleep(50);
  }
}
