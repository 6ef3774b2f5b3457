/**
 * Completion of the word being typed: a word that begins with a slash is completed to the paths of
 * znodes, any other, wherever it stands, to the names of commands (operations.md 4.3).
 */

import { COMMAND_NAMES } from './command-table.ts';
import type { ShellClient } from './shell-client.ts';

/** Candidates and the part of the line that they replace, as Node's line editor wants them. */
export async function complete(client: ShellClient, line: string): Promise<[string[], string]> {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const found = word.startsWith('/') ? await paths(client, word) : names(word);
  return [found, word];
}

/** A blank behind the only candidate lets the next word begin. */
function names(word: string): string[] {
  const found = COMMAND_NAMES.filter((name) => name.startsWith(word));
  return found.length === 1 ? [`${found[0]} `] : found;
}

async function paths(client: ShellClient, word: string): Promise<string[]> {
  const slash = word.lastIndexOf('/');
  const directory = word.slice(0, slash + 1);
  const prefix = word.slice(slash + 1);
  try {
    const { children } = await client.getChildren(slash === 0 ? '/' : word.slice(0, slash));
    const found = children.filter((name) => name.startsWith(prefix)).sort();
    const full = found.map((name) => directory + name);
    return full.length === 1 ? [`${full[0]} `] : full;
  } catch {
    // No such directory, no permission, no server: nothing to offer.
    return [];
  }
}
