/** The options that say which pod this is and who the first members are, and their reading. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type PodPlan, type PodRole, podIdentity } from './pod-config.ts';
import { ownName } from './pod-start.ts';

export const PASSWORD_FILE = '/etc/zookeeper/admin/password';

export interface PodFlags {
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

export function withPod(command: Command): Command {
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

/** Throws a ConfigError for a host that is no pod. */
export function planOf(flags: PodFlags): PodPlan {
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

export function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`It is "${text}", wanted a whole number`);
}
