/**
 * ClientScript: a client of another language as a child process that speaks in lines: `ok NAME` is
 * a fact, `ask NAME` wants the test to do something first. The process must end with status 0 after
 * `ok done`.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ScriptRun {
  /** Names of the facts, in order. */
  readonly facts: string[];
}

export async function runScript(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onAsk: (name: string) => Promise<void>,
  timeoutMs: number,
): Promise<ScriptRun> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  let complaint = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-8000);
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const facts: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, ...rest] = line.split(' ');
      if (word === 'ok') {
        facts.push(rest.join(' '));
      } else if (word === 'ask') {
        await onAsk(rest.join(' '));
        child.stdin.write('\n');
      }
    }
    const code = await exit;
    if (code !== 0 || facts.at(-1) !== 'done') {
      const said = facts.join('; ');
      throw new Error(`${command} ended with status ${code} after "${said}":\n${complaint}`);
    }
    return { facts };
  } finally {
    clearTimeout(timer);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}
