/**
 * The data directories at start: made when missing, refused when they cannot be used or hold each
 * other's files (storage-and-config.md 2, exit code 3). Nothing locks them.
 */

import fs from 'node:fs';
import path from 'node:path';
import { ConfigError, EXIT_DATA_DIRECTORY } from './config-error.ts';
import { makeDirectory } from './make-directory.ts';

export interface DataDirectories {
  /** `<dataDir>/version-2`, absolute. */
  readonly snap: string;
  /** `<dataLogDir>/version-2`, absolute. */
  readonly log: string;
}

const VERSION_DIRECTORY = 'version-2';

export function dataDirectories(dataDir: string, dataLogDir: string): DataDirectories {
  return {
    snap: path.resolve(dataDir, VERSION_DIRECTORY),
    log: path.resolve(dataLogDir, VERSION_DIRECTORY),
  };
}

export function openDataDirectories(directories: DataDirectories, autocreate: boolean): void {
  openOne(directories.log, autocreate);
  openOne(directories.snap, autocreate);
  if (directories.log === directories.snap) return;
  refuseFiles(directories.log, 'snapshot.', 'transaction logs');
  refuseFiles(directories.snap, 'log.', 'snapshots');
}

/** The file that lets a server without history begin; it stands beside the log directory. */
export function initializeMarkerPath(directories: DataDirectories): string {
  return path.join(path.dirname(directories.log), 'initialize');
}

/** Whether a server has ever written anything there. */
export function hasHistory(directories: DataDirectories): boolean {
  const names = [...fs.readdirSync(directories.snap), ...fs.readdirSync(directories.log)];
  return names.some((name) => /^(snapshot|log)\.|^(current|accepted)Epoch$/.test(name));
}

function openOne(directory: string, autocreate: boolean): void {
  if (!fs.existsSync(directory)) {
    if (!autocreate) {
      refuse(`"${directory}" does not exist, and zookeeper.datadir.autocreate is false`);
    }
    try {
      makeDurably(directory);
    } catch (error) {
      refuse(`"${directory}" cannot be created: ${(error as Error).message}`);
    }
  }
  try {
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    fs.readdirSync(directory);
  } catch (error) {
    refuse(`"${directory}" cannot be written: ${(error as Error).message}`);
  }
}

/** What is acknowledged later must not vanish with the entry of a directory above it. */
function makeDurably(directory: string): void {
  for (const made of makeDirectory(directory)) {
    const parent = fs.openSync(path.dirname(made), 'r');
    fs.fsyncSync(parent);
    fs.closeSync(parent);
  }
}

function refuseFiles(directory: string, prefix: string, wanted: string): void {
  const found = fs.readdirSync(directory).find((name) => name.startsWith(prefix));
  if (found === undefined) return;
  refuse(`"${directory}" is for ${wanted} and holds "${found}"; check dataDir and dataLogDir`);
}

function refuse(message: string): never {
  throw new ConfigError(`Cannot use the data directories: ${message}`, EXIT_DATA_DIRECTORY);
}
