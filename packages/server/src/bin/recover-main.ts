/**
 * `zabra recover`: the way out of a permanent loss of quorum, on the disk of a survivor, offline
 * and confirmed by hand. Without a confirmation it shows what it would do and changes nothing. Exit
 * code
 * 0: done, or shown; 1: it could not, or was not confirmed; 2: bad arguments or configuration.
 */

import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { ConfigError, EXIT_INVALID_CONFIG } from '../config/config-error.ts';
import { isJvmFlag } from '../config/jvm-flags.ts';
import { Recovery } from './recover/recovery.ts';

export interface RecoverCommandOptions {
  readonly keep?: string;
  readonly add: readonly string[];
  readonly epoch?: string;
  readonly backup?: string;
  readonly yes?: string;
}

const EXIT_REFUSED = 1;
const USAGE =
  'Usage: zabra recover [--keep <ids>] [--add <server line>]... [--epoch <number>]\n' +
  '         [--backup <directory>] [--yes <confirmation>] [-Dname=value]... <zoo.cfg>\n';

export async function runRecover(
  args: readonly string[],
  options: RecoverCommandOptions,
): Promise<void> {
  const flags = args.filter(isJvmFlag);
  const [configFile, ...rest] = args.filter((argument) => !isJvmFlag(argument));
  const keep = options.keep?.split(',').map(numberOf) ?? null;
  const epoch = options.epoch === undefined ? null : numberOf(options.epoch);
  const isBad = configFile === undefined || rest.length > 0 || epoch === -1;
  if (isBad || keep?.includes(-1) === true) {
    process.stderr.write(USAGE);
    process.exitCode = EXIT_INVALID_CONFIG;
    return;
  }
  try {
    const wish = { keep, add: options.add, epoch };
    const file = path.resolve(configFile);
    const recovery = await Recovery.begin(file, flags, wish, options.backup ?? null);
    try {
      process.stdout.write(recovery.planText());
      await confirmAndGo(recovery, options.yes);
    } finally {
      await recovery.end();
    }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    const isInvalid = error instanceof ConfigError && error.exitCode === EXIT_INVALID_CONFIG;
    process.exitCode = isInvalid ? EXIT_INVALID_CONFIG : EXIT_REFUSED;
  }
}

async function confirmAndGo(recovery: Recovery, yes: string | undefined): Promise<void> {
  const { confirmation } = recovery.plan;
  const isAsked = yes === undefined && process.stdin.isTTY;
  if (yes === undefined && !isAsked) {
    process.stdout.write(`\nNothing was changed. To do it, add: --yes ${confirmation}\n`);
    return;
  }
  const said = isAsked ? await ask(`\nType ${confirmation} to do it: `) : yes;
  if (said !== confirmation) {
    throw new Error(`Confirmed is "${said}", wanted "${confirmation}"; nothing was changed`);
  }
  await recovery.carryOut();
  process.stdout.write(`\n${recovery.afterText()}`);
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

/** -1 for what is none. */
function numberOf(text: string): number {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : -1;
}
