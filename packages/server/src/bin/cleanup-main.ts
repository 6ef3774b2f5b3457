/**
 * `zabra cleanup`: what purging would remove, removed now, by the words of Apache's PurgeTxnLog:
 * `dataLogDir [snapDir] -n count` (operations.md 5.3). Which files go is decided as autopurge does;
 * a server may run meanwhile, as its purge may.
 */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { dataDirectories } from '../config/data-directories.ts';
import { FileReader } from '../io/file-reader.ts';
import { planPurge, RETAIN_COUNT_MIN } from '../log/retention.ts';
import { dateText } from '../config/calendar.ts';

const USAGE =
  'Usage:\n' +
  'zkCleanup.sh [dataLogDir [snapDir]] -n count\n' +
  '\tdataLogDir -- path to the txn log directory\n' +
  '\tsnapDir -- path to the snapshot directory\n' +
  `\tcount -- the number of old snaps/logs you want to keep, value should be greater than or ` +
  `equal to ${RETAIN_COUNT_MIN}\n`;

const EXIT_FAILED = 1;

export function runCleanup(args: readonly string[]): void {
  const wanted = parse(args);
  if (wanted === null) {
    process.stderr.write(USAGE);
    process.exitCode = EXIT_FAILED;
    return;
  }
  try {
    purge(wanted.snapDir, wanted.logDir, wanted.count);
  } catch (error) {
    const where = `"${wanted.snapDir}" and "${wanted.logDir}"`;
    process.stderr.write(`Cannot clean up ${where}: ${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

interface Wanted {
  readonly logDir: string;
  readonly snapDir: string;
  readonly count: number;
}

function parse(args: readonly string[]): Wanted | null {
  const at = args.indexOf('-n');
  const count = Number(/^[0-9]{1,9}$/.exec(args[at + 1] ?? '')?.[0] ?? 0);
  const [logDir, snapDir = logDir, ...more] = args.slice(0, at);
  if (at < 1 || args.length !== at + 2 || logDir === undefined || more.length > 0) return null;
  return count < RETAIN_COUNT_MIN ? null : { logDir, snapDir: snapDir ?? logDir, count };
}

function purge(snapDir: string, logDir: string, count: number): void {
  const directories = dataDirectories(snapDir, logDir);
  // A directory that is not there was misspelt; nothing is to remove only where a server was.
  for (const directory of [directories.snap, directories.log]) fs.readdirSync(directory);
  const reader = new FileReader(directories);
  try {
    const { snapshotNames, segmentNames } = planPurge(reader, count);
    // Snapshots first: one without its log files must never be what is left.
    for (const name of snapshotNames) remove(path.join(directories.snap, name));
    for (const name of segmentNames) remove(path.join(directories.log, name));
  } finally {
    reader.close();
  }
}

function remove(file: string): void {
  process.stdout.write(`Removing file: ${dateText(fs.statSync(file).mtimeMs)}\t${file}\n`);
  fs.rmSync(file);
}
