/**
 * DataLock: the data directories of one server, held by one process: two that write into the same
 * log destroy it. Apache's servers know no such lock, and are found by other means (`doctor/`).
 */

import { ConfigError, EXIT_DATA_DIRECTORY } from '../config/config-error.ts';
import type { DataDirectories } from '../config/data-directories.ts';
import { DirectoryLock } from '../io/directory-lock.ts';

export interface DataLock {
  /** Why a directory could not be locked, and is used all the same; null when it was. */
  readonly warning: string | null;
  release(): Promise<void>;
}

/** Throws when another process holds one of the directories. */
export async function lockData({ log, snap }: DataDirectories): Promise<DataLock> {
  const held: DirectoryLock[] = [];
  const release = async (): Promise<void> => {
    for (const lock of held.splice(0)) await lock.release();
  };
  let warning: string | null = null;
  for (const directory of new Set([log, snap])) {
    const outcome = await DirectoryLock.take(directory);
    if (outcome.kind === 'taken') held.push(outcome.lock);
    else if (outcome.kind === 'impossible') {
      warning = `Cannot lock "${directory}": ${outcome.reason}; see that no other server uses it`;
    } else {
      await release();
      throw heldError(directory, outcome.holder);
    }
  }
  return { warning, release };
}

function heldError(directory: string, holder: string): ConfigError {
  const who = holder === '' ? 'another process' : `process ${holder}`;
  const message = `Cannot use the data directories: ${who} uses "${directory}"`;
  return new ConfigError(message, EXIT_DATA_DIRECTORY);
}
