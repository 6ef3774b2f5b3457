/**
 * `zabra k8s`: a server as a pod, and the members of an ensemble as pods come and go. `start` is
 * what a pod runs. `leave` and `join` change who votes, with checks, and never touch Kubernetes:
 * the line for kubectl is printed.
 */

import fs from 'node:fs';
import process from 'node:process';
import type { Identity } from '@zabra/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { runServer } from '../server-main.ts';
import { clientTls } from '../shell/client-configuration.ts';
import { wordTls } from '../word-main.ts';
import { EnsembleView, type ViewOptions } from './ensemble-view.ts';
import { type ChangeOptions, join, leave } from './membership-change.ts';
import { ownLine, type PodPlan, type PodRole, podIdentity } from './pod-config.ts';
import { ownName, preparePod } from './pod-start.ts';

const EXIT_FAILED = 1;
const CONFIG = '/etc/zookeeper/config';
const PASSWORD_FILE = '/etc/zookeeper/admin/password';

interface PodFlags {
  readonly host?: string;
  readonly domain?: string;
  readonly memberSet: string;
  readonly members: number;
  readonly firstId: number;
  readonly role: PodRole;
  readonly clientPort: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly adminPasswordFile: string;
}

interface ChangeFlags {
  readonly server: string;
  readonly secure?: boolean;
  readonly timeout: number;
  readonly dryRun?: boolean;
  readonly clientPort: number;
  readonly adminPasswordFile: string;
}

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
  await program.parseAsync([...args], { from: 'user' });
}

function withPod(command: Command): Command {
  return command
    .option('--members <count>', 'how many members the ensemble begins with', count, 3)
    .option('--member-set <name>', 'set of these; default: the one of this pod', '')
    .option('--first-id <id>', 'server id of ordinal 0', count, 1)
    .addOption(
      new Option('--role <role>', 'of this pod')
        .choices(['participant', 'observer'])
        .default('participant'),
    )
    .option('--client-port <port>', 'for clients, 0: none without TLS', count, 2181)
    .option('--quorum-port <port>', 'for learners', count, 2888)
    .option('--election-port <port>', 'for elections', count, 3888)
    .option('--host <name>', 'host name of this pod; default: as `hostname -s` says')
    .option('--domain <name>', 'what follows it; default: as `hostname -d` says')
    .option('--admin-password-file <file>', 'password of the user super', PASSWORD_FILE);
}

function withChange(command: Command): Command {
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

async function start(flags: PodFlags & { config: string; home: string }): Promise<void> {
  let args: string[];
  try {
    const { config, home, adminPasswordFile } = flags;
    args = preparePod({ plan: planOf(flags), config, home, adminPasswordFile });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
  await runServer(args);
}

function planOf(flags: PodFlags): PodPlan {
  const own = flags.host === undefined || flags.domain === undefined ? ownName() : null;
  const plan = {
    name: flags.host ?? own?.name ?? '',
    domain: flags.domain ?? own?.domain ?? '',
    memberSet: flags.memberSet,
    memberCount: flags.members,
    firstId: flags.firstId,
    role: flags.role,
    clientPort: flags.clientPort,
    quorumPort: flags.quorumPort,
    electionPort: flags.electionPort,
  };
  podIdentity(plan);
  return plan;
}

async function change(
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

function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`It is "${text}", wanted a whole number`);
}
