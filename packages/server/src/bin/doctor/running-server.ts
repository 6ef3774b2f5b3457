/**
 * RunningServer: whether a server works on the data directories right now, whosever it is. Ours
 * hold a lock; Apache's are found, on Linux, by their arguments and by the files they have open,
 * and everywhere by the file of the process id that zkServer.sh writes. What the server says of
 * itself it is asked by the four-letter word that every server answers.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { DataDirectories } from '../../config/data-directories.ts';
import { lockHolder } from '../../io/directory-lock.ts';
import { askWord } from '../four-letter-word.ts';

export interface RunningServer {
  /** 0 when it is not known. */
  readonly pid: number;
  /** Empty when it cannot be read. */
  readonly commandLine: readonly string[];
}

const ASK_MS_MAX = 2000;
/** How a server is started: the class of Apache's, the command of ours. */
const SERVER_PROGRAM = /QuorumPeerMain|ZooKeeperServerMain|zabra(?:\.js)? server /;

/** Null when none is seen. */
export async function findRunningServer(
  configFile: string,
  directories: DataDirectories,
): Promise<RunningServer | null> {
  for (const directory of new Set([directories.log, directories.snap])) {
    if (!fs.existsSync(directory)) continue;
    const holder = await lockHolder(directory);
    if (holder !== null) return serverOf(Number(holder) || 0);
  }
  const pid = processAtWork(configFile, directories) ?? processOfPidFile(directories);
  return pid === null ? null : serverOf(pid);
}

/** What `srvr` says: `Zookeeper version` and `Mode`; nulls when nobody answers. */
export async function askServer(
  host: string,
  port: number,
): Promise<{ readonly version: string | null; readonly mode: string | null }> {
  try {
    const text = await askWord(host, port, 'srvr', ASK_MS_MAX);
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? null;
    return { version: field('Zookeeper version'), mode: field('Mode') };
  } catch {
    return { version: null, mode: null };
  }
}

function serverOf(pid: number): RunningServer {
  return { pid, commandLine: pid === 0 ? [] : commandLineOf(pid) };
}

function processAtWork(configFile: string, { log, snap }: DataDirectories): number | null {
  for (const entry of namesIn('/proc')) {
    const pid = Number(entry);
    if (!(pid > 0) || pid === process.pid) continue;
    const line = commandLineOf(pid);
    if (line.includes(configFile) && SERVER_PROGRAM.test(line.join(' '))) return pid;
    const open = `/proc/${entry}/fd`;
    for (const fd of namesIn(open)) {
      const directory = path.dirname(linkTarget(path.join(open, fd)));
      if (directory === log || directory === snap) return pid;
    }
  }
  return null;
}

function processOfPidFile({ snap }: DataDirectories): number | null {
  try {
    const text = fs.readFileSync(path.join(path.dirname(snap), 'zookeeper_server.pid'), 'utf8');
    const pid = Number(text.trim());
    if (!Number.isSafeInteger(pid) || pid <= 0) return null;
    process.kill(pid, 0);
    // The number may be somebody else's by now.
    const line = commandLineOf(pid);
    return line.length === 0 || /zookeeper|zabra/i.test(line.join(' ')) ? pid : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 0 : null;
  }
}

function commandLineOf(pid: number): readonly string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function linkTarget(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}
