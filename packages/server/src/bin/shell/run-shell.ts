/**
 * From the command line to an exit code: connects, runs the one command or the interactive shell,
 * ends the session (operations.md 4.1 and 4.2).
 */

import process from 'node:process';
import { open } from '@zabra/client';
import { ConfigError } from '../../config/config-error.ts';
import { clientSecurity } from './client-configuration.ts';
import { runInteractive } from './interactive.ts';
import { Printer } from './printer.ts';
import { isCompat34, Printer34 } from './printer-3-4.ts';
import { Shell } from './shell.ts';
import type { OpenClient, ShellClient } from './shell-client.ts';
import { EXIT_FAILURE, failureLine, keeperLine } from './shell-failure.ts';
import { parseShellOptions, type ShellOptions } from './shell-options.ts';
import { ShellOutput } from './shell-output.ts';

/** How long the first prompt waits for a session, ms: it shows whether there is one. */
const FIRST_PROMPT_WAIT_MS = 1000;

export interface ShellStreams {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly error: NodeJS.WriteStream;
}

export async function runShell(
  args: readonly string[],
  streams: ShellStreams,
  openClient: OpenClient = open,
): Promise<number> {
  const options = parseShellOptions(args);
  const output = new ShellOutput(streams.output);
  const isOld = isCompat34(process.env);
  const printer = new (isOld ? Printer34 : Printer)(output, streams.error);
  for (const note of options.notes) printer.errorLine(note);
  printer.connecting(options.servers);
  let shell: Shell;
  try {
    const security = clientSecurity(options.configurationFile, process.env);
    shell = new Shell(options, printer, openClient, security);
  } catch (error) {
    printer.errorLine(error instanceof Error ? error.message : failureLine(error));
    return error instanceof ConfigError ? error.exitCode : EXIT_FAILURE;
  }
  // A pod is asked as soon as it runs, when there may be no leader yet.
  const isWaiting = options.waitForConnection || (isOld && options.command.length > 0);
  if (isWaiting && !(await hasConnected(shell.client, options))) {
    printer.errorLine(keeperLine('CONNECTIONLOSS', null));
    await shell.leave();
    return EXIT_FAILURE;
  }
  await run(shell, options, streams, output);
  await shell.leave();
  return shell.exitCode;
}

async function run(
  shell: Shell,
  options: ShellOptions,
  streams: ShellStreams,
  output: ShellOutput,
): Promise<void> {
  // A server that cannot be reached is what the command will say.
  const reached = shell.client.reached().catch(() => {});
  if (options.command.length > 0) {
    await reached;
    await shell.run(options.command);
    return;
  }
  await Promise.race([reached, delay(FIRST_PROMPT_WAIT_MS)]);
  shell.printer.welcome();
  await runInteractive(shell, streams.input, output);
}

/** A read-only server does not count, unless one will do. */
function hasConnected(
  client: ShellClient,
  { timeoutMs, readOnly, waitForConnection }: ShellOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isConnected: boolean): void => {
      stopListening();
      clearTimeout(timer);
      resolve(isConnected);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    const stopListening = client.onState((state) => {
      const isReadOnly = state === 'CONNECTEDREADONLY' && readOnly && !waitForConnection;
      if (state === 'CONNECTED' || isReadOnly) finish(true);
      // What has ended will not connect any more.
      if (state === 'EXPIRED' || state === 'AUTH_FAILED' || state === 'CLOSED') finish(false);
    });
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
