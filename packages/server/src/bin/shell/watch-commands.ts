/**
 * The commands that set and remove lasting watches: addWatch, removewatches (operations.md 4.5).
 */

import { isZooKeeperError } from '@zabra/client';
import { type Arguments, parseArguments } from './argument-parser.ts';
import { type Command, usage } from './command.ts';
import { keeperLine, ShellFailure } from './shell-failure.ts';
import { checkPath } from './shell-path.ts';

export const addWatchCommand: Command = {
  name: 'addWatch',
  syntax:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - ' +
    'default is PERSISTENT_RECURSIVE',
  async run({ client, watch }, tokens) {
    const args = parseArguments(tokens, 'm:');
    const [path] = args.words;
    const mode = (args.value('m') ?? 'PERSISTENT_RECURSIVE').toUpperCase();
    const isKnown = mode === 'PERSISTENT' || mode === 'PERSISTENT_RECURSIVE';
    if (args.words.length !== 1 || path === undefined || !isKnown) throw usage(this);
    checkPath(path);
    await client.addWatchTo(path, watch, { recursive: mode === 'PERSISTENT_RECURSIVE' });
  },
};

export const removewatchesCommand: Command = {
  name: 'removewatches',
  syntax: 'path [-c|-d|-a] [-l]',
  async run({ client }, tokens) {
    const args = parseArguments(tokens, 'cdaprl');
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    checkPath(path);
    try {
      await client.removeWatches(path, { type: watchType(args), local: args.has('l') });
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
      throw new ShellFailure(keeperLine(error.code, error.path));
    }
  },
};

function watchType(
  args: Arguments,
): 'children' | 'data' | 'persistent' | 'persistent-recursive' | 'any' {
  if (args.has('c')) return 'children';
  if (args.has('d')) return 'data';
  if (args.has('p')) return 'persistent';
  return args.has('r') ? 'persistent-recursive' : 'any';
}
