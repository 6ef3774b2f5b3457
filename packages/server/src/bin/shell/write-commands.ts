/**
 * The commands that change znodes: create, set, delete, deleteall (operations.md 4.5).
 */

import { isZooKeeperError } from '@zabra/client';
import { parseAcl } from './acl-text.ts';
import { type Arguments, parseArguments } from './argument-parser.ts';
import { type Command, intValue, usage } from './command.ts';
import type { ShellClient } from './shell-client.ts';
import { keeperLine, ShellFailure } from './shell-failure.ts';
import { checkNewPath, checkPath } from './shell-path.ts';
import { subtreePaths } from './subtree.ts';

const TTL_MAX = 1099511627775n;

/** Znodes that one transaction of deleteall deletes, unless told otherwise. */
const DELETE_BATCH_DEFAULT = 1000;

const SET_OPTIONS = `
 -b         Supply data in base64 format
 -s         Print znode stats additionally
 -v <arg>   Set with an expected version
`;

export const createCommand: Command = {
  name: 'create',
  syntax: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  async run({ client, printer, onEphemeral }, tokens) {
    const args = parseArguments(tokens, 'sect:');
    const [path, data, aclText] = args.words;
    if (path === undefined) throw usage(this);
    const mode = createMode(args);
    checkNewPath(path, mode.sequential);
    const acl =
      aclText === undefined ? undefined : parseAcl(aclText, (line) => printer.errorLine(line));
    try {
      const created = await client.create(path, data ?? null, { ...mode, acl });
      if (mode.ephemeral) onEphemeral();
      printer.created(created);
    } catch (error) {
      throw createFailure(error, acl?.length === 0, (line) => printer.errorLine(line));
    }
  },
};

export const setCommand: Command = {
  name: 'set',
  syntax: 'path data [-s] [-v version] [-b]',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 'sv:b');
    const [path, text] = args.words;
    if (path === undefined || text === undefined) throw usage(this, SET_OPTIONS);
    const data = args.has('b') ? base64Bytes(text) : text;
    const version = versionOf(args);
    checkPath(path);
    const stat = await client.setData(path, data, { version });
    if (args.has('s') || printer.printsStats) printer.stat(stat);
  },
};

export const deleteCommand: Command = {
  name: 'delete',
  syntax: '[-v version] path',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 'v:');
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    if (args.words.length > 1) {
      const form = 'delete [-v version] path';
      const note = `'delete path [version]' has been deprecated. Please use '${form}' instead.`;
      printer.errorLine(note);
    }
    const version = versionOf(args);
    checkPath(path);
    await client.delete(path, { version });
  },
};

export const deleteallCommand: Command = {
  name: 'deleteall',
  syntax: 'path [-b batch size]',
  async run({ client }, tokens) {
    const args = parseArguments(tokens, 'b:');
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    const batchText = args.value('b');
    const batch = batchText === undefined ? DELETE_BATCH_DEFAULT : intValue('b', batchText);
    checkPath(path);
    const doomed = await subtreePaths(client, path);
    if (!(await deleteInBatches(client, doomed.toReversed(), Math.max(1, batch)))) {
      throw new ShellFailure('Failed to delete some node(s) in the subtree!');
    }
  },
};

interface Mode {
  readonly ephemeral: boolean;
  readonly sequential: boolean;
  readonly container: boolean;
  readonly ttlMs: number | undefined;
}

function createMode(args: Arguments): Mode {
  const ephemeral = args.has('e');
  const sequential = args.has('s');
  const container = args.has('c');
  const ttlText = args.value('t');
  if (container && (ephemeral || sequential)) {
    const rule = 'Containers cannot be ephemeral or sequential.';
    throw new ShellFailure(`-c cannot be combined with -s or -e. ${rule}`);
  }
  if (ttlText === undefined) return { ephemeral, sequential, container, ttlMs: undefined };
  if (!/^[+-]?\d+$/.test(ttlText)) throw new ShellFailure('-t argument must be a long value');
  if (ephemeral) throw new ShellFailure('TTLs cannot be used with Ephemeral znodes');
  if (container) throw new ShellFailure('TTLs cannot be used with Container znodes');
  const ttl = BigInt(ttlText.replace('+', ''));
  if (ttl < 1n || ttl > TTL_MAX) {
    throw new ShellFailure(`ttl must be positive and cannot be larger than: ${TTL_MAX}`);
  }
  return { ephemeral, sequential, container, ttlMs: Number(ttl) };
}

/** An ACL that is refused has a line more, and no path when it was empty and never sent. */
function createFailure(
  error: unknown,
  isEmptyAcl: boolean,
  complain: (line: string) => void,
): unknown {
  if (!isZooKeeperError(error)) return error;
  if (error.code === 'EPHEMERALONLOCALSESSION') {
    return new ShellFailure('Unable to create ephemeral node on a local session');
  }
  if (error.code !== 'INVALIDACL') return error;
  const path = isEmptyAcl ? null : error.path;
  complain(keeperLine('INVALIDACL', path));
  return new ShellFailure(`Acl is not valid : ${path}`);
}

function versionOf(args: Arguments): number | undefined {
  const text = args.value('v');
  return text === undefined ? undefined : intValue('v', text);
}

/** Strictly: a lenient reader would store something else than what was meant. */
function base64Bytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!isWhole) throw new ShellFailure('-b data must be in base64');
  return bytes;
}

/** False when some of the transactions failed; the others are done all the same. */
async function deleteInBatches(
  client: ShellClient,
  paths: readonly string[],
  batch: number,
): Promise<boolean> {
  let isWhole = true;
  for (let start = 0; start < paths.length; start += batch) {
    const ops = paths.slice(start, start + batch).map((path) => ({ op: 'delete', path }) as const);
    try {
      await client.multi(ops);
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
      isWhole = false;
    }
  }
  return isWhole;
}
