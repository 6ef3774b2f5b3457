/**
 * A published test suite as a child process: its own process group, so that servers that it leaves
 * behind end with it; a deadline; all that it says goes to a file for whoever has to read it.
 */

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export interface SuiteCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment of this process; undefined takes away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Both streams go there. */
  readonly logFile: string;
  readonly timeoutMs: number;
}

/** What the suite wrote to standard output; its exit status says nothing that this does not. */
export async function runSuite(suite: SuiteCommand): Promise<string> {
  mkdirSync(dirname(suite.logFile), { recursive: true });
  const log = createWriteStream(suite.logFile);
  const child = spawn(suite.command, suite.args, {
    cwd: suite.cwd,
    env: { ...process.env, ...suite.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    output += chunk;
    log.write(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
  const endGroup = (): void => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  };
  const closed = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    // Servers that are left hold the streams open.
    child.once('exit', endGroup);
    child.once('close', () => resolve());
  });
  const timer = setTimeout(endGroup, suite.timeoutMs);
  // The end of the test runner is not the end of a group of its own.
  process.once('exit', endGroup);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
    process.removeListener('exit', endGroup);
    log.end();
  }
  return output;
}
