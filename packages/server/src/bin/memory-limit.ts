/**
 * How much memory this process may have: the smallest limit of its control group and those around
 * it, of either version, or the memory of the machine. What the kernel shows of groups depends on
 * how a container was made: the group that it names may not be in view, and then the top of what is
 * mounted is the container's.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MOUNT = 'sys/fs/cgroup';

/** `root` is where the file systems of the kernel are mounted. */
export function memoryLimitBytes(root = '/'): number {
  const limits = [os.totalmem()];
  for (const line of (textOf(path.join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) continue;
    if (controllers === '') {
      // Version 2 has one hierarchy; beside version 1 it is mounted below, without this controller.
      limits.push(...limitsAt(path.join(root, MOUNT), group, ['memory.max', 'memory.high']));
    } else if (controllers.split(',').includes('memory')) {
      limits.push(...limitsAt(path.join(root, MOUNT, 'memory'), group, ['memory.limit_in_bytes']));
    }
  }
  return Math.min(...limits);
}

/** Of a group and all around it. No limit is `max`, or in version 1 more than there can be. */
function limitsAt(mount: string, group: string, names: readonly string[]): readonly number[] {
  const directories = [mount];
  for (const name of group.split('/').filter((part) => part !== '' && part !== '..')) {
    directories.push(path.join(directories.at(-1) ?? mount, name));
  }
  return directories.flatMap((directory) => {
    return names.flatMap((name) => {
      const text = (textOf(path.join(directory, name)) ?? '').trim();
      return /^\d+$/.test(text) ? [Number(text)] : [];
    });
  });
}

/** Null for a file that is not there or not ours to read. */
function textOf(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
