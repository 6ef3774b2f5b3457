/**
 * `zabra k8s`: a server as a pod, and the members of an ensemble as pods come and go. `start` is
 * what a pod runs. `leave` and `join` change who votes, with checks, and never touch Kubernetes:
 * the line for kubectl is printed.
 */

import process from 'node:process';
import { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { memoryLimitBytes } from '../memory-limit.ts';
import { runServer } from '../server-main.ts';
import { type BackupOptions, backUp } from './pod-backup.ts';
import { change, type ChangeFlags, withChange } from './change-flags.ts';
import { type ChangeOptions, join, leave } from './membership-change.ts';
import { ownLine } from './pod-config.ts';
import { count, type PodFlags, planOf, withPod } from './pod-flags.ts';
import { preparePod } from './pod-start.ts';

/** Above all observers of the manifests. */
const BACKUP_ID = 254;
const CONFIG = '/etc/zookeeper/config';

export async function runK8s(args: readonly string[]): Promise<void> {
  const program = new Command('zabra k8s')
    .description('a server as a pod, and members that come and go with pods')
    .showHelpAfterError();
  withPod(program.command('start').description('what a pod of a StatefulSet runs'))
    .option('--config <path>', 'the part of zoo.cfg that all pods share, or its parts', CONFIG)
    .option('--home <directory>', 'on the volume; conf is made in it', '/var/lib/zookeeper')
    .action((flags: PodFlags & { config: string; home: string }) => start(flags));
  withChange(program.command('leave').description('removes the members above so many pods'))
    .requiredOption('--replicas <count>', 'how many pods there will be', count)
    .option('--set <name>', 'name of the StatefulSet, for the line of kubectl', 'zk')
    .option('--first-id <id>', 'server id of its ordinal 0', count, 1)
    .action((flags: ChangeFlags & { replicas: number; set: string; firstId: number }) =>
      change(flags, (view, options) =>
        leave(view, { ...options, ...flags, dryRun: options.dryRun }),
      ),
    );
  withChange(withPod(program.command('join').description('makes the server of this pod a member')))
    .option('--line <server line>', 'server.N=… to add, instead of the one of this pod')
    .action((flags: ChangeFlags & PodFlags & { line?: string }) =>
      change(flags, (view, options) => {
        return join(view, { ...options, line: flags.line ?? ownLine(planOf(flags)) });
      }),
    );
  withChange(program.command('backup').description('a copy of the whole state, at any time'))
    .requiredOption('--to <directory>', 'where backups are kept')
    .option('--keep <count>', 'how many, the newest; 0: all', count, 0)
    .option('--config <path>', 'what members share, for TLS between servers', '')
    .option('--id <id>', 'of the server that follows for it', count, BACKUP_ID)
    .option('--quorum-port <port>', 'of that server, at 127.0.0.1', count, 2888)
    .option('--election-port <port>', 'of that server', count, 3888)
    .action((flags: ChangeFlags & Omit<BackupOptions, keyof ChangeOptions>) =>
      change(flags, (view, options) => backUp(view, { ...flags, ...options })),
    );
  await program.parseAsync([...args], { from: 'user' });
}

async function start(flags: PodFlags & { config: string; home: string }): Promise<void> {
  let args: string[];
  try {
    args = preparePod({
      plan: planOf(flags),
      config: flags.config,
      home: flags.home,
      adminPasswordFile: flags.adminPasswordFile,
      environment: process.env,
      memoryLimitBytes: memoryLimitBytes(),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
  await runServer(args);
}
