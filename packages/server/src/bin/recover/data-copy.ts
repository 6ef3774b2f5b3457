/**
 * DataCopy: a copy of all that a recovery is about to change, on stable storage before the first
 * change. File systems that can do so share the blocks.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { DataDirectories } from '../../config/data-directories.ts';
import { makeDirectory } from '../../config/make-directory.ts';
import { LOCK_FILE } from '../../io/directory-lock.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;

/**
 * Copies both directories and the files into a new directory `to`, or throws. What was copied half
 * stays: nothing else has been touched.
 */
export function copyData(
  to: string,
  { snap, log }: DataDirectories,
  files: readonly string[],
): void {
  if (fs.existsSync(to)) {
    throw new Error(`Cannot copy the present data to "${to}": it exists; name another --backup`);
  }
  makeDirectory(to);
  copyDirectory(snap, path.join(to, 'version-2'));
  if (log !== snap) copyDirectory(log, path.join(to, 'log-version-2'));
  for (const file of files) copyFile(file, path.join(to, path.basename(file)));
  for (let directory = to; ; directory = path.dirname(directory)) {
    syncPath(directory);
    if (path.dirname(directory) === directory) return;
  }
}

function copyDirectory(from: string, to: string): void {
  fs.mkdirSync(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.name === LOCK_FILE || !entry.isFile()) continue;
    copyFile(path.join(from, entry.name), path.join(to, entry.name));
  }
  syncPath(to);
}

function copyFile(from: string, to: string): void {
  fs.copyFileSync(from, to, COPYFILE_EXCL | COPYFILE_FICLONE);
  syncPath(to);
}

function syncPath(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
