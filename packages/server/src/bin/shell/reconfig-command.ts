/**
 * The command that changes the ensemble: reconfig, by steps (`-add`, `-remove`) or as a whole
 * (`-members`, `-file`) (operations.md 4.5).
 */

import { readFileSync } from 'node:fs';
import { isZooKeeperError } from '@zabra/client';
import { type Arguments, parseArguments } from './argument-parser.ts';
import { type Command, usage } from './command.ts';
import { failureLine, ShellFailure } from './shell-failure.ts';

export const reconfigCommand: Command = {
  name: 'reconfig',
  syntax:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
    '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 'sv:', ['file', 'members', 'add', 'remove']);
    const change = changeOf(args);
    if (change === null) throw usage(this);
    const version = versionOf(args);
    const { data, stat } = await client.reconfig({ ...change, version }).catch(withoutPath);
    printer.line('Committed new configuration:');
    printer.line(Buffer.from(data ?? []).toString('utf8'));
    if (args.has('s')) printer.stat(stat);
  },
};

interface Change {
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
}

function changeOf(args: Arguments): Change | null {
  const isWhole = args.has('file') || args.has('members');
  if (args.has('file') && args.has('members')) {
    const rule = '(conflicting non-incremental modes)';
    throw new ShellFailure(`Can't use -file and -members together ${rule}`);
  }
  if (isWhole && (args.has('add') || args.has('remove'))) {
    const rule = '(mixing incremental and non-incremental modes is not allowed)';
    throw new ShellFailure(`Can't use -file or -members together with -add or -remove ${rule}`);
  }
  const file = args.value('file');
  if (file !== undefined) return { members: membersIn(file) };
  const [members, joining, leaving] = ['members', 'add', 'remove'].map((name) =>
    args.value(name)?.toLowerCase(),
  );
  if (members !== undefined) return { members };
  if (joining === undefined && leaving === undefined) return null;
  return {
    ...(joining === undefined ? {} : { joining }),
    ...(leaving === undefined ? {} : { leaving }),
  };
}

/** Hexadecimal, as the configuration itself writes its version. */
function versionOf(args: Arguments): bigint | undefined {
  const text = args.value('v');
  if (text === undefined) return undefined;
  if (/^-?[0-9a-f]+$/i.test(text)) {
    return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
  }
  throw new ShellFailure('-v must be followed by a long (configuration version)');
}

/** The members of a dynamic configuration file, as one list. */
function membersIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'No such file or directory' : (error as Error).message;
    // The original names the file twice.
    throw new ShellFailure(`Error processing ${file}${file} (${reason})`);
  }
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => /^(?:server|group|weight)\./.test(line)).join(',');
}

/** A reconfiguration has no path, and the line ends where one would stand. */
function withoutPath(error: unknown): never {
  if (!isZooKeeperError(error) || error.path !== null) throw error;
  throw new ShellFailure(failureLine(error).replace(/null$/, ''));
}
