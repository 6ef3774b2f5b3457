/**
 * The commands that read: get, stat, ls, getAllChildrenNumber, getEphemerals, sync, config
 * (operations.md 4.5).
 */

import { isZooKeeperError } from '@zabra/client';
import { ErrorCode } from '@zabra/protocol';
import { type Arguments, parseArguments } from './argument-parser.ts';
import { type Command, type CommandContext, usage } from './command.ts';
import { ShellFailure } from './shell-failure.ts';
import { checkPath } from './shell-path.ts';
import { walkSubtree, type WatchCallback } from './subtree.ts';

const GET_OPTIONS = `
 -b   Output data in base64 format
 -s   Print znode stats additionally
 -w   Watch for changes on the znode
 -x   Output data in hexdump format
`;

const LS_HELP = `usage: ls [options] path
 -?   help
 -R   recurse
 -s   stat
 -w   watch
`;

export const getCommand: Command = {
  name: 'get',
  syntax: '[-s] [-w] [-b] [-x] path',
  async run(context, tokens) {
    const args = parseArguments(tokens, 'swbx');
    const [path] = args.words;
    if (path === undefined) throw usage(this, GET_OPTIONS);
    warnOldForm(context, args, 'get', 'get [-s] [-w] path');
    checkPath(path);
    const watch = watchOf(context, args);
    const { data, stat } = await context.client.getData(path, { watch });
    if (args.has('x')) context.printer.dataHex(data);
    else if (args.has('b')) context.printer.dataBase64(data);
    else context.printer.data(data);
    if (args.has('s') || context.printer.printsStats) context.printer.stat(stat);
  },
};

export const statCommand: Command = {
  name: 'stat',
  syntax: '[-w] path',
  async run(context, tokens) {
    const args = parseArguments(tokens, 'w');
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    warnOldForm(context, args, 'stat', 'stat [-w] path');
    checkPath(path);
    const stat = await context.client.exists(path, { watch: watchOf(context, args) });
    if (stat === null) throw new ShellFailure(`Node does not exist: ${path}`);
    context.printer.stat(stat);
  },
};

export const lsCommand: Command = {
  name: 'ls',
  syntax: '[-s] [-w] [-R] path',
  async run(context, tokens) {
    const args = parseArguments(tokens, '?swR');
    const [path] = args.words;
    if (args.has('?')) context.printer.raw(LS_HELP);
    if (path === undefined) throw usage(this);
    warnOldForm(context, args, 'ls', 'ls [-w] path');
    checkPath(path);
    const watch = watchOf(context, args);
    if (args.has('R')) {
      const walk = walkSubtree(context.client, path, watch);
      for await (const found of walk) context.printer.line(found);
      return;
    }
    const { children, stat } = await context.client.getChildren(path, { watch });
    context.printer.list(children.toSorted());
    if (args.has('s')) context.printer.stat(stat);
  },
};

export const getAllChildrenNumberCommand: Command = {
  name: 'getAllChildrenNumber',
  syntax: 'path',
  async run({ client, printer }, tokens) {
    const [path] = parseArguments(tokens, '').words;
    if (path === undefined) throw usage(this);
    checkPath(path);
    printer.line(String(await client.getAllChildrenNumber(path)));
  },
};

export const getEphemeralsCommand: Command = {
  name: 'getEphemerals',
  syntax: 'path',
  async run({ client, printer }, tokens) {
    const [prefix = '/'] = parseArguments(tokens, '').words;
    checkPath(prefix);
    const ephemerals = await client.getEphemerals(prefix);
    printer.list(ephemerals.toSorted());
  },
};

export const syncCommand: Command = {
  name: 'sync',
  syntax: 'path',
  async run({ client, printer }, tokens) {
    const [path] = parseArguments(tokens, '').words;
    if (path === undefined) throw usage(this);
    checkPath(path);
    try {
      await client.sync(path);
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
      printer.line(`Sync has failed. rc=${ErrorCode[error.code]}`);
      throw new ShellFailure('');
    }
    printer.line('Sync is OK');
  },
};

export const configCommand: Command = {
  name: 'config',
  syntax: '[-c] [-w] [-s]',
  async run(context, tokens) {
    const args = parseArguments(tokens, 'cws');
    const { data, stat } = await context.client.getConfig({ watch: watchOf(context, args) });
    const text = Buffer.from(data ?? []).toString('utf8');
    context.printer.line(args.has('c') ? clientView(text) : text);
    if (args.has('s')) context.printer.stat(stat);
  },
};

/** The form of ZooKeeper 3.4 had the watch as a second word, whatever word. */
function warnOldForm(context: CommandContext, args: Arguments, name: string, form: string): void {
  if (args.words.length < 2) return;
  const note = `'${name} path [watch]' has been deprecated. Please use '${form}' instead.`;
  context.printer.errorLine(note);
}

function watchOf(context: CommandContext, args: Arguments): WatchCallback {
  return args.has('w') || args.words.length > 1 ? context.watch : undefined;
}

/** `100000000 h1:2181,h2:2181`: the version and where clients connect. */
function clientView(text: string): string {
  let version = '';
  const addresses: string[] = [];
  for (const line of text.split('\n')) {
    const [key = '', value = ''] = splitOnce(line, '=');
    if (key === 'version') version = value;
    const [, address] = splitOnce(value, ';');
    if (key.startsWith('server.') && address !== undefined) addresses.push(address);
  }
  return `${version} ${addresses.join(',')}`;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
