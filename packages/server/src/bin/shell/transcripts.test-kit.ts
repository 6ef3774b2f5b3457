/**
 * Recorded sessions of ZooKeeper's own shell, and the way to run ours against the same words. The
 * recordings stand in test/golden and are exact: a command line, standard output, standard error,
 * exit code.
 */

import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { splitLine } from './command-line.ts';
import { FakeClient, type FakeServer } from './fake-client.test-kit.ts';
import { runShell, type ShellStreams } from './run-shell.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface Transcript extends Outcome {
  /** Words behind `zkCli.sh`. */
  readonly args: readonly string[];
}

const GOLDEN = new URL('../../../../../test/golden/operations/cli/', import.meta.url);

const CASE =
  /(?:^|\n)(?:\$ zkCli\.sh(.*)\n)?\[stdout\]\n([\s\S]*?)\[stderr\]\n([\s\S]*?)\[exit\] (\d+)/g;

export function recorded(file: string): Transcript[] {
  const text = readFileSync(fileURLToPath(new URL(file, GOLDEN)), 'utf8');
  return [...text.matchAll(CASE)].map(([, words = '', stdout = '', stderr = '', code]) => ({
    args: splitLine(words),
    stdout,
    stderr,
    exitCode: Number(code),
  }));
}

/** Runs our shell; `input` is what stands in its pipe. */
export async function replay(
  server: FakeServer,
  args: readonly string[],
  input = '',
): Promise<Outcome> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stdin = new PassThrough();
  stdin.end(input);
  const streams = { input: stdin, output: stdout, error: stderr } as unknown as ShellStreams;
  const exitCode = await runShell(args, streams, () => new FakeClient(server));
  return { stdout: textOf(stdout), stderr: textOf(stderr), exitCode };
}

function textOf(stream: PassThrough): string {
  return String((stream.read() as Buffer | null) ?? '');
}
