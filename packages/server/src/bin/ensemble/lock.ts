/**
 * One local ensemble per data directory: nothing else locks the servers' files, and two servers on
 * one directory corrupt each other. The lock is a file with the id of the process that holds it; a
 * process that is gone holds nothing.
 */

import fs from 'node:fs';
import path from 'node:path';

const NAME = 'ensemble.pid';

/** Null when the lock was taken, else the id of the process that holds it. */
export function takeLock(dataDirectory: string): number | null {
  const file = path.join(dataDirectory, NAME);
  const holder = readHolder(file);
  if (holder !== null && holder !== process.pid && isAlive(holder)) return holder;
  fs.writeFileSync(file, String(process.pid));
  return null;
}

export function releaseLock(dataDirectory: string): void {
  const file = path.join(dataDirectory, NAME);
  if (readHolder(file) === process.pid) fs.rmSync(file);
}

function readHolder(file: string): number | null {
  if (!fs.existsSync(file)) return null;
  const pid = Number(fs.readFileSync(file, 'utf8'));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
