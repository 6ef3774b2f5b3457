/** Container: the processes of a pod as this machine's kernel tells of them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../process/wait-for.ts';
import { containerOf, type Pod } from './pods.ts';

const GROUPS = '/sys/fs/cgroup/pids';
const TICKS_PER_SECOND = 100;

export class Container {
  readonly #group: string;

  constructor(pod: Pod) {
    const id = containerOf(pod)?.containerID?.replace('containerd://', '') ?? '';
    const [group] = readdirSync(GROUPS, { recursive: true })
      .map(String)
      .filter((name) => id !== '' && name.endsWith(`/${id}`));
    if (group === undefined) throw new Error(`${pod.metadata.name} has no container`);
    this.#group = join(GROUPS, group);
  }

  get processes(): readonly string[] {
    try {
      const text = readFileSync(join(this.#group, 'cgroup.procs'), 'utf8');
      return text.split('\n').filter((pid) => pid !== '');
    } catch {
      // The group goes with its last process.
      return [];
    }
  }

  /** When its first process began, in seconds since the machine started. */
  startedAt(): number {
    return Math.min(...this.processes.map(processStart));
  }

  /** Resolves when no process is left, with the milliseconds since `fromMs`. */
  async endedAfterMs(fromMs: number, secondsMax: number): Promise<number> {
    await waitFor(`the processes of ${this.#group} to end`, secondsMax * 1000, () => {
      return this.processes.length === 0;
    });
    return performance.now() - fromMs;
  }
}

/** Field 22 of its state, which is the 20th behind the name in parentheses. */
function processStart(pid: string): number {
  const state = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = state.slice(state.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19]) / TICKS_PER_SECOND;
}
