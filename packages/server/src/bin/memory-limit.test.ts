/** Limits of control groups, from files as the kernel shows them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { memoryLimitBytes } from './memory-limit.ts';
import { makeDirectory } from './program.test-kit.ts';

const MIB = 1024 * 1024;
const V1_UNLIMITED = '9223372036854771712';
const MEMORY = 'sys/fs/cgroup/memory';

interface Case {
  readonly why: string;
  readonly files: Readonly<Record<string, string>>;
  /** Null: that of the machine. */
  readonly mib: number | null;
}

const CASES: readonly Case[] = [
  { why: 'no control groups', files: {}, mib: null },
  {
    why: 'version 2, in a container',
    files: { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/memory.max': `${256 * MIB}` },
    mib: 256,
  },
  {
    why: 'version 2, no limit',
    files: { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/memory.max': 'max' },
    mib: null,
  },
  {
    why: 'version 2, held back before the limit',
    files: {
      'proc/self/cgroup': '0::/a',
      'sys/fs/cgroup/a/memory.max': `${256 * MIB}`,
      'sys/fs/cgroup/a/memory.high': `${128 * MIB}`,
    },
    mib: 128,
  },
  {
    why: 'version 2, the limit is of a group around it',
    files: {
      'proc/self/cgroup': '0::/kubepods/pod1/c1',
      'sys/fs/cgroup/kubepods/pod1/memory.max': `${512 * MIB}`,
      'sys/fs/cgroup/kubepods/pod1/c1/memory.max': 'max',
    },
    mib: 512,
  },
  {
    why: 'version 1, its own group',
    files: {
      'proc/self/cgroup': '9:cpu,cpuacct:/x\n5:memory:/docker/1',
      [`${MEMORY}/docker/1/memory.limit_in_bytes`]: `${300 * MIB}`,
      [`${MEMORY}/memory.limit_in_bytes`]: V1_UNLIMITED,
    },
    mib: 300,
  },
  {
    why: 'version 1, a group that is not in view',
    files: {
      'proc/self/cgroup': '5:memory:/kubepods/pod1/c1',
      [`${MEMORY}/memory.limit_in_bytes`]: `${200 * MIB}`,
    },
    mib: 200,
  },
  {
    why: 'version 1, no limit',
    files: {
      'proc/self/cgroup': '5:memory:/',
      [`${MEMORY}/memory.limit_in_bytes`]: V1_UNLIMITED,
    },
    mib: null,
  },
  {
    why: 'both versions side by side',
    files: {
      'proc/self/cgroup': '5:memory:/a\n0::/a',
      [`${MEMORY}/a/memory.limit_in_bytes`]: `${100 * MIB}`,
    },
    mib: 100,
  },
];

describe('memoryLimitBytes', () => {
  for (const { why, files, mib } of CASES) {
    it(`${why}: ${mib === null ? 'the memory of the machine' : `${mib} MiB`}`, () => {
      const root = makeDirectory();
      for (const [name, text] of Object.entries(files)) {
        fs.mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
        fs.writeFileSync(path.join(root, name), `${text}\n`);
      }
      assert.equal(memoryLimitBytes(root), mib === null ? os.totalmem() : mib * MIB);
      fs.rmSync(root, { recursive: true });
    });
  }
});
