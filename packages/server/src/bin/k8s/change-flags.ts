/** Options of commands that look at a running ensemble or change it, and what is around them. */

import fs from 'node:fs';
import process from 'node:process';
import type { Identity } from '@zabra/client';
import type { Command } from 'commander';
import { clientTls } from '../shell/client-configuration.ts';
import { wordTls } from '../word-main.ts';
import { EnsembleView, type ViewOptions } from './ensemble-view.ts';
import type { ChangeOptions } from './membership-change.ts';
import { count, PASSWORD_FILE } from './pod-flags.ts';

const EXIT_FAILED = 1;

export interface ChangeFlags {
  readonly server: string;
  readonly secure?: boolean;
  readonly timeout: number;
  readonly dryRun?: boolean;
  readonly clientPort: number;
  readonly adminPasswordFile: string;
}

export function withChange(command: Command): Command {
  command
    .option('--server <hosts>', 'where to connect, host:port,host:port', '127.0.0.1:2181')
    .option('--secure', 'over TLS, with the keys that CLIENT_JVMFLAGS names')
    .option('--timeout <seconds>', 'how long it may take', count, 120)
    .option('--dry-run', 'only say what would be done');
  if (!command.options.some(({ long }) => long === '--client-port')) {
    command
      .option('--client-port <port>', 'of members whose line has none', count, 2181)
      .option('--admin-password-file <file>', 'password of the user super', PASSWORD_FILE);
  }
  return command;
}

/** Runs it with a session; what it rejects with is said, and the exit code is 1. */
export async function change(
  flags: ChangeFlags,
  run: (view: EnsembleView, options: ChangeOptions) => Promise<void>,
): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  let view: EnsembleView | null = null;
  try {
    view = await EnsembleView.open(viewOptions(flags));
    await run(view, { timeoutMs: flags.timeout * 1000, dryRun: flags.dryRun === true, say });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  } finally {
    await view?.close();
  }
}

function viewOptions({ server, secure, clientPort, adminPasswordFile }: ChangeFlags): ViewOptions {
  const word = wordTls(secure === true);
  const tls = word === null ? null : { client: clientTls(process.env), word };
  return { servers: server, auth: adminOf(adminPasswordFile), clientPort, tls };
}

/** Without a file the servers' ACLs decide. */
function adminOf(file: string): readonly Identity[] {
  if (!fs.existsSync(file)) return [];
  return [{ scheme: 'digest', auth: `super:${fs.readFileSync(file, 'latin1').trim()}` }];
}
