/**
 * A walk over a znode and all below it, in the order in which the shell lists them: the znode,
 * then its children by name, then below each of those. Parents come before their children, so the
 * reverse order deletes. What goes while the walk is under way is left out.
 */

import { isZooKeeperError, type WatchEvent } from '@zabra/client';
import type { ShellClient } from './shell-client.ts';
import { childPath } from './shell-path.ts';

export type WatchCallback = ((event: WatchEvent) => void) | undefined;

export async function* walkSubtree(
  client: ShellClient,
  top: string,
  watch?: WatchCallback,
): AsyncGenerator<string> {
  const paths = await childPaths(client, top, watch);
  yield top;
  yield* walkBelow(client, paths, watch);
}

/** The whole walk as a list, before anything that was found is changed. */
export async function subtreePaths(client: ShellClient, top: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of walkSubtree(client, top)) paths.push(path);
  return paths;
}

async function* walkBelow(
  client: ShellClient,
  paths: readonly string[],
  watch: WatchCallback,
): AsyncGenerator<string> {
  yield* paths;
  for (const path of paths) {
    const below = await childPaths(client, path, watch).catch(noneIfGone);
    yield* walkBelow(client, below, watch);
  }
}

async function childPaths(
  client: ShellClient,
  path: string,
  watch: WatchCallback,
): Promise<readonly string[]> {
  const { children } = await client.getChildren(path, { watch });
  return children.toSorted().map((name) => childPath(path, name));
}

function noneIfGone(error: unknown): readonly string[] {
  if (isZooKeeperError(error) && error.code === 'NONODE') return [];
  throw error;
}
