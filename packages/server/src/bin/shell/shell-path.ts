/**
 * Paths as the shell judges them before it asks a server, in the words of ZooKeeper's own shell
 * (operations.md 4.5). The rule itself is the protocol's; only the sentences are the shell's.
 */

import { validatePath } from '@zabra/protocol';
import { ShellFailure } from './shell-failure.ts';

/** @throws ShellFailure */
export function checkPath(path: string): void {
  const fault = faultOf(path);
  if (fault !== null) throw new ShellFailure(fault);
}

/** The path of a create: that of a sequential znode may end where its number begins. */
export function checkNewPath(path: string, isSequential: boolean): void {
  checkPath(isSequential ? `${path}1` : path);
}

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

function faultOf(path: string): string | null {
  const reason = validatePath(path);
  if (reason === null) return null;
  if (path === '') return 'Path length must be > 0';
  if (!path.startsWith('/')) return 'Path must start with / character';
  if (path.endsWith('/')) return 'Path must not end with / character';
  return `Invalid path string "${path}" caused by ${wordsFor(reason)}`;
}

function wordsFor(reason: string): string {
  const [, what = '', at = ''] = /^(.*) at (\d+)$/.exec(reason) ?? [];
  // The original counts from the character that ended the name.
  if (what === 'empty name') return `empty node name specified @${at}`;
  if (what === 'relative name') return `relative paths not allowed @${at}`;
  return what.endsWith('U+0000') ? `null character not allowed @${at}` : `invalid character @${at}`;
}
