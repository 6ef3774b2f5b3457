/**
 * Every command of the shell in one table, and the usage that lists them. Those with no `run` of
 * their own here change the shell itself and are run by it.
 */

import { addauthCommand, getAclCommand, setAclCommand, whoamiCommand } from './acl-commands.ts';
import type { Command } from './command.ts';
import { delquotaCommand, listquotaCommand, setquotaCommand } from './quota-commands.ts';
import {
  configCommand,
  getAllChildrenNumberCommand,
  getCommand,
  getEphemeralsCommand,
  lsCommand,
  statCommand,
  syncCommand,
} from './read-commands.ts';
import { reconfigCommand } from './reconfig-command.ts';
import { addWatchCommand, removewatchesCommand } from './watch-commands.ts';
import { createCommand, deleteallCommand, deleteCommand, setCommand } from './write-commands.ts';

/** Commands about the shell itself, with the syntax that the usage gives. */
export const SHELL_COMMANDS: Readonly<Record<string, string>> = {
  close: '',
  connect: 'host:port',
  history: '',
  printwatches: 'on|off',
  quit: '',
  redo: 'cmdno',
  version: '',
};

const ZNODE_COMMANDS: readonly Command[] = [
  addWatchCommand,
  addauthCommand,
  configCommand,
  createCommand,
  deleteCommand,
  deleteallCommand,
  delquotaCommand,
  getCommand,
  getAclCommand,
  getAllChildrenNumberCommand,
  getEphemeralsCommand,
  listquotaCommand,
  lsCommand,
  reconfigCommand,
  removewatchesCommand,
  setCommand,
  setAclCommand,
  setquotaCommand,
  statCommand,
  syncCommand,
  whoamiCommand,
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  ZNODE_COMMANDS.map((command) => [command.name, command]),
);

/** Sorted as the usage lists them: by code unit, upper case first. */
export const COMMAND_NAMES: readonly string[] = [
  ...COMMANDS.keys(),
  ...Object.keys(SHELL_COMMANDS),
].sort();

const USAGE_HEAD = 'ZooKeeper -server host:port -client-configuration properties-file cmd args';

export function usageText(): string {
  const rows = COMMAND_NAMES.map((name) => {
    const syntax = COMMANDS.get(name)?.syntax ?? SHELL_COMMANDS[name] ?? '';
    return `\t${name} ${syntax}`;
  });
  return [USAGE_HEAD, ...rows].join('\n');
}
